package plan

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"mien/shared/tensor"
)

// small returns a valid plan that has every role, an alias and a step that
// writes a state.
func small() *Plan {
	return &Plan{
		Version: Version,
		Values: []Value{
			{Name: "x", Role: Input, Shape: tensor.Shape{2, 3}},
			{Name: "w", Role: State, Shape: tensor.Shape{3, 4}},
			{Name: "b", Role: Const, Shape: tensor.Shape{1, 4}, Data: []float32{1, 2, 3, 4}},
			{Role: Temp, Shape: tensor.Shape{2, 4}}, // 3
			{Role: Temp, Shape: tensor.Shape{2, 4}}, // 4
			{Role: Temp, Shape: tensor.Shape{8}},    // 5
			{Name: "average", Role: State, Shape: tensor.Shape{8}},
			{Name: "decay", Role: Input, Shape: tensor.Shape{1}}, // 7
			{Role: Temp, Shape: tensor.Shape{1}},                 // 8
		},
		Steps: []Step{
			{Kind: MatMul, In: []int{0, 1}, Out: []int{3}, Ints: []int{0, 0}},
			{Kind: Add, In: []int{3, 2}, Out: []int{4}},
			{Kind: Reshape, In: []int{4}, Out: []int{5}, Ints: []int{8}},
			{Kind: Finite, In: []int{5}, Out: []int{8}},
			{Kind: Blend, In: []int{6, 5, 7, 8}, Out: []int{6}},
		},
		Outputs: []Output{{"y", 5}},
	}
}

