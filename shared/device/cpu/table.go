package cpu

import (
	"math"

	"mien/shared/device/cpu/vector"
	"mien/shared/plan"
)

// compiler turns a step with its memory into a closure that runs it.
type compiler func(o *operands) func()

var compilers = map[plan.Kind]compiler{
	plan.Conv: conv, plan.ConvInput: convInput, plan.ConvWeight: convWeight, plan.MatMul: matMul,

	plan.Add: binary(loops{vector.Add, vector.AddS, vector.SAdd}),
	plan.Sub: binary(loops{vector.Sub, vector.SubS, vector.SSub}),
	plan.Mul: binary(loops{vector.Mul, vector.MulS, vector.SMul}),
	plan.Div: binary(loops{vector.Div, vector.DivS, vector.SDiv}),

	plan.Affine: affine, plan.LeakyRelu: leakyRelu, plan.Gate: gate,
	plan.Tanh:     unary(tanhs),
	plan.Sigmoid:  unary(sigmoids),
	plan.Exp:      unary(exps),
	plan.Softplus: unary(softpluses),
	plan.Log:      unary(func(y, x []float32) { apply(y, x, math.Log) }),
	plan.Sqrt:     unary(sqrts),
	plan.Abs:      unary(abss),
	plan.Sign:     unary(signs),
	plan.Clamp:    clamp, plan.Inside: inside,

	plan.SumTo: sumTo, plan.Spread: spread, plan.Reshape: reshape,
	plan.Concat: concat, plan.Slice: slice, plan.Pad: pad,

	plan.Unshuffle: unshuffle, plan.Shuffle: shuffle, plan.Nearest: nearest, plan.SumPool: sumPool,
	plan.Resize: resize, plan.ResizeInput: resizeInput,
	plan.Warp: warp, plan.WarpInput: warpInput, plan.WarpFlow: warpFlow,

	plan.Finite: finite, plan.Adam: adam, plan.Blend: blend,
}
