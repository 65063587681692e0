package net

import (
	"context"
	"testing"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
)

// TestPartsAndAbsolute edits one photo by files of each shape: what a part
// leaves out is 0, no change is nothing, and only an absolute network cares for
// what the face shows.
func TestPartsAndAbsolute(t *testing.T) {
	for _, c := range []struct {
		parts                 Parts
		absolute              bool
		warp, shade, mask, by bool // which are not 0; whether own matters
	}{
		{parts: Both, warp: true, shade: true, mask: true},
		{parts: Warp, warp: true},
		{parts: Paint, shade: true, mask: true},
		{parts: Both, absolute: true, warp: true, shade: true, mask: true, by: true},
	} {
		n := Generator{Size: 16, Width: 8, Blocks: 1, Parts: c.parts, Absolute: c.absolute}
		g := graph.New()
		s := NewScope(g, "gen")
		change := g.Input("change", 1, au.Count)
		n.ApplyTo(s, g.Input("photo", 1, 16, 16, 3), change, g.Add(change, g.Input("own", 1, au.Count)))
		file, err := n.Export(model.Info{Preset: "test"}, shaken(s))
		if err != nil {
			t.Fatal(err)
		}
		gen, err := model.LoadGenerator(file, cpu.New())
		if err != nil {
			t.Fatalf("parts %q, absolute %v: %v", c.parts, c.absolute, err)
		}
		field := func(own, change au.Vector) model.Output {
			o, err := gen.Field(context.Background(), tensor.Of(uniform(2, 16*16*3), 1, 16, 16, 3), own, change)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		sum := func(x []float32) (s float32) {
			for _, v := range x {
				s += max(v, -v)
			}
			return s
		}
		smile := au.Vector{8: 2}
		a, b, still := field(au.Vector{}, smile), field(au.Vector{3: 4}, smile), field(au.Vector{3: 4}, au.Vector{})
		for name, x := range map[string]struct {
			got  []float32
			want bool
		}{"warp": {a.Warp, c.warp}, "shade": {a.Shade, c.shade}, "mask": {a.Mask, c.mask},
			"still warp": {still.Warp, false}, "still shade": {still.Shade, false}, "still mask": {still.Mask, false}} {
			if s := sum(x.got); s != 0 != x.want {
				t.Errorf("parts %q, absolute %v: %s sums to %g, want something %v", c.parts, c.absolute, name, s, x.want)
			}
		}
		if other := sum(a.Warp) != sum(b.Warp); other != c.by {
			t.Errorf("parts %q, absolute %v: what the face shows matters: %v", c.parts, c.absolute, other)
		}
		gen.Close()
	}
}
