package train

import (
	"context"
	"fmt"
	"time"

	"mien/shared/device"
	"mien/shared/device/cpu"
)

// Drill is a training step on one batch of drawn faces, again and again: what
// benchmarks measure. Loading faces is not part of it.
type Drill struct {
	engine *engine
	in     map[string][]float32
	step   int
}

// NewDrill prepares the last phase of a preset without teacher and reader, on
// batch faces; 0 takes the preset's number.
func NewDrill(ctx context.Context, d device.Device, preset string, batch int) (*Drill, error) {
	p, err := Find(preset)
	if err != nil {
		return nil, err
	}
	if batch > 0 {
		p.Batch = batch
	}
	phase := p.Phases[len(p.Phases)-1]
	phase.Weights.Teacher, phase.Weights.Colour = 0, 0
	phase.Weights = phase.Weights.fieldless()
	p.CriticPerStep = 1
	source, err := openSource(ctx, Config{Data: "synth", TrainSize: 64, Seed: 1}, p.Size(), p.Labels)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w", preset, err)
	}
	if p.Fills() {
		if source, err = newMouths(ctx, source); err != nil {
			return nil, fmt.Errorf("drill %s: %w", preset, err)
		}
	}
	e, err := newEngine(d, p, phase, nil, 1, nil, nil)
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

// Times returns how long the parts of a step took so far, on a device that
// measures them; else nil.
func (d *Drill) Times() []cpu.StepTime {
	if t, ok := d.engine.full.program.(interface{ Times() []cpu.StepTime }); ok {
		return t.Times()
	}
	return nil
}

// Images is how many faces a step sees.
func (d *Drill) Images() int { return d.engine.preset.Batch }

// FLOPs counts a step's convolutions and products; see plan.Plan.FLOPs.
func (d *Drill) FLOPs() int64 { return d.engine.full.plan.FLOPs() }

// Encoding is, on a GPU, of how many kernel calls a step consists and how long
// the host takes to encode and submit them; zero on other devices.
func (d *Drill) Encoding() (dispatches int, took time.Duration) {
	p, ok := d.engine.full.program.(interface {
		Dispatches() int
		Encoding() time.Duration
	})
	if !ok {
		return 0, 0
	}
	return p.Dispatches(), p.Encoding()
}

// Close releases the step's memory.
func (d *Drill) Close() error { return d.engine.full.program.Close() }
