package plan

import (
	"errors"
	"fmt"

	"mien/shared/tensor"
)

// MaxElements bounds the size of one value: 2^28 floats are 1 GiB.
const MaxElements = 1 << 28

// maxDim bounds each extent and attribute, so that products of a few of them
// stay far from overflow.
const maxDim = 1 << 24

// OutShapes returns the shapes of the outputs of a step of kind k with the
// given attributes and input shapes, or an error that names both sides of what
// does not fit.
func OutShapes(k Kind, ints []int, floats []float64, in []tensor.Shape) ([]tensor.Shape, error) {
	r, ok := rules[k]
	if !ok {
		return nil, fmt.Errorf("%q: unknown kind", k)
	}
	if r.in >= 0 && len(in) != r.in {
		return nil, fmt.Errorf("%s: %d operands, want %d", k, len(in), r.in)
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("%s: no operands", k)
	}
	if r.ints >= 0 && len(ints) != r.ints {
		return nil, fmt.Errorf("%s: %d integers, want %d", k, len(ints), r.ints)
	}
	if len(floats) != r.floats {
		return nil, fmt.Errorf("%s: %d numbers, want %d", k, len(floats), r.floats)
	}
	for _, f := range floats {
		if f != f || f > 1e30 || f < -1e30 {
			return nil, fmt.Errorf("%s: attribute %g: out of range", k, f)
		}
	}
	for _, i := range ints {
		if i < 0 || i > maxDim {
			return nil, fmt.Errorf("%s: attribute %d: want 0 to %d", k, i, maxDim)
		}
	}
	for _, s := range in {
		if r.rank > 0 && len(s) != r.rank {
			return nil, fmt.Errorf("%s: operand %v: want rank %d", k, s, r.rank)
		}
		if len(s) != len(in[0]) && r.sameRank {
			return nil, fmt.Errorf("%s: operands %v and %v: want equal ranks", k, in[0], s)
		}
	}
	out, err := r.shape(ints, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k, err)
	}
	for _, s := range out {
		if err := CheckShape(s); err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
	}
	return out, nil
}

// CheckShape refuses shapes without dimensions, with an extent below 1, or
// with more than MaxElements elements.
func CheckShape(s tensor.Shape) error {
	if len(s) == 0 || len(s) > 6 {
		return fmt.Errorf("shape %v: want 1 to 6 dimensions", s)
	}
	n := 1
	for _, d := range s {
		if d < 1 || d > MaxElements {
			return fmt.Errorf("shape %v: extent %d: want 1 to %d", s, d, MaxElements)
		}
		if n *= d; n > MaxElements {
			return fmt.Errorf("shape %v: over %d elements", s, MaxElements)
		}
	}
	return nil
}

// rule is what OutShapes knows of a kind; -1 leaves a count open.
type rule struct {
	in, ints, floats, rank int
	sameRank               bool
	shape                  func(ints []int, in []tensor.Shape) ([]tensor.Shape, error)
}

var (
	unary  = rule{in: 1, shape: same}
	binary = rule{in: 2, sameRank: true, shape: broadcast}
)

