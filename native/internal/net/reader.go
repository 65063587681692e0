package net

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/model"
)

// Reader is the shape of the network that reads 17 AUs from a face that is about
// aligned: a pyramid of 4x4 stride 2 convolutions with batch norm, and beside it, where
// Form says so, two layers that look at the shape of the face's mesh.
type Reader struct {
	Size   int // side of the picture
	Width  int // channels after the first convolution
	Hidden int // width of the layer before the AUs
	// Residual puts two more convolutions beside a short cut where a plain reader
	// has one (He et al., 2016): the judge's shape, so that it errs otherwise.
	Residual bool
	// Window is the side of the square of the picture that is looked at, the rest being
	// hair and background: in the middle across, a quarter of what is left out below it.
	// 0 is all of it.
	Window int
	// Form is the width of the layers that look at the mesh's shape. A reader without
	// them, Form 0, reads landmarks and the face's own frame from the picture too.
	Form int
}

// Reading is a reader's answer.
type Reading struct {
	AU graph.Node // [N 17], intensities
	// Of a reader that sees no shape, else nil:
	Landmarks graph.Node // [N 136], x and y in normalised frame coordinates
	Eyes      graph.Node // [N 4], x and y of the eyes' centres in the face's own frame
}

// readerSlope is the negative slope of the reader's LeakyReLU.
const readerSlope = .1

// The states that hold mean and deviation of shapes, [1 face.ShapeNumbers].
const (
	ShapeMean = "reader.shape.mean"
	ShapeDev  = "reader.shape.dev"
)

// Features returns the width of the layer that dropout acts on.
func (n Reader) Features() int { return n.flat() + n.Form }

// flat is how many features there are of the picture.
func (n Reader) flat() int { return n.top() * n.top() * 6 * n.Width }

// top is the side of the last map.
func (n Reader) top() int { return n.window() / 16 }

func (n Reader) window() int {
	if n.Window == 0 {
		return n.Size
	}
	return n.Window
}

// Apply reads photo [N S S 3] and shape [N model.SeenShape], which may be nil where it is not
// known and must be for a reader that sees none. With training set, norms use the
// batch's own statistics and record running ones; dropout [N Features] then multiplies
// the features, nil for none. Otherwise the running statistics are used.
func (n Reader) Apply(s *Scope, photo, shape graph.Node, training bool, dropout graph.Node) Reading {
	g := s.G
	batch := graph.Shape(photo)[0]
	flat := n.trunk(s, photo, training)
	var r Reading
	if n.Form == 0 {
		r.Landmarks = s.Dense(flat, "landmarks", 136, Init{"normal", .002})
		r.Eyes = s.Dense(flat, "eyes", 4, Init{"normal", .002})
	}
	var form graph.Node
	if n.Form > 0 && shape != nil {
		form = n.form(s, shape)
	}
	if dropout != nil {
		flat = g.Mul(flat, g.Slice(dropout, 1, 0, n.flat()))
		if form != nil {
			form = g.Mul(form, g.Slice(dropout, 1, n.flat(), n.Features()))
		}
	}
	hidden := s.Dense(flat, "hidden", n.Hidden, Init{})
	if form != nil {
		known := g.Slice(shape, 1, face.ShapeNumbers, model.SeenShape)
		hidden = g.Add(hidden, g.Mul(s.Dense(form, "form.hidden", n.Hidden, Init{}), g.Spread(known, batch, n.Hidden)))
	}
	r.AU = s.Dense(g.LeakyRelu(hidden, readerSlope), "au", au.Count, Init{"normal", .01})
	return r
}

// form returns the features [N Form] of shape.
func (n Reader) form(s *Scope, shape graph.Node) graph.Node {
	g, c := s.G, face.ShapeNumbers
	mean := s.state("shape.mean", false, Init{"constant", 0}, 1, c)
	dev := s.state("shape.dev", false, Init{"constant", 1}, 1, c)
	h := g.Clamp(g.Div(g.Sub(g.Slice(shape, 1, 0, c), mean), dev), -maxShape, maxShape)
	for _, name := range []string{"form0", "form1"} {
		h = g.LeakyRelu(s.Dense(h, name, n.Form, Init{}), readerSlope)
	}
	return h
}

// maxShape bounds each number of a shape, in deviations: one point that went astray
// does not drown the others.
const maxShape = 6

// trunk returns the features [N Features] of photo.
func (n Reader) trunk(s *Scope, photo graph.Node, training bool) graph.Node {
	g, w := s.G, n.Width
	none := Init{}
	batch := graph.Shape(photo)[0]
	if n.Window > 0 {
		left, above := (n.Size-n.Window)/2, (n.Size-n.Window)*3/4
		photo = g.Slice(g.Slice(photo, 1, above, above+n.Window), 2, left, left+n.Window)
	}
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
	return g.Reshape(h, batch, n.flat())
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
