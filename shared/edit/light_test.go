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
	for _, by := range []float32{.3, -.3} {
		f := NewField(size)
		for i := range size * size {
			f.Warp[2*i+1] = 4 * 2. / size
			for c := range 3 {
				f.Shade[3*i+c] = by
			}
		}
		keepDark(f, crop)
		for row, dark := range map[int]bool{20: false, 9: true, 10: true, 13: false} {
			least, most := by-1e-4, by+1e-4
			if dark && by > 0 {
				least, most = 0, by*(1+brow)/(1+skin)+1e-4
			}
			if got := f.Shade[3*(row*size+size/2)]; !(got > least && got < most) {
				t.Errorf("shaded by %g, row %d is by %g, want %g to %g", by, row, got, least, most)
			}
		}
	}
}

// TestLightTakesColour lightens warm skin by grey: most of the light turns out warm,
// and as much as was asked for.
func TestLightTakesColour(t *testing.T) {
	const size = 8
	skin := [3]float32{.6, .2, -.2}
	crop := tensor.New(1, size, size, 3)
	f := NewField(size)
	for i := range crop.Data {
		crop.Data[i], f.Shade[i] = skin[i%3], .3
	}
	keepDark(f, crop)
	sum := float32(0)
	for c, v := range skin {
		want := .3 * (1 - ownColour + ownColour*(v+1)/1.2)
		if got := f.Shade[c]; got < want-1e-4 || got > want+1e-4 {
			t.Errorf("channel %d is lightened by %g, want %g", c, got, want)
		}
		sum += f.Shade[c]
	}
	if sum < .9-1e-4 || sum > .9+1e-4 {
		t.Errorf("light of %g in all, want .9", sum)
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
