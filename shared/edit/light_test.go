package edit

import (
	"testing"

	"mien/shared/tensor"
)

// TestDarkStaysDark lightens and darkens a face with a black brow, which the field
// moves up by its height: skin is lightened as asked, the brow where it now lies
// hardly, and shadows fall on both.
func TestDarkStaysDark(t *testing.T) {
	const size, skin, brow = 32, .2, -.9
	crop := tensor.New(1, size, size, 3)
	for i := range crop.Data {
		crop.Data[i] = skin
		if row := i / 3 / size; row >= 12 && row < 16 {
			crop.Data[i] = brow
		}
	}
	f := NewField(size)
	for i := range size * size {
		f.Warp[2*i+1] = 4 * 2. / size
		f.Shade[3*i], f.Shade[3*i+1] = .3, -.3
	}
	keepDark(f, crop)
	at := func(row, c int) float32 { return f.Shade[3*(row*size+size/2)+c] }
	if got := at(20, 0); got != .3 {
		t.Errorf("skin is lightened by %g, want .3", got)
	}
	for _, row := range []int{9, 10} {
		if got, most := at(row, 0), float32(.3*(1+brow)/(1+skin)+1e-4); got <= 0 || got > most {
			t.Errorf("row %d of the brow is lightened by %g, want more than 0 and at most %g", row, got, most)
		}
		if got := at(row, 1); got != -.3 {
			t.Errorf("row %d of the brow is darkened by %g, want .3", row, -got)
		}
	}
	if got := at(13, 0); got != .3 {
		t.Errorf("skin where the brow was is lightened by %g, want .3", got)
	}
}

// TestKeepDarkOfAnySize: a field may be finer or coarser than the crop, and a black
// picture divides nothing by zero.
func TestKeepDarkOfAnySize(t *testing.T) {
	for _, size := range []int{8, 24, 64} {
		for _, light := range []float32{-1, 0, 1} {
			crop := tensor.New(1, 24, 24, 3)
			for i := range crop.Data {
				crop.Data[i] = light
			}
			f := randomField(size, 1)
			keepDark(f, crop)
			if err := f.Check(); err != nil {
				t.Errorf("size %d, light %g: %v", size, light, err)
			}
		}
	}
}
