package net

import "mien/native/internal/graph"

// attentionSide is the largest map that self-attention looks at: 16 x 16
// places already make 65,536 pairs a picture.
const attentionSide = 16

// attentionReach bounds the logits of attention, so that no exponential
// overflows: a weight of e^-60 counts for nothing.
const attentionReach = 30

// attendOnce puts a self-attention block behind x when it is the first map of
// this pass that is small enough: further down maps are half that size.
func (s *Scope) attendOnce(x graph.Node) graph.Node {
	side := graph.Shape(x)[1]
	if side > attentionSide || 2*side <= attentionSide {
		return x
	}
	return s.Attention(x, "attention")
}

// Attention lets every place of x [N H W C] look at every other one (Zhang et
// al.: Self-Attention GANs, 2019, section 3):
//
//	b[j,i] = softmax over i of <f(x_i), g(x_j)>
//	y_j = x_j + gamma * v(sum_i b[j,i] h(x_i))
//
// with 1x1 convolutions f and g to C/8 channels, h to C/2, v back to C; gamma
// starts at 0. Pictures go one by one through matrix products.
func (s *Scope) Attention(x graph.Node, name string) graph.Node {
	g, shape := s.G, graph.Shape(x)
	n, places, c := shape[0], shape[1]*shape[2], shape[3]
	narrow, half := max(c/8, 1), max(c/2, 1)
	one := func(x graph.Node, part string, out int) graph.Node {
		return s.plainConv(x, name+"."+part, 1, 1, 0, out, false, false)
	}
	f, q, h := one(x, "f", narrow), one(x, "g", narrow), one(x, "h", half)
	seen := make([]graph.Node, n)
	for i := range n {
		flat := func(m graph.Node, c int) graph.Node { return g.Reshape(g.Slice(m, 0, i, i+1), places, c) }
		logits := g.MatMul(flat(q, narrow), flat(f, narrow), false, true) // [j i]
		e := g.Exp(g.Clamp(logits, -attentionReach, attentionReach))
		b := g.Div(e, g.SumTo(e, places, 1))
		seen[i] = g.Reshape(g.MatMul(b, flat(h, half), false, false), 1, shape[1], shape[2], half)
	}
	gamma := s.state(name+".gamma", true, Init{"constant", 0}, 1, 1, 1, 1)
	return g.Add(x, g.Mul(one(g.Concat(0, seen...), "v", c), gamma))
}
