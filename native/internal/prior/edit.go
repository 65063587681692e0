package prior

import (
	"math"

	"mien/shared/au"
)

const (
	side       = 64   // of the shading maps, in pixels
	grid       = 32   // the spline is evaluated on grid x grid places
	stiffness  = 3e-3 // of an edit's spline
	shadeScale = 1.5  // of the shading, for the same reason as Strength
)

// Prior edits faces without a network: it moves the landmarks and shades what
// moved. It is safe for concurrent use.
type Prior struct {
	mean    Landmarks
	shading []float32 // [17 side side 3] per unit of intensity, on the mean face, in spreads of the picture
}

// fields returns, on the grid, how far to look back into the photo and where on
// the mean face every place lies: [grid grid 4], normalised.
func (p *Prior) fields(l Landmarks, d au.Vector) ([]float32, error) {
	moved := Move(l, d)
	q := controls(moved)
	mean := controls(p.mean)
	values := make([]float64, len(q)*4)
	for i := range q {
		if i < len(l) {
			values[4*i] = float64(l[i][0]-moved[i][0]) / 64
			values[4*i+1] = float64(l[i][1]-moved[i][1]) / 64
		}
		values[4*i+2], values[4*i+3] = mean[i][0], mean[i][1]
	}
	s, err := bendTo(q, values, stiffness)
	if err != nil {
		return nil, err
	}
	f := make([]float32, grid*grid*4)
	var v [4]float64
	for i := range grid * grid {
		s.at(centre(i%grid, grid), centre(i/grid, grid), v[:])
		for c, x := range v {
			f[4*i+c] = float32(x)
		}
	}
	return f, nil
}

// Edit returns what the change d does to a face with landmarks l: the warp
// [S S 2] in normalised units and the shading [S S 3], so that the edited
// picture is photo(u + warp(u)) + spread(photo)*shading(u).
func (p *Prior) Edit(l Landmarks, d au.Vector, size int) (warp, shading []float32, err error) {
	warp, shading = make([]float32, size*size*2), make([]float32, size*size*3)
	if d.IsZero() {
		return warp, shading, nil
	}
	f, err := p.fields(l, d)
	if err != nil {
		return nil, nil, err
	}
	// The sum of the maps first, then one lookup per pixel.
	sum := make([]float32, side*side*3)
	for i, amount := range d {
		if amount == 0 {
			continue
		}
		for k, v := range p.shading[i*len(sum) : (i+1)*len(sum)] {
			sum[k] += shadeScale * amount * v
		}
	}
	soften(sum)
	var v [4]float32
	for i := range size * size {
		sample(f, grid, 4, float32(centre(i%size, size)), float32(centre(i/size, size)), v[:])
		warp[2*i], warp[2*i+1] = v[0], v[1]
		sample(sum, side, 3, v[2], v[3], shading[3*i:3*i+3])
	}
	return warp, shading, nil
}

// keptColour is the part of the shading's colour that stays: all of it turns
// teeth cyan where lips were expected.
const keptColour = .4

// mostShade bounds the shading, in spreads of the picture: several Action Units
// that whiten the same teeth must not add up.
const mostShade = 1.6

// soften limits colour and amount of shading [side side 3] in place.
func soften(shading []float32) {
	for i := 0; i < len(shading); i += 3 {
		p := shading[i : i+3]
		grey := (p[0] + p[1] + p[2]) / 3
		limit := 1 / (1 + max(grey, -grey)/mostShade)
		for c := range p {
			p[c] = (grey + (p[c]-grey)*keptColour) * limit
		}
	}
}

// Teach edits x [S S 3] in [-1, 1]. It returns the picture and the warp at half
// the size, [S/2 S/2 2], for generators that draw it there.
func (p *Prior) Teach(x []float32, size int, l Landmarks, d au.Vector) (out, half []float32, err error) {
	warp, shading, err := p.Edit(l, d, size)
	if err != nil {
		return nil, nil, err
	}
	out = make([]float32, len(x))
	if d.IsZero() {
		copy(out, x)
		return out, make([]float32, (size/2)*(size/2)*2), nil
	}
	s := spread(x)
	for i := range size * size {
		u, v := float32(centre(i%size, size)), float32(centre(i/size, size))
		o := out[3*i : 3*i+3]
		sample(x, size, 3, u+warp[2*i], v+warp[2*i+1], o)
		for c := range o {
			o[c] = min(max(o[c]+s*shading[3*i+c], -1), 1)
		}
	}
	n := size / 2
	half = make([]float32, n*n*2)
	for i := range n * n {
		for c := range 2 {
			at := (i/n*2*size+i%n*2)*2 + c
			half[2*i+c] = (warp[at] + warp[at+2] + warp[at+2*size] + warp[at+2*size+2]) / 4
		}
	}
	return out, half, nil
}

// Picture is Teach without the warp; landmarks that no spline fits leave the
// picture as it is.
func (p *Prior) Picture(x []float32, size int, l *[68][2]float32, d au.Vector) []float32 {
	if l != nil {
		if out, _, err := p.Teach(x, size, *l, d); err == nil {
			return out
		}
	}
	return append([]float32(nil), x...)
}

// spread is the standard deviation of a picture's values.
func spread(x []float32) float32 {
	var sum, square float64
	for _, v := range x {
		sum += float64(v)
		square += float64(v) * float64(v)
	}
	n := float64(len(x))
	return float32(math.Sqrt(max(square/n-sum/n*sum/n, 0)))
}
