package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Sheet is a table of square pictures with names above its columns and before
// its rows.
type Sheet struct {
	img  *image.NRGBA
	size int // of a picture
	cell int // of a cell, a multiple
	left int // room for the rows' names
	top  int
}

// leastCell is the least side of a cell: smaller pictures are enlarged, so
// that their names have room.
const leastCell = 96

const (
	charWidth  = 7 // of basicfont.Face7x13
	lineHeight = 15
)

// NewSheet returns an empty table of pictures of size x size pixels. Names may
// be fewer than rows or columns.
func NewSheet(size, columns, rows int, above, before []string) *Sheet {
	s := &Sheet{size: size, cell: (leastCell + size - 1) / size * size}
	if len(above) > 0 {
		s.top = lineHeight
	}
	for _, name := range before {
		s.left = max(s.left, charWidth*(len(name)+1))
	}
	s.img = image.NewNRGBA(image.Rect(0, 0, s.left+columns*s.cell, s.top+rows*s.cell))
	draw.Draw(s.img, s.img.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	for i, name := range above {
		s.write(name, s.left+i*s.cell+(s.cell-charWidth*len(name))/2, 11)
	}
	for i, name := range before {
		s.write(name, 2, s.top+i*s.cell+s.cell/2+4)
	}
	return s
}

func (s *Sheet) write(text string, x, y int) {
	d := font.Drawer{Dst: s.img, Src: image.NewUniform(color.Black), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(text)
}

// Put places x [S S 3], -1 to 1, in a cell; what lies beyond is clipped.
func (s *Sheet) Put(column, row int, x []float32) {
	if len(x) != s.size*s.size*3 {
		panic(fmt.Sprintf("chart: picture of %d values in a sheet of size %d", len(x), s.size))
	}
	zoom := s.cell / s.size
	for v := range s.cell {
		for u := range s.cell {
			at := s.img.PixOffset(s.left+column*s.cell+u, s.top+row*s.cell+v)
			for c, from := range x[(v/zoom*s.size+u/zoom)*3:][:3] {
				s.img.Pix[at+c] = uint8(min(max((from+1)*127.5+.5, 0), 255))
			}
		}
	}
}

// PNG encodes the sheet.
func (s *Sheet) PNG() ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, s.img); err != nil {
		return nil, fmt.Errorf("draw sheet: %w", err)
	}
	return b.Bytes(), nil
}
