package train

import (
	"mien/native/internal/graph"
	"mien/native/internal/net"
)

// Every loss is a mean over the batch, a node of shape [1].

// l1 is mean |a - b|.
func l1(g *graph.Graph, a, b graph.Node) graph.Node { return g.Mean(g.Abs(g.Sub(a, b))) }

// huber is the mean of e^2/(2*beta) for |e| < beta and |e| - beta/2 beyond
// (Huber, 1964), with e = a - b.
func huber(g *graph.Graph, a, b graph.Node, beta float64) graph.Node {
	e := g.Abs(g.Sub(a, b))
	c := g.Clamp(e, 0, beta) // c*(e - c/2)/beta is both branches at once
	return g.Affine(g.Mean(g.Mul(c, g.Sub(e, g.Affine(c, .5, 0)))), 1/beta, 0)
}

// lengths returns the squared length of each picture's gradient, [N 1 1 1].
func lengths(g *graph.Graph, grad graph.Node) graph.Node {
	return g.SumTo(g.Square(grad), graph.Shape(grad)[0], 1, 1, 1)
}

// nonSaturating is the critic's logistic loss (Goodfellow et al., 2014,
// section 3, the form with a useful gradient).
func nonSaturating(g *graph.Graph, real, fake graph.Node) graph.Node {
	return g.Add(g.Mean(g.Softplus(g.Affine(real, -1, 0))), g.Mean(g.Softplus(fake)))
}

// wasserstein is the critic's part of the earth mover's distance (Arjovsky et
// al., 2017).
func wasserstein(g *graph.Graph, real, fake graph.Node) graph.Node {
	return g.Sub(g.Mean(fake), g.Mean(real))
}

// judge is a critic applied to pictures.
type judge func(photo graph.Node) net.Verdict

// gradientPenalty is mean (|grad D| - 1)^2 at points between real and fake
// pictures (Gulrajani et al., 2017, equation 3); mix [N 1 1 1] is uniform in
// 0 to 1.
func gradientPenalty(g *graph.Graph, d judge, real, fake, mix graph.Node) (graph.Node, error) {
	between := g.Add(fake, g.Mul(g.Sub(real, fake), mix))
	grads, err := g.Grad(g.Sum(d(between).Score), between)
	if err != nil {
		return nil, err
	}
	// The small term keeps the root's own derivative finite.
	length := g.Sqrt(g.Affine(lengths(g, grads[0]), 1, 1e-12))
	return g.Mean(g.Square(g.Affine(length, 1, -1))), nil
}

// r1 is mean |grad D|^2 at real pictures (Mescheder et al., 2018, equation 9).
func r1(g *graph.Graph, d judge, real graph.Node) (graph.Node, error) {
	grads, err := g.Grad(g.Sum(d(real).Score), real)
	if err != nil {
		return nil, err
	}
	return g.Mean(lengths(g, grads[0])), nil
}

// variation is the mean squared difference between neighbours of a warp
// [N H W 2], in units of the frame: it keeps the warp from folding.
func variation(g *graph.Graph, f graph.Node) graph.Node {
	s := graph.Shape(f)
	h, w := s[1], s[2]
	down := g.Sub(g.Slice(f, 1, 1, h), g.Slice(f, 1, 0, h-1))
	right := g.Sub(g.Slice(f, 2, 1, w), g.Slice(f, 2, 0, w-1))
	return g.Affine(g.Add(g.Mean(g.Square(down)), g.Mean(g.Square(right))), float64(h*w), 0)
}

// bend is the mean squared second difference of a warp: it keeps the warp from
// growing horns.
func bend(g *graph.Graph, f graph.Node) graph.Node {
	s := graph.Shape(f)
	var sum graph.Node
	for axis := 1; axis <= 2; axis++ {
		n := s[axis]
		ends := g.Add(g.Slice(f, axis, 2, n), g.Slice(f, axis, 0, n-2))
		term := g.Mean(g.Square(g.Sub(ends, g.Affine(g.Slice(f, axis, 1, n-1), 2, 0))))
		if sum == nil {
			sum = term
		} else {
			sum = g.Add(sum, term)
		}
	}
	return g.Affine(sum, float64(s[1]*s[2]), 0)
}
