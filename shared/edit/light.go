package edit

import (
	"slices"

	"mien/shared/tensor"
)

// border is the part of the crop, from each side, that is left out where the light of
// the skin is measured: the rest is face, whoever's.
const border = .3

// keepDark weakens what a field f lightens where the crop [1 S S 3] is darker than the
// face's skin: light multiplies what it falls on, so a brow, an iris or a cheek in hard
// shadow stays nearly as dark as it was. A generator lightens the skin around raised
// brows and wide eyes at half of its resolution, and would bleach them with it.
func keepDark(f Field, crop *tensor.Tensor) {
	side := crop.Shape[1]
	skin := max(skinLight(crop.Data, side), .1)
	photo := Field{Size: side}
	for i := range f.Size * f.Size {
		x, y := (2*float32(i%f.Size)+1)/float32(f.Size)-1, (2*float32(i/f.Size)+1)/float32(f.Size)-1
		at := photo.locate(x+f.Warp[2*i], y+f.Warp[2*i+1])
		seen := (at.read(crop.Data, 3, 0) + at.read(crop.Data, 3, 1) + at.read(crop.Data, 3, 2) + 3) / 6
		part := min(max(seen/skin, 0), 1)
		for c := 3 * i; c < 3*i+3; c++ {
			if f.Shade[c] > 0 {
				f.Shade[c] *= part
			}
		}
	}
}

// skinLight is the median light, 0 to 1, of the middle of a crop [side side 3].
func skinLight(crop []float32, side int) float32 {
	var lights []float32
	from := int(border * float32(side))
	for y := from; y < side-from; y++ {
		for x := from; x < side-from; x++ {
			p := crop[3*(y*side+x):]
			lights = append(lights, (p[0]+p[1]+p[2]+3)/6)
		}
	}
	slices.Sort(lights)
	return lights[len(lights)/2]
}
