package devicetest

import (
	"fmt"
	"math"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// A Case is one operation on random operands.
type Case struct {
	Kind   plan.Kind
	In     []tensor.Shape
	Ints   []int
	Floats []float64
	From   [2]float32 // range of the operands; zero means -2 to 2
	// Tolerance is the error allowed for each element, relative to the larger
	// of 1, the element and, for sums, the root of the number of terms.
	Tolerance float64
	// Fix changes the operands where a range is not enough.
	Fix func(in [][]float32)
}

// Tolerances of the kinds. Those that only move numbers are exact.
const (
	exact   = 0
	rounded = 3e-7 // one or two roundings of float32
	// Coordinates lose digits with the image's extent; a warp's more, and the
	// derivative by its flow is multiplied by half the extent.
	resampled = 2e-5
	summed    = 2e-6 // times the root of the number of terms
)

func (c Case) String() string {
	s := fmt.Sprintf("%s%v", c.Kind, c.In)
	if c.Ints != nil {
		s += fmt.Sprintf("%v", c.Ints)
	}
	if c.From != [2]float32{} {
		s += fmt.Sprintf("%v", c.From)
	}
	return s
}

type shapes = []tensor.Shape

// Cases holds every operation of plan.Kinds, most of them several times.
var Cases = join(products(), windows(), elementwise(), moves(), resamplings(), trainings())

func join(groups ...[]Case) []Case {
	var all []Case
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// products are convolutions of odd sizes, strides and pads, each with its two
// adjoints, and matrix products in all four orders.
func products() []Case {
	var cases []Case
	for _, c := range [][9]int{ // N H W C K KH KW stride pad
		{1, 1, 1, 1, 1, 1, 1, 1, 0}, {1, 7, 9, 3, 8, 3, 3, 1, 1}, {2, 8, 7, 1, 31, 3, 3, 2, 1},
		{1, 9, 9, 31, 7, 1, 1, 1, 0}, {3, 8, 8, 8, 9, 4, 4, 2, 1}, {1, 31, 8, 7, 1, 7, 7, 1, 3},
		{2, 9, 8, 17, 16, 3, 5, 1, 0}, {1, 7, 7, 5, 33, 3, 3, 3, 2}, {1, 2, 2, 9, 64, 3, 3, 1, 1},
		{1, 16, 16, 32, 32, 3, 3, 1, 1}, {1, 8, 8, 64, 48, 3, 3, 2, 1}, {1, 5, 6, 2, 3, 2, 2, 2, 0},
		{1, 1, 1, 31, 8, 3, 3, 1, 1}, {2, 10, 10, 4, 4, 5, 5, 4, 2},
		// Many channels and pixels: on the processor by tiles.
		{2, 15, 17, 32, 16, 3, 3, 1, 1}, {4, 17, 15, 16, 32, 4, 4, 2, 1},
	} {
		n, h, w, ci, co, kh, kw, s, p := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]
		x, k := tensor.Shape{n, h, w, ci}, tensor.Shape{kh, kw, ci, co}
		y := tensor.Shape{n, (h+2*p-kh)/s + 1, (w+2*p-kw)/s + 1, co}
		cases = append(cases,
			Case{Kind: plan.Conv, In: shapes{x, k}, Ints: []int{s, p}, Tolerance: summed},
			Case{Kind: plan.ConvInput, In: shapes{y, k}, Ints: []int{s, p, h, w}, Tolerance: summed},
			Case{Kind: plan.ConvWeight, In: shapes{x, y}, Ints: []int{s, p, kh, kw}, Tolerance: summed})
	}
	for _, d := range [][3]int{{1, 1, 1}, {7, 8, 9}, {31, 1, 7}, {1, 31, 8}, {8, 9, 1}, {9, 7, 31}, {33, 65, 17}, {64, 64, 64}} {
		m, n, k := d[0], d[1], d[2]
		for t := range 4 {
			a, b := tensor.Shape{m, k}, tensor.Shape{k, n}
			if t&1 != 0 {
				a = tensor.Shape{k, m}
			}
			if t&2 != 0 {
				b = tensor.Shape{n, k}
			}
			cases = append(cases, Case{Kind: plan.MatMul, In: shapes{a, b}, Ints: []int{t & 1, t >> 1}, Tolerance: summed})
		}
	}
	return cases
}

// windows are depthwise convolutions and poolings: channels that fill vectors
// and that do not, maps smaller than the window and larger.
func windows() []Case {
	var cases []Case
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			for _, d := range [][4]int{ // N H W C
				{1, 7, 8, 1}, {1, 8, 9, 7}, {2, 9, 7, 8}, {1, 31, 8, 9}, {1, 7, 31, 31}, {2, 1, 1, 16}, {1, 2, 3, 17},
				{1, 12, 12, 32}, {1, 24, 25, 64}, {3, 9, 8, 130},
			} {
				x, w := tensor.Shape(d[:]), tensor.Shape{k, k, d[3], 1}
				cases = append(cases, Case{Kind: plan.Depthwise, In: shapes{x, w}, Ints: []int{stride, k / 2}, Tolerance: summed})
				if min(d[1], d[2]) >= k {
					cases = append(cases,
						Case{Kind: plan.Depthwise, In: shapes{x, w}, Ints: []int{stride, 0}, Tolerance: summed},
						Case{Kind: plan.MaxPool, In: shapes{x}, Ints: []int{k, stride}})
				}
				if min(d[1], d[2]) >= 2 {
					cases = append(cases, Case{Kind: plan.MaxPool, In: shapes{x}, Ints: []int{2, stride}})
				}
			}
		}
	}
	return append(cases,
		Case{Kind: plan.Depthwise, In: shapes{{1, 9, 8, 9}, {1, 1, 9, 1}}, Ints: []int{1, 0}, Tolerance: summed},
		Case{Kind: plan.Depthwise, In: shapes{{1, 9, 8, 9}, {3, 5, 9, 1}}, Ints: []int{3, 2}, Tolerance: summed},
		Case{Kind: plan.Depthwise, In: shapes{{1, 3, 3, 8}, {3, 3, 8, 1}}, Ints: []int{1, 4}, Tolerance: summed},
		Case{Kind: plan.MaxPool, In: shapes{{1, 31, 9, 8}}, Ints: []int{1, 3}},
		Case{Kind: plan.MaxPool, In: shapes{{2, 9, 9, 31}}, Ints: []int{3, 2}})
}

