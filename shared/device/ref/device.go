package ref

import (
	"context"
	"fmt"

	"mien/shared/device"
	"mien/shared/plan"
)

// Device runs plans by Eval; everything between Write and Read stays float64.
type Device struct{}

// New returns the reference device.
func New() Device { return Device{} }

// Name is "ref".
func (Device) Name() string { return "ref" }

// Compile checks p and keeps it; the caller must not change it afterwards.
func (Device) Compile(p *plan.Plan) (device.Program, error) { return compile(p) }

type program struct {
	plan   *plan.Plan
	values []Array
}

func compile(p *plan.Plan) (*program, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	r := &program{plan: p, values: make([]Array, len(p.Values))}
	for i, v := range p.Values {
		r.values[i] = zeros(v.Shape)
		for j, x := range v.Data {
			r.values[i].Data[j] = float64(x)
		}
	}
	return r, nil
}

func (r *program) Write(name string, data []float32) error {
	i := r.plan.Find(name)
	if i < 0 || r.plan.Values[i].Role == plan.Const {
		return fmt.Errorf("write %q: no input or state of that name", name)
	}
	dst := r.values[i].Data
	if len(data) != len(dst) {
		return fmt.Errorf("write %q: %d elements, want %d", name, len(data), len(dst))
	}
	for j, x := range data {
		dst[j] = float64(x)
	}
	return nil
}

func (r *program) Read(name string, dst []float32) error {
	i := r.plan.Output(name)
	if i < 0 {
		if i = r.plan.Find(name); i < 0 || r.plan.Values[i].Role != plan.State {
			return fmt.Errorf("read %q: no output or state of that name", name)
		}
	}
	src := r.values[i].Data
	if len(dst) != len(src) {
		return fmt.Errorf("read %q: room for %d elements, want %d", name, len(dst), len(src))
	}
	for j, x := range src {
		dst[j] = float32(x)
	}
	return nil
}

func (r *program) Run(ctx context.Context) error {
	for _, s := range r.plan.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		in := make([]Array, len(s.In))
		for i, v := range s.In {
			in[i] = r.values[v]
		}
		out, err := Eval(s.Kind, s.Ints, s.Floats, in)
		if err != nil {
			return err
		}
		for i, v := range s.Out {
			r.values[v] = out[i]
		}
	}
	return nil
}

func (r *program) Bytes() int64 {
	var n int64
	for _, a := range r.values {
		n += 8 * int64(len(a.Data))
	}
	return n
}

func (r *program) Close() error {
	r.values = nil
	return nil
}

// Exec runs p once in float64. values holds the contents of inputs and states
// by name; what is not in it is zero. The result holds every output and the
// final contents of every state by name, sharing nothing with values. It is
// meant for finite differences, which float32 is too coarse for.
func Exec(p *plan.Plan, values map[string][]float64) (map[string][]float64, error) {
	r, err := compile(p)
	if err != nil {
		return nil, err
	}
	for name, data := range values {
		i := p.Find(name)
		if i < 0 || p.Values[i].Role == plan.Const {
			return nil, fmt.Errorf("write %q: no input or state of that name", name)
		}
		if len(data) != len(r.values[i].Data) {
			return nil, fmt.Errorf("write %q: %d elements, want %d", name, len(data), len(r.values[i].Data))
		}
		copy(r.values[i].Data, data)
	}
	if err := r.Run(context.Background()); err != nil {
		return nil, err
	}
	out := map[string][]float64{}
	for _, i := range p.Named(plan.State) {
		out[p.Values[i].Name] = r.values[i].Data
	}
	for _, o := range p.Outputs {
		out[o.Name] = r.values[o.Value].Data
	}
	return out, nil
}
