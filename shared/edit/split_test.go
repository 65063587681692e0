package edit

import (
	"context"
	"errors"
	"math"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
	"mien/weights"
)

// shippedGenerator is the generator in weights, and its file.
func shippedGenerator(t *testing.T) (*model.File, *model.Generator) {
	t.Helper()
	b, err := weights.Shipped(model.KindGenerator)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	g, err := model.LoadGenerator(f, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	return f, g
}

// TestSplitGeneratorHasTheSameBits holds the page to what a plan computes as a
// whole: the shipped generator, whose features of a photo are kept while only
// the change moves.
func TestSplitGeneratorHasTheSameBits(t *testing.T) {
	f, g := shippedGenerator(t)
	p, err := f.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if early, rest := p.Split("change"); len(early.Steps) < 20 || len(rest.Steps) < 20 {
		t.Fatalf("%d steps are kept, %d run each time", len(early.Steps), len(rest.Steps))
	}
	whole, err := cpu.New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Named(plan.State) {
		if err := whole.Write(p.Values[i].Name, f.Tensors[p.Values[i].Name].Data); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	for run := range uint64(4) {
		r := tensor.NewRand(run/2, 9, 0, 0) // each photo twice
		photo := tensor.New(1, g.Size(), g.Size(), 3)
		for i := range photo.Data {
			photo.Data[i] = r.Range(-1, 1)
		}
		change := au.Vector{8: float32(run), 3: -1.5}
		got, err := g.Field(ctx, photo, au.Vector{}, change)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(whole.Write("photo", photo.Data), whole.Write("change", change[:]), whole.Run(ctx)); err != nil {
			t.Fatal(err)
		}
		for name, x := range map[string][]float32{"warp": got.Warp, "shade": got.Shade, "mask": got.Mask, "colour": got.Colour} {
			want := make([]float32, len(x))
			if err := whole.Read(name, want); err != nil {
				t.Fatal(err)
			}
			for i := range x {
				if math.Float32bits(x[i]) != math.Float32bits(want[i]) {
					t.Fatalf("run %d: %s element %d is %g, %g as a whole", run, name, i, x[i], want[i])
				}
			}
		}
	}
}
