package graph

import (
	"errors"

	"mien/shared/plan"
)

// rules holds the derivative of every kind that has one.
var rules = map[plan.Kind]rule{
	plan.Conv: func(g *Graph, o *op, _ Node, in []Node, gy Node, need []bool) ([]Node, error) {
		x, w := Shape(in[0]), Shape(in[1])
		return pair(need, func() Node { return g.ConvInput(gy, in[1], o.ints[0], o.ints[1], x[1], x[2]) },
			func() Node { return g.ConvWeight(in[0], gy, o.ints[0], o.ints[1], w[0], w[1]) }), nil
	},
	plan.ConvInput: func(g *Graph, o *op, _ Node, in []Node, gx Node, need []bool) ([]Node, error) {
		w := Shape(in[1])
		return pair(need, func() Node { return g.Conv(gx, in[1], o.ints[0], o.ints[1]) },
			func() Node { return g.ConvWeight(gx, in[0], o.ints[0], o.ints[1], w[0], w[1]) }), nil
	},
	plan.ConvWeight: func(g *Graph, o *op, _ Node, in []Node, gw Node, need []bool) ([]Node, error) {
		x := Shape(in[0])
		return pair(need, func() Node { return g.ConvInput(in[1], gw, o.ints[0], o.ints[1], x[1], x[2]) },
			func() Node { return g.Conv(in[0], gw, o.ints[0], o.ints[1]) }), nil
	},
	plan.MatMul: func(g *Graph, o *op, _ Node, in []Node, gy Node, need []bool) ([]Node, error) {
		a, b, ta, tb := in[0], in[1], o.ints[0] == 1, o.ints[1] == 1
		return pair(need, func() Node {
			if ta {
				return g.MatMul(b, gy, tb, true)
			}
			return g.MatMul(gy, b, false, !tb)
		}, func() Node {
			if tb {
				return g.MatMul(gy, a, true, ta)
			}
			return g.MatMul(a, gy, !ta, false)
		}), nil
	},

	plan.Add: arithmetic(func(g *Graph, _, _, _, gy Node) Node { return gy }, func(g *Graph, _, _, _, gy Node) Node { return gy }),
	plan.Sub: arithmetic(func(g *Graph, _, _, _, gy Node) Node { return gy }, func(g *Graph, _, _, _, gy Node) Node { return g.Affine(gy, -1, 0) }),
	plan.Mul: arithmetic(func(g *Graph, _, b, _, gy Node) Node { return g.Mul(gy, b) }, func(g *Graph, a, _, _, gy Node) Node { return g.Mul(gy, a) }),
	plan.Div: arithmetic(func(g *Graph, _, b, _, gy Node) Node { return g.Div(gy, b) },
		func(g *Graph, _, b, y, gy Node) Node { return g.Affine(g.Div(g.Mul(gy, y), b), -1, 0) }),
	plan.PRelu: arithmetic(func(g *Graph, x, a, y, gy Node) Node {
		kept := g.Gate(g.Spread(x, Shape(y)...), gy, 0)
		return g.Add(kept, g.Mul(g.Sub(gy, kept), a))
	}, func(g *Graph, x, _, _, gy Node) Node { return g.Mul(gy, g.Sub(x, g.Relu(x))) }),

	plan.Affine:    elementwise(func(g *Graph, o *op, _, _, gy Node) Node { return g.Affine(gy, o.floats[0], 0) }),
	plan.LeakyRelu: elementwise(func(g *Graph, o *op, x, _, gy Node) Node { return g.Gate(x, gy, o.floats[0]) }),
	plan.Gate: func(g *Graph, o *op, _ Node, in []Node, gy Node, _ []bool) ([]Node, error) {
		return []Node{nil, g.Gate(in[0], gy, o.floats[0])}, nil
	},
	plan.Tanh: elementwise(func(g *Graph, _ *op, _, y, gy Node) Node {
		return g.Mul(gy, g.Affine(g.Square(y), -1, 1))
	}),
	plan.Sigmoid: elementwise(func(g *Graph, _ *op, _, y, gy Node) Node {
		return g.Mul(gy, g.Sub(y, g.Square(y)))
	}),
	plan.Softplus: elementwise(func(g *Graph, _ *op, x, _, gy Node) Node { return g.Mul(gy, g.Sigmoid(x)) }),
	plan.Exp:      elementwise(func(g *Graph, _ *op, _, y, gy Node) Node { return g.Mul(gy, y) }),
	plan.Log:      elementwise(func(g *Graph, _ *op, x, _, gy Node) Node { return g.Div(gy, x) }),
	plan.Sqrt:     elementwise(func(g *Graph, _ *op, _, y, gy Node) Node { return g.Affine(g.Div(gy, y), .5, 0) }),
	plan.Abs:      elementwise(func(g *Graph, _ *op, x, _, gy Node) Node { return g.Mul(gy, g.Sign(x)) }),
	plan.Sign:     flat,
	plan.Clamp: elementwise(func(g *Graph, o *op, x, _, gy Node) Node {
		return g.Mul(gy, g.Inside(x, o.floats[0], o.floats[1]))
	}),
	plan.Inside: flat,

	plan.SumTo:   elementwise(func(g *Graph, _ *op, x, _, gy Node) Node { return g.Spread(gy, Shape(x)...) }),
	plan.Spread:  elementwise(func(g *Graph, _ *op, x, _, gy Node) Node { return g.SumTo(gy, Shape(x)...) }),
	plan.Reshape: elementwise(func(g *Graph, _ *op, x, _, gy Node) Node { return g.Reshape(gy, Shape(x)...) }),
	plan.Concat: func(g *Graph, o *op, _ Node, in []Node, gy Node, need []bool) ([]Node, error) {
		grads, at := make([]Node, len(in)), 0
		for i, x := range in {
			n := Shape(x)[o.ints[0]]
			if need[i] {
				grads[i] = g.Slice(gy, o.ints[0], at, at+n)
			}
			at += n
		}
		return grads, nil
	},
	plan.Slice: elementwise(func(g *Graph, o *op, x, _, gy Node) Node {
		return g.Pad(gy, o.ints[0], o.ints[1], Shape(x)[o.ints[0]]-o.ints[2])
	}),
	plan.Pad: elementwise(func(g *Graph, o *op, x, _, gy Node) Node {
		return g.Slice(gy, o.ints[0], o.ints[1], o.ints[1]+Shape(x)[o.ints[0]])
	}),

	plan.Unshuffle: elementwise(func(g *Graph, o *op, _, _, gy Node) Node { return g.Shuffle(gy, o.ints[0]) }),
	plan.Shuffle:   elementwise(func(g *Graph, o *op, _, _, gy Node) Node { return g.Unshuffle(gy, o.ints[0]) }),
	plan.Nearest:   elementwise(func(g *Graph, o *op, _, _, gy Node) Node { return g.SumPool(gy, o.ints[0]) }),
	plan.SumPool:   elementwise(func(g *Graph, o *op, _, _, gy Node) Node { return g.Nearest(gy, o.ints[0]) }),
	plan.Resize: elementwise(func(g *Graph, _ *op, x, _, gy Node) Node {
		return g.ResizeInput(gy, Shape(x)[1], Shape(x)[2])
	}),
	plan.ResizeInput: elementwise(func(g *Graph, _ *op, x, _, gy Node) Node {
		return g.Resize(gy, Shape(x)[1], Shape(x)[2])
	}),
	plan.Warp: func(g *Graph, _ *op, _ Node, in []Node, gy Node, need []bool) ([]Node, error) {
		x := Shape(in[0])
		return pair(need, func() Node { return g.WarpInput(gy, in[1], x[1], x[2]) },
			func() Node { return g.WarpFlow(in[0], in[1], gy) }), nil
	},
	// <WarpInput(a, f), gx> = <a, Warp(gx, f)>, so its derivatives are Warp's.
	plan.WarpInput: func(g *Graph, _ *op, _ Node, in []Node, gx Node, need []bool) ([]Node, error) {
		return pair(need, func() Node { return g.Warp(gx, in[1]) },
			func() Node { return g.WarpFlow(gx, in[1], in[0]) }), nil
	},
	plan.WarpFlow: func(*Graph, *op, Node, []Node, Node, []bool) ([]Node, error) {
		return nil, errors.New("no second derivative by the flow of a warp; stop the gradient before it")
	},
	plan.Finite: flat,
}

// pair evaluates the gradients of two operands, each only when it is needed.
func pair(need []bool, first, second func() Node) []Node {
	grads := make([]Node, 2)
	if need[0] {
		grads[0] = first()
	}
	if need[1] {
		grads[1] = second()
	}
	return grads
}

// arithmetic makes the rule of a broadcasting operation of two operands from
// its derivatives da and db of (a, b, y, gy).
func arithmetic(da, db func(g *Graph, a, b, y, gy Node) Node) rule {
	return func(g *Graph, _ *op, n Node, in []Node, gy Node, need []bool) ([]Node, error) {
		return pair(need, func() Node { return g.unspread(da(g, in[0], in[1], n, gy), Shape(in[0])) },
			func() Node { return g.unspread(db(g, in[0], in[1], n, gy), Shape(in[1])) }), nil
	}
}
