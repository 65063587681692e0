package prior

import (
	"math"

	"mien/shared/au"
	"mien/shared/edit"
	"mien/shared/model"
)

const (
	side      = 64   // of the shading maps, in pixels
	stiffness = 3e-3 // of an edit's spline
)

// shadeStrength multiplies the shading, for the same reason as strength; the
// regression makes it too faint, since its labels are noisy.
var shadeStrength = byCode(3, map[string]float32{
	"01": 2.4, "02": 1.8, "04": 4.5, "05": 2.2, "06": 3, "07": 2.8, "10": 3.5, "12": 2, "14": 3, "15": 2.5, "17": 2.5, "20": 3, "23": 3.5, "25": 4, "45": 1.8,
})

// Prior edits faces without a network: it moves the landmarks and shades what
// moved. It is safe for concurrent use.
type Prior struct {
	mean    Landmarks
	shading []float32 // [17 side side 3] per unit of intensity, on the mean face, in spreads of the picture
}

// unshade is how much of the shading an expression that is taken back takes with
// it: all of it paints the negative of folds and teeth.
const unshade = .5

// fields returns, on grid x grid places, how far to look back into the photo and where on
// the mean face every place lies: [grid grid 4], normalised.
func (p *Prior) fields(l, moved Landmarks, grid int) ([]float32, error) {
	q := append(controls(moved), placed(anchors(l, moved))...)
	mean := append(controls(p.mean), placed(anchors(p.mean, p.mean))...)
	from := append(controls(l), placed(anchors(l, l))...)
	values := make([]float64, len(q)*4)
	for i := range q {
		for c := range 2 {
			values[4*i+c] = from[i][c] - q[i][c]
			values[4*i+2+c] = mean[i][c]
		}
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

// shade is the sum of the shading maps on the mean face, [side side 3], in
// spreads of the picture.
func (p *Prior) shade(left, right au.Vector) []float32 {
	sum := make([]float32, side*side*3)
	for i := range left {
		if left[i] == 0 && right[i] == 0 {
			continue
		}
		for k, v := range p.shading[i*len(sum) : (i+1)*len(sum)] {
			x := float32(2*(k/3%side) + 1)
			amount := left[i] + (right[i]-left[i])*rightness(x)
			if amount < 0 {
				amount *= unshade
			}
			sum[k] += shadeStrength[i] * amount * v
		}
	}
	soften(sum)
	return sum
}

// Field returns what a change, left and right of the face's middle, does to the
// face x [size size 3] with landmarks l, in samples samples a side. The shade is
// in the picture's own spread, and not yet what light makes of it (see edit.Light).
func (p *Prior) Field(x []float32, size int, l Landmarks, left, right au.Vector, samples int) (model.Output, error) {
	n := samples * samples
	o := model.Output{Size: samples, Warp: make([]float32, 2*n), Shade: make([]float32, 3*n), Mask: make([]float32, n), Colour: make([]float32, 3*n)}
	if left.IsZero() && right.IsZero() {
		return o, nil
	}
	moved := MoveSides(l, left, right)
	grid := max(samples/2, 16) // the spline is smooth
	f, err := p.fields(l, moved, grid)
	if err != nil {
		return o, err
	}
	sum, s := p.shade(left, right), spread(x)
	var v [4]float32
	for i := range n {
		x0, y0 := float32(centre(i%samples, samples)), float32(centre(i/samples, samples))
		sample(f, grid, 4, x0, y0, v[:])
		o.Warp[2*i], o.Warp[2*i+1] = v[0], v[1]
		to := o.Shade[3*i : 3*i+3]
		sample(sum, side, 3, v[2], v[3], to)
		for c := range to {
			to[c] = min(max(s*to[c], -1), 1)
		}
	}
	paintMouth(&o, x, size, l, moved)
	paintLids(&o, x, size, l, moved, left, right)
	return o, nil
}

// keptColour is the part of the shading's colour that stays: all of it turns
// teeth cyan where lips were expected.
const keptColour = .4

// mostShade bounds the shading, in spreads of the picture: several Action Units
// that whiten the same teeth must not add up. At .7 the prior leaves
// fewer patches and moves faces less (reader Frechet above the floor 1.01 for 1.27, gain
// .52 for .58, 16 validation people), and a generator that it taught was no better.
const mostShade = 1.2

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

// Teach edits x [S S 3] in [-1, 1], and tells how: by its field at the same
// size.
func (p *Prior) Teach(x []float32, size int, l Landmarks, d au.Vector) ([]float32, model.Output, error) {
	o, err := p.Field(x, size, l, d, d, size)
	if err != nil {
		return nil, o, err
	}
	out := make([]float32, len(x))
	if d.IsZero() {
		copy(out, x)
		return out, o, nil
	}
	skin, deepest := edit.Skin(x, size), edit.Deepest(d)
	for i := range size * size {
		u, v := float32(centre(i%size, size)), float32(centre(i/size, size))
		to, shade := out[3*i:3*i+3], [3]float32(o.Shade[3*i:])
		sample(x, size, 3, u+o.Warp[2*i], v+o.Warp[2*i+1], to)
		edit.Light(&shade, [3]float32(to), skin, deepest.At(u, v))
		for c := range to {
			under := to[c] + shade[c]
			to[c] = min(max(under+(o.Colour[3*i+c]-under)*o.Mask[i], -1), 1)
		}
	}
	return out, o, nil
}

// Lesson is Teach; landmarks that no spline fits leave the picture as it is.
func (p *Prior) Lesson(x []float32, size int, l *[68][2]float32, d au.Vector) ([]float32, model.Output) {
	if l != nil {
		if out, field, err := p.Teach(x, size, *l, d); err == nil {
			return out, field
		}
	}
	still, _ := p.Field(x, size, Landmarks{}, au.Vector{}, au.Vector{}, size) // of no change: no spline, no error
	return append([]float32(nil), x...), still
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
