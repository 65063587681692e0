package cpu

import (
	"math"

	"mien/shared/device/cpu/vector"
	"mien/shared/plan"
)

// unaries makes for each operation of one operand a loop that fills y from x of
// equal length; both may be the same.
var unaries = map[plan.Kind]func(floats []float64) func(y, x []float32){
	plan.Tanh:     fixed(tanhs),
	plan.Sigmoid:  fixed(sigmoids),
	plan.Exp:      fixed(exps),
	plan.Softplus: fixed(softpluses),
	plan.Log:      fixed(func(y, x []float32) { apply(y, x, math.Log) }),
	plan.Sqrt:     fixed(sqrts),
	plan.Abs:      fixed(abss),
	plan.Sign:     fixed(signs),
	plan.Affine: func(floats []float64) func(y, x []float32) {
		a, b := float32(floats[0]), float32(floats[1])
		return func(y, x []float32) { vector.Affine(y, x, a, b) }
	},
	plan.LeakyRelu: func(floats []float64) func(y, x []float32) {
		slope := float32(floats[0])
		return func(y, x []float32) { vector.Gate(y, x, x, slope) }
	},
	plan.Clamp: func(floats []float64) func(y, x []float32) {
		least, most := float32(floats[0]), float32(floats[1])
		return func(y, x []float32) { clamps(y, x, least, most) }
	},
	plan.Inside: func(floats []float64) func(y, x []float32) {
		least, most := float32(floats[0]), float32(floats[1])
		return func(y, x []float32) { insides(y, x, least, most) }
	},
}

// fixed is a loop without attributes.
func fixed(f func(y, x []float32)) func([]float64) func(y, x []float32) {
	return func([]float64) func(y, x []float32) { return f }
}

// unary compiles the loop of kind.
func unary(kind plan.Kind) compiler {
	return func(o *operands) func() {
		y, x, f := o.out[0], o.in[0], unaries[kind](o.floats)
		return o.pool.flat(len(y), func(lo, hi int) { f(y[lo:hi], x[lo:hi]) })
	}
}

// apply is
//
//	for i := range y { y[i] = f(x[i]) }
//
// with f in float64.
func apply(y, x []float32, f func(float64) float64) {
	for i := range y {
		y[i] = float32(f(float64(x[i])))
	}
}

func gate(o *operands) func() {
	y, x, g, slope := o.out[0], o.in[0], o.in[1], float32(o.floats[0])
	return o.pool.flat(len(y), func(lo, hi int) { vector.Gate(y[lo:hi], x[lo:hi], g[lo:hi], slope) })
}

func clamps(y, x []float32, least, most float32) {
	for i, v := range x {
		y[i] = min(max(v, least), most)
	}
}

func insides(y, x []float32, least, most float32) {
	for i, v := range x {
		in := float32(0)
		if least <= v && v <= most {
			in = 1
		}
		y[i] = in
	}
}

func sqrts(y, x []float32) {
	for i, v := range x {
		y[i] = float32(math.Sqrt(float64(v))) // one instruction
	}
}

func abss(y, x []float32) {
	for i, v := range x {
		y[i] = math.Float32frombits(math.Float32bits(v) &^ (1 << 31))
	}
}

func signs(y, x []float32) {
	for i, v := range x {
		y[i] = float32(int32(vector.Positive(v)) - int32(vector.Positive(-v)))
	}
}

func softpluses(y, x []float32) {
	for i, v := range x {
		e := float64(exp32(-float32(math.Abs(float64(v)))))
		y[i] = max(v, 0) + float32(math.Log1p(e))
	}
}
