package train

import (
	"math"
	"sort"

	"mien/shared/layer"
	"mien/shared/tensor"
)

// streamMouth is the stream of random numbers of a painter's patches.
const streamMouth tensor.Stream = 0x300

const (
	patchWidth  = layer.PatchWidth
	patchHeight = layer.PatchHeight
	patchPixels = patchWidth * patchHeight
)

// inputs returns the contents of a step's inputs, see mouth.
func (m *mouths) inputs(p Preset, wants map[string]int, seed uint64, step int) map[string][]float32 {
	in := map[string][]float32{}
	for name, n := range wants {
		in[name] = make([]float32, n)
	}
	b := p.Batch
	scale := p.PatchCritic.Scale()
	each(b, func(i int) {
		r := tensor.NewRand(seed, streamMouth, uint64(step), uint64(i))
		x := m.draw(r, p.Mirror)
		copy(in["truth"][i*3*patchPixels:], x.truth)
		copy(in["seen"][i*3*patchPixels:], x.seen)
		hole := in["hole"][i*patchPixels:][:patchPixels]
		for k, v := range x.hole {
			if v {
				hole[k] = 1
			}
		}
		if n := len(in["where"]) / b; n > 0 {
			where := in["where"][i*n:][:n]
			for k, v := range hole {
				x, y := k%patchWidth/scale, k/patchWidth/scale
				where[y*(patchWidth/scale)+x] += v / float32(scale*scale)
			}
		}
	})
	return in
}

// mouthSample is a patch to learn from.
type mouthSample struct {
	truth, seen []float32 // [PatchHeight PatchWidth 3], -1 to 1
	hole        []bool    // [PatchHeight PatchWidth]
}

// draw draws a mouth, a hole in it, and what the painter sees of it.
func (m *mouths) draw(r *tensor.Rand, mirrored bool) mouthSample {
	c := m.cuts[m.pick(r)]
	other := m.cuts[r.Intn(len(m.cuts))].opening
	pixels, own := unit(c.pixels), c.opening
	if flipped := r.Float32() < .5; flipped && mirrored {
		pixels, own = mirrorPatch(pixels, 3), mirrorPatch(own, 1)
	}
	if r.Float32() < .5 {
		other = mirrorPatch(other, 1)
	}
	recolour(pixels, r)
	hole := otherHole(own, other, r)
	return mouthSample{pixels, disturb(pixels, hole, r), hole}
}

// pick returns the number of a cut, drawn by weight.
func (m *mouths) pick(r *tensor.Rand) int {
	x := r.Float64() * m.sums[len(m.sums)-1]
	return min(sort.Search(len(m.sums), func(i int) bool { return m.sums[i] > x }), len(m.sums)-1)
}

// mirrorPatch swaps left and right of a patch of so many channels.
func mirrorPatch[T any](x []T, channels int) []T {
	y := make([]T, len(x))
	for i := range patchPixels {
		from := i - i%patchWidth + patchWidth - 1 - i%patchWidth
		copy(y[i*channels:][:channels], x[from*channels:][:channels])
	}
	return y
}

// How often colour is taken out of a patch, to grey or to a toned print.
const (
	greyPart  = .2
	tonedPart = .15
)

// recolour gives a patch other light and other colours, to none at all: paint
// shall keep to those of the photo.
func recolour(x []float32, r *tensor.Rand) {
	kind := r.Float32()
	gain, gamma, saturation := r.Range(.7, 1.15), r.Range(.85, 1.2), r.Range(.4, 1.25)
	tint := [3]float32{r.Range(.92, 1.08), r.Range(.95, 1.05), r.Range(.92, 1.08)}
	warm := r.Range(-.15, .3) // of a toned print
	switch {
	case kind < greyPart:
		saturation, tint = 0, [3]float32{1, 1, 1}
	case kind < greyPart+tonedPart:
		saturation, tint = 0, [3]float32{1 + warm, 1, 1 - warm}
	}
	var curve [256]float32 // of values 0 to 1
	for i := range curve {
		curve[i] = gain * float32(math.Pow(float64(i)/255, float64(gamma)))
	}
	for i := 0; i < len(x); i += 3 {
		p := x[i:][:3]
		y := .299*p[0] + .587*p[1] + .114*p[2]
		for c, v := range p {
			v = min(max((y+saturation*(v-y)+1)/2, 0), 1)
			p[c] = min(curve[int(v*255+.5)]*tint[c], 1)*2 - 1
		}
	}
}

// How holes are drawn: of a mouth's own opening, of a part of it, of more.
const (
	ownPart    = .5
	sharedPart = .2  // with another mouth's
	bandPart   = .15 // between two curves, as where teeth are seen above
	leastHole  = 40  // pixels
)

