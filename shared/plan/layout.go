package plan

import "sort"

// Layout says where each temporary lives in one arena shared by all of them.
type Layout struct {
	Offset []int // per value, in floats; -1 for what is no temporary
	Size   int   // of the arena, in floats
}

// align is the granularity of offsets: 16 floats are a cache line.
const align = 16

// Layout plans the arena for steps that run one after the other: values whose
// lives overlap never share memory. An output lives until the end of the run.
// Greedy by size: the largest value first, at the lowest offset that is free
// during its whole life (Pisarchyk and Lee: Efficient memory management for deep
// neural net inference, 2020, section 4).
//
// A reshape shares its operand's memory when that is a temporary too.
func (p *Plan) Layout() Layout {
	times, held := make([]int, len(p.Steps)), make([]bool, len(p.Values))
	for i := range times {
		times[i] = i
	}
	for i := range held {
		held[i] = true
	}
	return p.layout(times, held, p.aliases())
}

// layout plans the arena for steps that run at the given times; steps of one
// time run together. Only values that are held, or lie in the memory of one
// that is, get a place.
func (p *Plan) layout(times []int, held []bool, alias []int) Layout {
	first, last := make([]int, len(p.Values)), make([]int, len(p.Values))
	for i := range first {
		first[i] = -1
	}
	for i, s := range p.Steps {
		t := times[i]
		for _, v := range s.Out {
			r := alias[v]
			if first[r] < 0 || t < first[r] {
				first[r] = t
			}
			last[r] = max(last[r], t)
		}
		for _, v := range s.In {
			last[alias[v]] = max(last[alias[v]], t)
		}
	}
	for _, o := range p.Outputs {
		last[alias[o.Value]] = len(p.Steps)
	}
	var order []int
	for i, v := range p.Values {
		if v.Role == Temp && alias[i] == i && first[i] >= 0 && held[i] {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool {
		return p.Values[order[a]].Shape.Numel() > p.Values[order[b]].Shape.Numel()
	})
	l := Layout{Offset: make([]int, len(p.Values))}
	for i := range l.Offset {
		l.Offset[i] = -1
	}
	type placed struct{ value, from, to int }
	var done []placed // sorted by from
	for _, v := range order {
		n := (p.Values[v].Shape.Numel() + align - 1) / align * align
		at := 0
		for _, d := range done {
			if last[d.value] < first[v] || first[d.value] > last[v] {
				continue
			}
			if d.from >= at+n {
				break
			}
			at = max(at, d.to)
		}
		l.Offset[v] = at
		l.Size = max(l.Size, at+n)
		k := sort.Search(len(done), func(i int) bool { return done[i].from > at })
		done = append(done, placed{})
		copy(done[k+1:], done[k:])
		done[k] = placed{v, at, at + n}
	}
	for i, v := range p.Values {
		if v.Role == Temp && alias[i] != i {
			l.Offset[i] = l.Offset[alias[i]]
		}
	}
	return l
}

// aliases maps every value to the one whose memory it uses.
func (p *Plan) aliases() []int {
	alias := make([]int, len(p.Values))
	for i := range alias {
		alias[i] = i
	}
	for _, s := range p.Steps {
		if s.Kind == Reshape && p.Values[s.In[0]].Role == Temp {
			alias[s.Out[0]] = alias[s.In[0]]
		}
	}
	return alias
}