var rules = map[Kind]rule{
	Conv:       {in: 2, ints: 2, rank: 4, shape: convShape},
	ConvInput:  {in: 2, ints: 4, rank: 4, shape: convInputShape},
	ConvWeight: {in: 2, ints: 4, rank: 4, shape: convWeightShape},
	MatMul:     {in: 2, ints: 2, rank: 2, shape: matMulShape},
	Depthwise:  {in: 2, ints: 2, rank: 4, shape: depthwiseShape},
	MaxPool:    {in: 1, ints: 2, rank: 4, shape: maxPoolShape},

	Add: binary, Sub: binary, Mul: binary, Div: binary, PRelu: binary,

	Affine:    {in: 1, floats: 2, shape: same},
	LeakyRelu: {in: 1, floats: 1, shape: same},
	Gate:      {in: 2, floats: 1, sameRank: true, shape: equal},
	Tanh:      unary, Sigmoid: unary, Softplus: unary, Exp: unary, Log: unary,
	Sqrt: unary, Abs: unary, Sign: unary,
	Clamp:  {in: 1, floats: 2, shape: same},
	Inside: {in: 1, floats: 2, shape: same},

	SumTo:   {in: 1, ints: -1, shape: sumToShape},
	Spread:  {in: 1, ints: -1, shape: spreadShape},
	Reshape: {in: 1, ints: -1, shape: reshapeShape},
	Concat:  {in: -1, ints: 1, sameRank: true, shape: concatShape},
	Slice:   {in: 1, ints: 3, shape: sliceShape},
	Pad:     {in: 1, ints: 3, shape: padShape},

	Unshuffle:   {in: 1, ints: 1, rank: 4, shape: unshuffleShape},
	Shuffle:     {in: 1, ints: 1, rank: 4, shape: shuffleShape},
	Nearest:     {in: 1, ints: 1, rank: 4, shape: nearestShape},
	SumPool:     {in: 1, ints: 1, rank: 4, shape: sumPoolShape},
	Resize:      {in: 1, ints: 2, rank: 4, shape: resizeShape},
	ResizeInput: {in: 1, ints: 2, rank: 4, shape: resizeShape},
	Warp:        {in: 2, rank: 4, shape: warpShape},
	WarpInput:   {in: 2, ints: 2, rank: 4, shape: warpInputShape},
	WarpFlow:    {in: 3, rank: 4, shape: warpFlowShape},

	Finite: {in: -1, shape: func([]int, []tensor.Shape) ([]tensor.Shape, error) { return one(1), nil }},
	Adam:   {in: 6, floats: 3, shape: adamShape},
	Blend:  {in: 4, shape: blendShape},
}

func one(dims ...int) []tensor.Shape { return []tensor.Shape{dims} }

func same(_ []int, in []tensor.Shape) ([]tensor.Shape, error) { return one(in[0]...), nil }

func equal(_ []int, in []tensor.Shape) ([]tensor.Shape, error) {
	if !in[0].Equal(in[1]) {
		return nil, fmt.Errorf("operands %v and %v: want equal shapes", in[0], in[1])
	}
	return one(in[0]...), nil
}

func broadcast(_ []int, in []tensor.Shape) ([]tensor.Shape, error) {
	a, b := in[0], in[1]
	out := make(tensor.Shape, len(a))
	for i := range a {
		if a[i] != b[i] && a[i] != 1 && b[i] != 1 {
			return nil, fmt.Errorf("operands %v and %v: dimension %d differs", a, b, i)
		}
		out[i] = max(a[i], b[i])
	}
	return one(out...), nil
}

// convOut returns the extent of a convolution's output along one dimension.
func convOut(h, k, stride, pad int) (int, error) {
	if stride < 1 || k < 1 {
		return 0, fmt.Errorf("kernel %d, stride %d: want at least 1", k, stride)
	}
	if h+2*pad < k {
		return 0, fmt.Errorf("kernel %d over extent %d padded by %d", k, h, pad)
	}
	return (h+2*pad-k)/stride + 1, nil
}

func convShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	x, w := in[0], in[1]
	if x[3] != w[2] {
		return nil, fmt.Errorf("input %v has %d channels, weights %v want %d", x, x[3], w, w[2])
	}
	oh, err := convOut(x[1], w[0], ints[0], ints[1])
	if err != nil {
		return nil, err
	}
	ow, err := convOut(x[2], w[1], ints[0], ints[1])
	return one(x[0], oh, ow, w[3]), err
}

func convInputShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	g, w := in[0], in[1]
	x := tensor.Shape{g[0], ints[2], ints[3], w[2]}
	y, err := convShape(ints[:2], []tensor.Shape{x, w})
	if err != nil {
		return nil, err
	}
	if !y[0].Equal(g) {
		return nil, fmt.Errorf("gradient %v, but a convolution of %v by %v gives %v", g, x, w, y[0])
	}
	return one(x...), nil
}

func convWeightShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	x, g := in[0], in[1]
	w := tensor.Shape{ints[2], ints[3], x[3], g[3]}
	y, err := convShape(ints[:2], []tensor.Shape{x, w})
	if err != nil {
		return nil, err
	}
	if !y[0].Equal(g) {
		return nil, fmt.Errorf("gradient %v, but a convolution of %v by %v gives %v", g, x, w, y[0])
	}
	return one(w...), nil
}

func matMulShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	if ints[0] > 1 || ints[1] > 1 {
		return nil, fmt.Errorf("transpositions %v: want 0 or 1", ints)
	}
	a, b := in[0], in[1]
	m, ka := a[ints[0]], a[1-ints[0]]
	n, kb := b[1-ints[1]], b[ints[1]]
	if ka != kb {
		return nil, fmt.Errorf("operands %v and %v (transposed: %v): inner extents %d and %d differ", a, b, ints, ka, kb)
	}
	return one(m, n), nil
}

func depthwiseShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	x, w := in[0], in[1]
	if x[3] != w[2] || w[3] != 1 {
		return nil, fmt.Errorf("input %v has %d channels, weights %v: want [KH KW %d 1]", x, x[3], w, x[3])
	}
	oh, err := convOut(x[1], w[0], ints[0], ints[1])
	if err != nil {
		return nil, err
	}
	ow, err := convOut(x[2], w[1], ints[0], ints[1])
	return one(x[0], oh, ow, x[3]), err
}

func maxPoolShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	x := in[0]
	oh, err := convOut(x[1], ints[0], ints[1], 0)
	if err != nil {
		return nil, err
	}
	ow, err := convOut(x[2], ints[0], ints[1], 0)
	return one(x[0], oh, ow, x[3]), err
}

func sumToShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	if len(ints) != len(in[0]) {
		return nil, fmt.Errorf("operand %v to %v: want equal ranks", in[0], ints)
	}
	for i, d := range ints {
		if d != in[0][i] && d != 1 {
			return nil, fmt.Errorf("operand %v to %v: dimension %d: want %d or 1", in[0], ints, i, in[0][i])
		}
	}
	return one(ints...), nil
}

func spreadShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	if _, err := sumToShape(in[0], one(ints...)); err != nil {
		return nil, err
	}
	return one(ints...), nil
}

func reshapeShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	if err := CheckShape(ints); err != nil {
		return nil, err
	}
	if tensor.Shape(ints).Numel() != in[0].Numel() {
		return nil, fmt.Errorf("operand %v to %v: element counts differ", in[0], ints)
	}
	return one(ints...), nil
}

func checkAxis(axis int, s tensor.Shape) error {
	if axis >= len(s) {
		return fmt.Errorf("axis %d of %v", axis, s)
	}
	return nil
}

func concatShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	if err := checkAxis(ints[0], in[0]); err != nil {
		return nil, err
	}
	out := in[0].Clone()
	for _, s := range in[1:] {
		for i := range s {
			if i != ints[0] && s[i] != out[i] {
				return nil, fmt.Errorf("operands %v and %v differ outside axis %d", in[0], s, ints[0])
			}
		}
		if out[ints[0]] += s[ints[0]]; out[ints[0]] > MaxElements {
			return nil, errors.New("result too large")
		}
	}
	return one(out...), nil
}

func sliceShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	axis, start, end := ints[0], ints[1], ints[2]
	if err := checkAxis(axis, in[0]); err != nil {
		return nil, err
	}
	if start >= end || end > in[0][axis] {
		return nil, fmt.Errorf("%d to %d of axis %d of %v", start, end, axis, in[0])
	}
	out := in[0].Clone()
	out[axis] = end - start
	return one(out...), nil
}

func padShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	if err := checkAxis(ints[0], in[0]); err != nil {
		return nil, err
	}
	out := in[0].Clone()
	out[ints[0]] += ints[1] + ints[2]
	return one(out...), nil
}

// blocks checks that an image splits into r x r blocks.
func blocks(r int, s tensor.Shape) error {
	if r < 1 || s[1]%r != 0 || s[2]%r != 0 {
		return fmt.Errorf("%v in blocks of %d", s, r)
	}
	return nil
}

func unshuffleShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	r, s := ints[0], in[0]
	if err := blocks(r, s); err != nil {
		return nil, err
	}
	return one(s[0], s[1]/r, s[2]/r, s[3]*r*r), nil
}

func shuffleShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	r, s := ints[0], in[0]
	if r < 1 || r > 64 || s[3]%(r*r) != 0 {
		return nil, fmt.Errorf("%v by %d: channels do not divide", s, r)
	}
	return one(s[0], s[1]*r, s[2]*r, s[3]/(r*r)), nil
}

func nearestShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	r, s := ints[0], in[0]
	if r < 1 || r > 64 {
		return nil, fmt.Errorf("factor %d: want 1 to 64", r)
	}
	return one(s[0], s[1]*r, s[2]*r, s[3]), nil
}

func sumPoolShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	r, s := ints[0], in[0]
	if err := blocks(r, s); err != nil {
		return nil, err
	}
	return one(s[0], s[1]/r, s[2]/r, s[3]), nil
}

func resizeShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	return one(in[0][0], ints[0], ints[1], in[0][3]), nil
}

func checkFlow(f tensor.Shape, n int) error {
	if f[3] != 2 || f[0] != n {
		return fmt.Errorf("flow %v: want [%d H W 2]", f, n)
	}
	return nil
}

func warpShape(_ []int, in []tensor.Shape) ([]tensor.Shape, error) {
	x, f := in[0], in[1]
	return one(x[0], f[1], f[2], x[3]), checkFlow(f, x[0])
}

func warpInputShape(ints []int, in []tensor.Shape) ([]tensor.Shape, error) {
	g, f := in[0], in[1]
	if g[1] != f[1] || g[2] != f[2] {
		return nil, fmt.Errorf("gradient %v and flow %v differ in size", g, f)
	}
	return one(g[0], ints[0], ints[1], g[3]), checkFlow(f, g[0])
}

func warpFlowShape(_ []int, in []tensor.Shape) ([]tensor.Shape, error) {
	x, f, g := in[0], in[1], in[2]
	if g[0] != x[0] || g[1] != f[1] || g[2] != f[2] || g[3] != x[3] {
		return nil, fmt.Errorf("gradient %v does not fit input %v and flow %v", g, x, f)
	}
	return one(f...), checkFlow(f, x[0])
}

func adamShape(_ []int, in []tensor.Shape) ([]tensor.Shape, error) {
	g, hyper, ok := in[0], in[1], in[2]
	if !hyper.Equal(tensor.Shape{4}) || !ok.Equal(tensor.Shape{1}) {
		return nil, fmt.Errorf("rates %v and flag %v: want [4] and [1]", hyper, ok)
	}
	for _, s := range in[3:] {
		if !s.Equal(g) {
			return nil, fmt.Errorf("gradient %v and state %v: want equal shapes", g, s)
		}
	}
	return []tensor.Shape{g, g, g}, nil
}

func blendShape(_ []int, in []tensor.Shape) ([]tensor.Shape, error) {
	s, x, decay, ok := in[0], in[1], in[2], in[3]
	if !s.Equal(x) || !decay.Equal(tensor.Shape{1}) || !ok.Equal(tensor.Shape{1}) {
		return nil, fmt.Errorf("state %v, value %v, decay %v, flag %v: want two equal shapes, [1], [1]", s, x, decay, ok)
	}
	return one(s...), nil
}
