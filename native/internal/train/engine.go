package train

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"
	"sync"

	"mien/native/internal/net"
	"mien/shared/device"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// machine is a compiled training step.
type machine struct {
	program device.Program
	plan    *plan.Plan
	losses  []string // outputs in order, without "ok"
}

// engine runs the steps of one phase on a device.
type engine struct {
	preset Preset
	phase  Phase
	full   *machine
	critic *machine // an extra critic step of d_g_ratio; nil where there are none
	last   *machine // whose states are the newest
}

// newEngine builds and compiles a phase. States are taken from states where
// they are there and start fresh where not, from the weights in from if those
// are of the same network: a critic joins in a later phase.
func newEngine(d device.Device, p Preset, phase Phase, reader *net.Reader, seed uint64, states, from map[string][]float32) (*engine, error) {
	var s *step
	var err error
	switch {
	case p.IsReader():
		s, err = reading(p, seed)
	case p.Embeds():
		s, err = identity(p, seed)
	case p.Fills():
		s, err = mouth(p, phase, seed)
	default:
		s, err = gan(p, phase, reader, seed)
	}
	if err != nil {
		return nil, fmt.Errorf("build phase %q: %w", phase.Name, err)
	}
	if err := s.startFrom(from); err != nil {
		return nil, fmt.Errorf("build phase %q: %w", phase.Name, err)
	}
	e := &engine{preset: p, phase: phase}
	if e.full, err = compile(d, s); err != nil {
		return nil, fmt.Errorf("phase %q: %w", phase.Name, err)
	}
	e.last = e.full
	for _, i := range e.full.plan.Named(plan.State) {
		name := e.full.plan.Values[i].Name
		data, ok := states[name]
		if !ok {
			data, ok = s.starts[name]
		}
		if !ok {
			return nil, fmt.Errorf("build phase %q: state %q has no contents", phase.Name, name)
		}
		if err := e.full.program.Write(name, data); err != nil {
			return nil, fmt.Errorf("build phase %q: %w", phase.Name, err)
		}
	}
	if phase.Adversary == NoAdversary || p.CriticPerStep < 2 {
		return e, nil
	}
	if s, err = critique(p, phase, seed); err != nil {
		return nil, fmt.Errorf("build phase %q: %w", phase.Name, err)
	}
	if e.critic, err = compile(d, s); err != nil {
		return nil, fmt.Errorf("phase %q: critic's step: %w", phase.Name, err)
	}
	return e, nil
}

func compile(d device.Device, s *step) (*machine, error) {
	p, err := s.finish()
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	m := &machine{plan: p}
	if m.program, err = d.Compile(p); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	for _, o := range p.Outputs {
		if o.Name != "ok" {
			m.losses = append(m.losses, o.Name)
		}
	}
	sort.Strings(m.losses)
	return m, nil
}

// wants lists the inputs of the plan with their sizes.
func (m *machine) wants() map[string]int {
	w := map[string]int{}
	for _, i := range m.plan.Named(plan.Input) {
		w[m.plan.Values[i].Name] = m.plan.Values[i].Shape.Numel()
	}
	return w
}

