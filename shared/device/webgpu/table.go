package webgpu

import "mien/shared/plan"

var lowerings = map[plan.Kind]lowering{
	plan.Conv: matrixProduct, plan.ConvInput: matrixProduct, plan.ConvWeight: matrixProduct, plan.MatMul: matrixProduct,
	plan.Depthwise: depthwise, plan.MaxPool: maxPool,

	plan.Add: elementwise, plan.Sub: elementwise, plan.Mul: elementwise, plan.Div: elementwise, plan.PRelu: elementwise,

	plan.Affine: elementwise, plan.LeakyRelu: elementwise, plan.Gate: elementwise,
	plan.Tanh: elementwise, plan.Sigmoid: elementwise, plan.Softplus: elementwise,
	plan.Exp: elementwise, plan.Log: elementwise, plan.Sqrt: elementwise, plan.Abs: elementwise, plan.Sign: elementwise,
	plan.Clamp: elementwise, plan.Inside: elementwise,

	plan.SumTo: sumTo, plan.Spread: elementwise, plan.Reshape: elementwise,
	plan.Concat: concat, plan.Slice: slice, plan.Pad: pad,

	plan.Unshuffle: blocked("unshuffle.wgsl"), plan.Shuffle: blocked("shuffle.wgsl"),
	plan.Nearest: blocked("nearest.wgsl"), plan.SumPool: blocked("sumpool.wgsl"),
	plan.Resize: resized("resize.wgsl"), plan.ResizeInput: resized("resizeinput.wgsl"),
	plan.Warp: warp, plan.WarpInput: warpInput, plan.WarpFlow: warpFlow,

	plan.Finite: finite, plan.Adam: adam, plan.Blend: blend,
}
