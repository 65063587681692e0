package plan

import (
	"testing"

	"mien/shared/tensor"
)

// randomPlan makes a valid plan of the given number of steps: chains, branches
// and reshapes of random sizes, some kept as outputs.
func randomPlan(seed uint64, steps int) *Plan {
	r := tensor.NewRand(seed, 1, 0, 0)
	p := &Plan{Version: Version, Values: []Value{{Name: "x", Role: Input, Shape: tensor.Shape{1 + r.Intn(70)}}}}
	for range steps {
		a := r.Intn(len(p.Values))
		s := Step{In: []int{a}}
		n := p.Values[a].Shape.Numel()
		var shape tensor.Shape
		switch r.Intn(5) {
		case 0:
			s.Kind, shape = Reshape, tensor.Shape{n, 1}
			if len(p.Values[a].Shape) == 2 {
				shape = tensor.Shape{n}
			}
			s.Ints = shape
		case 1:
			after := r.Intn(200)
			s.Kind, s.Ints = Pad, []int{0, 0, after}
			shape = p.Values[a].Shape.Clone()
			shape[0] += after
		case 2:
			s.Kind, s.Ints = Slice, []int{0, 0, 1 + r.Intn(p.Values[a].Shape[0])}
			shape = p.Values[a].Shape.Clone()
			shape[0] = s.Ints[2]
		case 3:
			b := r.Intn(len(p.Values))
			s.Kind, s.In, shape = Finite, []int{a, b}, tensor.Shape{1}
		default:
			s.Kind, shape = Tanh, p.Values[a].Shape.Clone()
		}
		s.Out = []int{len(p.Values)}
		p.Values = append(p.Values, Value{Role: Temp, Shape: shape})
		p.Steps = append(p.Steps, s)
		if r.Intn(8) == 0 {
			p.Outputs = append(p.Outputs, Output{Name: string(rune('a'+len(p.Outputs)%26)) + string(rune('a'+len(p.Outputs)/26)), Value: s.Out[0]})
		}
	}
	return p
}

// TestLayoutKeepsLiveValues plays each plan over the arena: every float
// remembers which value was written there last, and every operand and output
// must still be there when it is read.
func TestLayoutKeepsLiveValues(t *testing.T) {
	for seed := range uint64(300) {
		p := randomPlan(seed, 1+int(seed%80))
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		l := p.Layout()
		owner := make([]int, l.Size)
		whole := make([]int, len(p.Values)) // the value whose contents a value has
		check := func(v int, when string) {
			if p.Values[v].Role != Temp {
				return
			}
			for i := range p.Values[v].Shape.Numel() {
				if got := owner[l.Offset[v]+i]; got != whole[v] {
					t.Fatalf("plan %d: %s: value %d was overwritten by %d", seed, when, v, got)
				}
			}
		}
		for _, s := range p.Steps {
			for _, v := range s.In {
				check(v, s.String())
			}
			out := s.Out[0]
			whole[out] = out
			if s.Kind == Reshape && l.Offset[s.In[0]] == l.Offset[out] && p.Values[s.In[0]].Role == Temp {
				whole[out] = whole[s.In[0]] // moves nothing
				continue
			}
			if at := l.Offset[out]; at < 0 || at%align != 0 || at+p.Values[out].Shape.Numel() > l.Size {
				t.Fatalf("plan %d: value %d lies at %d of %d", seed, out, at, l.Size)
			}
			for i := range p.Values[out].Shape.Numel() {
				owner[l.Offset[out]+i] = out
			}
			for _, v := range s.In { // an operand must outlive the step
				check(v, s.String())
			}
		}
		for _, o := range p.Outputs {
			check(o.Value, "at the end")
		}
	}
}

// TestLayoutReuses holds that a chain needs the memory of two values, and that
// nothing but temporaries lies in the arena.
func TestLayoutReuses(t *testing.T) {
	p := &Plan{Version: Version, Values: []Value{{Name: "x", Role: Input, Shape: tensor.Shape{64}}}}
	for i := range 20 {
		p.Values = append(p.Values, Value{Role: Temp, Shape: tensor.Shape{64}})
		p.Steps = append(p.Steps, Step{Kind: Tanh, In: []int{i}, Out: []int{i + 1}})
	}
	p.Outputs = []Output{{"y", 20}}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	l := p.Layout()
	if l.Size != 128 {
		t.Errorf("a chain of 64 floats takes %d, want 128", l.Size)
	}
	if l.Offset[0] != -1 {
		t.Errorf("an input lies at %d of the arena", l.Offset[0])
	}
	if again := p.Layout(); again.Size != l.Size || again.Offset[7] != l.Offset[7] {
		t.Error("two layouts of one plan differ")
	}
}
