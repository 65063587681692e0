package train

import (
	"math"
	"testing"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/au"
)

// TestPaintIsTheTeachers: where a teacher says what to paint, neither critic nor AU
// reader has a say in it, though both move the warp; where none does, the critic has,
// and over a generator that only paints both.
func TestPaintIsTheTeachers(t *testing.T) {
	p, err := Find("refine")
	if err != nil {
		t.Fatal(err)
	}
	p.Batch = 2
	phase := p.Phases[0]
	alone := phase
	alone.Weights = alone.Weights.fieldless()
	for _, c := range []struct {
		loss, part string
		phase      Phase
		parts      net.Parts
		reached    bool
	}{
		{"adversarial", "gen.colour2.w", phase, net.Both, false},
		{"au", "gen.colour2.w", phase, net.Both, false},
		{"field", "gen.colour2.w", phase, net.Both, true},
		{"adversarial", "gen.heads.w", phase, net.Both, true},
		{"au", "gen.heads.w", phase, net.Both, true},
		{"adversarial", "gen.colour2.w", alone, net.Both, true},
		{"adversarial", "gen.colour2.w", phase, net.Paint, true},
		{"au", "gen.colour2.w", phase, net.Paint, true},
	} {
		p.Generator.Parts = c.parts
		s, err := gan(p, c.phase, &net.Reader{Size: 64, Width: 4, Hidden: 8}, 1)
		if err != nil {
			t.Fatal(err)
		}
		weights := s.g.Expr.ByName(c.part)
		if len(weights) != 1 {
			t.Fatalf("%d nodes called %s, want 1", len(weights), c.part)
		}
		if _, err := s.g.Grad(s.outputs[c.loss], weights[0]); (err == nil) != c.reached {
			t.Errorf("%s of the %s phase, parts %q, reaches %s: %v, want %v", c.loss, c.phase.Name, c.parts, c.part, err == nil, c.reached)
		}
	}
}

// TestUnasked: a reading stays what it is, and all but one Action Unit pull.
func TestUnasked(t *testing.T) {
	read := make([]float32, au.Count)
	for i := range read {
		read[i] = float32(i) / 4
	}
	for _, k := range []int{0, 8, au.Count - 1} {
		off := worth(t, []int{1, au.Count}, [][]float32{read}, func(g *graph.Graph, x []graph.Node) graph.Node {
			return l1(g, unasked(g, x[0], k), x[0])
		})
		// The gradient of the sum of squares is twice the reading, where it pulls.
		pull := worth(t, []int{1, au.Count}, [][]float32{read}, func(g *graph.Graph, x []graph.Node) graph.Node {
			grads, err := g.Grad(g.Square(unasked(g, x[0], k)), x[0])
			if err != nil {
				t.Fatal(err)
			}
			return g.Mean(g.Abs(g.Sub(grads[0], g.Affine(x[0], 2, 0))))
		})
		if want := 2 * float64(read[k]) / au.Count; off != 0 || math.Abs(pull-want) > 1e-6 {
			t.Errorf("without Action Unit %d the reading is %g off and the gradient %g, want 0 and %g", k, off, pull, want)
		}
	}
}
