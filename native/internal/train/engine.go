package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"sync"

	"mien/native/internal/net"
	"mien/shared/device"
	"mien/shared/plan"
)

// engine runs the steps of one phase on a device.
type engine struct {
	preset  Preset
	phase   Phase
	program device.Program
	plan    *plan.Plan
	losses  []string // outputs in order, without "ok"
}

// newEngine builds and compiles a phase. States are taken from states where
// they are there and start fresh where not: a critic joins in a later phase.
func newEngine(d device.Device, p Preset, phase Phase, reader *net.Reader, seed uint64, states map[string][]float32) (*engine, error) {
	var s *step
	var err error
	if p.IsReader() {
		s, err = reading(p, seed)
	} else {
		s, err = gan(p, phase, reader, seed)
	}
	if err != nil {
		return nil, fmt.Errorf("build phase %q: %w", phase.Name, err)
	}
	e := &engine{preset: p, phase: phase}
	if e.plan, err = s.finish(); err != nil {
		return nil, fmt.Errorf("build phase %q: %w", phase.Name, err)
	}
	if e.program, err = d.Compile(e.plan); err != nil {
		return nil, fmt.Errorf("compile phase %q: %w", phase.Name, err)
	}
	for _, i := range e.plan.Named(plan.State) {
		name := e.plan.Values[i].Name
		data, ok := states[name]
		if !ok {
			data, ok = s.starts[name]
		}
		if !ok {
			return nil, fmt.Errorf("build phase %q: state %q has no contents", phase.Name, name)
		}
		if err := e.program.Write(name, data); err != nil {
			return nil, fmt.Errorf("build phase %q: %w", phase.Name, err)
		}
	}
	for _, o := range e.plan.Outputs {
		if o.Name != "ok" {
			e.losses = append(e.losses, o.Name)
		}
	}
	sort.Strings(e.losses)
	return e, nil
}

// wants lists the inputs of the plan with their sizes.
func (e *engine) wants() map[string]int {
	w := map[string]int{}
	for _, i := range e.plan.Named(plan.Input) {
		w[e.plan.Values[i].Name] = e.plan.Values[i].Shape.Numel()
	}
	return w
}

// errNotFinite says that a step's losses or gradients were NaN or infinite;
// the step changed nothing.
var errNotFinite = errors.New("losses or gradients are not finite")

// run executes step number t (from 0) at the given rate and returns its
// losses.
func (e *engine) run(ctx context.Context, t int, rate float64, in map[string][]float32) (map[string]float64, error) {
	p := e.preset
	hyper := []float32{float32(rate), float32(1 - math.Pow(p.Beta1, float64(t+1))), float32(1 - math.Pow(p.Beta2, float64(t+1))), 0}
	generate := float32(1)
	if n := p.CriticPerStep; n > 1 && e.phase.Adversary != NoAdversary && (t+1)%n != 0 {
		generate = 0
	}
	rates := map[string][]float32{
		"gen.hyper": hyper, "critic.hyper": hyper, "reader.hyper": hyper,
		"gen.momentum": {.9}, "reader.momentum": {.9},
		"critic.momentum": {0}, // the power iteration's vector is replaced
		// A young average follows fast, an old one slowly.
		"decay":    {float32(min(.999, float64(t+1)/float64(t+20)))},
		"generate": {generate},
	}
	for name := range e.wants() {
		data, ok := in[name]
		if r, isRate := rates[name]; isRate {
			data, ok = r, true
		}
		if !ok {
			return nil, fmt.Errorf("step %d: input %q has no contents", t, name)
		}
		if err := e.program.Write(name, data); err != nil {
			return nil, fmt.Errorf("step %d: %w", t, err)
		}
	}
	if err := e.program.Run(ctx); err != nil {
		return nil, fmt.Errorf("step %d: %w", t, err)
	}
	losses := map[string]float64{}
	var v [1]float32
	for _, name := range e.losses {
		if err := e.program.Read(name, v[:]); err != nil {
			return nil, fmt.Errorf("step %d: %w", t, err)
		}
		losses[name] = float64(v[0])
	}
	if err := e.program.Read("ok", v[:]); err != nil {
		return nil, fmt.Errorf("step %d: %w", t, err)
	}
	if v[0] == 0 {
		return losses, fmt.Errorf("step %d: %w", t, errNotFinite)
	}
	return losses, nil
}

// states copies every state out of the program into dst, keeping what dst has
// of other phases.
func (e *engine) states(dst map[string][]float32) error {
	for _, i := range e.plan.Named(plan.State) {
		v := e.plan.Values[i]
		if len(dst[v.Name]) != v.Shape.Numel() {
			dst[v.Name] = make([]float32, v.Shape.Numel())
		}
		if err := e.program.Read(v.Name, dst[v.Name]); err != nil {
			return err
		}
	}
	return nil
}

// rate is the learning rate of step t of steps: a short warm-up, then flat,
// then a fall to a twentieth over the last 30%.
func rate(base float64, t, steps int) float64 {
	r := base * min(1, float64(t+1)/100)
	if left := float64(steps-t) / float64(steps); left < .3 {
		r *= max(.05, left/.3)
	}
	return r
}

// each calls f for 0 to n-1, at once, and waits.
func each(n int, f func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { f(i) })
	}
	wait.Wait()
}
