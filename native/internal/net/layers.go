package net

import (
	"math"

	"mien/native/internal/graph"
)

// glorot is the start of Glorot and Bengio (2010, section 4.2.1) for weights
// between in and out values a unit: uniform, or normal of the same variance.
func glorot(in, out int, normal bool) Init {
	v := 2 / float64(in+out)
	if normal {
		return Init{"normal", float32(math.Sqrt(v))}
	}
	return Init{"uniform", float32(math.Sqrt(3 * v))}
}

// plainConv applies a k x k convolution to x, with a bias where bias says so.
func (s *Scope) plainConv(x graph.Node, name string, k, stride, pad, out int, bias, normal bool) graph.Node {
	c := graph.Shape(x)[3]
	w := s.state(name+".w", true, glorot(k*k*c, k*k*out, normal), k, k, c, out)
	return s.biased(s.G.Conv(x, w, stride, pad), name, out, bias)
}

// Transposed applies a transposed k x k convolution to x [N H W C]; the result
// has sides (H-1)*stride + k - 2*pad + extra. Its weights are those of the
// convolution that goes the other way, [k k out C].
func (s *Scope) transposed(x graph.Node, name string, k, stride, pad, extra, out int, bias, normal bool) graph.Node {
	shape := graph.Shape(x)
	c, side := shape[3], (shape[1]-1)*stride+k-2*pad+extra
	w := s.state(name+".w", true, glorot(k*k*c, k*k*out, normal), k, k, out, c)
	return s.biased(s.G.ConvInput(x, w, stride, pad, side, side), name, out, bias)
}

func (s *Scope) biased(x graph.Node, name string, out int, bias bool) graph.Node {
	if !bias {
		return x
	}
	return s.G.Add(x, s.state(name+".b", true, Init{"constant", 0}, 1, 1, 1, out))
}

// plainDense is Dense with Glorot's start.
func (s *Scope) plainDense(x graph.Node, name string, out int, normal bool) graph.Node {
	return s.Dense(x, name, out, glorot(graph.Shape(x)[1], out, normal))
}

// Tile repeats a vector [N K] over the pixels of a map: [N side side K].
func tile(g *graph.Graph, v graph.Node, side int) graph.Node {
	s := graph.Shape(v)
	return g.Spread(g.Reshape(v, s[0], 1, 1, s[1]), s[0], side, side, s[1])
}

// The norms of the reference networks.
const (
	instance = "instance" // no scale and shift
	affine   = "affine"   // instance norm with them
	batch    = "batch"
)

// norm applies a norm by name. An instance norm leaves maps of one pixel as
// they are: it would make every value of them 0, the picture would be lost on
// its way, and PyTorch refuses it today.
func (s *Scope) norm(kind string, x graph.Node, name string, training bool) graph.Node {
	switch shape := graph.Shape(x); {
	case kind == batch:
		return s.BatchNorm(x, name, training)
	case kind == "" || shape[1]*shape[2] == 1:
		return x
	case kind == affine:
		return s.AffineNorm(x, name)
	default:
		return s.InstanceNorm(x)
	}
}
