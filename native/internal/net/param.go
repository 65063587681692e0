// Package net holds the networks of Mien as graphs: generator, critic and AU
// reader. Pictures are [N S S 3] in [-1, 1].
package net

import (
	"fmt"
	"math"

	"mien/native/internal/graph"
	"mien/shared/tensor"
)

// Init says how a parameter starts.
type Init struct {
	Kind string  // "normal", "uniform" or "constant"
	A    float32 // deviation, half the range, or the constant
}

// Param is a parameter of a network: a state of the graph that an optimiser
// moves (Trained) or that the network itself updates (running statistics).
type Param struct {
	Name    string
	Node    graph.Node
	Shape   tensor.Shape
	Init    Init
	Trained bool
}

// Scope collects the parameters of one network in one graph. Asked twice for
// the same name it returns the same node, so that a network applied several
// times shares its weights.
type Scope struct {
	G      *graph.Graph
	Params []Param
	// Updates are states that the network moves by itself in training: the
	// trainer blends each towards its new value.
	Updates []Update

	prefix string
	byName map[string]int
	ready  map[string]graph.Node // normalised weights and constants, built once
}

// Update is a state and the value that it moves towards.
type Update struct{ State, Value graph.Node }

// NewScope returns an empty scope; the names of its parameters start with
// prefix and a dot.
func NewScope(g *graph.Graph, prefix string) *Scope {
	return &Scope{G: g, prefix: prefix, byName: map[string]int{}, ready: map[string]graph.Node{}}
}

// constant is the constant of that name, which a scope has but once.
func (s *Scope) constant(name string, data []float32, shape ...int) graph.Node {
	if s.ready[name] == nil {
		s.ready[name] = s.G.Const(s.prefix+"."+name, data, shape...)
	}
	return s.ready[name]
}

// Trained returns the nodes that the optimiser moves.
func (s *Scope) Trained() []Param {
	var ps []Param
	for _, p := range s.Params {
		if p.Trained {
			ps = append(ps, p)
		}
	}
	return ps
}

// Count returns the number of trained values.
func (s *Scope) Count() int {
	n := 0
	for _, p := range s.Trained() {
		n += p.Shape.Numel()
	}
	return n
}

func (s *Scope) state(name string, trained bool, init Init, shape ...int) graph.Node {
	name = s.prefix + "." + name
	if i, ok := s.byName[name]; ok {
		if !s.Params[i].Shape.Equal(shape) {
			panic(fmt.Sprintf("net: parameter %q: shape %v, was %v", name, shape, s.Params[i].Shape))
		}
		return s.Params[i].Node
	}
	n := s.G.State(name, shape...)
	s.byName[name] = len(s.Params)
	s.Params = append(s.Params, Param{name, n, tensor.Shape(shape).Clone(), init, trained})
	return n
}

// he is the deviation of He et al. (2015, section 2.2) for fan inputs.
func he(fan int) Init { return Init{"normal", float32(math.Sqrt(2 / float64(fan)))} }

// Conv applies a k x k convolution with bias to x; init defaults to He's when
// its kind is empty.
func (s *Scope) Conv(x graph.Node, name string, k, stride, pad, out int, init Init) graph.Node {
	c := graph.Shape(x)[3]
	if init.Kind == "" {
		init = he(k * k * c)
	}
	w := s.state(name+".w", true, init, k, k, c, out)
	b := s.state(name+".b", true, Init{"constant", 0}, 1, 1, 1, out)
	return s.G.Add(s.G.Conv(x, w, stride, pad), b)
}

// Dense applies a matrix and a bias to x [N K].
func (s *Scope) Dense(x graph.Node, name string, out int, init Init) graph.Node {
	k := graph.Shape(x)[1]
	if init.Kind == "" {
		init = he(k)
	}
	w := s.state(name+".w", true, init, k, out)
	b := s.state(name+".b", true, Init{"constant", 0}, 1, out)
	return s.G.Add(s.G.MatMul(x, w, false, false), b)
}

// normEpsilon keeps the norms from dividing by zero, as PyTorch's does.
const normEpsilon = 1e-5

// InstanceNorm brings each channel of each picture to mean 0 and deviation 1
// (Ulyanov, Vedaldi, Lempitsky, 2016).
func (s *Scope) InstanceNorm(x graph.Node) graph.Node {
	g := s.G
	d := g.Sub(x, g.MeanHW(x))
	v := g.MeanHW(g.Square(d))
	return g.Div(d, g.Sqrt(g.Affine(v, 1, normEpsilon)))
}

// AffineNorm is InstanceNorm with a learnt scale and shift per channel.
func (s *Scope) AffineNorm(x graph.Node, name string) graph.Node {
	c := graph.Shape(x)[3]
	scale := s.state(name+".scale", true, Init{"constant", 1}, 1, 1, 1, c)
	shift := s.state(name+".shift", true, Init{"constant", 0}, 1, 1, 1, c)
	return s.G.Add(s.G.Mul(s.InstanceNorm(x), scale), shift)
}

// FiLM scales and shifts the channels of x by linear functions of z [N Z]
// (Perez et al., 2018); it starts as the identity.
func (s *Scope) FiLM(x, z graph.Node, name string) graph.Node {
	g, shape := s.G, graph.Shape(x)
	n, c := shape[0], shape[3]
	zero := Init{"constant", 0}
	scale := g.Reshape(s.Dense(z, name+".scale", c, zero), n, 1, 1, c)
	shift := g.Reshape(s.Dense(z, name+".shift", c, zero), n, 1, 1, c)
	return g.Add(g.Mul(x, g.Affine(scale, 1, 1)), shift)
}

// Start returns the first contents of every parameter: a function of the seed
// and the parameter's place alone.
func (s *Scope) Start(seed uint64) map[string][]float32 {
	values := map[string][]float32{}
	for i, p := range s.Params {
		data := tensor.Floats(p.Shape.Numel())
		r := tensor.NewRand(seed, streamInit, hash(s.prefix), uint64(i))
		for j := range data {
			switch p.Init.Kind {
			case "normal":
				data[j] = r.Normal() * p.Init.A
			case "uniform":
				data[j] = r.Range(-p.Init.A, p.Init.A)
			case "constant":
				data[j] = p.Init.A
			default:
				panic(fmt.Sprintf("net: parameter %q: init %q", p.Name, p.Init.Kind))
			}
		}
		values[p.Name] = data
	}
	return values
}

const streamInit tensor.Stream = 0x1111

// hash is FNV-1a, so that two networks of one seed start differently.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
