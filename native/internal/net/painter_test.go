package net

import (
	"context"
	"fmt"
	"math"
	"testing"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// TestReferenceShapes holds every layer of the reference's networks to what is
// written of them.
func TestReferenceShapes(t *testing.T) {
	for _, c := range []struct {
		arch     Arch
		down, up string // side x channels of each map
		critic   string // inputs of the heads
		millions float64
	}{
		{A, "36x64 16x128 6x256 1x512", "6x256 16x128 36x64 112x3", "512", 14.434741},
		{B, "36x64 16x128 6x256 1x512", "6x256 16x128 36x64 112x3", "512", 13.854345},
		{C, "55x64 26x128 12x256 5x512", "12x256 26x128 55x64 112x3", "512", 6.311049},
		{D, "56x64 28x128 14x256 7x512 3x1024", "7x1024 14x512 28x256 56x128 112x3", "9216", 43.418243},
		{E, "56x64 28x128 14x256 7x512 3x1024", "7x1024 14x512 28x256 56x128 112x3", "9216", 43.557507},
	} {
		g := graph.New()
		s := NewScope(g, "gen")
		photo := g.Input("photo", 2, PainterSize, PainterSize, 3)
		p := Painter{Arch: c.arch}.Apply(s, photo, g.Input("aus", 2, au.Count), true)
		if got := maps(p.Down); got != c.down {
			t.Errorf("%s: down %s, want %s", c.arch, got, c.down)
		}
		if got := maps(p.Up); got != c.up {
			t.Errorf("%s: up %s, want %s", c.arch, got, c.up)
		}
		if got := graph.Shape(p.Picture); !got.Equal(tensor.Shape{2, PainterSize, PainterSize, 3}) {
			t.Errorf("%s: picture %v", c.arch, got)
		}
		if got := float64(s.Count()) / 1e6; math.Abs(got-c.millions) > 1e-9 {
			t.Errorf("%s: %f million parameters, want %g", c.arch, got, c.millions)
		}
		k := NewScope(g, "critic")
		v := TwoHeads{Arch: c.arch}.Apply(k, photo)
		if !graph.Shape(v.Score).Equal(tensor.Shape{2, 1}) || !graph.Shape(v.AU).Equal(tensor.Shape{2, au.Count}) {
			t.Errorf("%s: verdict %v and %v", c.arch, graph.Shape(v.Score), graph.Shape(v.AU))
		}
		for _, q := range k.Params {
			if q.Name == "critic.score.hidden.w" && fmt.Sprint(q.Shape[0]) != c.critic {
				t.Errorf("%s: heads see %d values, want %s", c.arch, q.Shape[0], c.critic)
			}
		}
	}
}

func maps(nodes []graph.Node) string {
	text := ""
	for _, n := range nodes {
		s := graph.Shape(n)
		if s[1] != s[2] {
			return fmt.Sprintf("not square: %v", s)
		}
		text += fmt.Sprintf(" %dx%d", s[1], s[3])
	}
	return text[1:]
}

// TestPainterFiles loads what Export writes, feeds it with a face's own AUs and
// a change, and compares it with the graph that training runs, fed with their
// sum over what counts as 1.
func TestPainterFiles(t *testing.T) {
	n := Painter{Arch: C}
	g := graph.New()
	s := NewScope(g, "gen")
	p := n.Apply(s, g.Input("photo", 1, PainterSize, PainterSize, 3), g.Input("aus", 1, au.Count), false)
	values := s.Start(1)
	values[Most] = make([]float32, au.Count)
	for i := range values[Most] {
		values[Most][i] = 4
	}
	file, err := n.Export(model.Info{Preset: "test"}, values)
	if err != nil {
		t.Fatal(err)
	}
	photo := uniform(2, PainterSize*PainterSize*3)
	values["photo"] = make([]float32, len(photo))
	for i, x := range photo {
		values["photo"][i] = (x + 1) / 2
	}
	gen, err := model.LoadGenerator(file, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	if !gen.Target() {
		t.Error("the file does not say that it wants targets")
	}
	for _, c := range []struct{ own, change, aus float32 }{{1, 2, .75}, {3, -2, .25}, {1, -3, 0}, {5, 5, 1}} {
		var aus au.Vector
		aus[8] = c.aus
		values["aus"] = aus[:]
		want := run(t, g, values, map[string]graph.Node{"picture": p.Picture})["picture"]
		for i, x := range want {
			want[i] = min(max(2*x-1, -1), 1)
		}
		got, err := gen.Field(context.Background(), tensor.Of(photo, 1, PainterSize, PainterSize, 3), au.Vector{8: c.own}, au.Vector{8: c.change})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("own %g, change %g", c.own, c.change), got.Colour, want)
		for i, v := range got.Warp {
			if v != 0 {
				t.Fatalf("warp %d is %g, want none", i, v)
			}
		}
		middle, corner := got.Mask[PainterSize*PainterSize/2+PainterSize/2], got.Mask[0]
		if middle != 1 || corner != 0 {
			t.Errorf("mask %g in the middle, %g in the corner, want 1 and 0", middle, corner)
		}
	}
}

// TestAttentionStartsAsTheIdentity and lets places see each other once gamma
// is not 0.
func TestAttentionStartsAsTheIdentity(t *testing.T) {
	g := graph.New()
	s := NewScope(g, "x")
	y := s.Attention(g.Input("x", 2, 3, 3, 16), "attention")
	values := s.Start(1)
	values["x"] = uniform(6, 2*3*3*16)
	out := map[string]graph.Node{"y": y}
	same(t, "attention at gamma 0", run(t, g, values, out)["y"], values["x"])
	values["x.attention.gamma"] = []float32{1}
	before := run(t, g, values, out)["y"]
	values["x"][0] += 1
	after := run(t, g, values, out)["y"]
	const picture = 3 * 3 * 16
	if before[picture-1] == after[picture-1] {
		t.Error("the last place does not see the first")
	}
	for i := picture; i < 2*picture; i++ {
		if before[i] != after[i] {
			t.Fatal("the second picture sees the first")
		}
	}
}

// TestCriticsSee wants scores and AUs of a TwoHeads to depend on the picture:
// a norm over a single pixel would make them constants.
func TestCriticsSee(t *testing.T) {
	for _, arch := range []Arch{A, D} {
		g := graph.New()
		s := NewScope(g, "critic")
		v := TwoHeads{Arch: arch}.Apply(s, g.Input("photo", 2, PainterSize, PainterSize, 3))
		values := s.Start(1)
		values["photo"] = uniform(3, 2*PainterSize*PainterSize*3)
		got := run(t, g, values, map[string]graph.Node{"score": v.Score, "au": v.AU})
		if got["score"][0] == got["score"][1] || got["au"][0] == got["au"][au.Count] {
			t.Errorf("%s: two pictures, one verdict: %v", arch, got["score"])
		}
	}
}

// TestBatchNormRunsOnce: a painter applied twice records the statistics of its
// first pass alone, or a step would write a state twice.
func TestBatchNormRunsOnce(t *testing.T) {
	g := graph.New()
	s := NewScope(g, "gen")
	photo, aus := g.Input("photo", 1, PainterSize, PainterSize, 3), g.Input("aus", 1, au.Count)
	Painter{Arch: D}.Apply(s, photo, aus, true)
	n := len(s.Updates)
	Painter{Arch: D}.Apply(s, photo, g.Affine(aus, .5, 0), true)
	if n != 2*9 || len(s.Updates) != n {
		t.Errorf("%d updates, then %d, want 18 both times", n, len(s.Updates))
	}
	g.Blend(s.Updates[0].State, s.Updates[0].Value, g.Input("decay", 1), g.Input("ok", 1))
	if p, err := g.Lower(map[string]graph.Node{}); err != nil || len(p.Named(plan.State)) == 0 {
		t.Errorf("lower: %v", err)
	}
}