// lengths are the odd ones and one that is split among goroutines.
var lengths = []int{1, 7, 8, 9, 31, 40001}

func elementwise() []Case {
	var cases []Case
	for _, s := range []shapes{ // both orders of each are used
		{{1}, {1}}, {{7}, {7}}, {{31}, {1}}, {{2, 3, 5, 7}, {1, 1, 1, 7}}, {{2, 3, 5, 7}, {2, 1, 1, 7}},
		{{2, 3, 5, 7}, {2, 3, 5, 1}}, {{2, 3, 5, 7}, {1, 1, 1, 1}}, {{2, 3, 5, 7}, {1, 3, 1, 7}},
		{{2, 1, 5, 1}, {1, 3, 1, 7}}, {{2, 3, 1, 7}, {1, 1, 5, 1}}, {{8, 1}, {1, 9}}, {{2, 3, 2, 3, 2, 3}, {1, 3, 1, 3, 1, 3}},
		{{2, 64, 64, 9}, {1, 1, 1, 9}}, {{2, 64, 64, 8}, {2, 1, 1, 8}}, {{1, 64, 64, 31}, {1, 64, 64, 1}}, {{4, 63, 63, 3}, {4, 63, 63, 3}},
	} {
		for _, k := range []plan.Kind{plan.Add, plan.Sub, plan.Mul, plan.Div, plan.PRelu} {
			c := Case{Kind: k, In: s, Tolerance: rounded}
			if k == plan.Div {
				c.From = [2]float32{.5, 4}
			}
			cases = append(cases, c)
			c.In = shapes{s[1], s[0]}
			cases = append(cases, c)
		}
	}
	for _, n := range lengths {
		one := shapes{{n}}
		for _, r := range [][2]float32{{}, {-1e4, 1e4}, {-40, 40}} {
			cases = append(cases,
				Case{Kind: plan.Affine, In: one, Floats: []float64{-1.5, .25}, From: r, Tolerance: rounded},
				Case{Kind: plan.LeakyRelu, In: one, Floats: []float64{.2}, From: r, Tolerance: rounded, Fix: specials},
				Case{Kind: plan.LeakyRelu, In: one, Floats: []float64{0}, From: r, Tolerance: rounded, Fix: specials},
				Case{Kind: plan.PRelu, In: shapes{{n}, {n}}, From: r, Tolerance: rounded, Fix: specials},
				Case{Kind: plan.Gate, In: shapes{{n}, {n}}, Floats: []float64{.2}, From: r, Tolerance: rounded, Fix: specials},
				Case{Kind: plan.Tanh, In: one, From: r, Tolerance: 4e-7, Fix: specials},
				Case{Kind: plan.Sigmoid, In: one, From: r, Tolerance: 4e-7, Fix: specials},
				Case{Kind: plan.Softplus, In: one, From: r, Tolerance: 4e-7, Fix: specials},
				Case{Kind: plan.Abs, In: one, From: r, Tolerance: exact, Fix: specials},
				Case{Kind: plan.Sign, In: one, From: r, Tolerance: exact, Fix: specials},
				Case{Kind: plan.Clamp, In: one, Floats: []float64{-1, .5}, From: r, Tolerance: exact, Fix: specials},
				Case{Kind: plan.Inside, In: one, Floats: []float64{-1, .5}, From: r, Tolerance: exact, Fix: specials})
		}
		cases = append(cases,
			Case{Kind: plan.Exp, In: one, Tolerance: 4e-7, Fix: specials},
			Case{Kind: plan.Exp, In: one, From: [2]float32{-87, 88}, Tolerance: 4e-7},
			Case{Kind: plan.Log, In: one, From: [2]float32{1e-6, 1e6}, Tolerance: rounded},
			Case{Kind: plan.Sqrt, In: one, From: [2]float32{0, 1e6}, Tolerance: rounded})
	}
	return cases
}

