package train

import (
	"context"
	"testing"

	"mien/shared/device/cpu"
)

// BenchmarkTrain reports images/s of each phase of tiny, data included.
func BenchmarkTrain(b *testing.B) {
	p, err := Find("tiny")
	if err != nil {
		b.Fatal(err)
	}
	source, err := openSource(context.Background(), Config{Data: "synth", TrainSize: 256}, p.Size(), p.Labels)
	if err != nil {
		b.Fatal(err)
	}
	for _, phase := range p.Phases {
		phase.Weights.Teacher = 0
		b.Run(phase.Name, func(b *testing.B) {
			e, err := newEngine(cpu.New(), p, phase, nil, 1, nil, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer e.full.program.Close()
			f := &feed{preset: p, picker: newPicker(source, 1, p), wants: e.full.wants()}
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
