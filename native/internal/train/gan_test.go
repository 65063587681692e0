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

// TestHeard: closed eyes are never the AU reader's, a dropped jaw where it is not
// asked for, lowered brows in part where they are, a smile always.
func TestHeard(t *testing.T) {
	eyes, jaw, brows, smile := au.Index("45"), au.Index("26"), au.Index("04"), au.Index("12")
	for what, c := range map[string]struct {
		k    int
		ask  float32
		want float64
	}{
		"eyes asked for":     {eyes, 2, 0},
		"eyes that stay":     {eyes, 0, 0},
		"a jaw asked for":    {jaw, -2, 0},
		"a jaw, a little":    {jaw, .25, .5},
		"a jaw that stays":   {jaw, 0, 1},
		"brows asked for":    {brows, 2, 1 - float64(unheard["04"])},
		"brows that stay":    {brows, 0, 1},
		"a smile asked for":  {smile, 3, 1},
		"a smile that stays": {smile, 0, 1},
	} {
		ask := make([]float32, 2*au.Count)
		ask[au.Count+c.k] = c.ask // of the second of two faces
		got := worth(t, []int{2, au.Count}, [][]float32{ask}, func(g *graph.Graph, x []graph.Node) graph.Node {
			of := g.Slice(heard(g, x[0]), 0, 1, 2)
			return g.Mean(g.Slice(of, 1, c.k, c.k+1))
		})
		if math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: the reader moves the generator by %g of its loss, want %g", what, got, c.want)
		}
	}
}

// TestMoving: a reading stays what it is, and pulls by the part that is let through.
func TestMoving(t *testing.T) {
	read, part := []float32{.5, -1, 2, 3}, []float32{0, .4, 1, 0}
	shape := []int{1, len(read)}
	off := worth(t, shape, [][]float32{read, part}, func(g *graph.Graph, x []graph.Node) graph.Node {
		return l1(g, moving(g, x[0], x[1]), x[0])
	})
	if off > 1e-6 {
		t.Errorf("the reading is %g off, want 0", off)
	}
	// The gradient of the sum of squares is twice the reading, times the part.
	pull := worth(t, shape, [][]float32{read, part}, func(g *graph.Graph, x []graph.Node) graph.Node {
		grads, err := g.Grad(g.Square(moving(g, x[0], x[1])), x[0])
		if err != nil {
			t.Fatal(err)
		}
		return l1(g, grads[0], g.Mul(g.Affine(x[0], 2, 0), x[1]))
	})
	if pull > 1e-6 {
		t.Errorf("the gradient is %g off twice the reading times the part, want 0", pull)
	}
}
