package train

import (
	"context"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
	"mien/weights"
)

// BenchmarkTrain reports images/s of each phase of tiny, data included.
func BenchmarkTrain(b *testing.B) {
	p, err := Find("tiny")
	if err != nil {
		b.Fatal(err)
	}
	source, err := openSource(context.Background(), Config{Data: "synth", TrainSize: 256}, p.Size())
	if err != nil {
		b.Fatal(err)
	}
	for _, phase := range p.Phases {
		phase.Weights.Teacher = 0
		b.Run(phase.Name, func(b *testing.B) {
			e, err := newEngine(cpu.New(), p, phase, nil, 1, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer e.full.program.Close()
			f := &feed{preset: p, picker: newPicker(source, 1), wants: e.full.wants()}
			step := 0
			for b.Loop() {
				in, err := f.inputs(step)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := e.run(context.Background(), step, 1e-4, in); err != nil {
					b.Fatal(err)
				}
				step++
			}
			b.ReportMetric(float64(step*p.Batch)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// BenchmarkFrame reports ms a frame of the shipped generator, natively.
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
		if _, err := g.Field(context.Background(), photo, au.Vector{8: 3}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/frame")
}
