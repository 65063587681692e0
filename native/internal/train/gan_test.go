package train

import (
	"testing"

	"mien/native/internal/net"
)

// TestPaintIsTheTeachers: where a teacher says what to paint, neither critic nor AU
// reader has a say in it, though both move the warp; where none does, the critic has.
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
		reached    bool
	}{
		{"adversarial", "gen.colour2.w", phase, false},
		{"au", "gen.colour2.w", phase, false},
		{"field", "gen.colour2.w", phase, true},
		{"adversarial", "gen.heads.w", phase, true},
		{"au", "gen.heads.w", phase, true},
		{"adversarial", "gen.colour2.w", alone, true},
	} {
		s, err := gan(p, c.phase, &net.Reader{Size: 64, Width: 4, Hidden: 8}, 1)
		if err != nil {
			t.Fatal(err)
		}
		weights := s.g.Expr.ByName(c.part)
		if len(weights) != 1 {
			t.Fatalf("%d nodes called %s, want 1", len(weights), c.part)
		}
		if _, err := s.g.Grad(s.outputs[c.loss], weights[0]); (err == nil) != c.reached {
			t.Errorf("%s of the %s phase reaches %s: %v, want %v", c.loss, c.phase.Name, c.part, err == nil, c.reached)
		}
	}
}
