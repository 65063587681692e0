package device

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mien/shared/plan"
)

// CompileSplit compiles p so that what depends on none of the late inputs is
// computed again only when something that it does depend on has changed: the
// features of a photo stay while its sliders move. The results have the same
// bits as those of d.Compile(p) where the kernels' bits do not depend on what
// runs with them.
func CompileSplit(d Device, p *plan.Plan, late ...string) (Program, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	early, rest := p.Split(late...)
	if len(early.Steps) == 0 || len(rest.Steps) == 0 {
		return d.Compile(p)
	}
	s := &split{whole: p, earlyPlan: early, restPlan: rest, inputs: map[string][]float32{}, stale: true}
	var err error
	if s.early, err = d.Compile(early); err != nil {
		return nil, fmt.Errorf("part that is kept: %w", err)
	}
	if s.rest, err = d.Compile(rest); err != nil {
		return nil, errors.Join(fmt.Errorf("part that runs each time: %w", err), s.early.Close())
	}
	for _, o := range early.Outputs {
		if rest.Find(o.Name) >= 0 {
			s.between = append(s.between, passed{o.Name, make([]float32, early.Values[o.Value].Shape.Numel())})
		}
	}
	return s, nil
}

// split is a program in two parts.
type split struct {
	whole, earlyPlan, restPlan *plan.Plan
	early, rest                Program
	between                    []passed
	inputs                     map[string][]float32 // what early was given
	stale                      bool                 // early's results are not those of its inputs
}

// passed is a result of early that rest takes, and room for it.
type passed struct {
	name string
	data []float32
}

func (s *split) Write(name string, data []float32) error {
	v := s.whole.Find(name)
	if v < 0 || s.whole.Values[v].Role == plan.Const {
		return fmt.Errorf("write %q: no input or state of that name", name)
	}
	if n := s.whole.Values[v].Shape.Numel(); len(data) != n {
		return fmt.Errorf("write %q: %d elements, want %d", name, len(data), n)
	}
	if s.earlyPlan.Find(name) >= 0 {
		if kept, ok := s.inputs[name]; !ok || !slices.Equal(kept, data) {
			if err := s.early.Write(name, data); err != nil {
				return err
			}
			s.stale = true
			if s.whole.Values[v].Role == plan.Input {
				s.inputs[name] = append(kept[:0], data...)
			}
		}
	}
	if s.restPlan.Find(name) >= 0 {
		return s.rest.Write(name, data)
	}
	return nil
}

func (s *split) Read(name string, dst []float32) error {
	if s.whole.Output(name) < 0 {
		if v := s.whole.Find(name); v < 0 || s.whole.Values[v].Role != plan.State {
			return fmt.Errorf("read %q: no output or state of that name", name)
		}
	}
	if s.restPlan.Output(name) < 0 && (s.earlyPlan.Output(name) >= 0 || s.restPlan.Find(name) < 0) {
		return s.early.Read(name, dst)
	}
	return s.rest.Read(name, dst)
}

func (s *split) Run(ctx context.Context) error {
	if s.stale {
		if err := s.early.Run(ctx); err != nil {
			return err
		}
		for _, p := range s.between {
			if err := s.early.Read(p.name, p.data); err != nil {
				return err
			}
			if err := s.rest.Write(p.name, p.data); err != nil {
				return err
			}
		}
		s.stale = false
	}
	return s.rest.Run(ctx)
}

func (s *split) Bytes() int64 {
	n := s.early.Bytes() + s.rest.Bytes()
	for _, p := range s.between {
		n += 4 * int64(len(p.data))
	}
	for _, x := range s.inputs {
		n += 4 * int64(len(x))
	}
	return n
}

func (s *split) Close() error { return errors.Join(s.early.Close(), s.rest.Close()) }
