package net

import (
	"fmt"

	"mien/native/internal/graph"
	"mien/shared/au"
)

// Arch names a network of the reference experiments.
type Arch string

// The architectures: which experiments they belong to.
const (
	A Arch = "A" // e1 to e4: U-Net with one pixel in the middle
	B Arch = "B" // e5
	C Arch = "C" // e6: kernels of 4
	D Arch = "D" // e7: as AttGAN (He et al., 2019)
	E Arch = "E" // e8, e9: D with the AUs joined once more
)

// PainterSize is the side of the pictures that the reference networks paint.
const PainterSize = 112

// Painter is a generator of the reference experiments: it paints the whole
// face anew under Action Units that are given as they shall be, each 0 to 1,
// not as a change.
type Painter struct {
	Arch      Arch
	Normal    bool // weights start as Glorot's normal, else as his uniform
	Attention bool // a self-attention block at the first map of at most 16 pixels
}

// stage is a convolution: kernel, stride, padding, output padding (of a
// transposed one) and channels.
type stage struct{ k, s, p, extra, c int }

// painting is the layout of a Painter.
type painting struct {
	down, up   []stage
	norm       string
	normLast   bool    // the last stage has norm and activation as well
	actFirst   bool    // the activation comes before the norm
	slope      float64 // of LeakyReLU on the way down
	upSlope    float64 // and up
	bias       bool    // where a norm follows
	dense, mix bool    // in the middle: a dense layer, a 1x1 convolution
	skips      int     // first stages up that are joined with the map of their size
	inject     int     // first stages up that the AUs are joined to
}

var (
	down6 = []stage{{6, 3, 0, 0, 64}, {6, 2, 0, 0, 128}, {6, 2, 0, 0, 256}, {6, 2, 0, 0, 512}}
	up6   = []stage{{6, 2, 0, 0, 256}, {6, 2, 0, 0, 128}, {6, 2, 0, 0, 64}, {6, 3, 0, 1, 3}}
	down4 = []stage{{4, 2, 0, 0, 64}, {4, 2, 0, 0, 128}, {4, 2, 0, 0, 256}, {4, 2, 0, 0, 512}}
	up4   = []stage{{4, 2, 0, 0, 256}, {4, 2, 0, 0, 128}, {4, 2, 0, 1, 64}, {4, 2, 0, 0, 3}}
	down5 = []stage{{4, 2, 1, 0, 64}, {4, 2, 1, 0, 128}, {4, 2, 1, 0, 256}, {4, 2, 1, 0, 512}, {4, 2, 1, 0, 1024}}
	up5   = []stage{{4, 2, 1, 1, 1024}, {4, 2, 1, 0, 512}, {4, 2, 1, 0, 256}, {4, 2, 1, 0, 128}, {4, 2, 1, 0, 3}}
)

var paintings = map[Arch]painting{
	A: {down: down6, up: up6, norm: instance, actFirst: true, slope: .2, bias: true, dense: true, mix: true, skips: 3},
	B: {down: down6, up: up6, norm: affine, normLast: true, slope: .2, upSlope: .2, bias: true, mix: true, skips: 1},
	C: {down: down4, up: up4, norm: affine, normLast: true, slope: .2, upSlope: .2, bias: true, mix: true, skips: 1},
	D: {down: down5, up: up5, norm: batch, slope: .01, skips: 1},
	E: {down: down5, up: up5, norm: batch, slope: .01, skips: 1, inject: 1},
}

// Painting is a Painter's answer.
type Painting struct {
	Picture graph.Node   // [N 112 112 3], -1 to 1, compared with photos of 0 to 1 as in the reference
	Down    []graph.Node // the maps on the way down, after norm and activation
	Up      []graph.Node // and up, before anything is joined
}

// Most is the name of the state that holds, for each Action Unit, the intensity
// that stands for 1.
const Most = "gen.most"

