package train

import (
	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/layer"
)

// Fills reports whether the generator paints what is inside open lips, and not
// faces.
func (p Preset) Fills() bool { return p.Mouth.Width != 0 }

// mouth builds one step of a phase of a painter of mouths: a critic update and
// an update of the painter on the same patches, as gan does. The critic wants 1
// or more where a mouth is real and -1 or less where it is painted.
//
// Inputs: truth [B H W 3], the photos' own; seen [B H W 3], what the painter
// gets to see of them about the hole [B H W 1]; where [B H/s W/s 1], which
// verdicts of the critic count, s its scale.
func mouth(p Preset, phase Phase, seed uint64) (*step, error) {
	s := newStep()
	g, b, w := s.g, p.Batch, phase.Weights
	truth := s.input("truth", b, layer.PatchHeight, layer.PatchWidth, 3)
	seen := s.input("seen", b, layer.PatchHeight, layer.PatchWidth, 3)
	hole := s.input("hole", b, layer.PatchHeight, layer.PatchWidth, 1)
	gen := net.NewScope(g, "mouth")
	painted := p.Mouth.Apply(gen, seen, hole)

	var terms []graph.Node
	add := func(name string, weight float64, loss graph.Node) {
		s.outputs[name] = loss
		terms = append(terms, g.Affine(loss, weight, 0))
	}
	add("truth", w.Truth, within(g, g.Abs(g.Sub(painted, truth)), hole))
	add("edges", w.Edges, g.Add(edges(g, painted, truth, hole, 1), edges(g, painted, truth, hole, 2)))

	var critic *net.Scope
	var criticLoss graph.Node
	if phase.Adversary != NoAdversary {
		n := p.PatchCritic
		where := s.input("where", b, layer.PatchHeight/n.Scale(), layer.PatchWidth/n.Scale(), 1)
		critic = net.NewScope(g, "critic")
		filled := g.Add(truth, g.Mul(g.Sub(painted, truth), hole))
		real, fake := n.Apply(critic, truth, hole), n.Apply(critic, filled, hole)
		criticLoss = within(g, g.Add(g.Relu(g.Affine(real, -1, 1)), g.Relu(g.Affine(fake, 1, 1))), where)
		s.outputs["critic"] = criticLoss
		add("adversarial", w.Adversarial, within(g, g.Affine(fake, -1, 0), where))
	}
	return s, s.update(p, seed, gen, g.AddN(terms...), critic, criticLoss)
}

// within is the mean of x [N H W C] weighed by where [N H W 1], 0 or more.
func within(g *graph.Graph, x, where graph.Node) graph.Node {
	channels := graph.Shape(x)[3]
	return g.Div(g.Sum(g.Mul(x, where)), g.Affine(g.Sum(where), float64(channels), 1e-6))
}

// edges is how far the differences of neighbours along an axis are from the
// truth's, inside the hole: what a painter blurs that is content with a mean
// (Mathieu, Couprie, LeCun: Deep multi-scale video prediction beyond mean
// square error, 2016, section 3.2).
func edges(g *graph.Graph, painted, truth, hole graph.Node, axis int) graph.Node {
	n := graph.Shape(hole)[axis]
	step := func(x graph.Node) graph.Node {
		return g.Sub(g.Slice(x, axis, 1, n), g.Slice(x, axis, 0, n-1))
	}
	return within(g, g.Abs(g.Sub(step(painted), step(truth))), g.Slice(hole, axis, 1, n))
}