// adopt copies the states of from that m has too.
func (m *machine) adopt(from *machine) error {
	var buf []float32
	for _, i := range m.plan.Named(plan.State) {
		v := m.plan.Values[i]
		if j := from.plan.Find(v.Name); j < 0 || from.plan.Values[j].Role != plan.State {
			continue
		}
		n := v.Shape.Numel()
		if cap(buf) < n {
			buf = make([]float32, n)
		}
		if err := from.program.Read(v.Name, buf[:n]); err != nil {
			return err
		}
		if err := m.program.Write(v.Name, buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// onlyCritic reports whether step t moves the critic alone: with n critic steps
// a generator step, all but the n-th.
func (e *engine) onlyCritic(t int) bool { return e.critic != nil && (t+1)%e.ratio() != 0 }

// machine returns what runs step t.
func (e *engine) machine(t int) *machine {
	if e.onlyCritic(t) {
		return e.critic
	}
	return e.full
}

// turn makes m the machine with the newest states.
func (e *engine) turn(m *machine) error {
	if e.last == m {
		return nil
	}
	if err := m.adopt(e.last); err != nil {
		return err
	}
	e.last = m
	return nil
}

// close releases the machines.
func (e *engine) close() {
	e.full.program.Close()
	if e.critic != nil {
		e.critic.program.Close()
	}
}

// errNotFinite says that a step's losses or gradients were NaN or infinite, or
// a loss beyond absurd; the step changed nothing.
var errNotFinite = fmt.Errorf("losses or gradients are not finite, or beyond %g", float64(absurd))

// run executes step number t (from 0) at the given rate and returns its
// losses.
func (e *engine) run(ctx context.Context, t int, rate float64, in map[string][]float32) (map[string]float64, error) {
	p, m := e.preset, e.machine(t)
	hyper := p.hyper(rate, t+1)
	if err := e.turn(m); err != nil {
		return nil, fmt.Errorf("step %d: %w", t, err)
	}
	rates := map[string][]float32{
		"gen.hyper": p.hyper(rate, (t+1)/e.ratio()), "critic.hyper": hyper, "reader.hyper": hyper, "embedder.hyper": hyper, "people.hyper": hyper,
		"gen.momentum": {.9}, "reader.momentum": {.9}, "embedder.momentum": {.9},
		"critic.momentum": {0}, // the power iteration's vector is replaced
		// A young average follows fast, an old one slowly.
		"decay": {float32(min(.999, float64(t+1)/float64(t+20)))},
	}
	for name := range m.wants() {
		data, ok := in[name]
		if r, isRate := rates[name]; isRate {
			data, ok = r, true
		}
		if !ok {
			return nil, fmt.Errorf("step %d: input %q has no contents", t, name)
		}
		if err := m.program.Write(name, data); err != nil {
			return nil, fmt.Errorf("step %d: %w", t, err)
		}
	}
	if err := m.program.Run(ctx); err != nil {
		return nil, fmt.Errorf("step %d: %w", t, err)
	}
	losses := map[string]float64{}
	var v [1]float32
	for _, name := range m.losses {
		if err := m.program.Read(name, v[:]); err != nil {
			return nil, fmt.Errorf("step %d: %w", t, err)
		}
		losses[name] = float64(v[0])
	}
	if err := m.program.Read("ok", v[:]); err != nil {
		return nil, fmt.Errorf("step %d: %w", t, err)
	}
	if v[0] == 0 {
		return losses, fmt.Errorf("step %d: %w", t, errNotFinite)
	}
	if bound := adversaries[e.phase.Adversary].clip; bound > 0 {
		return losses, m.clip("critic.", bound)
	}
	return losses, nil
}

// hyper are Adam's numbers at a network's n-th update.
func (p Preset) hyper(rate float64, n int) []float32 {
	return []float32{float32(rate), float32(1 - math.Pow(p.Beta1, float64(n))), float32(1 - math.Pow(p.Beta2, float64(n))), 0}
}

// ratio is how many steps there are to each update of the generator.
func (e *engine) ratio() int {
	if e.critic == nil {
		return 1
	}
	return e.preset.CriticPerStep
}

// clip brings the states whose names start with prefix into -bound to bound.
// It is done here and not in the plan, where a state has one writer, Adam.
func (m *machine) clip(prefix string, bound float32) error {
	for _, i := range m.plan.Named(plan.State) {
		v := m.plan.Values[i]
		if !strings.HasPrefix(v.Name, prefix) {
			continue
		}
		data := make([]float32, v.Shape.Numel())
		if err := m.program.Read(v.Name, data); err != nil {
			return err
		}
		for i, x := range data {
			data[i] = min(max(x, -bound), bound)
		}
		if err := m.program.Write(v.Name, data); err != nil {
			return err
		}
	}
	return nil
}

// stateNames lists the states of the phase.
func (e *engine) stateNames() []string {
	var names []string
	for _, i := range e.full.plan.Named(plan.State) {
		names = append(names, e.full.plan.Values[i].Name)
	}
	return names
}

// states copies every state out of the program into dst, keeping what dst has
// of other phases.
func (e *engine) states(dst map[string][]float32) error {
	if err := e.turn(e.full); err != nil {
		return err
	}
	for _, i := range e.full.plan.Named(plan.State) {
		v := e.full.plan.Values[i]
		if len(dst[v.Name]) != v.Shape.Numel() {
			dst[v.Name] = tensor.Floats(v.Shape.Numel())
		}
		if err := e.full.program.Read(v.Name, dst[v.Name]); err != nil {
			return err
		}
	}
	return nil
}

// rate is the learning rate of step t of steps: a short warm-up, then flat,
// then a fall to a twentieth over the last 30%; for plain presets always base.
func (p Preset) rate(base float64, t, steps int) float64 {
	if p.Plain {
		return base
	}
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
