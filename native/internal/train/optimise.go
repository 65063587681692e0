package train

import (
	"fmt"
	"strings"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// step is a whole training step as a graph: losses, gradients, updates.
type step struct {
	g       *graph.Graph
	outputs map[string]graph.Node // scalars to log, and "ok"
	starts  map[string][]float32  // first contents of every state
	loaded  []net.Param           // states that come from outside: a fixed reader's
	inputs  map[string]graph.Node
}

func newStep() *step {
	return &step{g: graph.New(), outputs: map[string]graph.Node{}, starts: map[string][]float32{}, inputs: map[string]graph.Node{}}
}

// finish lowers the graph.
func (s *step) finish() (*plan.Plan, error) { return s.g.Lower(s.outputs) }

// absurd is a loss that no sound training has: Adam's steps are bounded, so a
// network that diverges may take long to reach infinity.
const absurd = 1e8

// sound is 1 when losses and gradients are finite and no loss is absurd, else
// 0; it becomes the output "ok".
func (s *step) sound(losses, grads []graph.Node) graph.Node {
	ok := s.g.Finite(append(append([]graph.Node(nil), losses...), grads...)...)
	for _, l := range losses {
		ok = s.g.Mul(ok, s.g.Inside(l, -absurd, absurd))
	}
	s.outputs["ok"] = ok
	return ok
}

// adam adds an Adam update of every trained parameter of scope towards lower
// loss, and the blends that the network itself asks for. hyper is the input
// NAME.hyper. The average of the weights is kept in states named "ema/...".
func (s *step) adam(name string, scope *net.Scope, grads []graph.Node, ok graph.Node, p Preset, seed uint64, average bool) {
	g := s.g
	for k, v := range scope.Start(seed) {
		s.starts[k] = v
	}
	hyper := s.input(name+".hyper", 4)
	for i, q := range scope.Trained() {
		m, v := s.zeros("m/"+q.Name, q.Shape), s.zeros("v/"+q.Name, q.Shape)
		next := g.Adam(grads[i], hyper, ok, q.Node, m, v, p.Beta1, p.Beta2, 1e-8)
		if average {
			ema := g.State("ema/"+q.Name, q.Shape...)
			s.starts["ema/"+q.Name] = append(tensor.Floats(len(s.starts[q.Name]))[:0], s.starts[q.Name]...)
			g.Blend(ema, next, s.decay(), ok)
		}
	}
	for _, u := range scope.Updates {
		g.Blend(u.State, u.Value, s.momentum(name), ok)
	}
}

// startFrom lets the network and its average start from given weights; nil
// changes nothing.
func (s *step) startFrom(weights map[string][]float32) error {
	taken := 0
	for name, start := range s.starts {
		w, ok := weights[strings.TrimPrefix(name, "ema/")]
		if !ok {
			continue
		}
		if len(w) != len(start) {
			return fmt.Errorf("weights to start from: %q has %d values, want %d: they are another network's", name, len(w), len(start))
		}
		s.starts[name] = w
		taken++
	}
	if weights != nil && taken == 0 {
		return fmt.Errorf("weights to start from: none has a name of this preset's network")
	}
	return nil
}

func (s *step) zeros(name string, shape tensor.Shape) graph.Node {
	s.starts[name] = tensor.Floats(shape.Numel())
	return s.g.State(name, shape...)
}

// decay is the input with the decay of averaged weights.
func (s *step) decay() graph.Node { return s.input("decay", 1) }

// momentum is the input with the decay of a network's own statistics.
func (s *step) momentum(name string) graph.Node { return s.input(name+".momentum", 1) }

// input returns the input called name, made once.
func (s *step) input(name string, shape ...int) graph.Node {
	if n, ok := s.inputs[name]; ok {
		return n
	}
	n := s.g.Input(name, shape...)
	s.inputs[name] = n
	return n
}
