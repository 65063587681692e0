package edit

import (
	"math"
	"slices"

	"mien/shared/tensor"
)

// A network paints the lids of eyes that it closes in the light that most faces have there.
// In the shadow of a brow, a hat, or a face lit from one side they shine. They are darkened
// to what they lie in; what is darker, as it is in a face with dark lids, stays.

const (
	// Paint counts as a lid from lidFrom on, and in full from lidTo.
	lidFrom, lidTo = .1, .4

	// eyeWide is over how far around a place its lid is told, in half frames: a third of an
	// eye's width. Light may come from aside.
	eyeWide = .1
)

// rims are how far from a lid the skin around it is looked at, in half frames: above it and
// below, and in several places, so that a rim of glasses is not taken for it.
var rims = [...]float32{.04, .07, .1}

// lid is what a column of a field paints above the middle of a face: how much, in samples,
// in which light, and in which it lies. The light is of the upper half, where no lashes are.
// most is the most that it covers anywhere.
type lid struct{ weight, paint, around, most float32 }

// lids darkens lids that the field, of the crop [1 S S 3], paints lighter than what they
// lie in. It comes after all that shades.
func (f Field) lids(crop *tensor.Tensor) {
	columns := make([]lid, f.Size)
	for i := range columns {
		columns[i] = f.lid(crop, i)
	}
	for i, l := range columns {
		if l.weight == 0 {
			continue
		}
		var paint, around float32
		for k, other := range columns {
			off := float64(2*(i-k)) / float64(f.Size) / eyeWide
			w := other.weight * float32(math.Exp(-off*off))
			paint, around = paint+w*other.paint, around+w*other.around
		}
		if paint <= around {
			continue
		}
		dimmed := 1 - part(l.most, lidFrom, lidTo)*(1-around/paint)
		for j := range f.Size / 2 {
			for c := range 3 {
				v := &f.Colour[3*(j*f.Size+i)+c]
				*v = (*v+1)*dimmed - 1
			}
		}
	}
}

// lid is what column i paints.
func (f Field) lid(crop *tensor.Tensor, i int) (l lid) {
	top, bottom := f.Size, 0
	for j := range f.Size / 2 {
		if m := f.Mask[j*f.Size+i]; m > lidFrom {
			top, bottom, l.most = min(top, j), j, max(l.most, m)
		}
	}
	for j := top; j <= (top+bottom)/2; j++ {
		k := j*f.Size + i
		l.weight += f.Mask[k]
		l.paint += f.Mask[k] * (f.Colour[3*k] + f.Colour[3*k+1] + f.Colour[3*k+2] + 3) / 6
	}
	if l.weight == 0 {
		return l
	}
	l.paint /= l.weight
	at := func(i int) float32 { return float32(2*i+1)/float32(f.Size) - 1 }
	var seen [2 * len(rims)]float32
	for k, d := range rims {
		seen[2*k] = f.lightAt(crop, at(i), at(top)-d)
		seen[2*k+1] = f.lightAt(crop, at(i), at(bottom)+d)
	}
	slices.Sort(seen[:])
	l.around = (seen[len(rims)-1] + seen[len(rims)]) / 2
	return l
}

// lightAt is the light, 0 to 1, of the crop as the field warps and shades it at (x, y).
func (f Field) lightAt(crop *tensor.Tensor, x, y float32) (light float32) {
	at := f.locate(x, y)
	from := Field{Size: crop.Shape[1]}.locate(x+at.read(f.Warp, 2, 0), y+at.read(f.Warp, 2, 1))
	for c := range 3 {
		light += (from.read(crop.Data, 3, c) + 1 + at.read(f.Shade, 3, c)) / 6
	}
	return min(max(light, 0), 1)
}
