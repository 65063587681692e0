package ref

import (
	"math"

	"mien/shared/tensor"
)

// project maps the flat index i of an array of shape s to that of an array of
// shape t whose dimensions are equal or 1.
func project(i int, s, t tensor.Shape) int {
	at, step := 0, 1
	for d := len(s) - 1; d >= 0; d-- {
		if t[d] != 1 {
			at += i % s[d] * step
		}
		step *= t[d]
		i /= s[d]
	}
	return at
}

func binary(f func(a, b float64) float64) op {
	return func(_ []int, _ []float64, in, out []Array) {
		a, b, y := in[0], in[1], out[0]
		for i := range y.Data {
			y.Data[i] = f(a.Data[project(i, y.Shape, a.Shape)], b.Data[project(i, y.Shape, b.Shape)])
		}
	}
}

func each(in, out []Array, f func(x float64) float64) {
	for i, x := range in[0].Data {
		out[0].Data[i] = f(x)
	}
}

func affine(_ []int, fs []float64, in, out []Array) {
	each(in, out, func(x float64) float64 { return fs[0]*x + fs[1] })
}

func leakyRelu(_ []int, fs []float64, in, out []Array) {
	each(in, out, func(x float64) float64 {
		if x > 0 {
			return x
		}
		return fs[0] * x
	})
}

func gate(_ []int, fs []float64, in, out []Array) {
	for i, x := range in[0].Data {
		if g := in[1].Data[i]; x > 0 {
			out[0].Data[i] = g
		} else {
			out[0].Data[i] = fs[0] * g
		}
	}
}

func tanh(_ []int, _ []float64, in, out []Array) { each(in, out, math.Tanh) }

func sigmoid(_ []int, _ []float64, in, out []Array) {
	each(in, out, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
}

func softplus(_ []int, _ []float64, in, out []Array) {
	each(in, out, func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) })
}

func exp(_ []int, _ []float64, in, out []Array)  { each(in, out, math.Exp) }
func log(_ []int, _ []float64, in, out []Array)  { each(in, out, math.Log) }
func sqrt(_ []int, _ []float64, in, out []Array) { each(in, out, math.Sqrt) }
func abs(_ []int, _ []float64, in, out []Array)  { each(in, out, math.Abs) }

func sign(_ []int, _ []float64, in, out []Array) {
	each(in, out, func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return 0
	})
}

func clamp(_ []int, fs []float64, in, out []Array) {
	each(in, out, func(x float64) float64 { return min(max(x, fs[0]), fs[1]) })
}

func inside(_ []int, fs []float64, in, out []Array) {
	each(in, out, func(x float64) float64 {
		if fs[0] <= x && x <= fs[1] {
			return 1
		}
		return 0
	})
}
