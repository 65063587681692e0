package plan

import "math"

// Simplify returns a plan of the same values and outputs with fewer and
// cheaper steps, whose results are the same bit for bit:
//
//   - a step that another one repeats is dropped, and so is one whose result
//     nobody reads;
//   - a gate whose sign comes from z reads lrelu(z) instead: both have the same
//     sign, and then z needs no memory until the gradient passes.
//
// p stays as it is; what both share must not change.
func (p *Plan) Simplify() *Plan {
	q := *p
	q.Steps = make([]Step, 0, len(p.Steps))
	same := make([]int, len(p.Values)) // the value to read instead
	for i := range same {
		same[i] = i
	}
	seen := map[string]int{} // a step in words -> its output
	for _, s := range p.Steps {
		in := make([]int, len(s.In))
		for i, v := range s.In {
			in[i] = same[v]
		}
		s.In = in
		if key, ok := p.pure(s); ok {
			if first, again := seen[key]; again {
				same[s.Out[0]] = first
				continue
			}
			seen[key] = s.Out[0]
		}
		q.Steps = append(q.Steps, s)
	}
	q.Outputs = append([]Output(nil), p.Outputs...)
	for i, o := range q.Outputs {
		q.Outputs[i].Value = same[o.Value]
	}
	q.gateByActivation()
	q.dropUnread()
	return &q
}

// pure describes a step whose result is a function of values that never change
// during a run.
func (p *Plan) pure(s Step) (string, bool) {
	if s.Kind.Writes() != nil || len(s.Out) != 1 {
		return "", false
	}
	key := append([]byte(s.Kind), 0)
	number := func(n uint64) {
		for range 8 {
			key = append(key, byte(n))
			n >>= 8
		}
	}
	for _, v := range s.In {
		if p.Values[v].Role == State {
			return "", false
		}
		number(uint64(v))
	}
	number(uint64(len(s.Ints)))
	for _, i := range s.Ints {
		number(uint64(i))
	}
	for _, f := range s.Floats {
		number(math.Float64bits(f))
	}
	return string(key), true
}

func (p *Plan) gateByActivation() {
	activated := map[int]int{} // z -> lrelu(z)
	for i, s := range p.Steps {
		switch s.Kind {
		case LeakyRelu:
			// A negative slope would turn the sign around.
			if z := s.In[0]; s.Floats[0] >= 0 && p.Values[z].Role == Temp {
				activated[z] = s.Out[0]
			}
		case Gate:
			if a, ok := activated[s.In[0]]; ok {
				p.Steps[i].In[0] = a
			}
		}
	}
}

func (p *Plan) dropUnread() {
	read := make([]bool, len(p.Values))
	for _, o := range p.Outputs {
		read[o.Value] = true
	}
	kept := len(p.Steps)
	for i := len(p.Steps) - 1; i >= 0; i-- {
		s := p.Steps[i]
		wanted := s.Kind.Writes() != nil
		for _, v := range s.Out {
			wanted = wanted || read[v]
		}
		if !wanted {
			continue
		}
		for _, v := range s.In {
			read[v] = true
		}
		kept--
		p.Steps[kept] = s
	}
	p.Steps = p.Steps[kept:]
}
