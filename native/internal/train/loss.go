package train

import "mien/native/internal/graph"

// Every loss is a mean over the batch, a node of shape [1].

// l1 is mean |a - b|.
func l1(g *graph.Graph, a, b graph.Node) graph.Node { return g.Mean(g.Abs(g.Sub(a, b))) }

// huber is the mean of e^2/(2*beta) for |e| < beta and |e| - beta/2 beyond
// (Huber, 1964), with e = a - b.
func huber(g *graph.Graph, a, b graph.Node, beta float64) graph.Node {
	return g.Affine(g.Mean(bent(g, a, b, beta)), 1/beta, 0)
}

// bent is beta times the Huber loss of every element: c*(e - c/2), with c the
// part of e = |a - b| below beta, is both branches at once.
func bent(g *graph.Graph, a, b graph.Node, beta float64) graph.Node {
	e := g.Abs(g.Sub(a, b))
	c := g.Clamp(e, 0, beta)
	return g.Mul(c, g.Sub(e, g.Affine(c, .5, 0)))
}

// asksFor is how much more an Action Unit that is asked for counts than one
// that shall stay. A smile is read as half a dozen of them: all counted alike,
// not smiling errs least (gain of AU12 .66 before 32,000 images of that, .47
// after, 16 validation faces).
const asksFor = 4

// single is the most that is asked of one Action Unit. A face that is asked for
// more in all counts for as much less: no reader was taught what seven at once come
// to, and a generator that is held to it paints noses black.
const single = 4.5

// asked says how far each Action Unit of a change ask [N 17] is asked for at all, 0 to
// 1 at half a unit of intensity.
func asked(g *graph.Graph, ask graph.Node) graph.Node {
	return g.Clamp(g.Affine(g.Abs(ask), 2, 0), 0, 1)
}

// askedHuber is the Huber loss between how AUs [N 17] were read to change, from
// before to after, and how the change ask would be read by a reader of the given
// slopes (see slopes).
func askedHuber(g *graph.Graph, after, before, ask, slope graph.Node) graph.Node {
	weight := g.Affine(asked(g, ask), asksFor-1, 1)
	all := g.SumTo(g.Abs(ask), graph.Shape(ask)[0], 1)
	weight = g.Div(weight, g.Affine(g.Relu(g.Affine(all, 1/single, -1)), 1, 1))
	want := g.Add(before, g.Mul(ask, slope))
	return g.Affine(g.Mean(g.Mul(weight, bent(g, after, want, huberBeta))), 1/huberBeta, 0)
}

// auLosses are the losses between Action Units that a head read and those that
// it should have read, both [N 17].
var auLosses = map[string]func(g *graph.Graph, read, want graph.Node) graph.Node{
	"huber": func(g *graph.Graph, read, want graph.Node) graph.Node { return huber(g, read, want, huberBeta) },
	"mse":   func(g *graph.Graph, read, want graph.Node) graph.Node { return g.Mean(g.Square(g.Sub(read, want))) },
	"l1":    l1,
	// The cross-entropy of sigmoid(read) and want, without overflow.
	"bce": func(g *graph.Graph, read, want graph.Node) graph.Node {
		return g.Mean(g.Sub(g.Softplus(read), g.Mul(want, read)))
	},
	// A logarithm of the absolute error that grows without bound towards 1.
	"log-mae": func(g *graph.Graph, read, want graph.Node) graph.Node {
		e := g.Clamp(g.Abs(g.Sub(read, want)), 0, 1-logEpsilon)
		return g.Affine(g.Mean(g.Log(g.Affine(e, -1, 1))), -1, 0)
	},
}

// logEpsilon keeps log-mae finite: an error of 1 or more counts as 16. It is
// what float32 keeps of the usual 1e-7.
const logEpsilon = 1.0 / (1 << 23)

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

// tint is the mean distance of a shade [N H W 3] from its own grey.
func tint(g *graph.Graph, shade graph.Node) graph.Node {
	s := graph.Shape(shade)
	return l1(g, shade, g.Affine(g.SumTo(shade, s[0], s[1], s[2], 1), 1./3, 0))
}
