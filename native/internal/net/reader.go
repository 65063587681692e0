package net

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/shared/au"
)

// Reader is the shape of the network that reads 17 AUs, 68 landmarks and the
// face's own frame from a face that is about aligned: a pyramid of 4x4 stride 2 convolutions with batch norm.
type Reader struct {
	Size   int // side of the picture
	Width  int // channels after the first convolution
	Hidden int // width of the layer before the AUs
	// Residual puts two more convolutions beside a short cut where a plain reader
	// has one (He et al., 2016): the judge's shape, so that it errs otherwise.
	Residual bool
}

// Reading is a reader's answer.
type Reading struct {
	AU        graph.Node // [N 17], intensities
	Landmarks graph.Node // [N 136], x and y in normalised frame coordinates
	Eyes      graph.Node // [N 4], x and y of the eyes' centres in the face's own frame
}

// readerSlope is the negative slope of the reader's LeakyReLU.
const readerSlope = .1

// Features returns the width of the layer that dropout acts on.
func (n Reader) Features() int { return n.top() * n.top() * 6 * n.Width }

// top is the side of the last map.
func (n Reader) top() int { return n.Size / 16 }

// Apply reads photo [N S S 3]. With training set, norms use the batch's own
// statistics and record running ones; dropout [N Features] then multiplies the
// features, nil for none. Otherwise the running statistics are used.
func (n Reader) Apply(s *Scope, photo graph.Node, training bool, dropout graph.Node) Reading {
	g := s.G
	flat := n.trunk(s, photo, training)
	points := s.Dense(flat, "landmarks", 136, Init{"normal", .002})
	eyes := s.Dense(flat, "eyes", 4, Init{"normal", .002})
	if dropout != nil {
		flat = g.Mul(flat, dropout)
	}
	hidden := g.LeakyRelu(s.Dense(flat, "hidden", n.Hidden, Init{}), readerSlope)
	return Reading{AU: s.Dense(hidden, "au", au.Count, Init{"normal", .01}), Landmarks: points, Eyes: eyes}
}

// trunk returns the features [N Features] of photo.
func (n Reader) trunk(s *Scope, photo graph.Node, training bool) graph.Node {
	g, w := s.G, n.Width
	none := Init{}
	batch := graph.Shape(photo)[0]
	h := g.LeakyRelu(s.Conv(photo, "conv0", 4, 2, 1, w, none), readerSlope)
	for i, width := range []int{2 * w, 4 * w, 6 * w} {
		name := fmt.Sprintf("conv%d", i+1)
		h = s.Conv(h, name, 4, 2, 1, width, none)
		h = g.LeakyRelu(s.BatchNorm(h, name+".norm", training), readerSlope)
		switch {
		case i < 2 && n.Residual:
			in := h
			for _, part := range []string{name + "r", name + "s"} {
				h = s.Conv(g.LeakyRelu(h, readerSlope), part, 3, 1, 1, width, none)
				h = s.BatchNorm(h, part+".norm", training)
			}
			h = g.LeakyRelu(g.Add(in, h), readerSlope)
		case i < 2:
			name += "b"
			h = s.Conv(h, name, 3, 1, 1, width, none)
			h = g.LeakyRelu(s.BatchNorm(h, name+".norm", training), readerSlope)
		}
	}
	return g.Reshape(h, batch, n.Features())
}

// BatchNorm brings each channel to mean 0 and deviation 1 over the batch, with
// a learnt scale and shift (Ioffe and Szegedy, 2015). In training the running
// mean and variance are updated by Updates, by what the scope's first pass saw;
// the variance without bias (algorithm 2 there).
func (s *Scope) BatchNorm(x graph.Node, name string, training bool) graph.Node {
	g, shape := s.G, graph.Shape(x)
	c := shape[3]
	scale := s.state(name+".scale", true, Init{"constant", 1}, 1, 1, 1, c)
	shift := s.state(name+".shift", true, Init{"constant", 0}, 1, 1, 1, c)
	runMean := s.state(name+".mean", false, Init{"constant", 0}, 1, 1, 1, c)
	runVar := s.state(name+".var", false, Init{"constant", 1}, 1, 1, 1, c)
	mean, variance := runMean, runVar
	if training {
		m := float64(shape[0] * shape[1] * shape[2])
		mean = g.Affine(g.SumTo(x, 1, 1, 1, c), 1/m, 0)
		variance = g.Affine(g.SumTo(g.Square(g.Sub(x, mean)), 1, 1, 1, c), 1/m, 0)
		if s.ready[name] == nil {
			s.ready[name] = runMean
			s.Updates = append(s.Updates, Update{runMean, mean}, Update{runVar, g.Affine(variance, m/max(m-1, 1), 0)})
		}
	}
	n := g.Div(g.Sub(x, mean), g.Sqrt(g.Affine(variance, 1, normEpsilon)))
	return g.Add(g.Mul(n, scale), shift)
}
