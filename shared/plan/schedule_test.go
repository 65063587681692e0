package plan

import (
	"slices"
	"testing"

	"mien/shared/tensor"
)

// pictures makes a random plan of steps that groups are made of, some reading
// and writing states.
func pictures(seed uint64, steps int) *Plan {
	r := tensor.NewRand(seed, 3, 0, 0)
	full := tensor.Shape{1 + r.Intn(3), 4, 4, 3}
	n, c := full[0], full[3]
	p := &Plan{Version: Version}
	value := func(v Value) int { p.Values = append(p.Values, v); return len(p.Values) - 1 }
	wholes, parts := []int{value(Value{Name: "x", Role: Input, Shape: full})}, []int{}
	for i, s := range []tensor.Shape{{n, 1, 1, c}, {1, 1, 1, c}, {n, 4, 4, 1}, {1, 4, 4, c}, {n, 1, 1, 1}} {
		parts = append(parts, value(Value{Name: string(rune('a' + i)), Role: Input, Shape: s}))
	}
	state := value(Value{Name: "state", Role: State, Shape: full})
	one, weights := value(Value{Name: "one", Role: Input, Shape: tensor.Shape{1}}), value(Value{Name: "w", Role: State, Shape: tensor.Shape{1, 1, c, c}})
	pick := func(from []int) int { return from[max(0, len(from)-1-r.Intn(6))] }
	step := func(k Kind, ints []int, floats []float64, in ...int) {
		s := Step{Kind: k, Ints: ints, Floats: floats, In: in}
		shapes, err := OutShapes(k, ints, floats, p.inShapes(s))
		if err != nil {
			panic(err)
		}
		out := value(Value{Role: Temp, Shape: shapes[0]})
		s.Out = []int{out}
		p.Steps = append(p.Steps, s)
		if shapes[0].Equal(full) {
			wholes = append(wholes, out)
		} else {
			parts = append(parts, out)
		}
		if r.Intn(9) == 0 {
			p.Outputs = append(p.Outputs, Output{Name: string(rune('a' + len(p.Outputs))), Value: out})
		}
	}
	for len(p.Steps) < steps {
		switch r.Intn(9) {
		case 8: // belongs to no group
			step(Nearest, []int{1}, nil, pick(wholes))
		case 0:
			step(Conv, []int{1, 0}, nil, pick(wholes), weights)
		case 1:
			step(SumTo, []int{n, 1, 1, c}, nil, pick(wholes))
		case 2:
			step(SumTo, []int{1, 1, 1, c}, nil, pick(wholes))
		case 3:
			step(Add, nil, nil, pick(wholes), state)
		case 4:
			if r.Intn(3) == 0 {
				p.Steps = append(p.Steps, Step{Kind: Blend, In: []int{state, pick(wholes), one, one}, Out: []int{state}})
			}
		case 5:
			step(LeakyRelu, nil, []float64{.1}, pick(wholes))
		case 6:
			step(Gate, nil, []float64{.1}, pick(wholes), pick(wholes))
		default:
			step(Mul, nil, nil, pick(wholes), pick(append(parts, wholes...)))
		}
	}
	return p
}

// TestScheduleKeepsLiveValues plays schedules over their arena: what a group
// reads from outside must still be there, and states are read and written in
// the plan's order.
func TestScheduleKeepsLiveValues(t *testing.T) {
	grouped, unheld := 0, 0
	for seed := range uint64(400) {
		p := pictures(seed, 5+int(seed%60))
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		s := p.Schedule()
		position := make([]int, len(p.Steps)) // in the order of execution
		for i := range position {
			position[i] = -1
		}
		at, memory := 0, make([]int, s.Layout.Size) // value that each float holds
		for i := range memory {
			memory[i] = -1
		}
		for _, g := range s.Groups {
			inside := map[int]bool{}
			var read []int
			for _, i := range g.Steps {
				if position[i] >= 0 {
					t.Fatalf("plan %d: step %d runs twice", seed, i)
				}
				position[i] = at
				at++
				for _, v := range p.Steps[i].In {
					if p.Values[v].Role == Temp && !inside[v] {
						check(t, s, p, memory, v, seed)
						read = append(read, v)
					}
					if !inside[v] && p.Values[v].Role == Temp && !s.Held[v] {
						t.Fatalf("plan %d: value %d is read by another group and not held", seed, v)
					}
				}
				for _, v := range p.Steps[i].Out {
					inside[v] = p.Values[v].Role == Temp
				}
			}
			for v := range inside {
				if inside[v] && s.Held[v] {
					for k := range p.Values[v].Shape.Numel() {
						memory[s.Layout.Offset[v]+k] = v
					}
				}
				if inside[v] && !s.Held[v] {
					unheld++
				}
			}
			for _, v := range read { // one picture may be done before another begins
				check(t, s, p, memory, v, seed)
			}
			if g.Shape != nil {
				grouped += len(g.Steps)
			}
		}
		if at != len(p.Steps) {
			t.Fatalf("plan %d: %d of %d steps run", seed, at, len(p.Steps))
		}
		for _, o := range p.Outputs {
			check(t, s, p, memory, o.Value, seed)
		}
		// Each reader of a state sees as many writers before it as in the plan.
		for i := range p.Steps {
			for j := range p.Steps[:i] {
				a, b := p.Steps[j], p.Steps[i]
				conflict := false
				for _, v := range append(slices.Clone(a.Out), a.In...) {
					for _, w := range append(slices.Clone(b.Out), b.In...) {
						conflict = conflict || v == w && (slices.Contains(a.Out, v) || slices.Contains(b.Out, v))
					}
				}
				if conflict && position[j] > position[i] {
					t.Fatalf("plan %d: step %d runs before step %d", seed, i, j)
				}
			}
		}
	}
	if grouped < 1000 || unheld < 300 {
		t.Errorf("%d steps in groups, %d values without memory: the test tests nothing", grouped, unheld)
	}
}

