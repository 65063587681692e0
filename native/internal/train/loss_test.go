package train

import (
	"context"
	"math"
	"testing"

	"mien/native/internal/graph"
	"mien/shared/device/ref"
)

// worth is what a loss of inputs comes to, in float64.
func worth(t *testing.T, shape []int, inputs [][]float32, loss func(g *graph.Graph, x []graph.Node) graph.Node) float64 {
	t.Helper()
	g := graph.New()
	names := []string{"a", "b", "c"}[:len(inputs)]
	var x []graph.Node
	for _, name := range names {
		x = append(x, g.Input(name, shape...))
	}
	p, err := g.Lower(map[string]graph.Node{"loss": loss(g, x)})
	if err != nil {
		t.Fatal(err)
	}
	program, err := ref.New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for i, name := range names {
		if err := program.Write(name, inputs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var v [1]float32
	if err := program.Read("loss", v[:]); err != nil {
		t.Fatal(err)
	}
	return float64(v[0])
}

// TestAskedHuber has a miss of .25 in one of two Action Units.
func TestAskedHuber(t *testing.T) {
	const small = .25 * .25 / (2 * huberBeta) / 2 // of two
	for _, c := range []struct {
		name               string
		after, before, ask []float32
		want               float64
	}{
		{"done", []float32{2, 1}, []float32{0, 1}, []float32{2, 0}, 0},
		{"missed what was asked", []float32{1.75, 1}, []float32{0, 1}, []float32{2, 0}, asksFor * small},
		{"moved what was not", []float32{2, 1.25}, []float32{0, 1}, []float32{2, 0}, small},
		{"taken back too little", []float32{.25, 1}, []float32{2, 1}, []float32{-2, 0}, asksFor * small},
		{"asked for half of a half", []float32{0, 1}, []float32{0, 1}, []float32{.25, 0}, (1 + (asksFor-1)*.5) * small},
		{"far off", []float32{0, 1}, []float32{0, 1}, []float32{2, 0}, asksFor * (2 - huberBeta/2) / 2},
	} {
		got := worth(t, []int{1, 2}, [][]float32{c.after, c.before, c.ask}, func(g *graph.Graph, x []graph.Node) graph.Node {
			return askedHuber(g, x[0], x[1], x[2], g.Affine(x[2], 0, 1))
		})
		if math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}

// TestAskedHuberOfMany counts a face that is asked for three times as much as one
// Action Unit can be asked for a third, and one below that in full.
func TestAskedHuberOfMany(t *testing.T) {
	miss := func(ask ...float32) float64 {
		still := make([]float32, len(ask))
		return worth(t, []int{1, len(ask)}, [][]float32{still, still, ask}, func(g *graph.Graph, x []graph.Node) graph.Node {
			return askedHuber(g, x[0], x[1], x[2], g.Affine(x[2], 0, 1))
		})
	}
	for name, c := range map[string]struct{ got, want float64 }{
		"three at their most": {miss(single, single, single), miss(single) / 3},
		"two that are little": {miss(2, 2), miss(2)},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s: %g, want %g", name, c.got, c.want)
		}
	}
}

// TestAskedHuberAsksByTheSlope has a reader that sees half: half is enough.
func TestAskedHuberAsksByTheSlope(t *testing.T) {
	for read, right := range map[float32]bool{1: true, 2: false} {
		got := worth(t, []int{1, 1}, [][]float32{{read}, {0}, {2}}, func(g *graph.Graph, x []graph.Node) graph.Node {
			return askedHuber(g, x[0], x[1], x[2], g.Affine(x[2], 0, .5))
		})
		if (got == 0) != right {
			t.Errorf("read %g of an asked 2: loss %g, want none: %v", read, got, right)
		}
	}
}

// TestTint counts colour and no light.
func TestTint(t *testing.T) {
	for _, c := range []struct {
		name  string
		shade []float32
		want  float64
	}{
		{"light and shadow", []float32{.5, .5, .5, -.2, -.2, -.2}, 0},
		{"red", []float32{.3, 0, 0, 0, 0, 0}, (.2 + .1 + .1) / 6},
	} {
		got := worth(t, []int{1, 1, 2, 3}, [][]float32{c.shade}, func(g *graph.Graph, x []graph.Node) graph.Node { return tint(g, x[0]) })
		if math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}

// TestMissesReachesAClosedMask wants a mask that is closed for good to be pulled
// open where the teacher paints, as hard as one that is half open or harder.
func TestMissesReachesAClosedMask(t *testing.T) {
	for _, c := range []struct {
		name       string
		odds, want float32
		worth      float64
	}{
		{"closed, painted", -20, 1, 20 * paints},
		{"less closed, painted", -19, 1, 19 * paints},
		{"open, painted", 20, 1, 0},
		{"closed, left", -20, 0, 0},
		{"open, left", 20, 0, 20},
		{"undecided, half painted", 0, .5, (paints + 1) * math.Ln2 / 2},
	} {
		got := worth(t, []int{1}, [][]float32{{c.odds}, {c.want}}, func(g *graph.Graph, x []graph.Node) graph.Node { return misses(g, x[0], x[1]) })
		if math.Abs(got-c.worth) > 1e-5 {
			t.Errorf("%s: %g, want %g", c.name, got, c.worth)
		}
	}
}
