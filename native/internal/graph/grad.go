package graph

import (
	"fmt"

	"mien/shared/plan"
)

// Grad returns the derivatives of the sum of cost by each node of wrt, as
// nodes, so that they can be differentiated again (reverse mode: Griewank and
// Walther, Evaluating Derivatives, chapter 3). Only paths from wrt to cost are
// walked. It is an error when cost does not depend on a node.
func (g *Graph) Grad(cost Node, wrt ...Node) ([]Node, error) {
	ones := g.Affine(cost, 0, 1)
	return g.backward(cost, ones, wrt, false)
}

// GradOrZero is Grad with zeros where cost does not depend on a node.
func (g *Graph) GradOrZero(cost Node, wrt ...Node) ([]Node, error) {
	return g.backward(cost, g.Affine(cost, 0, 1), wrt, true)
}

func (g *Graph) backward(cost, seed Node, wrt []Node, zeros bool) ([]Node, error) {
	top := g.index[cost]
	// depends marks what lies on a path from wrt.
	depends := make([]bool, top+1)
	for _, w := range wrt {
		if i, ok := g.index[w]; !ok {
			return nil, fmt.Errorf("gradient by %q: node of another graph", w.Name())
		} else if i <= top {
			depends[i] = true
		}
	}
	for i := range top + 1 {
		n := g.nodes[i]
		if o := opOf(n); o == nil || o.kind == stop {
			continue
		}
		for _, c := range g.in[n] {
			depends[i] = depends[i] || depends[g.index[c]]
		}
	}
	adjoint := make([]Node, top+1)
	adjoint[top] = seed
	for i := top; i >= 0; i-- {
		n, gy := g.nodes[i], adjoint[i]
		o := opOf(n)
		if gy == nil || o == nil || o.kind == stop || !depends[i] {
			continue
		}
		in := g.in[n]
		need := make([]bool, len(in))
		for k, c := range in {
			need[k] = depends[g.index[c]]
		}
		rule := rules[o.kind]
		if rule == nil {
			return nil, fmt.Errorf("gradient through %s: it has no derivative", o.kind)
		}
		grads, err := rule(g, o, n, in, gy, need)
		if err != nil {
			return nil, fmt.Errorf("gradient through %s: %w", o.kind, err)
		}
		for k, d := range grads {
			if d == nil || !need[k] {
				continue
			}
			if at := g.index[in[k]]; adjoint[at] == nil {
				adjoint[at] = d
			} else {
				adjoint[at] = g.Add(adjoint[at], d)
			}
		}
	}
	grads := make([]Node, len(wrt))
	for k, w := range wrt {
		if i := g.index[w]; i <= top && adjoint[i] != nil {
			grads[k] = adjoint[i]
		} else if zeros {
			grads[k] = g.Affine(w, 0, 0)
		} else {
			return nil, fmt.Errorf("gradient by %q: the cost does not depend on it", w.Name())
		}
	}
	return grads, nil
}

// rule returns the gradients of the operands of n = o(in...) under gy; only
// those marked in need are wanted, nil stands for zero.
type rule func(g *Graph, o *op, n Node, in []Node, gy Node, need []bool) ([]Node, error)

// elementwise makes the rule of a function of one operand.
func elementwise(d func(g *Graph, o *op, x, y, gy Node) Node) rule {
	return func(g *Graph, o *op, n Node, in []Node, gy Node, _ []bool) ([]Node, error) {
		return []Node{d(g, o, in[0], n, gy)}, nil
	}
}

// flat is the rule of a kind that is constant almost everywhere.
func flat(_ *Graph, _ *op, _ Node, in []Node, _ Node, _ []bool) ([]Node, error) {
	return make([]Node, len(in)), nil
}

// none lists the kinds without a derivative: optimisers end a graph, and networks
// with depthwise convolutions and maxima are only run, never trained or trained
// through.
var none = map[plan.Kind]bool{plan.Adam: true, plan.Blend: true, plan.Depthwise: true, plan.MaxPool: true}
