// Package graph builds networks, losses and whole training steps as gorgonia
// expression graphs of Mien's own operations, differentiates them as often as
// needed, and lowers them to plans.
package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// Node is a value of a graph.
type Node = *gorgonia.Node

// Graph collects nodes. Its verbs panic when shapes do not fit: a network that
// cannot be built is our own mistake.
type Graph struct {
	Expr *gorgonia.ExprGraph // for gorgonia's own machines

	nodes   []Node // in order of creation, operands before results
	index   map[Node]int
	leaves  map[Node]leaf
	in      map[Node][]Node
	names   map[string]bool
	effects []Node
}

type leaf struct {
	role plan.Role
	data []float32 // of constants
}

// New returns an empty graph.
func New() *Graph {
	return &Graph{Expr: gorgonia.NewGraph(), index: map[Node]int{}, leaves: map[Node]leaf{}, in: map[Node][]Node{}, names: map[string]bool{}}
}

// Shape returns the shape of n.
func Shape(n Node) tensor.Shape { return tensor.Shape(n.Shape()) }

// Input is written by the host before each run.
func (g *Graph) Input(name string, shape ...int) Node { return g.leaf(name, plan.Input, nil, shape) }

// State persists between runs; Adam and Blend change it.
func (g *Graph) State(name string, shape ...int) Node { return g.leaf(name, plan.State, nil, shape) }

// Const holds data, which the graph keeps.
func (g *Graph) Const(name string, data []float32, shape ...int) Node {
	if len(data) != tensor.Shape(shape).Numel() {
		panic(fmt.Sprintf("graph: constant %q: %d elements for shape %v", name, len(data), shape))
	}
	return g.leaf(name, plan.Const, data, shape)
}

func (g *Graph) leaf(name string, role plan.Role, data []float32, shape []int) Node {
	if name == "" || g.names[name] {
		panic(fmt.Sprintf("graph: %s %q: want a unique name", role, name))
	}
	if err := plan.CheckShape(shape); err != nil {
		panic(fmt.Sprintf("graph: %s %q: %v", role, name, err))
	}
	g.names[name] = true
	n := gorgonia.NewTensor(g.Expr, gorgonia.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	g.leaves[n] = leaf{role, data}
	g.add(n, nil)
	return n
}

// add records a node; gorgonia merges equal ones, which keep their place.
func (g *Graph) add(n Node, in []Node) {
	if _, ok := g.index[n]; ok {
		return
	}
	g.index[n] = len(g.nodes)
	g.nodes = append(g.nodes, n)
	g.in[n] = in
}

// apply makes a node of the given kind.
func (g *Graph) apply(k plan.Kind, ints []int, floats []float64, in ...Node) Node {
	shapes, ranks := make([]tensor.Shape, len(in)), make([]int, len(in))
	for i, n := range in {
		if _, ok := g.index[n]; !ok {
			panic(fmt.Sprintf("graph: %s: operand %d is of another graph", k, i))
		}
		shapes[i], ranks[i] = Shape(n), len(n.Shape())
	}
	shape := tensor.Shape(nil)
	if k == stop {
		shape = shapes[0]
	} else {
		out, err := plan.OutShapes(k, ints, floats, shapes)
		if err != nil {
			panic("graph: " + err.Error())
		}
		shape = out[0]
	}
	n, err := gorgonia.ApplyOp(&op{k, ints, floats, ranks, shape}, in...)
	if err != nil {
		panic(fmt.Sprintf("graph: %s: %v", k, err))
	}
	g.add(n, in)
	return n
}

// opOf returns the operation of n, or nil for a leaf.
func opOf(n Node) *op {
	o, _ := n.Op().(*op)
	return o
}
