package graph

import (
	"mien/shared/plan"
	"mien/shared/tensor"
)

// The verbs make one node each; plan's kinds say what they compute.

// Conv is plan.Conv.
func (g *Graph) Conv(x, w Node, stride, pad int) Node {
	return g.apply(plan.Conv, []int{stride, pad}, nil, x, w)
}

// ConvInput is plan.ConvInput; h and w are the result's size.
func (g *Graph) ConvInput(gy, weights Node, stride, pad, h, w int) Node {
	return g.apply(plan.ConvInput, []int{stride, pad, h, w}, nil, gy, weights)
}

// ConvWeight is plan.ConvWeight; kh and kw are the kernel's size.
func (g *Graph) ConvWeight(x, gy Node, stride, pad, kh, kw int) Node {
	return g.apply(plan.ConvWeight, []int{stride, pad, kh, kw}, nil, x, gy)
}

// MatMul is plan.MatMul.
func (g *Graph) MatMul(a, b Node, ta, tb bool) Node {
	bit := func(t bool) int {
		if t {
			return 1
		}
		return 0
	}
	return g.apply(plan.MatMul, []int{bit(ta), bit(tb)}, nil, a, b)
}

// Add is a + b, dimensions of 1 repeated.
func (g *Graph) Add(a, b Node) Node { return g.apply(plan.Add, nil, nil, a, b) }

// Sub is a - b.
func (g *Graph) Sub(a, b Node) Node { return g.apply(plan.Sub, nil, nil, a, b) }

// Mul is a * b, element by element.
func (g *Graph) Mul(a, b Node) Node { return g.apply(plan.Mul, nil, nil, a, b) }

// Div is a / b.
func (g *Graph) Div(a, b Node) Node { return g.apply(plan.Div, nil, nil, a, b) }

// PRelu is x where positive, a*x elsewhere.
func (g *Graph) PRelu(x, a Node) Node { return g.apply(plan.PRelu, nil, nil, x, a) }

// Depthwise is plan.Depthwise.
func (g *Graph) Depthwise(x, w Node, stride, pad int) Node {
	return g.apply(plan.Depthwise, []int{stride, pad}, nil, x, w)
}

// MaxPool is plan.MaxPool.
func (g *Graph) MaxPool(x Node, k, stride int) Node {
	return g.apply(plan.MaxPool, []int{k, stride}, nil, x)
}

// Affine is a*x + b.
func (g *Graph) Affine(x Node, a, b float64) Node {
	if a == 1 && b == 0 {
		return x
	}
	return g.apply(plan.Affine, nil, []float64{a, b}, x)
}

// LeakyRelu is x where positive, slope*x elsewhere.
func (g *Graph) LeakyRelu(x Node, slope float64) Node {
	return g.apply(plan.LeakyRelu, nil, []float64{slope}, x)
}

// Relu is LeakyRelu of slope 0.
func (g *Graph) Relu(x Node) Node { return g.LeakyRelu(x, 0) }

// Gate is y where x is positive, slope*y elsewhere.
func (g *Graph) Gate(x, y Node, slope float64) Node {
	return g.apply(plan.Gate, nil, []float64{slope}, x, y)
}

// Tanh is the hyperbolic tangent.
func (g *Graph) Tanh(x Node) Node { return g.apply(plan.Tanh, nil, nil, x) }

// Sigmoid is 1 / (1 + exp(-x)).
func (g *Graph) Sigmoid(x Node) Node { return g.apply(plan.Sigmoid, nil, nil, x) }

// Softplus is log(1 + exp(x)).
func (g *Graph) Softplus(x Node) Node { return g.apply(plan.Softplus, nil, nil, x) }

// Exp is the exponential.
func (g *Graph) Exp(x Node) Node { return g.apply(plan.Exp, nil, nil, x) }

// Log is the natural logarithm.
func (g *Graph) Log(x Node) Node { return g.apply(plan.Log, nil, nil, x) }

// Sqrt is the square root.
func (g *Graph) Sqrt(x Node) Node { return g.apply(plan.Sqrt, nil, nil, x) }

// Abs is the magnitude.
func (g *Graph) Abs(x Node) Node { return g.apply(plan.Abs, nil, nil, x) }

// Sign is -1, 0 or 1.
func (g *Graph) Sign(x Node) Node { return g.apply(plan.Sign, nil, nil, x) }

// Clamp brings x into lo to hi.
func (g *Graph) Clamp(x Node, lo, hi float64) Node {
	return g.apply(plan.Clamp, nil, []float64{lo, hi}, x)
}

// Inside is 1 where x is in lo to hi, 0 elsewhere.
func (g *Graph) Inside(x Node, lo, hi float64) Node {
	return g.apply(plan.Inside, nil, []float64{lo, hi}, x)
}

// SumTo sums over the dimensions that are 1 in shape.
func (g *Graph) SumTo(x Node, shape ...int) Node {
	if Shape(x).Equal(shape) {
		return x
	}
	return g.apply(plan.SumTo, shape, nil, x)
}

