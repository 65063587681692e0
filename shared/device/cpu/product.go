package cpu

import (
	"mien/shared/device/cpu/kernel"
	"mien/shared/tensor"
)

// convShape describes a convolution of x by w to y; ints are stride and pad.
func convShape(x, w, y tensor.Shape, ints []int) kernel.ConvShape {
	return kernel.ConvShape{
		N: x[0], H: x[1], W: x[2], C: x[3], KH: w[0], KW: w[1], K: w[3],
		OH: y[1], OW: y[2], S: ints[0], P: ints[1],
	}
}

func conv(o *operands) func() { return convThen(o, nil) }

// convThen is conv with what follows it block by block.
func convThen(o *operands, after kernel.After) func() {
	s := convShape(o.inShapes[0], o.inShapes[1], o.outShapes[0], o.ints)
	y, x, w := o.out[0], o.in[0], o.in[1]
	if run := o.program.kernels.ConvFinish(s, kernel.Finish{Changes: o.program.changes(o.values[1])}); run != nil {
		return func() {
			run(y, x, w)
			if after != nil {
				after(0, s.N*s.OH*s.OW)
			}
		}
	}
	run, packing := o.program.kernels.Conv(s, after)
	packed := o.packed(1, packing)
	return func() { run(y, x, packed()) }
}

func convInput(o *operands) func() { return convInputThen(o, nil) }

// convInputThen is convInput with what follows it block by block, for stride 1.
func convInputThen(o *operands, after kernel.After) func() {
	s := convShape(o.outShapes[0], o.inShapes[1], o.inShapes[0], o.ints)
	dx, dy := o.out[0], o.in[0]
	if run := o.program.kernels.ConvInputKept(s, o.program.changes(o.values[1])); run != nil {
		w := o.in[1]
		return func() {
			run(dx, dy, w)
			if after != nil {
				after(0, s.N*s.H*s.W)
			}
		}
	}
	run, packing := o.program.kernels.ConvInput(s, after)
	w := o.packed(1, packing)
	return func() { run(dx, dy, w()) }
}

func convWeight(o *operands) func() {
	s := convShape(o.inShapes[0], o.outShapes[0], o.inShapes[1], o.ints)
	dw, x, dy := o.out[0], o.in[0], o.in[1]
	run := o.program.kernels.ConvWeight(s)
	return func() { run(dw, x, dy) }
}

func matMul(o *operands) func() {
	ta, tb := o.ints[0] == 1, o.ints[1] == 1
	c, a := o.out[0], o.in[0]
	m, n, k := o.outShapes[0][0], o.outShapes[0][1], o.inShapes[0][1-o.ints[0]]
	run, packing := o.program.kernels.MatMul(m, n, k, ta, tb)
	b := o.packed(1, packing)
	return func() { run(c, a, b()) }
}