// specials puts numbers at which operations change their course first.
func specials(in [][]float32) {
	copy(in[0], []float32{0, float32(math.Copysign(0, -1)), -1, .5, 1e-30, -1e-30})
}

func moves() []Case {
	var cases []Case
	for _, s := range [][2]tensor.Shape{ // the full shape and the summed one
		{{1}, {1}}, {{31}, {1}}, {{100003}, {1}}, {{7, 9}, {7, 1}}, {{7, 9}, {1, 9}}, {{2, 8, 9, 31}, {1, 1, 1, 1}},
		{{2, 8, 9, 31}, {1, 1, 1, 31}}, {{2, 8, 9, 31}, {2, 1, 1, 31}}, {{2, 8, 9, 31}, {2, 8, 9, 1}}, {{2, 8, 9, 31}, {1, 8, 9, 31}},
		{{2, 8, 9, 31}, {1, 8, 1, 31}}, {{2, 8, 9, 31}, {1, 8, 1, 1}}, {{2, 8, 9, 31}, {2, 8, 9, 31}}, {{4, 3, 5, 2, 3, 2}, {1, 3, 1, 2, 1, 2}},
		{{2, 64, 64, 7}, {1, 1, 1, 7}}, {{3, 64, 64, 16}, {3, 1, 1, 16}}, {{1, 128, 128, 3}, {1, 1, 1, 1}}, {{2, 1, 1, 40000}, {1, 1, 1, 40000}},
	} {
		cases = append(cases,
			Case{Kind: plan.SumTo, In: shapes{s[0]}, Ints: s[1], Tolerance: summed},
			Case{Kind: plan.Spread, In: shapes{s[1]}, Ints: s[0], Tolerance: exact})
	}
	cases = append(cases,
		Case{Kind: plan.Reshape, In: shapes{{2, 3, 7}}, Ints: []int{6, 7}},
		Case{Kind: plan.Reshape, In: shapes{{40001}}, Ints: []int{1, 40001, 1}})
	for axis := range 4 {
		a, b, c := tensor.Shape{2, 7, 9, 8}, tensor.Shape{2, 7, 9, 8}, tensor.Shape{2, 7, 9, 8}
		b[axis], c[axis] = 1, 31
		cases = append(cases,
			Case{Kind: plan.Concat, In: shapes{a, b, c}, Ints: []int{axis}},
			Case{Kind: plan.Concat, In: shapes{b}, Ints: []int{axis}},
			Case{Kind: plan.Slice, In: shapes{c}, Ints: []int{axis, 7, 16}},
			Case{Kind: plan.Slice, In: shapes{c}, Ints: []int{axis, 0, 31}},
			Case{Kind: plan.Slice, In: shapes{c}, Ints: []int{axis, 30, 31}},
			Case{Kind: plan.Pad, In: shapes{b}, Ints: []int{axis, 1, 7}},
			Case{Kind: plan.Pad, In: shapes{a}, Ints: []int{axis, 0, 9}},
			Case{Kind: plan.Pad, In: shapes{a}, Ints: []int{axis, 0, 0}})
	}
	cases = append(cases,
		Case{Kind: plan.Concat, In: shapes{{1, 128, 128, 3}, {1, 128, 128, 17}}, Ints: []int{3}},
		Case{Kind: plan.Slice, In: shapes{{31}}, Ints: []int{0, 8, 9}})
	return cases
}

