package train

import (
	"context"
	"fmt"

	"mien/shared/device"
)

// Drill is a training step on one batch of drawn faces, again and again: what
// benchmarks measure. Loading faces is not part of it.
type Drill struct {
	engine *engine
	in     map[string][]float32
	step   int
}

// NewDrill prepares the last phase of a preset without teacher and reader.
func NewDrill(ctx context.Context, d device.Device, preset string) (*Drill, error) {
	p, err := Find(preset)
	if err != nil {
		return nil, err
	}
	phase := p.Phases[len(p.Phases)-1]
	phase.Weights.Teacher, phase.Weights.Colour = 0, 0
	p.CriticPerStep = 1
	source, err := openSource(ctx, Config{Data: "synth", TrainSize: 64, Seed: 1}, p.Size(), p.Labels)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w", preset, err)
	}
	e, err := newEngine(d, p, phase, nil, 1, nil)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w", preset, err)
	}
	f := &feed{preset: p, picker: newPicker(source, 1, p), wants: e.full.wants()}
	in, err := f.inputs(0)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w", preset, err)
	}
	return &Drill{engine: e, in: in}, nil
}

// Run takes one step, optimiser included.
func (d *Drill) Run(ctx context.Context) error {
	_, err := d.engine.run(ctx, d.step, 1e-4, d.in)
	d.step++
	return err
}

// Images is how many faces a step sees.
func (d *Drill) Images() int { return d.engine.preset.Batch }

// FLOPs counts a step's convolutions and products; see plan.Plan.FLOPs.
func (d *Drill) FLOPs() int64 { return d.engine.full.plan.FLOPs() }

// Close releases the step's memory.
func (d *Drill) Close() error { return d.engine.full.program.Close() }
