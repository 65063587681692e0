package edit

import (
	"slices"

	"mien/shared/tensor"
)

// border is the part of the crop, from each side, that is left out where the light of
// the skin is measured: the rest is face, whoever's.
const border = .3

// ownColour is how much of its colour the light has from what it falls on: grey or blue
// light leaves patches in warm skin.
const ownColour = .7

// keepDark gives what a field f lightens the face's own colours, and weakens it where
// the crop [1 S S 3] is darker than the skin: light multiplies what it falls on, so a
// brow, an iris or a cheek in hard shadow stays nearly as dark as it was. A generator
// lightens the skin around raised brows and wide eyes at half of its resolution, and
// would bleach them with it. Shadows stay as they are.
func keepDark(f Field, crop *tensor.Tensor) {
	side := crop.Shape[1]
	skin := max(skinLight(crop.Data, side), .1)
	photo := Field{Size: side}
	for i := range f.Size * f.Size {
		x, y := (2*float32(i%f.Size)+1)/float32(f.Size)-1, (2*float32(i/f.Size)+1)/float32(f.Size)-1
		at := photo.locate(x+f.Warp[2*i], y+f.Warp[2*i+1])
		seen := [3]float32{at.read(crop.Data, 3, 0), at.read(crop.Data, 3, 1), at.read(crop.Data, 3, 2)}
		light := (seen[0] + seen[1] + seen[2] + 3) / 6
		shade := f.Shade[3*i : 3*i+3]
		more := (shade[0] + shade[1] + shade[2]) / 3
		if more <= 0 {
			continue
		}
		part := min(light/skin, 1)
		for c := range shade {
			own := more * min((seen[c]+1)/2/max(light, .01), 2) // as much, in the place's own colour
			shade[c] = part * (shade[c] + (own-shade[c])*ownColour)
		}
	}
}

// skinLight is the median light, 0 to 1, of the middle of a crop [side side 3].
func skinLight(crop []float32, side int) float32 {
	from := int(border * float32(side))
	lights := make([]float32, 0, (side-2*from)*(side-2*from))
	for y := from; y < side-from; y++ {
		for x := from; x < side-from; x++ {
			p := crop[3*(y*side+x):]
			lights = append(lights, (p[0]+p[1]+p[2]+3)/6)
		}
	}
	slices.Sort(lights)
	return lights[len(lights)/2]
}
