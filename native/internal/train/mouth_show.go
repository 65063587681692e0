package train

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"

	"mien/shared/device"
	"mien/shared/model"
	"mien/shared/tensor"
)

// The sheet of a painter of mouths: columns and rows of mouths, each with what
// the painter sees, what it paints and what was there; then one mouth under
// holes that grow.
const (
	shownAcross = 6
	shownDown   = 3
)

// sheet draws mouths painted back by the painter in f, as a PNG.
func (m *mouths) sheet(ctx context.Context, d device.Device, f *model.File) ([]byte, error) {
	painter, err := model.LoadMouth(f, d)
	if err != nil {
		return nil, err
	}
	defer painter.Close()
	out := image.NewNRGBA(image.Rect(0, 0, shownAcross*patchWidth, (3*shownDown+1)*patchHeight))
	paint := func(c *mouthCut, hole []bool) (seen, painted []float32, err error) {
		mask := tensor.New(1, patchHeight, patchWidth, 1)
		picture := tensor.Of(unit(c.pixels), 1, patchHeight, patchWidth, 3)
		for i, v := range hole {
			if v {
				mask.Data[i] = 1
				copy(picture.Data[3*i:], []float32{0, 0, 0})
			}
		}
		t, err := painter.Paint(ctx, picture, mask)
		if err != nil {
			return nil, nil, fmt.Errorf("draw samples: %w", err)
		}
		return picture.Data, t.Data, nil
	}
	for k := range shownAcross * shownDown {
		c := &m.cuts[k*7919%len(m.cuts)]
		seen, painted, err := paint(c, grow(c.opening, 1))
		if err != nil {
			return nil, err
		}
		for i, x := range [][]float32{seen, painted, unit(c.pixels)} {
			placePatch(out, x, k%shownAcross, k/shownAcross*3+i)
		}
	}
	widest := 0
	for i := range min(len(m.cuts), 500) {
		if count(m.cuts[i].opening) > count(m.cuts[widest].opening) {
			widest = i
		}
	}
	for k := range shownAcross {
		c := &m.cuts[widest]
		_, painted, err := paint(c, band(c.opening, 0, float32(k+1)/shownAcross))
		if err != nil {
			return nil, err
		}
		placePatch(out, painted, k, 3*shownDown)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, out); err != nil {
		return nil, fmt.Errorf("draw samples: %w", err)
	}
	return b.Bytes(), nil
}

// placePatch copies a patch into a cell of the sheet.
func placePatch(sheet *image.NRGBA, x []float32, column, row int) {
	for i := range patchPixels {
		at := sheet.PixOffset(column*patchWidth+i%patchWidth, row*patchHeight+i/patchWidth)
		for c := range 3 {
			sheet.Pix[at+c] = uint8(min(max((x[3*i+c]+1)*127.5+.5, 0), 255))
		}
		sheet.Pix[at+3] = 255
	}
}