// Apply paints photo [N 112 112 3], 0 to 1, with the Action Units aus [N 17], 0
// to 1. With training set, batch norms use the batch's own statistics and, at
// the scope's first painting, record running ones.
func (n Painter) Apply(s *Scope, photo, aus graph.Node, training bool) Painting {
	g, l := s.G, paintings[n.Arch]
	var p Painting
	h := photo
	for i, d := range l.down {
		name := fmt.Sprintf("down%d", i)
		h = s.plainConv(h, name, d.k, d.s, d.p, d.c, l.bias, n.Normal)
		h = s.activate(h, name, l.norm, l.actFirst, l.slope, training)
		if n.Attention {
			h = s.attendOnce(h)
		}
		p.Down = append(p.Down, h)
	}
	out := l.down[len(l.down)-1].c
	if l.mix && !l.dense {
		h = s.mixed(h, aus, "mix", out, n.Normal)
	} else {
		h = g.Concat(3, h, tile(g, aus, graph.Shape(h)[1]))
	}
	if l.dense {
		k := graph.Shape(h)[3]
		h = g.LeakyRelu(s.plainDense(g.Reshape(h, graph.Shape(h)[0], k), "dense", k, n.Normal), l.slope)
		h = g.Reshape(h, graph.Shape(h)[0], 1, 1, k)
	}
	if l.mix && l.dense {
		h = s.plainConv(h, "mix", 1, 1, 0, out, true, n.Normal)
	}
	for i, u := range l.up {
		name, last := fmt.Sprintf("up%d", i), i == len(l.up)-1
		normed := !last || l.normLast
		h = s.transposed(h, name, u.k, u.s, u.p, u.extra, u.c, l.bias || !normed, n.Normal)
		if normed {
			h = s.activate(h, name, l.norm, l.actFirst, l.upSlope, training)
		}
		p.Up = append(p.Up, h)
		if i < l.skips {
			h = g.Concat(3, h, p.Down[len(p.Down)-2-i])
		}
		if i < l.inject {
			h = g.Concat(3, h, tile(g, aus, graph.Shape(h)[1]))
		}
	}
	p.Picture = g.Tanh(h)
	return p
}

// mixed is a 1x1 convolution of x [N H W C] joined with the planes of v [N K],
// whose share is the same for every pixel and is computed once. Transposed
// convolutions that take such planes gain nothing by it: theirs is another one
// for each pixel that comes out.
func (s *Scope) mixed(x, v graph.Node, name string, out int, normal bool) graph.Node {
	g, c, k := s.G, graph.Shape(x)[3], graph.Shape(v)[1]
	w := s.state(name+".w", true, glorot(c+k, out, normal), 1, 1, c+k, out)
	share := g.MatMul(v, g.Reshape(g.Slice(w, 2, c, c+k), k, out), false, false)
	share = g.Reshape(share, graph.Shape(v)[0], 1, 1, out)
	return s.biased(g.Add(g.Conv(x, g.Slice(w, 2, 0, c), 1, 0), share), name, out, true)
}

// activate applies norm and LeakyReLU in the order of the architecture.
func (s *Scope) activate(x graph.Node, name, norm string, actFirst bool, slope float64, training bool) graph.Node {
	if actFirst {
		return s.norm(norm, s.G.LeakyRelu(x, slope), name+".norm", training)
	}
	return s.G.LeakyRelu(s.norm(norm, x, name+".norm", training), slope)
}

// TwoHeads is the critic of the reference experiments: a pyramid with one head
// that tells real from painted and one that reads AUs.
type TwoHeads struct {
	Arch      Arch // of the Painter that it belongs to
	Normal    bool
	Attention bool
}

// inspection is the layout of a TwoHeads.
type inspection struct {
	down     []stage
	norm     string
	bare     bool // the first stage has no norm
	actFirst bool
	slope    float64
	bias     bool
	hidden   int     // width of each head
	head     float64 // slope of its LeakyReLU
}

var inspections = map[Arch]inspection{
	A: {down: down6, norm: instance, bare: true, actFirst: true, slope: .2, bias: true, hidden: 512, head: .2},
	B: {down: down6, norm: instance, bare: true, actFirst: true, slope: .2, bias: true, hidden: 512},
	C: {down: down6, norm: instance, bare: true, actFirst: true, slope: .2, bias: true, hidden: 512},
	D: {down: down5, norm: affine, slope: .01, hidden: 1024},
	E: {down: down5, norm: affine, slope: .01, hidden: 1024},
}

// Apply judges photo [N 112 112 3], 0 to 1. What was asked is not told to it.
func (n TwoHeads) Apply(s *Scope, photo graph.Node) Verdict {
	g, l := s.G, inspections[n.Arch]
	h := photo
	for i, d := range l.down {
		name, norm := fmt.Sprintf("down%d", i), l.norm
		if i == 0 && l.bare {
			norm = ""
		}
		h = s.plainConv(h, name, d.k, d.s, d.p, d.c, l.bias, n.Normal)
		h = s.activate(h, name, norm, l.actFirst, l.slope, true)
		if n.Attention {
			h = s.attendOnce(h)
		}
	}
	shape := graph.Shape(h)
	flat := g.Reshape(h, shape[0], shape[1]*shape[2]*shape[3])
	head := func(name string, out int) graph.Node {
		return s.plainDense(g.LeakyRelu(s.plainDense(flat, name+".hidden", l.hidden, n.Normal), l.head), name, out, n.Normal)
	}
	return Verdict{Score: head("score", 1), AU: head("au", au.Count)}
}
