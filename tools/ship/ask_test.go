package main

import (
	"context"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
	"mien/weights"
)

// shipped is the file of that kind in weights.
func shipped(t *testing.T, kind string) *model.File {
	t.Helper()
	b, err := weights.Shipped(kind)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestAsk holds the shipped generator, asked for more of AU12, to itself
// under the larger change, as far as the gate, which sees what was asked, lets it.
func TestAsk(t *testing.T) {
	only := func(x float32) (v au.Vector) { v[au.Index("12")] = x; return v }
	warp := func(factor, change float32) []float32 {
		f := shipped(t, model.KindGenerator)
		if err := ask(f, only(factor)); err != nil {
			t.Fatal(err)
		}
		g, err := model.LoadGenerator(f, cpu.New())
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		photo := tensor.New(1, g.Size(), g.Size(), 3)
		for i := range photo.Data {
			photo.Data[i] = float32(i%97)/48 - 1
		}
		o, err := g.Field(context.Background(), photo, au.Vector{}, only(change))
		if err != nil {
			t.Fatal(err)
		}
		return append([]float32(nil), o.Warp...)
	}
	apart := func(a, b []float32) (d float64) {
		for i := range a {
			d += float64(max(a[i]-b[i], b[i]-a[i]))
		}
		return d
	}
	asked, more, less := warp(1.5, 2), warp(0, 3), warp(0, 2)
	if d, whole := apart(asked, more), apart(less, more); d > .15*whole {
		t.Errorf("2 asked 1.5 fold is %g away from 3, 2 as it is %g", d, whole)
	}
	f := shipped(t, model.KindGenerator)
	if d, whole := apart(warp(.7, 3), warp(0, 2.1)), apart(warp(0, 2.1), more); d > .15*whole {
		t.Errorf("3 asked .7 fold is %g away from 2.1, 3 as it is %g", d, whole)
	}
	if ask(f, only(2)) == nil || ask(f, only(.5)) == nil {
		t.Error("a factor out of range is taken")
	}
	delete(f.Tensors, told)
	if ask(f, only(1.2)) == nil {
		t.Error("a file without the weight is taken")
	}
}