func resamplings() []Case {
	var cases []Case
	for _, r := range []int{1, 2, 3} {
		for _, c := range []int{1, 3, 8, 31} {
			large, small := tensor.Shape{2, 4 * r, 5 * r, c}, tensor.Shape{2, 4, 5, c * r * r}
			cases = append(cases,
				Case{Kind: plan.Unshuffle, In: shapes{large}, Ints: []int{r}},
				Case{Kind: plan.Shuffle, In: shapes{small}, Ints: []int{r}},
				Case{Kind: plan.Nearest, In: shapes{{2, 7, 9, c}}, Ints: []int{r}},
				Case{Kind: plan.SumPool, In: shapes{large}, Ints: []int{r}, Tolerance: summed})
		}
	}
	cases = append(cases,
		Case{Kind: plan.Unshuffle, In: shapes{{1, 128, 128, 3}}, Ints: []int{4}},
		Case{Kind: plan.Nearest, In: shapes{{1, 32, 32, 16}}, Ints: []int{2}})
	for _, s := range [][4]int{{1, 1, 7, 9}, {8, 8, 8, 8}, {7, 9, 14, 18}, {31, 8, 9, 7}, {8, 9, 1, 1}, {64, 64, 128, 128}, {9, 8, 31, 3}} {
		for _, c := range []int{1, 3, 8} {
			cases = append(cases,
				Case{Kind: plan.Resize, In: shapes{{2, s[0], s[1], c}}, Ints: []int{s[2], s[3]}, Tolerance: resampled},
				Case{Kind: plan.ResizeInput, In: shapes{{2, s[2], s[3], c}}, Ints: []int{s[0], s[1]}, Tolerance: resampled})
		}
	}
	for _, s := range [][5]int{{1, 1, 1, 1, 1}, {7, 9, 7, 9, 3}, {8, 31, 9, 7, 1}, {9, 8, 31, 31, 8}, {130, 70, 32, 32, 3}, {1, 8, 8, 1, 7}} {
		x, f, y := tensor.Shape{2, s[0], s[1], s[4]}, tensor.Shape{2, s[2], s[3], 2}, tensor.Shape{2, s[2], s[3], s[4]}
		for _, r := range [][2]float32{{-.3, .3}, {-3, 3}} {
			ints := []int{s[0], s[1]}
			cases = append(cases,
				Case{Kind: plan.Warp, In: shapes{x, f}, From: r, Tolerance: 20 * resampled, Fix: unambiguous(1, s)},
				Case{Kind: plan.WarpInput, In: shapes{y, f}, Ints: ints, From: r, Tolerance: 20 * resampled, Fix: unambiguous(1, s)},
				Case{Kind: plan.WarpFlow, In: shapes{x, f, y}, From: r, Tolerance: 100 * resampled, Fix: unambiguous(1, s)})
		}
	}
	// Zero flow copies the image and is on the border between two samples
	// everywhere.
	zero := func(in [][]float32) { clear(in[1]) }
	cases = append(cases,
		Case{Kind: plan.Warp, In: shapes{{2, 9, 7, 3}, {2, 9, 7, 2}}, Tolerance: exact, Fix: zero},
		Case{Kind: plan.Warp, In: shapes{{1, 128, 128, 3}, {1, 128, 128, 2}}, Tolerance: exact, Fix: zero},
		Case{Kind: plan.WarpInput, In: shapes{{2, 9, 7, 3}, {2, 9, 7, 2}}, Ints: []int{9, 7}, Tolerance: exact, Fix: zero})
	return cases
}