// otherHole is the hole that a mouth's opening becomes: as a photo's own mouth
// and one that moves make it.
func otherHole(own, other []bool, r *tensor.Rand) []bool {
	kind, from, part, more := r.Float32(), r.Range(0, .5), r.Range(.3, .8), r.Intn(3)
	hole := own
	switch {
	case kind < ownPart:
	case kind < ownPart+sharedPart:
		hole = both(own, other)
	case kind < ownPart+sharedPart+bandPart:
		hole = band(own, from, from+part)
	case 2*count(other) < 3*count(own):
		hole = either(own, other)
	}
	if count(hole) < leastHole {
		hole = own
	}
	return grow(hole, more)
}

func both(a, b []bool) []bool {
	out := make([]bool, len(a))
	for i := range out {
		out[i] = a[i] && b[i]
	}
	return out
}

func either(a, b []bool) []bool {
	out := make([]bool, len(a))
	for i := range out {
		out[i] = a[i] || b[i]
	}
	return out
}

// band keeps from one part of the way from the upper lip to the lower to another.
func band(mask []bool, from, to float32) []bool {
	out := make([]bool, len(mask))
	for x := range patchWidth {
		top, end := -1, 0
		for y := range patchHeight {
			if mask[y*patchWidth+x] {
				if top < 0 {
					top = y
				}
				end = y + 1
			}
		}
		for y := max(top, 0); y < end; y++ {
			t := (float32(y-top) + .5) / float32(end-top)
			out[y*patchWidth+x] = t >= from && t < to
		}
	}
	return out
}

// grow adds n times the pixels next to a mask.
func grow(mask []bool, n int) []bool {
	for range n {
		out := make([]bool, len(mask))
		for i, v := range mask {
			if !v {
				continue
			}
			x, y := i%patchWidth, i/patchWidth
			for b := max(y-1, 0); b <= min(y+1, patchHeight-1); b++ {
				for a := max(x-1, 0); a <= min(x+1, patchWidth-1); a++ {
					out[b*patchWidth+a] = true
				}
			}
		}
		mask = out
	}
	return mask
}

// disturbReach bounds how far from the hole what is about it is disturbed, pixels.
const disturbReach = 5

// disturb is what the painter sees about a hole. Lips that were closed in the
// photo and are moved apart have no teeth shining on them, and a dark seam along
// their edge; so in two of three the rim is drawn out from further away, and
// darker or lighter.
func disturb(x []float32, hole []bool, r *tensor.Rand) []float32 {
	skip := r.Float32() < .35
	push, dark, reach := r.Range(0, 3), r.Range(-.1, .5), r.Range(1.5, disturbReach)
	if skip {
		return x
	}
	y := append([]float32(nil), x...)
	for i, near := range grow(hole, disturbReach) {
		if !near || hole[i] {
			continue
		}
		px, py := i%patchWidth, i/patchWidth
		dx, dy, d := away(hole, px, py)
		if d >= reach {
			continue
		}
		t := 1 - d/reach
		p := samplePatch(x, float32(px)+dx/d*push*t, float32(py)+dy/d*push*t)
		for c, v := range p {
			y[3*i+c] = (v+1)*(1-dark*t) - 1
		}
	}
	return y
}

// away is the way from the nearest pixel of a hole within disturbReach to (x, y),
// and its length.
func away(hole []bool, x, y int) (dx, dy, d float32) {
	best := 1 << 20
	for b := max(y-disturbReach, 0); b <= min(y+disturbReach, patchHeight-1); b++ {
		for a := max(x-disturbReach, 0); a <= min(x+disturbReach, patchWidth-1); a++ {
			if n := (x-a)*(x-a) + (y-b)*(y-b); hole[b*patchWidth+a] && n < best {
				best, dx, dy = n, float32(x-a), float32(y-b)
			}
		}
	}
	return dx, dy, float32(math.Sqrt(float64(best)))
}

// samplePatch reads a patch bilinearly at a place in pixel indices, the border
// repeated.
func samplePatch(x []float32, u, v float32) (p [3]float32) {
	u, v = min(max(u, 0), patchWidth-1), min(max(v, 0), patchHeight-1)
	x0, y0 := min(int(u), patchWidth-2), min(int(v), patchHeight-2)
	ax, ay := u-float32(x0), v-float32(y0)
	a, b := x[(y0*patchWidth+x0)*3:], x[((y0+1)*patchWidth+x0)*3:]
	for c := range p {
		p[c] = (a[c]*(1-ax)+a[c+3]*ax)*(1-ay) + (b[c]*(1-ax)+b[c+3]*ax)*ay
	}
	return p
}
