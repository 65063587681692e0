package cpu

import (
	"math"

	"mien/shared/device/cpu/vector"
)

// unary makes a compiler of a loop that fills y from x of equal length.
func unary(f func(y, x []float32)) compiler {
	return func(o *operands) func() {
		y, x := o.out[0], o.in[0]
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

func affine(o *operands) func() {
	y, x := o.out[0], o.in[0]
	a, b := float32(o.floats[0]), float32(o.floats[1])
	return o.pool.flat(len(y), func(lo, hi int) { vector.Affine(y[lo:hi], x[lo:hi], a, b) })
}

func leakyRelu(o *operands) func() {
	y, x, slope := o.out[0], o.in[0], float32(o.floats[0])
	return o.pool.flat(len(y), func(lo, hi int) { vector.Gate(y[lo:hi], x[lo:hi], x[lo:hi], slope) })
}

func gate(o *operands) func() {
	y, x, g, slope := o.out[0], o.in[0], o.in[1], float32(o.floats[0])
	return o.pool.flat(len(y), func(lo, hi int) { vector.Gate(y[lo:hi], x[lo:hi], g[lo:hi], slope) })
}

func clamp(o *operands) func() {
	y, x := o.out[0], o.in[0]
	least, most := float32(o.floats[0]), float32(o.floats[1])
	return o.pool.flat(len(y), func(lo, hi int) {
		x, y := x[lo:hi], y[lo:hi]
		for i, v := range x {
			y[i] = min(max(v, least), most)
		}
	})
}

func inside(o *operands) func() {
	y, x := o.out[0], o.in[0]
	least, most := float32(o.floats[0]), float32(o.floats[1])
	return o.pool.flat(len(y), func(lo, hi int) {
		x, y := x[lo:hi], y[lo:hi]
		for i, v := range x {
			y[i] = 0
			if least <= v && v <= most {
				y[i] = 1
			}
		}
	})
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
