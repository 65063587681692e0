package cpu

import "mien/shared/plan"

// compiler turns a step with its memory into a closure that runs it.
type compiler func(o *operands) func()

var compilers = map[plan.Kind]compiler{
	plan.Conv: conv, plan.ConvInput: convInput, plan.ConvWeight: convWeight, plan.MatMul: matMul,
	plan.Depthwise: depthwise, plan.MaxPool: maxPool,

	plan.Add: binary(plan.Add), plan.Sub: binary(plan.Sub), plan.Mul: binary(plan.Mul), plan.Div: binary(plan.Div), plan.PRelu: binary(plan.PRelu),

	plan.Affine: unary(plan.Affine), plan.LeakyRelu: unary(plan.LeakyRelu), plan.Gate: gate,
	plan.Tanh: unary(plan.Tanh), plan.Sigmoid: unary(plan.Sigmoid), plan.Exp: unary(plan.Exp), plan.Softplus: unary(plan.Softplus),
	plan.Log: unary(plan.Log), plan.Sqrt: unary(plan.Sqrt), plan.Abs: unary(plan.Abs), plan.Sign: unary(plan.Sign),
	plan.Clamp: unary(plan.Clamp), plan.Inside: unary(plan.Inside),

	plan.SumTo: sumTo, plan.Spread: spread, plan.Reshape: reshape,
	plan.Concat: concat, plan.Slice: slice, plan.Pad: pad,

	plan.Unshuffle: unshuffle, plan.Shuffle: shuffle, plan.Nearest: nearest, plan.SumPool: sumPool,
	plan.Resize: resize, plan.ResizeInput: resizeInput,
	plan.Warp: warp, plan.WarpInput: warpInput, plan.WarpFlow: warpFlow,

	plan.Finite: finite, plan.Adam: adam, plan.Blend: blend,
}
