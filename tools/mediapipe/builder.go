package main

import (
	"fmt"
	"slices"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// builder makes a plan step by step. A value is its index in the plan. The first
// error stays: what is made after it means nothing.
type builder struct {
	plan     plan.Plan
	reshaped map[int]int // the result of a reshape -> what it is made of
	err      error
}

func newBuilder() *builder {
	return &builder{plan: plan.Plan{Version: plan.Version}, reshaped: map[int]int{}}
}

func (b *builder) fail(format string, args ...any) int {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
	return 0
}

func (b *builder) shape(v int) tensor.Shape { return b.plan.Values[v].Shape }

func (b *builder) input(name string, shape ...int) int {
	b.plan.Values = append(b.plan.Values, plan.Value{Name: name, Role: plan.Input, Shape: shape})
	return len(b.plan.Values) - 1
}

// constant adds data under a name, or returns what has that name already.
func (b *builder) constant(name string, data []float32, shape ...int) int {
	if v := b.plan.Find(name); v >= 0 {
		if !b.shape(v).Equal(shape) || !slices.Equal(b.plan.Values[v].Data, data) {
			return b.fail("constant %q is two different ones", name)
		}
		return v
	}
	b.plan.Values = append(b.plan.Values, plan.Value{Name: name, Role: plan.Const, Shape: shape, Data: data})
	return len(b.plan.Values) - 1
}

// step adds a step and returns its result.
func (b *builder) step(kind plan.Kind, ints []int, floats []float64, in ...int) int {
	if b.err != nil {
		return 0
	}
	var shapes []tensor.Shape
	for _, v := range in {
		shapes = append(shapes, b.shape(v))
	}
	out, err := plan.OutShapes(kind, ints, floats, shapes)
	if err != nil {
		return b.fail("%w", err)
	}
	b.plan.Values = append(b.plan.Values, plan.Value{Role: plan.Temp, Shape: out[0]})
	v := len(b.plan.Values) - 1
	b.plan.Steps = append(b.plan.Steps, plan.Step{Kind: kind, In: in, Out: []int{v}, Ints: ints, Floats: floats})
	return v
}

// reshape gives x another shape; a reshape of a reshape is one, and none where
// the shape is x's own.
func (b *builder) reshape(x int, shape ...int) int {
	if from, ok := b.reshaped[x]; ok {
		x = from
	}
	if b.err != nil || b.shape(x).Equal(shape) {
		return x
	}
	v := b.step(plan.Reshape, shape, nil, x)
	b.reshaped[v] = x
	return v
}

func (b *builder) slice(x, axis, start, end int) int {
	return b.step(plan.Slice, []int{axis, start, end}, nil, x)
}

// pad adds zeros around x along an axis, if any.
func (b *builder) pad(x, axis, before, after int) int {
	if before == 0 && after == 0 {
		return x
	}
	return b.step(plan.Pad, []int{axis, before, after}, nil, x)
}

func (b *builder) affine(x int, scale, shift float64) int {
	if scale == 1 && shift == 0 {
		return x
	}
	return b.step(plan.Affine, nil, []float64{scale, shift}, x)
}

func (b *builder) matmul(x, y int) int { return b.step(plan.MatMul, []int{0, 0}, nil, x, y) }

func (b *builder) output(name string, v int) {
	b.plan.Outputs = append(b.plan.Outputs, plan.Output{Name: name, Value: v})
}

// finish returns the plan without steps that repeat others or that nobody reads,
// and without their values.
func (b *builder) finish() (*plan.Plan, error) {
	if b.err != nil {
		return nil, b.err
	}
	p := b.plan.Simplify()
	used := make([]bool, len(p.Values))
	for i, v := range p.Values {
		used[i] = v.Role == plan.Input
	}
	for _, s := range p.Steps {
		for _, v := range slices.Concat(s.In, s.Out) {
			used[v] = true
		}
	}
	index := make([]int, len(p.Values))
	q := &plan.Plan{Version: plan.Version}
	for i, v := range p.Values {
		if used[i] {
			index[i] = len(q.Values)
			q.Values = append(q.Values, v)
		}
	}
	moved := func(from []int) []int {
		to := make([]int, len(from))
		for i, v := range from {
			to[i] = index[v]
		}
		return to
	}
	for _, s := range p.Steps {
		s.In, s.Out = moved(s.In), moved(s.Out)
		q.Steps = append(q.Steps, s)
	}
	for _, o := range p.Outputs {
		q.Outputs = append(q.Outputs, plan.Output{Name: o.Name, Value: index[o.Value]})
	}
	return q, q.Validate()
}
