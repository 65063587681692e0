package net

import (
	"fmt"
	"math"

	"mien/native/internal/graph"
	"mien/shared/au"
)

// Critic is the shape of the network that tells real pictures from edited
// ones: a pyramid of 4x4 stride 2 convolutions with patch logits, a minibatch
// deviation channel (Karras et al., 2018, section 3), an AU projection (Miyato
// and Koyama, 2018) and a head that reads AUs (as in AC-GAN).
type Critic struct {
	Size     int  // side of the picture
	Width    int  // channels after the first convolution
	Levels   int  // number of halvings
	Spectral bool // spectral norm (Miyato et al., 2018): for the non-saturating loss

	Attention bool // a self-attention block at the first map of at most 16 pixels
}

// Verdict is a critic's answer.
type Verdict struct {
	Score graph.Node // [N 1], higher is more real
	AU    graph.Node // [N 17], intensities read by the critic's own head
}

// slope is the negative slope of the critic's LeakyReLU.
const slope = .2

// Apply judges photo [N S S 3] with the AUs intensity [N 17].
func (n Critic) Apply(s *Scope, photo, intensity graph.Node) Verdict {
	g := s.G
	batch := graph.Shape(photo)[0]
	h, width := photo, n.Width
	for i := range n.Levels {
		h = g.LeakyRelu(n.conv(s, h, fmt.Sprintf("conv%d", i), 4, 2, width), slope)
		if n.Attention {
			h = s.attendOnce(h)
		}
		if i < n.Levels-1 {
			width *= 2
		}
	}
	shape := graph.Shape(h)
	side := shape[1]
	spread := g.Spread(minibatchDeviation(g, h), batch, side, side, 1)
	patches := n.conv(s, g.Concat(3, h, spread), "patch", 3, 1, 1)
	score := g.Reshape(g.MeanHW(patches), batch, 1)

	pooled := g.Reshape(g.MeanHW(h), batch, width)
	project := s.state("project.w", true, Init{"normal", float32(1 / math.Sqrt(float64(width)))}, au.Count, width)
	along := g.SumTo(g.Mul(g.MatMul(g.Affine(intensity, .5, 0), project, false, false), pooled), batch, 1)
	flat := g.Reshape(h, batch, side*side*width)
	return Verdict{
		Score: g.Add(score, g.Affine(along, .5, 0)),
		AU:    s.Dense(flat, "au", au.Count, Init{"normal", float32(1 / math.Sqrt(float64(side*side*width)))}),
	}
}

// conv is a convolution with bias whose weights are divided by their spectral
// norm when the critic is spectral.
func (n Critic) conv(s *Scope, x graph.Node, name string, k, stride, out int) graph.Node {
	c := graph.Shape(x)[3]
	w := s.state(name+".w", true, he(k*k*c), k, k, c, out)
	b := s.state(name+".b", true, Init{"constant", 0}, 1, 1, 1, out)
	if n.Spectral {
		w = s.spectral(w, name, k*k*c, out)
	}
	return s.G.Add(s.G.Conv(x, w, stride, 1), b)
}

// spectral divides w [K K C out] by an estimate of its largest singular value:
// one power iteration a step on the state NAME.u (Miyato et al., algorithm 1).
func (s *Scope) spectral(w graph.Node, name string, rows, out int) graph.Node {
	if n, ok := s.ready[name]; ok {
		return n
	}
	g := s.G
	u := s.state(name+".u", false, Init{"normal", 1}, 1, out)
	m := g.Reshape(w, rows, out)
	still := g.Stop(m)
	v := unit(g, g.MatMul(u, still, false, true))     // [1 rows]
	next := unit(g, g.MatMul(v, still, false, false)) // [1 out]
	sigma := g.SumTo(g.Mul(g.MatMul(g.Stop(v), m, false, false), g.Stop(next)), 1, 1)
	s.Updates = append(s.Updates, Update{u, next})
	n := g.Div(w, g.Reshape(sigma, 1, 1, 1, 1))
	s.ready[name] = n
	return n
}

// unit scales x [1 K] to length 1.
func unit(g *graph.Graph, x graph.Node) graph.Node {
	return g.Div(x, g.Sqrt(g.Affine(g.SumTo(g.Square(x), 1, 1), 1, 1e-12)))
}

// minibatchDeviation is the mean over pixels and channels of the deviation
// over the batch, as [1 1 1 1].
func minibatchDeviation(g *graph.Graph, h graph.Node) graph.Node {
	s := graph.Shape(h)
	n := float64(s[0])
	d := g.Sub(h, g.Affine(g.SumTo(h, 1, s[1], s[2], s[3]), 1/n, 0))
	v := g.Affine(g.SumTo(g.Square(d), 1, s[1], s[2], s[3]), 1/n, 1e-8)
	return g.Affine(g.SumTo(g.Sqrt(v), 1, 1, 1, 1), 1/float64(s[1]*s[2]*s[3]), 0)
}
