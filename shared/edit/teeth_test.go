package edit

import (
	"slices"
	"testing"

	"mien/shared/tensor"
)

// openMouth is a crop of skin of a light of 0 to 1, and a field that paints a mouth around
// x: teeth of .9 of that light, and a dark inside below.
func openMouth(size int, light, x float32) (*tensor.Tensor, Field) {
	const side = 128
	crop, f := tensor.New(1, side, side, 3), NewField(size)
	for i := range crop.Data {
		crop.Data[i] = 2*light - 1
	}
	for i := range f.Mask {
		u, v := (2*float32(i%size)+1)/float32(size)-1-x, (2*float32(i/size)+1)/float32(size)-1
		if u > -.25 && u < .25 && v > .4 && v < .7 {
			f.Mask[i] = .9
			for c := range 3 {
				f.Colour[3*i+c] = 2*.2*light - 1
				if v < .5 {
					f.Colour[3*i+c] = 2*.9*light - 1
				}
			}
		}
	}
	return crop, f
}

// green is the light, 0 to 1, of what the field paints at (x, y).
func (f Field) green(x, y float32) float32 {
	at := f.locate(x, y)
	return (at.read(f.Colour, 3, 1) + 1) / 2
}

// tooth is the mean light over the two teeth on either side of x.
func (f Field) tooth(x float32) (mean float32) {
	const n = 100
	for k := range n {
		mean += f.green(x+wide*(2*float32(k)/n-1), .45) / n
	}
	return mean
}

// TestTeethAreApart wants painted teeth to be darker where they meet than in their middle,
// and as light as before in the mean, on fields of several sizes, in light and dark skin,
// wherever the mouth is; and the rest of the field as it was.
func TestTeethAreApart(t *testing.T) {
	for _, size := range []int{96, 128, 192} {
		for _, light := range []float32{.3, .7} {
			for _, x := range []float32{0, .1} {
				crop, f := openMouth(size, light, x)
				_, was := openMouth(size, light, x)
				f.teeth(crop)
				first, second := f.green(x+wide/2, .45), f.green(x+wide*(1+seenWidth[1]/2), .45)
				for _, meet := range []float32{0, wide, -wide} {
					if gap := f.green(x+meet, .45); gap > .92*min(first, second) || gap < (1-between)*was.green(x, .45) {
						t.Errorf("size %d, skin %g, mouth at %g: teeth are %.3f and %.3f, %.3f where they meet at %.3f", size, light, x, first, second, gap, meet)
					}
				}
				if mean, want := f.tooth(x), was.tooth(x); mean < .97*want || mean > 1.03*want {
					t.Errorf("size %d, skin %g, mouth at %g: the middle teeth are %.3f light in the mean, and were %.3f", size, light, x, mean, want)
				}
				if inside := f.green(x, .6); inside != was.green(x, .6) {
					t.Errorf("size %d, skin %g: the dark inside was %g and is %g", size, light, was.green(x, .6), inside)
				}
				if !slices.Equal(f.Mask, was.Mask) || !slices.Equal(f.Warp, was.Warp) || !slices.Equal(f.Shade, was.Shade) {
					t.Errorf("size %d: more than the colour changes", size)
				}
			}
		}
	}
}

// TestNoTeethElsewhere: closed lids are painted as light as teeth, and a speck is no tooth.
func TestNoTeethElsewhere(t *testing.T) {
	crop, f := openMouth(96, .7, 0)
	for i := range f.Mask {
		if y := i / 96; y < 20 || y > 24 { // the eyes' height
			f.Mask[i] = 0
		} else {
			f.Mask[i] = .9
		}
		for c := range 3 {
			f.Colour[3*i+c] = .3
		}
	}
	speck := 70*96 + 48
	f.Mask[speck] = .9
	was := slices.Clone(f.Colour)
	f.teeth(crop)
	if !slices.Equal(f.Colour, was) {
		t.Error("paint that is no tooth changes")
	}
}