// unambiguous moves every flow of operand k a little when its place is within
// a thousandth of a sample: there float32 and float64 may fall to different
// sides, and the derivative jumps. s is H W OH OW C.
func unambiguous(k int, s [5]int) func(in [][]float32) {
	return func(in [][]float32) {
		for i := range in[k] {
			extent, at, of := s[1], i/2%s[3], s[3]
			if i%2 == 1 {
				extent, at, of = s[0], i/2/s[3]%s[2], s[2]
			}
			h := float64(extent)
			p := (float64(at)+.5)*h/float64(of) - .5 + float64(in[k][i])*h/2
			if math.Abs(p-math.Round(p)) < 1e-3 {
				in[k][i] += float32(8e-3 / h)
			}
		}
	}
}

func trainings() []Case {
	var cases []Case
	bad := func(at int, v float64) func([][]float32) {
		return func(in [][]float32) { last := in[len(in)-1]; last[at%len(last)] = float32(v) }
	}
	for _, n := range lengths {
		cases = append(cases, Case{Kind: plan.Finite, In: shapes{{n}, {3}}}, Case{Kind: plan.Finite, In: shapes{{n}}, From: [2]float32{-3e38, 3e38}})
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			cases = append(cases, Case{Kind: plan.Finite, In: shapes{{2, 9}, {n}}, Fix: bad(n/2, v)}, Case{Kind: plan.Finite, In: shapes{{n}}, Fix: bad(n-1, v)})
		}
		for ok := range 2 {
			flag := float32(ok)
			cases = append(cases,
				Case{Kind: plan.Adam, In: shapes{{n}, {4}, {1}, {n}, {n}, {n}}, Floats: []float64{.5, .99, 1e-8}, Tolerance: 2e-6, Fix: func(in [][]float32) {
					copy(in[1], []float32{.01, .5, .01, .1})
					in[2][0] = flag
					for i, v := range in[5] {
						in[5][i] = v*v + .01
					}
				}},
				Case{Kind: plan.Blend, In: shapes{{n}, {n}, {1}, {1}}, Tolerance: rounded, Fix: func(in [][]float32) { in[2][0], in[3][0] = .999, flag }},
				Case{Kind: plan.Blend, In: shapes{{n}, {n}, {1}, {1}}, Tolerance: exact, Fix: func(in [][]float32) { in[2][0], in[3][0] = 0, flag }})
		}
	}
	return cases
}
