package train

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/edit"
	"mien/shared/model"
	"mien/shared/tensor"
)

// sampleFaces is the number of faces in a sample grid.
const sampleFaces = 6

// sampleChanges are the columns of a sample grid after the face itself.
var sampleChanges = func() []au.Vector {
	var vs []au.Vector
	for _, s := range []string{"12=3", "06=2,12=3,25=2", "01=3,02=3", "04=3", "15=3", "25=3,26=3", "09=3", "45=4", "12=-3"} {
		v, err := au.Parse(s)
		if err != nil {
			panic(err)
		}
		vs = append(vs, v)
	}
	return vs
}()

// sampleGrid draws faces (rows) under changes (columns) by the generator in f,
// as a PNG. scale turns the source's labels into intensities.
func sampleGrid(ctx context.Context, d device.Device, f *model.File, source dataset.Source, scale float32) ([]byte, error) {
	gen, err := model.LoadGenerator(f, d)
	if err != nil {
		return nil, err
	}
	defer gen.Close()
	size := gen.Size()
	grid := image.NewNRGBA(image.Rect(0, 0, size*(1+len(sampleChanges)), size*sampleFaces))
	for row := range sampleFaces {
		img, own, _, _, err := source.Sample(row * 7919 % source.Len())
		if err != nil {
			continue // an unreadable face leaves its row empty
		}
		for k := range own {
			own[k] *= scale
		}
		x := unit(img)
		place(grid, x, size, 0, row)
		for col, d := range sampleChanges {
			o, err := gen.Field(ctx, tensor.Of(x, 1, size, size, 3), own, d)
			if err != nil {
				return nil, fmt.Errorf("draw samples: %w", err)
			}
			place(grid, draw(x, o, d), size, col+1, row)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, grid); err != nil {
		return nil, fmt.Errorf("draw samples: %w", err)
	}
	return b.Bytes(), nil
}

// draw applies the field of a change to x [S S 3] at the network's own size.
func draw(x []float32, o model.Output, d au.Vector) []float32 {
	s := o.Size
	y, skin, deepest := make([]float32, len(x)), edit.Skin(x, s), edit.Deepest(d)
	for i := range s * s {
		u, v := (2*float32(i%s)+1)/float32(s)-1, (2*float32(i/s)+1)/float32(s)-1
		p, shade := lookup(x, s, u+o.Warp[2*i], v+o.Warp[2*i+1]), [3]float32(o.Shade[3*i:])
		edit.Light(&shade, p, skin, deepest.At(u, v))
		for c := range p {
			under := p[c] + shade[c]
			y[3*i+c] = under + (o.Colour[3*i+c]-under)*o.Mask[i]
		}
	}
	return y
}

// place copies x [S S 3] into a cell of the grid.
func place(grid *image.NRGBA, x []float32, size, col, row int) {
	for i := range size * size {
		at := grid.PixOffset(col*size+i%size, row*size+i/size)
		for c := range 3 {
			grid.Pix[at+c] = uint8(min(max((x[3*i+c]+1)*127.5+.5, 0), 255))
		}
		grid.Pix[at+3] = 255
	}
}
