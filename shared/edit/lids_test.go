package edit

import (
	"slices"
	"testing"

	"mien/shared/tensor"
)

// blink is a crop of skin of a light of 0 to 1 and, to either side, of another around the
// eye there, and a field of size that paints lids of paint with dark lashes over eyes.
func blink(size int, skin float32, sockets [2]float32, paint float32) (*tensor.Tensor, Field) {
	const side = 128
	crop, f := tensor.New(1, side, side, 3), NewField(size)
	for i := range side * side {
		x, y := (2*float32(i%side)+1)/side-1, (2*float32(i/side)+1)/side-1
		light := skin
		if x = max(x, -x); x < .55 && x > .05 && y > -.55 && y < -.1 {
			light = sockets[i%side*2/side]
		}
		fill(crop.Data[3*i:3*i+3], 2*light-1)
	}
	for i := range f.Mask {
		x, y := (2*float32(i%size)+1)/float32(size)-1, (2*float32(i/size)+1)/float32(size)-1
		if x = max(x, -x); x > .17 && x < .43 && y > -.36 && y < -.24 {
			f.Mask[i] = .9
			light := paint
			if y > -.29 {
				light /= 2
			}
			fill(f.Colour[3*i:3*i+3], 2*light-1)
		}
	}
	return crop, f
}

// TestLidsTakeTheirLight paints lids lighter than the sockets around them: they get as dark
// as these, with their lashes, on fields of several sizes; an eye in the light stays as it
// was painted, and so do lids darker than the skin.
func TestLidsTakeTheirLight(t *testing.T) {
	for _, size := range []int{48, 96, 128} {
		crop, f := blink(size, .6, [2]float32{.2, .6}, .5)
		f.lids(crop)
		for _, c := range []struct {
			what       string
			x, y, want float32
		}{
			{"lid in shadow", -.3, -.33, .2}, {"lashes of it", -.3, -.27, .1},
			{"lid in light", .3, -.33, .5}, {"lashes of it", .3, -.27, .25},
		} {
			if got := f.green(c.x, c.y); got < c.want-.02 || got > c.want+.02 {
				t.Errorf("size %d: the %s: a light of %g, want %g", size, c.what, got, c.want)
			}
		}
	}
	crop, f := blink(96, .6, [2]float32{.6, .6}, .3)
	was := slices.Clone(f.Colour)
	f.lids(crop)
	if !slices.Equal(f.Colour, was) {
		t.Error("lids darker than their skin are another colour")
	}
}

// TestGlassesShadeNoLid puts a dark rim over either lid, and has a mouth painted below:
// both stay as they are.
func TestGlassesShadeNoLid(t *testing.T) {
	crop, f := blink(96, .6, [2]float32{.6, .6}, .55)
	for i := range crop.Shape[1] * crop.Shape[2] {
		if y := (2*float32(i/128)+1)/128 - 1; y > -.48 && y < -.44 {
			fill(crop.Data[3*i:3*i+3], -1)
		}
	}
	for i := range f.Mask {
		if y := (2*float32(i/96)+1)/96 - 1; y > .4 && y < .6 {
			f.Mask[i] = .9
			fill(f.Colour[3*i:3*i+3], .9)
		}
	}
	was := slices.Clone(f.Colour)
	f.lids(crop)
	if !slices.Equal(f.Colour, was) {
		t.Error("a rim of glasses darkens what is painted")
	}
}