func check(t *testing.T, s Schedule, p *Plan, memory []int, v int, seed uint64) {
	t.Helper()
	for k := range p.Values[v].Shape.Numel() {
		if at := s.Layout.Offset[v]; at < 0 || memory[at+k] != v {
			t.Fatalf("plan %d: value %d is gone when it is read", seed, v)
		}
	}
}

func TestChainsAreOneGroup(t *testing.T) {
	p := &Plan{Version: Version}
	add := func(role Role, name string, shape ...int) int {
		p.Values = append(p.Values, Value{Name: name, Role: role, Shape: shape})
		return len(p.Values) - 1
	}
	step := func(k Kind, ints []int, floats []float64, in ...int) int {
		shapes, err := OutShapes(k, ints, floats, p.inShapes(Step{In: in}))
		if err != nil {
			t.Fatal(err)
		}
		out := add(Temp, "", shapes[0]...)
		p.Steps = append(p.Steps, Step{Kind: k, Ints: ints, Floats: floats, In: in, Out: []int{out}})
		return out
	}
	x, w, b := add(Input, "x", 2, 8, 8, 4), add(State, "w", 3, 3, 4, 4), add(State, "b", 1, 1, 1, 4)
	z, film := add(Input, "z", 2, 3), add(State, "film", 3, 4)
	y := step(Add, nil, nil, step(Conv, []int{1, 1}, nil, x, w), b)
	mean := []float64{1. / 64, 0}
	d := step(Sub, nil, nil, y, step(Affine, nil, mean, step(SumTo, []int{2, 1, 1, 4}, nil, y)))
	v := step(Affine, nil, mean, step(SumTo, []int{2, 1, 1, 4}, nil, step(Mul, nil, nil, d, d)))
	n := step(Div, nil, nil, d, step(Sqrt, nil, nil, v))
	// FiLM's factor is computed in the middle of the chain.
	f := step(Reshape, []int{2, 1, 1, 4}, nil, step(MatMul, []int{0, 0}, nil, z, film))
	a := step(LeakyRelu, nil, []float64{0}, step(Mul, nil, nil, n, f))
	p.Outputs = []Output{{"a", a}}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	groups := p.Schedule().Groups
	last := groups[len(groups)-1]
	if len(groups) != 3 || len(last.Steps) != 12 || !last.Head || slices.Max(last.Levels) != 3 {
		t.Errorf("groups %+v: want the convolution to the rectifier as one", groups)
	}
}

func TestSimplify(t *testing.T) {
	p := &Plan{Version: Version, Values: []Value{{Name: "x", Role: Input, Shape: tensor.Shape{4}}}}
	step := func(k Kind, floats []float64, in ...int) int {
		p.Values = append(p.Values, Value{Role: Temp, Shape: tensor.Shape{4}})
		out := len(p.Values) - 1
		p.Steps = append(p.Steps, Step{Kind: k, Floats: floats, In: in, Out: []int{out}})
		return out
	}
	z := step(Tanh, nil, 0)
	a := step(LeakyRelu, []float64{.2}, z)
	again := step(Tanh, nil, 0)
	step(Exp, nil, a) // nobody reads it
	g := step(Gate, []float64{.2}, again, a)
	p.Outputs = []Output{{"g", g}, {"z", again}}
	q := p.Simplify()
	if err := q.Validate(); err != nil {
		t.Fatal(err)
	}
	if len(q.Steps) != 3 || q.Steps[2].In[0] != a || q.Outputs[1].Value != z {
		t.Errorf("steps %v, outputs %v: want tanh, lrelu and a gate by its result", q.Steps, q.Outputs)
	}
	if len(p.Steps) != 5 || p.Steps[4].In[0] != again || p.Outputs[1].Value != again {
		t.Error("the plan itself was changed")
	}
	// A negative slope turns signs.
	p.Steps[1].Floats = []float64{-.2}
	if q := p.Simplify(); q.Steps[2].In[0] != z {
		t.Error("a gate reads an activation of another sign")
	}
}
