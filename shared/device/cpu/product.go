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

func conv(o *operands) func() {
	s := convShape(o.inShapes[0], o.inShapes[1], o.outShapes[0], o.ints)
	y, x, w := o.out[0], o.in[0], o.in[1]
	return func() { kernel.Conv(y, x, w, s) }
}

func convInput(o *operands) func() {
	s := convShape(o.outShapes[0], o.inShapes[1], o.inShapes[0], o.ints)
	dx, dy, w := o.out[0], o.in[0], o.in[1]
	return func() { kernel.ConvInput(dx, dy, w, s) }
}

func convWeight(o *operands) func() {
	s := convShape(o.inShapes[0], o.outShapes[0], o.inShapes[1], o.ints)
	dw, x, dy := o.out[0], o.in[0], o.in[1]
	return func() { kernel.ConvWeight(dw, x, dy, s) }
}

func matMul(o *operands) func() {
	ta, tb := o.ints[0] == 1, o.ints[1] == 1
	c, a, b := o.out[0], o.in[0], o.in[1]
	m, n, k := o.outShapes[0][0], o.outShapes[0][1], o.inShapes[0][1-o.ints[0]]
	return func() { kernel.MatMul(c, a, b, m, n, k, ta, tb) }
}
