package cpu

import "mien/shared/device/cpu/kernel"

func depthwise(o *operands) func() { return depthwiseThen(o, o.out[0], nil, nil) }

// depthwiseThen computes to, the depthwise convolution plus a bias that may be nil,
// with what follows it block by block.
func depthwiseThen(o *operands, to, bias []float32, after kernel.After) func() {
	s := convShape(o.inShapes[0], o.inShapes[1], o.outShapes[0], o.ints)
	s.K = s.C
	x, w := o.in[0], o.in[1]
	if run := o.program.kernels.DepthwiseFinish(s, kernel.Finish{Bias: bias}); run != nil {
		return func() {
			run(to, x, w)
			if after != nil {
				after(0, s.N*s.OH*s.OW)
			}
		}
	}
	run := o.program.kernels.Depthwise(s, after)
	return func() { run(to, x, w, bias) }
}

func maxPool(o *operands) func() {
	x, y, k, stride := o.inShapes[0], o.outShapes[0], o.ints[0], o.ints[1]
	run := o.program.kernels.MaxPool(kernel.ConvShape{
		N: x[0], H: x[1], W: x[2], C: x[3], KH: k, KW: k, K: x[3], OH: y[1], OW: y[2], S: stride,
	})
	dst, src := o.out[0], o.in[0]
	return func() { run(dst, src) }
}
