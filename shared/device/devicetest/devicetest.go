// Package devicetest holds what every device must pass: each operation against
// the reference, and whole plans over several runs.
package devicetest

import (
	"context"
	"fmt"
	"math"
	"testing"

	"mien/shared/device"
	"mien/shared/device/ref"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Run tests d against the reference: every case, some plans of several steps,
// and what a program must refuse.
func Run(t *testing.T, d device.Device) { RunSome(t, d, chains) }

// RunSome is Run with n random chains: a device that compiles a kernel for each
// form of chain takes a second for one.
func RunSome(t *testing.T, d device.Device, n int) {
	t.Logf("device: %s", d.Name())
	t.Run("cases", func(t *testing.T) {
		for i, c := range Cases {
			if err := c.Check(d, uint64(i)); err != nil {
				t.Errorf("%v: %v", c, err)
			}
		}
	})
	t.Run("plans", func(t *testing.T) { runPlans(t, d) })
	t.Run("blaze", func(t *testing.T) { runBlaze(t, d) })
	t.Run("chains", func(t *testing.T) { runChains(t, d, n) })
	t.Run("guards", func(t *testing.T) { runGuards(t, d) })
}

// Plan returns the case as a plan of one step and random contents of its
// inputs and states. The outputs are called y0, y1 and so on.
func (c Case) Plan(seed uint64) (*plan.Plan, map[string][]float32, error) {
	p := &plan.Plan{Version: plan.Version}
	outShapes, err := plan.OutShapes(c.Kind, c.Ints, c.Floats, c.In)
	if err != nil {
		return nil, nil, err
	}
	s := plan.Step{Kind: c.Kind, Ints: c.Ints, Floats: c.Floats}
	writes := c.Kind.Writes()
	values := map[string][]float32{}
	var in [][]float32
	for i, shape := range c.In {
		v := plan.Value{Name: fmt.Sprint("x", i), Role: plan.Input, Shape: shape}
		for _, w := range writes {
			if w == i {
				v.Role = plan.State
			}
		}
		s.In = append(s.In, i)
		p.Values = append(p.Values, v)
		from := c.From
		if from == [2]float32{} {
			from = [2]float32{-2, 2}
		}
		in = append(in, random(seed, uint64(i), shape.Numel(), from))
	}
	if c.Fix != nil {
		c.Fix(in)
	}
	for i, v := range p.Values {
		values[v.Name] = in[i]
	}
	for i, shape := range outShapes {
		v := len(p.Values)
		if writes != nil {
			v = writes[i]
		} else {
			p.Values = append(p.Values, plan.Value{Role: plan.Temp, Shape: shape})
		}
		s.Out = append(s.Out, v)
		p.Outputs = append(p.Outputs, plan.Output{Name: fmt.Sprint("y", i), Value: v})
	}
	p.Steps = []plan.Step{s}
	return p, values, nil
}

func random(seed, sample uint64, n int, from [2]float32) []float32 {
	r := tensor.NewRand(seed, 1, 0, sample)
	x := make([]float32, n)
	for i := range x {
		x[i] = from[0] + (from[1]-from[0])*r.Float32()
		if from[1] > 1e38 { // the range itself is not finite
			x[i] = from[1] * (2*r.Float32() - 1)
		}
	}
	return x
}

// terms is how many products or summands go into one element of the result.
func (c Case) terms(out tensor.Shape) float64 {
	in := float64(c.In[0].Numel())
	switch c.Kind {
	case plan.Conv:
		return float64(c.In[1].Numel() / c.In[1][3])
	case plan.Depthwise:
		return float64(c.In[1].Numel() / c.In[1][2])
	case plan.ConvInput:
		return float64(c.In[1].Numel() / c.In[1][2])
	case plan.ConvWeight:
		return float64(c.In[1].Numel() / c.In[1][3])
	case plan.MatMul:
		return float64(c.In[0][1-c.Ints[0]])
	case plan.SumTo, plan.SumPool:
		return in / float64(out.Numel())
	}
	return 1
}

// Check runs the case twice on d and compares the results with the reference.
func (c Case) Check(d device.Device, seed uint64) error {
	p, values, err := c.Plan(seed)
	if err != nil {
		return err
	}
	wide := map[string][]float64{}
	for name, x := range values {
		wide[name] = widen(x)
	}
	want, err := ref.Exec(p, wide)
	if err != nil {
		return fmt.Errorf("reference: %w", err)
	}
	program, err := start(d, p, values)
	if err != nil {
		return err
	}
	defer program.Close()
	// The second run meets memory that the first one filled; a state's result
	// would differ, so that those start anew.
	for range 2 {
		for name, x := range values {
			if err := program.Write(name, x); err != nil {
				return err
			}
		}
		if err := program.Run(context.Background()); err != nil {
			return err
		}
		for _, o := range p.Outputs {
			shape := p.Values[o.Value].Shape
			if err := compare(program, o.Name, want[o.Name], c.Tolerance*math.Sqrt(c.terms(shape))); err != nil {
				return err
			}
		}
	}
	return nil
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// start compiles p and writes its values.
func start(d device.Device, p *plan.Plan, values map[string][]float32) (device.Program, error) {
	program, err := d.Compile(p)
	if err != nil {
		return nil, err
	}
	for name, x := range values {
		if err := program.Write(name, x); err != nil {
			return nil, err
		}
	}
	return program, nil
}

// compare reads the value called name into a buffer with guards around it and
// compares it with want.
func compare(p device.Program, name string, want []float64, tolerance float64) error {
	const guard = 12345.5
	buffer := make([]float32, len(want)+2)
	for i := range buffer {
		buffer[i] = guard
	}
	if err := p.Read(name, buffer[1:len(want)+1]); err != nil {
		return err
	}
	if buffer[0] != guard || buffer[len(want)+1] != guard {
		return fmt.Errorf("%s: read wrote outside its destination", name)
	}
	for i, w := range want {
		got := float64(buffer[i+1])
		if math.IsNaN(w) && math.IsNaN(got) || float32(w) == buffer[i+1] {
			continue
		}
		if e := math.Abs(got-w) / max(1, math.Abs(w)); !(e <= tolerance) {
			return fmt.Errorf("%s: element %d of %d is %g, want %g: error %.2g, at most %.2g allowed", name, i, len(want), got, w, e, tolerance)
		}
	}
	return nil
}
