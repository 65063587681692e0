package plan

import (
	"errors"
	"fmt"
)

// Bounds of a plan that Validate accepts.
const (
	MaxValues = 1 << 16
	MaxSteps  = 1 << 16
	MaxName   = 256
	MaxTotal  = 1 << 30 // elements of inputs, states and constants; of a decoded plan, of all values
)

// Validate checks that every device can run p: indices in range, shapes as the
// rules say, every temporary written once and before it is read, states
// written only in place, names unique.
func (p *Plan) Validate() error {
	if p.Version != Version {
		return fmt.Errorf("plan: version %d, this program reads %d", p.Version, Version)
	}
	if len(p.Values) > MaxValues || len(p.Steps) > MaxSteps || len(p.Outputs) > MaxValues {
		return fmt.Errorf("plan: %d values, %d steps, %d outputs: too many", len(p.Values), len(p.Steps), len(p.Outputs))
	}
	if err := p.checkValues(); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	written := make([]bool, len(p.Values))
	for i, v := range p.Values {
		written[i] = v.Role != Temp
	}
	for i, s := range p.Steps {
		if err := p.checkStep(s, written); err != nil {
			return fmt.Errorf("plan: step %d: %w", i, err)
		}
	}
	names := map[string]bool{}
	for _, o := range p.Outputs {
		if o.Value < 0 || o.Value >= len(p.Values) || !written[o.Value] {
			return fmt.Errorf("plan: output %q: value %d is never written", o.Name, o.Value)
		}
		if o.Name == "" || len(o.Name) > MaxName || names[o.Name] {
			return fmt.Errorf("plan: output %q: want a unique name", o.Name)
		}
		names[o.Name] = true
	}
	return nil
}

func (p *Plan) checkValues() error {
	names, kept := map[string]bool{}, 0
	for i, v := range p.Values {
		if err := CheckShape(v.Shape); err != nil {
			return fmt.Errorf("value %d %q: %w", i, v.Name, err)
		}
		switch v.Role {
		case Temp:
			continue // they share memory; Decode bounds them
		case Input, State:
		case Const:
			if len(v.Data) != v.Shape.Numel() {
				return fmt.Errorf("constant %q: %d elements for shape %v", v.Name, len(v.Data), v.Shape)
			}
		default:
			return fmt.Errorf("value %d %q: role %q", i, v.Name, v.Role)
		}
		if kept += v.Shape.Numel(); kept > MaxTotal {
			return fmt.Errorf("values hold over %d elements", MaxTotal)
		}
		if v.Name == "" || len(v.Name) > MaxName || names[v.Name] {
			return fmt.Errorf("value %d %q: want a unique name", i, v.Name)
		}
		names[v.Name] = true
	}
	return nil
}

func (p *Plan) checkStep(s Step, written []bool) error {
	for _, v := range s.In {
		if v < 0 || v >= len(p.Values) {
			return fmt.Errorf("%s: value %d of %d", s.Kind, v, len(p.Values))
		}
		if !written[v] {
			return fmt.Errorf("%s: value %d is read before it is written", s.Kind, v)
		}
	}
	shapes, err := OutShapes(s.Kind, s.Ints, s.Floats, p.inShapes(s))
	if err != nil {
		return err
	}
	if len(shapes) != len(s.Out) {
		return fmt.Errorf("%s: %d outputs, want %d", s.Kind, len(s.Out), len(shapes))
	}
	inPlace := s.Kind.Writes()
	for i, v := range s.Out {
		if v < 0 || v >= len(p.Values) {
			return fmt.Errorf("%s: value %d of %d", s.Kind, v, len(p.Values))
		}
		if !p.Values[v].Shape.Equal(shapes[i]) {
			return fmt.Errorf("%s: output %d has shape %v, want %v", s.Kind, v, p.Values[v].Shape, shapes[i])
		}
		if inPlace != nil {
			if p.Values[v].Role != State || v != s.In[inPlace[i]] {
				return fmt.Errorf("%s: output %d: want the state that operand %d is", s.Kind, v, inPlace[i])
			}
			for j, u := range s.In {
				if u == v && j != inPlace[i] {
					return fmt.Errorf("%s: state %d is read while it is written", s.Kind, v)
				}
			}
			continue
		}
		if p.Values[v].Role != Temp {
			return errors.New(string(s.Kind) + ": writes a value that is no temporary")
		}
		if written[v] {
			return fmt.Errorf("%s: value %d is written twice", s.Kind, v)
		}
		written[v] = true
	}
	return nil
}
