// Package ref defines every operation of a plan: plain loops in float64, one
// obvious function for each kind. It is slow, and it is what fast devices and
// gradients are compared with.
package ref

import (
	"fmt"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// Array is a dense array in row-major order.
type Array struct {
	Shape tensor.Shape
	Data  []float64
}

// op computes one step: out holds zeros of the right shapes.
type op func(ints []int, floats []float64, in, out []Array)

// Eval computes an operation of kind k with the given attributes. The results
// share nothing with in; kinds that write states return their new contents.
// The error is that of plan.OutShapes.
func Eval(k plan.Kind, ints []int, floats []float64, in []Array) ([]Array, error) {
	shapes := make([]tensor.Shape, len(in))
	for i, a := range in {
		if shapes[i] = a.Shape; len(a.Data) != a.Shape.Numel() {
			return nil, fmt.Errorf("%s: operand %d: %d elements for shape %v", k, i, len(a.Data), a.Shape)
		}
	}
	outShapes, err := plan.OutShapes(k, ints, floats, shapes)
	if err != nil {
		return nil, err
	}
	f, ok := ops[k]
	if !ok {
		return nil, fmt.Errorf("%q: kind without a definition", k)
	}
	out := make([]Array, len(outShapes))
	for i, s := range outShapes {
		out[i] = zeros(s)
	}
	f(ints, floats, in, out)
	return out, nil
}

func zeros(s tensor.Shape) Array {
	return Array{Shape: s.Clone(), Data: make([]float64, s.Numel())}
}

var ops = map[plan.Kind]op{
	plan.Conv: conv, plan.ConvInput: convInput, plan.ConvWeight: convWeight, plan.MatMul: matMul,
	plan.Depthwise: depthwise, plan.MaxPool: maxPool,

	plan.Add: binary(func(a, b float64) float64 { return a + b }),
	plan.Sub: binary(func(a, b float64) float64 { return a - b }),
	plan.Mul: binary(func(a, b float64) float64 { return a * b }),
	plan.Div: binary(func(a, b float64) float64 { return a / b }),
	plan.PRelu: binary(func(x, a float64) float64 {
		if x > 0 {
			return x
		}
		return a * x
	}),

	plan.Affine: affine, plan.LeakyRelu: leakyRelu, plan.Gate: gate,
	plan.Tanh: tanh, plan.Sigmoid: sigmoid, plan.Softplus: softplus,
	plan.Exp: exp, plan.Log: log, plan.Sqrt: sqrt, plan.Abs: abs, plan.Sign: sign,
	plan.Clamp: clamp, plan.Inside: inside,

	plan.SumTo: sumTo, plan.Spread: spread, plan.Reshape: reshape,
	plan.Concat: concat, plan.Slice: slice, plan.Pad: pad,

	plan.Unshuffle: unshuffle, plan.Shuffle: shuffle, plan.Nearest: nearest, plan.SumPool: sumPool,
	plan.Resize: resize, plan.ResizeInput: resizeInput,
	plan.Warp: warp, plan.WarpInput: warpInput, plan.WarpFlow: warpFlow,

	plan.Finite: finite, plan.Adam: adam, plan.Blend: blend,
}

// at4 is the index of element (n, i, j, c) of an array of four dimensions.
func at4(s tensor.Shape, n, i, j, c int) int { return ((n*s[1]+i)*s[2]+j)*s[3] + c }
