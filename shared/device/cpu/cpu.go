// Package cpu runs plans on the processor. Every step, or group of steps that
// share their passes over memory, is a closure over slices of one arena, made in
// Compile; Run allocates nothing. Work is split by
// outputs and by fixed block sizes, so that results have the same bits for
// every GOMAXPROCS.
package cpu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mien/shared/device"
	"mien/shared/device/cpu/kernel"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Device compiles plans for the processor.
type Device struct{ times bool }

// Option changes what New returns.
type Option func(*Device)

// WithTimes makes programs measure each step; they then have the method
// Times() []StepTime.
func WithTimes(d *Device) { d.times = true }

// New returns the processor as a device.
func New(options ...Option) device.Device {
	d := &Device{}
	for _, o := range options {
		o(d)
	}
	return d
}

// Name is "cpu" and the variant of the kernels that run.
func (d *Device) Name() string { return "cpu " + kernel.Variant() }

// StepTime says how long one step, or group of steps, took over all runs so far.
type StepTime struct {
	Kinds       []plan.Kind  // what runs together, in order
	Shape       tensor.Shape // of the first one's output
	FLOPs       int64        // see plan.Plan.FLOPs
	Nanoseconds int64
}

// Compile checks p and allocates its memory. The contents of constants stay
// the plan's: they must not change while the program lives.
func (d *Device) Compile(p *plan.Plan) (device.Program, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	p = foldPads(p.Simplify())
	schedule := p.Schedule()
	layout := schedule.Layout
	c := &program{plan: p, values: make([][]float32, len(p.Values)), pool: newPool()}
	c.kernels = kernel.NewWorkspace(c.pool.run)
	c.bytes = 4 * int64(layout.Size)
	arena := tensor.Floats(layout.Size)
	for i, v := range p.Values {
		n := v.Shape.Numel()
		switch {
		case v.Role == plan.Const:
			c.values[i] = v.Data
		case v.Role != plan.Temp:
			c.values[i] = tensor.Floats(n)
			c.bytes += 4 * int64(n)
		case layout.Offset[i] >= 0:
			at := layout.Offset[i]
			c.values[i] = arena[at : at+n : at+n]
		}
	}
	for _, g := range schedule.Groups {
		if g.Shape != nil {
			c.steps = append(c.steps, c.fuse(g))
			continue
		}
		s := p.Steps[g.Steps[0]]
		compile, ok := compilers[s.Kind]
		if !ok {
			return nil, fmt.Errorf("step %d: %s: this device has no such kind", g.Steps[0], s.Kind)
		}
		c.steps = append(c.steps, compile(c.operands(s)))
	}
	for k, g := range schedule.Groups {
		for _, i := range g.Steps {
			c.steps[k] = c.packs.thenChanged(c.steps[k], p.Steps[i].Out)
		}
	}
	c.scratch = tensor.Floats(c.scratchSize)
	c.kernels.Allocate()
	c.bytes += c.packs.bytes + 4*int64(c.scratchSize) + c.kernels.Bytes() + c.desks.allocate()
	if !d.times {
		return c, nil
	}
	t := &timed{program: c, times: make([]StepTime, len(schedule.Groups))}
	for k, g := range schedule.Groups {
		s := &t.times[k]
		s.Shape = p.Values[p.Steps[g.Steps[0]].Out[0]].Shape
		for _, i := range g.Steps {
			s.Kinds = append(s.Kinds, p.Steps[i].Kind)
			s.FLOPs += p.StepFLOPs(i)
		}
	}
	c.clock = func(i int, took time.Duration) { t.times[i].Nanoseconds += took.Nanoseconds() }
	return t, nil
}

// program is a compiled plan.
type program struct {
	plan        *plan.Plan
	values      [][]float32 // per value of the plan; temporaries lie in the arena, those that no pass leaves behind are nil
	steps       []func()
	pool        *pool
	scratch     []float32 // used by one step at a time
	scratchSize int
	desks       desks
	packs       packs
	bytes       int64
	kernels     *kernel.Workspace
	execution   int                                // how many there were
	writes      int                                // of states by the host, counted
	clock       func(step int, took time.Duration) // nil unless steps are timed
}

// timed is a program that measures its steps.
type timed struct {
	*program
	times []StepTime
}

// Times returns how long each step or group took since Compile, in their order.
func (t *timed) Times() []StepTime { return append([]StepTime(nil), t.times...) }

// operands is a step with its memory: what a compiler turns into a closure.
type operands struct {
	values              []int // of in, in the plan
	in, out             [][]float32
	inShapes, outShapes []tensor.Shape
	ints                []int
	floats              []float64
	pool                *pool
	program             *program
}

// reserve says that the step needs n floats of scratch, found in
// program.scratch when it runs.
func (o *operands) reserve(n int) { o.program.scratchSize = max(o.program.scratchSize, n) }

// changes counts the changes of value v for who keeps something made of it; nil
// where the program itself may change it.
func (c *program) changes(v int) *int {
	switch c.plan.Values[v].Role {
	case plan.Const:
		return &c.writes
	case plan.State:
	default:
		return nil
	}
	for _, s := range c.plan.Steps {
		if s.Kind.Writes() != nil && slices.Contains(s.Out, v) {
			return nil
		}
	}
	return &c.writes
}

func (c *program) operands(s plan.Step) *operands {
	o := &operands{values: s.In, ints: s.Ints, floats: s.Floats, pool: c.pool, program: c}
	for _, v := range s.In {
		o.in, o.inShapes = append(o.in, c.values[v]), append(o.inShapes, c.plan.Values[v].Shape)
	}
	for _, v := range s.Out {
		o.out, o.outShapes = append(o.out, c.values[v]), append(o.outShapes, c.plan.Values[v].Shape)
	}
	return o
}

var errClosed = errors.New("program is closed")

func (c *program) Write(name string, data []float32) error {
	if c.values == nil {
		return fmt.Errorf("write %q: %w", name, errClosed)
	}
	i := c.plan.Find(name)
	if i < 0 || c.plan.Values[i].Role == plan.Const {
		return fmt.Errorf("write %q: no input or state of that name", name)
	}
	if len(data) != len(c.values[i]) {
		return fmt.Errorf("write %q: %d elements, want %d", name, len(data), len(c.values[i]))
	}
	copy(c.values[i], data)
	if c.plan.Values[i].Role == plan.State {
		c.writes++
	}
	c.packs.changed(i)
	return nil
}

func (c *program) Read(name string, dst []float32) error {
	if c.values == nil {
		return fmt.Errorf("read %q: %w", name, errClosed)
	}
	i := c.plan.Output(name)
	if i < 0 {
		if i = c.plan.Find(name); i < 0 || c.plan.Values[i].Role != plan.State {
			return fmt.Errorf("read %q: no output or state of that name", name)
		}
	}
	if len(dst) != len(c.values[i]) {
		return fmt.Errorf("read %q: room for %d elements, want %d", name, len(dst), len(c.values[i]))
	}
	copy(dst, c.values[i])
	return nil
}

func (c *program) Run(ctx context.Context) error {
	if c.values == nil {
		return fmt.Errorf("run: %w", errClosed)
	}
	c.execution++
	for i, step := range c.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.clock == nil {
			step()
			continue
		}
		start := time.Now()
		step()
		c.clock(i, time.Since(start))
	}
	return nil
}

func (c *program) Bytes() int64 { return c.bytes }

func (c *program) Close() error {
	c.values, c.steps, c.scratch, c.kernels, c.bytes = nil, nil, nil, nil, 0
	c.desks, c.packs = desks{}, packs{}
	return nil
}