// Spread repeats dimensions of 1 to shape.
func (g *Graph) Spread(x Node, shape ...int) Node {
	if Shape(x).Equal(shape) {
		return x
	}
	return g.apply(plan.Spread, shape, nil, x)
}

// Reshape keeps the elements in order.
func (g *Graph) Reshape(x Node, shape ...int) Node {
	if Shape(x).Equal(shape) {
		return x
	}
	return g.apply(plan.Reshape, shape, nil, x)
}

// Concat joins xs along axis.
func (g *Graph) Concat(axis int, xs ...Node) Node {
	return g.apply(plan.Concat, []int{axis}, nil, xs...)
}

// Slice keeps start to end (exclusive) of axis.
func (g *Graph) Slice(x Node, axis, start, end int) Node {
	if start == 0 && end == Shape(x)[axis] {
		return x
	}
	return g.apply(plan.Slice, []int{axis, start, end}, nil, x)
}

// Pad adds zeros before and after along axis.
func (g *Graph) Pad(x Node, axis, before, after int) Node {
	if before == 0 && after == 0 {
		return x
	}
	return g.apply(plan.Pad, []int{axis, before, after}, nil, x)
}

// Unshuffle moves r x r blocks of pixels into channels.
func (g *Graph) Unshuffle(x Node, r int) Node { return g.apply(plan.Unshuffle, []int{r}, nil, x) }

// Shuffle is the inverse of Unshuffle.
func (g *Graph) Shuffle(x Node, r int) Node { return g.apply(plan.Shuffle, []int{r}, nil, x) }

// Nearest repeats each pixel r x r times.
func (g *Graph) Nearest(x Node, r int) Node { return g.apply(plan.Nearest, []int{r}, nil, x) }

// SumPool adds each r x r block.
func (g *Graph) SumPool(x Node, r int) Node { return g.apply(plan.SumPool, []int{r}, nil, x) }

// Resize resamples bilinearly to h x w.
func (g *Graph) Resize(x Node, h, w int) Node {
	return g.apply(plan.Resize, []int{h, w}, nil, x)
}

// ResizeInput is the adjoint of a Resize from h x w.
func (g *Graph) ResizeInput(x Node, h, w int) Node {
	return g.apply(plan.ResizeInput, []int{h, w}, nil, x)
}

// Warp samples x at the identity plus f.
func (g *Graph) Warp(x, f Node) Node { return g.apply(plan.Warp, nil, nil, x, f) }

// WarpInput is the adjoint of Warp in a picture of h x w.
func (g *Graph) WarpInput(gy, f Node, h, w int) Node {
	return g.apply(plan.WarpInput, []int{h, w}, nil, gy, f)
}

// WarpFlow is the derivative of Warp by its flow, times gy.
func (g *Graph) WarpFlow(x, f, gy Node) Node { return g.apply(plan.WarpFlow, nil, nil, x, f, gy) }

// Finite is 1 when every element of xs is finite, else 0; shape [1].
func (g *Graph) Finite(xs ...Node) Node { return g.apply(plan.Finite, nil, nil, xs...) }

// Adam updates the state p (and its moments m, v) by grad; see plan.Adam. The
// result is p after the step. Every Adam node is run, read or not.
func (g *Graph) Adam(grad, hyper, ok, p, m, v Node, beta1, beta2, eps float64) Node {
	n := g.apply(plan.Adam, nil, []float64{beta1, beta2, eps}, grad, hyper, ok, p, m, v)
	g.effects = append(g.effects, n)
	return n
}

// Blend moves the state s towards x; see plan.Blend. The result is s
// afterwards. Every Blend node is run, read or not.
func (g *Graph) Blend(s, x, decay, ok Node) Node {
	n := g.apply(plan.Blend, nil, nil, s, x, decay, ok)
	g.effects = append(g.effects, n)
	return n
}

// Stop passes x on and lets no gradient back.
func (g *Graph) Stop(x Node) Node { return g.apply(stop, nil, nil, x) }

// Sum adds all elements; shape [1].
func (g *Graph) Sum(x Node) Node {
	ones := make([]int, len(Shape(x)))
	for i := range ones {
		ones[i] = 1
	}
	return g.Reshape(g.SumTo(x, ones...), 1)
}

// Mean is Sum over the number of elements; shape [1].
func (g *Graph) Mean(x Node) Node { return g.Affine(g.Sum(x), 1/float64(Shape(x).Numel()), 0) }

// MeanHW is the mean over the pixels of [N H W C]; shape [N 1 1 C].
func (g *Graph) MeanHW(x Node) Node {
	s := Shape(x)
	return g.Affine(g.SumTo(x, s[0], 1, 1, s[3]), 1/float64(s[1]*s[2]), 0)
}

// Square is x * x.
func (g *Graph) Square(x Node) Node { return g.Mul(x, x) }

// AddN adds nodes of equal shapes; it wants at least one.
func (g *Graph) AddN(xs ...Node) Node {
	sum := xs[0]
	for _, x := range xs[1:] {
		sum = g.Add(sum, x)
	}
	return sum
}

// unspread sums x over the dimensions that broadcasting repeated.
func (g *Graph) unspread(x Node, shape tensor.Shape) Node { return g.SumTo(x, shape...) }
