package plan

import (
	"fmt"
	"slices"
)

// Split divides p into two plans that one after the other compute what p does,
// bit for bit. early has the steps that need none of the late inputs, so that it
// need not run again while only those change; rest has the others. What rest
// needs of early's results are outputs there and inputs here, under one name.
// States and constants that both read are in both.
//
// Where steps write states, nothing is split: all is rest. So it is when no step
// is early: then early has no steps.
func (p *Plan) Split(late ...string) (early, rest *Plan) {
	first := p.early(late)
	crosses := make([]bool, len(p.Values))
	for i, s := range p.Steps {
		for _, v := range s.In {
			crosses[v] = crosses[v] || !first[i] && p.Values[v].Role == Temp
		}
	}
	made := make([]bool, len(p.Values)) // by early
	for i, s := range p.Steps {
		for _, v := range s.Out {
			made[v] = first[i]
		}
	}
	names := make([]string, len(p.Values))
	for v := range p.Values {
		if crosses[v] = crosses[v] && made[v]; crosses[v] {
			names[v] = p.unused(fmt.Sprintf("early.%d", v))
		}
	}
	early, rest = &Plan{Version: p.Version}, &Plan{Version: p.Version}
	a, b := &part{p, early, map[int]int{}}, &part{p, rest, map[int]int{}}
	for i, s := range p.Steps {
		if first[i] {
			a.step(s, nil)
		} else {
			b.step(s, names)
		}
	}
	for v, name := range names {
		if name != "" {
			early.Outputs = append(early.Outputs, Output{name, a.value(v, nil)})
		}
	}
	for _, o := range p.Outputs {
		if made[o.Value] {
			early.Outputs = append(early.Outputs, Output{o.Name, a.value(o.Value, nil)})
		} else {
			rest.Outputs = append(rest.Outputs, Output{o.Name, b.value(o.Value, names)})
		}
	}
	for v, value := range p.Values { // what no step reads can still be written
		_, inEarly := a.index[v]
		_, inRest := b.index[v]
		if value.Role != Temp && !inEarly && !inRest {
			b.value(v, names)
		}
	}
	return early, rest
}

// early marks the steps that need no late input.
func (p *Plan) early(late []string) []bool {
	first := make([]bool, len(p.Steps))
	needs := make([]bool, len(p.Values))
	for i, v := range p.Values {
		needs[i] = v.Role == Input && slices.Contains(late, v.Name)
	}
	for _, s := range p.Steps {
		if s.Kind.Writes() != nil {
			return first
		}
	}
	for i, s := range p.Steps {
		first[i] = !slices.ContainsFunc(s.In, func(v int) bool { return needs[v] })
		for _, v := range s.Out {
			needs[v] = !first[i]
		}
	}
	return first
}

// unused makes a name that no value and no output of p has.
func (p *Plan) unused(name string) string {
	for p.Find(name) >= 0 || p.Output(name) >= 0 { // it ends: names are few
		name += "'"
	}
	return name
}

// part copies steps of one plan into another, with the values they need.
type part struct {
	from, to *Plan
	index    map[int]int // of values
}

func (p *part) value(v int, inputs []string) int {
	if i, ok := p.index[v]; ok {
		return i
	}
	value := p.from.Values[v]
	if inputs != nil && inputs[v] != "" {
		value = Value{Name: inputs[v], Role: Input, Shape: value.Shape}
	}
	p.index[v] = len(p.to.Values)
	p.to.Values = append(p.to.Values, value)
	return p.index[v]
}

func (p *part) step(s Step, inputs []string) {
	in, out := make([]int, len(s.In)), make([]int, len(s.Out))
	for i, v := range s.In {
		in[i] = p.value(v, inputs)
	}
	for i, v := range s.Out {
		out[i] = p.value(v, inputs)
	}
	s.In, s.Out = in, out
	p.to.Steps = append(p.to.Steps, s)
}
