// Package edit applies what a generator says about a face to the photo.
//
// It is the exact definition: the page's shader and the previews must agree
// with it.
package edit

import (
	"fmt"
	"math"
)

// MaxFieldSize is the largest side of a field.
const MaxFieldSize = 1024

// Field is what a generator says about the photo inside a face's frame, at the
// network's resolution: with u a point of the frame,
//
//	out(u) = (photo(u + Warp(u)) + Shade(u)) * (1 - Mask(u)) + Colour(u) * Mask(u)
//
// All zero is the photo itself. The zero Field, of Size 0, is so too.
type Field struct {
	Size   int       // S, the sides in samples
	Warp   []float32 // [S S 2], dx dy in normalised frame units: 2 is the frame's side
	Shade  []float32 // [S S 3], RGB, added to the photo's -1 to 1
	Mask   []float32 // [S S 1], 0 to 1
	Colour []float32 // [S S 3], RGB, -1 to 1
}

// NewField returns a field of zeros.
func NewField(size int) Field {
	n := size * size
	return Field{Size: size, Warp: make([]float32, 2*n), Shade: make([]float32, 3*n), Mask: make([]float32, n), Colour: make([]float32, 3*n)}
}

// Check refuses fields whose slices do not have the lengths that Size asks
// for, and numbers that are not finite.
func (f Field) Check() error {
	n := f.Size * f.Size
	if f.Size < 0 || f.Size > MaxFieldSize || len(f.Warp) != 2*n || len(f.Shade) != 3*n || len(f.Mask) != n || len(f.Colour) != 3*n {
		return fmt.Errorf("field of size %d with %d warp, %d shade, %d mask and %d colour values: want S S times 2, 3, 1 and 3, S up to %d",
			f.Size, len(f.Warp), len(f.Shade), len(f.Mask), len(f.Colour), MaxFieldSize)
	}
	for _, part := range []struct {
		name   string
		values []float32
	}{{"warp", f.Warp}, {"shade", f.Shade}, {"mask", f.Mask}, {"colour", f.Colour}} {
		for i, v := range part.values {
			if v-v != 0 {
				return fmt.Errorf("field of size %d: %s value %d is %g, want a finite number", f.Size, part.name, i, v)
			}
		}
	}
	return nil
}

// IsZero reports whether the field leaves every photo as it is.
func (f Field) IsZero() bool {
	for _, part := range [...][]float32{f.Warp, f.Shade, f.Mask} {
		for _, v := range part {
			if v != 0 {
				return false
			}
		}
	}
	return true
}

// Lerp returns the field between a (t = 0) and b (t = 1), t clamped to 0..1.
// Colours count by their masks, so that a colour that nobody sees does not
// shine through. A field of Size 0 fades like zeros; two fields of different
// sizes cannot be mixed: b comes back. The result may share a's or b's slices.
func Lerp(a, b Field, t float32) Field {
	switch {
	case !(t > 0):
		return a
	case t >= 1, a.Size == 0 && b.Size == 0:
		return b
	case a.Size == 0:
		a = NewField(b.Size)
	case b.Size == 0:
		b = NewField(a.Size)
	case a.Size != b.Size:
		return b
	}
	out := NewField(a.Size)
	for i := range out.Mask {
		out.mix(a, b, i, t)
	}
	return out
}

// mix sets sample i to the one between a's (t = 0) and b's (t = 1).
func (f *Field) mix(a, b Field, i int, t float32) {
	for c := 2 * i; c < 2*i+2; c++ {
		f.Warp[c] = a.Warp[c] + t*(b.Warp[c]-a.Warp[c])
	}
	for c := 3 * i; c < 3*i+3; c++ {
		f.Shade[c] = a.Shade[c] + t*(b.Shade[c]-a.Shade[c])
	}
	ma, mb := (1-t)*a.Mask[i], t*b.Mask[i]
	f.Mask[i] = ma + mb
	part := t
	if f.Mask[i] > 0 {
		part = mb / f.Mask[i]
	}
	for c := 3 * i; c < 3*i+3; c++ {
		f.Colour[c] = a.Colour[c] + part*(b.Colour[c]-a.Colour[c])
	}
}

// seam is how wide a stripe in the middle of the face blends its two halves, in
// half frames.
const seam = .375

// Sides returns the field that is left on the picture's left half of the face
// and right on the other, blended across its middle: so one brow or one corner of
// the mouth moves alone, by a generator that knows nothing of sides. Fields of
// different sizes cannot be mixed: an error.
func Sides(left, right Field) (Field, error) {
	switch {
	case left.Size == 0 && right.Size == 0:
		return Field{}, nil
	case left.Size == 0:
		left = NewField(right.Size)
	case right.Size == 0:
		right = NewField(left.Size)
	case left.Size != right.Size:
		return Field{}, fmt.Errorf("sides of fields of size %d and %d: want one size", left.Size, right.Size)
	}
	out := NewField(left.Size)
	for i := range out.Mask {
		u := (2*float32(i%out.Size)+1)/float32(out.Size) - 1
		out.mix(left, right, i, min(max(u/seam+.5, 0), 1))
	}
	return out, nil
}

// samples is one bilinear look-up: four positions in a field and their weights.
type samples struct {
	at [4]int
	w  [4]float32
}

// locate returns the look-up for a frame point. Sample i of a field of size S
// lies at u = (2i+1)/S - 1; beyond the outermost samples the border continues.
func (f Field) locate(u, v float32) samples {
	x0, x1, fx := f.axis(u)
	y0, y1, fy := f.axis(v)
	s := f.Size
	return samples{
		[4]int{y0*s + x0, y0*s + x1, y1*s + x0, y1*s + x1},
		[4]float32{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy},
	}
}

func (f Field) axis(u float32) (lo, hi int, part float32) {
	x := (u+1)*float32(f.Size)/2 - .5
	if !(x > 0) {
		return 0, 0, 0
	}
	if x >= float32(f.Size-1) {
		return f.Size - 1, f.Size - 1, 0
	}
	floor := float32(math.Floor(float64(x)))
	return int(floor), int(floor) + 1, x - floor
}

// read returns channel c of a plane of n channels at the look-up's place.
func (s *samples) read(plane []float32, n, c int) float32 {
	return s.w[0]*plane[n*s.at[0]+c] + s.w[1]*plane[n*s.at[1]+c] + s.w[2]*plane[n*s.at[2]+c] + s.w[3]*plane[n*s.at[3]+c]
}