func TestValidateAcceptsAGoodPlan(t *testing.T) {
	if err := small().Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestValidateRefuses(t *testing.T) {
	for _, c := range []struct {
		want string // part of the message
		edit func(p *Plan)
	}{
		{"version", func(p *Plan) { p.Version = 2 }},
		{"too many", func(p *Plan) { p.Values = make([]Value, MaxValues+1) }},
		{"too many", func(p *Plan) { p.Steps = make([]Step, MaxSteps+1) }},
		{"too many", func(p *Plan) { p.Outputs = make([]Output, MaxValues+1) }},
		{"dimensions", func(p *Plan) { p.Values[0].Shape = nil }},
		{"dimensions", func(p *Plan) { p.Values[0].Shape = tensor.Shape{1, 1, 1, 1, 1, 1, 1} }},
		{"extent 0", func(p *Plan) { p.Values[0].Shape = tensor.Shape{2, 0} }},
		{"extent -3", func(p *Plan) { p.Values[0].Shape = tensor.Shape{2, -3} }},
		{"elements", func(p *Plan) { p.Values[0].Shape = tensor.Shape{1 << 20, 1 << 20} }},
		{"elements", func(p *Plan) { p.Values[0].Shape = tensor.Shape{1 << 22, 1 << 22, 1 << 22} }},
		{"hold over", func(p *Plan) {
			for i := range 5 {
				p.Values = append(p.Values, Value{Name: fmt.Sprint("big", i), Role: Input, Shape: tensor.Shape{MaxElements}})
			}
		}},
		{"role", func(p *Plan) { p.Values[0].Role = "other" }},
		{"unique name", func(p *Plan) { p.Values[0].Name = "" }},
		{"unique name", func(p *Plan) { p.Values[0].Name = "w" }},
		{"unique name", func(p *Plan) { p.Values[0].Name = strings.Repeat("x", MaxName+1) }},
		{"elements for shape", func(p *Plan) { p.Values[2].Data = p.Values[2].Data[:3] }},
		{"elements for shape", func(p *Plan) { p.Values[2].Data = nil }},
		{"value 9 of 9", func(p *Plan) { p.Steps[0].In[0] = 9 }},
		{"value -1 of 9", func(p *Plan) { p.Steps[0].In[0] = -1 }},
		{"value 9 of 9", func(p *Plan) { p.Steps[0].Out[0] = 9 }},
		{"value -1 of 9", func(p *Plan) { p.Steps[0].Out[0] = -1 }},
		{"read before", func(p *Plan) { p.Steps[0], p.Steps[1] = p.Steps[1], p.Steps[0] }},
		{"read before", func(p *Plan) { p.Steps[1].In[0] = 4 }},
		{"unknown kind", func(p *Plan) { p.Steps[0].Kind = "other" }},
		{"operands", func(p *Plan) { p.Steps[1].In = []int{3} }},
		{"no operands", func(p *Plan) { p.Steps[3].In = nil }},
		{"integers", func(p *Plan) { p.Steps[0].Ints = nil }},
		{"attribute -1", func(p *Plan) { p.Steps[0].Ints[0] = -1 }},
		{"attribute 16777217", func(p *Plan) { p.Steps[0].Ints[0] = maxDim + 1 }},
		{"numbers", func(p *Plan) { p.Steps[0].Floats = []float64{1} }},
		{"outputs", func(p *Plan) { p.Steps[0].Out = nil }},
		{"outputs", func(p *Plan) { p.Steps[0].Out = []int{3, 4} }},
		{"has shape", func(p *Plan) { p.Values[3].Shape = tensor.Shape{4, 2} }},
		{"written twice", func(p *Plan) { p.Steps[1].Out[0] = 3 }},
		{"no temporary", func(p *Plan) { p.Values[3].Role, p.Values[3].Name = State, "s" }},
		{"no temporary", func(p *Plan) { p.Values[3].Role, p.Values[3].Name = Input, "s" }},
		{"want the state", func(p *Plan) {
			p.Values[6].Role = Const
			p.Values[6].Data = make([]float32, 8)
		}},
		{"want the state", func(p *Plan) {
			p.Values = append(p.Values, Value{Name: "other", Role: State, Shape: tensor.Shape{8}})
			p.Steps[4].Out[0] = 9
		}},
		{"while it is written", func(p *Plan) { p.Steps[4].In[1] = 6 }},
		{"never written", func(p *Plan) { p.Outputs[0].Value = 9 }},
		{"never written", func(p *Plan) { p.Outputs[0].Value = -1 }},
		{"never written", func(p *Plan) {
			p.Values = append(p.Values, Value{Role: Temp, Shape: tensor.Shape{1}})
			p.Outputs[0].Value = 9
		}},
		{"unique name", func(p *Plan) { p.Outputs[0].Name = "" }},
		{"unique name", func(p *Plan) { p.Outputs[0].Name = strings.Repeat("y", MaxName+1) }},
		{"unique name", func(p *Plan) { p.Outputs = append(p.Outputs, p.Outputs[0]) }},
	} {
		p := small()
		c.edit(p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

// TestOutShapesRefuses holds, for each kind that has a rule of its own, what
// does not fit.
func TestOutShapesRefuses(t *testing.T) {
	type shapes = []tensor.Shape
	for _, c := range []struct {
		kind   Kind
		ints   []int
		floats []float64
		in     shapes
	}{
		{Conv, []int{1, 0}, nil, shapes{{1, 8, 8, 3}, {3, 3, 4, 8}}},
		{Conv, []int{0, 0}, nil, shapes{{1, 8, 8, 3}, {3, 3, 3, 8}}},
		{Conv, []int{1, 0}, nil, shapes{{1, 2, 8, 3}, {3, 3, 3, 8}}},
		{Conv, []int{1, 0}, nil, shapes{{8, 8, 3}, {3, 3, 3, 8}}},
		{ConvInput, []int{2, 1, 8, 9}, nil, shapes{{1, 4, 4, 8}, {3, 3, 3, 8}}},
		{ConvInput, []int{2, 1, 8, 8}, nil, shapes{{1, 4, 4, 7}, {3, 3, 3, 8}}},
		{ConvInput, []int{0, 1, 8, 8}, nil, shapes{{1, 4, 4, 8}, {3, 3, 3, 8}}},
		{ConvWeight, []int{2, 1, 3, 3}, nil, shapes{{1, 8, 8, 3}, {2, 4, 4, 8}}},
		{ConvWeight, []int{2, 1, 0, 3}, nil, shapes{{1, 8, 8, 3}, {1, 4, 4, 8}}},
		{MatMul, []int{0, 0}, nil, shapes{{2, 3}, {2, 3}}},
		{MatMul, []int{2, 0}, nil, shapes{{2, 3}, {3, 2}}},
		{Add, nil, nil, shapes{{2, 3}, {2, 4}}},
		{Add, nil, nil, shapes{{2, 3}, {3}}},
		{Affine, nil, []float64{1}, shapes{{2}}},
		{Affine, nil, []float64{1, math.NaN()}, shapes{{2}}},
		{Affine, nil, []float64{1, math.Inf(1)}, shapes{{2}}},
		{Gate, nil, []float64{0}, shapes{{2}, {1}}},
		{SumTo, []int{2}, nil, shapes{{2, 3}}},
		{SumTo, []int{2, 2}, nil, shapes{{2, 3}}},
		{Spread, []int{3, 3}, nil, shapes{{2, 3}}},
		{Spread, []int{2, 3, 1}, nil, shapes{{2, 3}}},
		{Spread, []int{maxDim, maxDim}, nil, shapes{{1, 1}}},
		{Reshape, []int{5}, nil, shapes{{2, 3}}},
		{Reshape, []int{0}, nil, shapes{{2, 3}}},
		{Concat, []int{2}, nil, shapes{{2, 3}, {2, 3}}},
		{Concat, []int{0}, nil, shapes{{2, 3}, {2, 4}}},
		{Slice, []int{0, 2, 2}, nil, shapes{{4}}},
		{Slice, []int{0, 2, 5}, nil, shapes{{4}}},
		{Slice, []int{1, 0, 1}, nil, shapes{{4}}},
		{Pad, []int{1, 0, 1}, nil, shapes{{4}}},
		{Unshuffle, []int{0}, nil, shapes{{1, 8, 8, 3}}},
		{Unshuffle, []int{3}, nil, shapes{{1, 8, 8, 3}}},
		{Shuffle, []int{2}, nil, shapes{{1, 8, 8, 3}}},
		{Shuffle, []int{0}, nil, shapes{{1, 8, 8, 3}}},
		{Nearest, []int{0}, nil, shapes{{1, 8, 8, 3}}},
		{SumPool, []int{3}, nil, shapes{{1, 8, 8, 3}}},
		{Resize, []int{0, 4}, nil, shapes{{1, 8, 8, 3}}},
		{ResizeInput, []int{4, 0}, nil, shapes{{1, 8, 8, 3}}},
		{Warp, nil, nil, shapes{{1, 8, 8, 3}, {1, 8, 8, 3}}},
		{Warp, nil, nil, shapes{{1, 8, 8, 3}, {2, 8, 8, 2}}},
		{WarpInput, []int{8, 8}, nil, shapes{{1, 8, 8, 3}, {1, 8, 7, 2}}},
		{WarpInput, []int{0, 8}, nil, shapes{{1, 8, 8, 3}, {1, 8, 8, 2}}},
		{WarpFlow, nil, nil, shapes{{1, 8, 8, 3}, {1, 8, 8, 2}, {1, 8, 8, 4}}},
		{Adam, nil, []float64{0, 0, 0}, shapes{{2}, {3}, {1}, {2}, {2}, {2}}},
		{Adam, nil, []float64{0, 0, 0}, shapes{{2}, {4}, {1}, {2}, {2}, {1}}},
		{Blend, nil, nil, shapes{{2}, {1}, {1}, {1}}},
		{Blend, nil, nil, shapes{{2}, {2}, {2}, {1}}},
	} {
		if out, err := OutShapes(c.kind, c.ints, c.floats, c.in); err == nil {
			t.Errorf("%s %v %v of %v was taken, giving %v", c.kind, c.ints, c.floats, c.in, out)
		}
	}
}

func TestEveryKindHasARule(t *testing.T) {
	if len(Kinds) != len(rules) {
		t.Errorf("%d kinds, %d rules", len(Kinds), len(rules))
	}
	for _, k := range Kinds {
		if _, ok := rules[k]; !ok {
			t.Errorf("%s: no rule", k)
		}
	}
}

func TestCodecRoundTrip(t *testing.T) {
	p := small()
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	constant := func(name string) []float32 {
		if name == "b" {
			return p.Values[2].Data
		}
		return nil
	}
	q, err := Decode(b, constant)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, q) {
		t.Errorf("read back %+v, want %+v", q, p)
	}
	for what, text := range map[string]string{
		"no constant":      string(b),
		"an unknown field": strings.Replace(string(b), `"version"`, `"other":1,"version"`, 1),
		"text after it":    string(b) + "{}",
		"half of it":       string(b[:len(b)/2]),
		"too much text":    string(b) + strings.Repeat(" ", MaxEncoded),
		"nothing":          "",
	} {
		c := constant
		if what == "no constant" {
			c = func(string) []float32 { return nil }
		}
		if _, err := Decode([]byte(text), c); err == nil {
			t.Errorf("a plan with %s was read", what)
		}
	}
	p.Version = 0
	if _, err := p.Encode(); err == nil {
		t.Error("a bad plan was encoded")
	}
}

// FuzzDecode checks that whatever is decoded is valid, lays out, and survives
// another round.
func FuzzDecode(f *testing.F) {
	b, err := small().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":1,"values":[],"steps":[],"outputs":[]}`))
	f.Add([]byte(`{"version":1,"values":[{"name":"x","role":"input","shape":[1,4,4,9]},{"role":"temp","shape":[1,12,12,1]}],"steps":[{"kind":"shuffle","in":[0],"out":[1],"ints":[3]}],"outputs":[{"name":"y","value":1}]}`))
	constant := func(name string) []float32 { return make([]float32, 4*len(name)) }
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b, constant)
		if err != nil {
			return
		}
		if l := p.Layout(); l.Size < 0 || len(l.Offset) != len(p.Values) {
			t.Errorf("layout %+v of %d values", l, len(p.Values))
		}
		again, err := p.Encode()
		if err != nil {
			if len(b) < MaxEncoded/8 { // JSON may grow where text is escaped
				t.Fatalf("encode what was decoded: %v", err)
			}
			return
		}
		if _, err := Decode(again, constant); err != nil {
			t.Errorf("decode what was encoded: %v", err)
		}
	})
}
