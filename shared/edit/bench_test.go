package edit

import (
	"context"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
	"mien/weights"
)

// BenchmarkFrame reports ms a frame of the shipped generator; under Node also with
// the page's kernels (tools/wasmtest).
func BenchmarkFrame(b *testing.B) {
	file, err := weights.Shipped(model.KindGenerator)
	if err != nil {
		b.Fatal(err)
	}
	f, err := model.Decode(file)
	if err != nil {
		b.Fatal(err)
	}
	g, err := model.LoadGenerator(f, cpu.New())
	if err != nil {
		b.Fatal(err)
	}
	photo := tensor.New(1, g.Size(), g.Size(), 3)
	for b.Loop() {
		if _, err := g.Field(context.Background(), photo, au.Vector{}, au.Vector{8: 3}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/frame")
}
