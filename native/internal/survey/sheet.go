package survey

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/tensor"
)

const (
	columns  = 2 * (au.Max + 1) // two faces at each of 0, 1 .. 5
	margin   = 48               // for the names of rows
	top      = 18
	gap      = 2
	attempts = 20 // faces that may turn out unreadable before a cell stays empty
)

const streamSheet tensor.Stream = 0x5bee

// Sheet draws faces: a row for each Action Unit, two faces at about each
// intensity, drawn at random by seed; a cell for which there is no face stays
// empty.
func Sheet(ctx context.Context, s *dataset.Set, seed uint64) (*image.NRGBA, error) {
	size := s.Size()
	img := image.NewNRGBA(image.Rect(0, 0, margin+columns*(size+gap), top+au.Count*(size+gap)))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for level := range au.Max + 1 {
		write(img, margin+2*level*(size+gap)+2, top-5, fmt.Sprintf("intensity %d", level))
	}
	for k, u := range au.Units {
		var near [au.Max + 1][]int
		for i := range s.Len() {
			v := s.Labels(i)[k]
			if at := int(v + .5); at <= au.Max {
				near[at] = append(near[at], i)
			}
		}
		y := top + k*(size+gap)
		write(img, 4, y+size/2, "AU"+u.Code)
		for level, faces := range near {
			r := tensor.NewRand(seed, streamSheet, uint64(k), uint64(level))
			for place, tries := 0, 0; place < 2 && tries < attempts && len(faces) > 0; tries++ {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				at := r.Intn(len(faces))
				face, _, _, _, err := s.Sample(faces[at])
				faces = append(faces[:at:at], faces[at+1:]...)
				if err != nil {
					continue
				}
				put(img, face, size, margin+(2*level+place)*(size+gap), y)
				place++
			}
		}
	}
	return img, nil
}

// put copies a face [S S 3] to (x, y).
func put(img *image.NRGBA, face []uint8, size, x, y int) {
	for i := range size * size {
		at := img.PixOffset(x+i%size, y+i/size)
		copy(img.Pix[at:at+3], face[3*i:3*i+3])
	}
}

func write(img *image.NRGBA, x, y int, text string) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.NRGBA{40, 40, 40, 255}), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
