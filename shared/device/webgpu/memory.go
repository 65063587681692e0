package webgpu

import (
	"sort"

	"mien/shared/plan"
)

// words is the size of the memory in units of four bytes.
func (m memory) words() int {
	if m.half {
		return (m.size + 1) / 2
	}
	return m.size
}

// allocate gives every value a buffer. Inputs, states and constants have their
// own; temporaries and scratch share those that are free during their whole
// life. The largest value chooses first, the tightest fit among the buffers
// there are (Pisarchyk and Lee: Efficient memory management for deep neural
// net inference, 2020, section 5.3).
//
// plan.Layout packs values into one arena instead. Here that would be one
// buffer bound for reading and writing at once, which WebGPU refuses, larger
// than many adapters allow, and a barrier between every two dispatches.
func (l *lowered) allocate() {
	first, last := make([]int, len(l.values)), make([]int, len(l.values))
	for i := range first {
		first[i], last[i] = -1, -1
	}
	for t, n := range l.nodes {
		for _, c := range n.calls {
			for _, b := range c.bound {
				v := l.alias[b.value]
				if first[v] < 0 {
					first[v] = t
				}
				last[v] = t
			}
		}
	}
	for _, o := range l.plan.Outputs {
		v := l.alias[o.Value]
		first[v], last[v] = max(first[v], 0), len(l.nodes)
	}
	l.place = make([]int, len(l.values))
	var shared []int
	for i, v := range l.values {
		l.place[i] = -1
		switch {
		case l.alias[i] != i:
		case v.role == plan.Temp || v.role == scratch:
			if first[i] >= 0 {
				shared = append(shared, i)
			}
		case v.role != plan.Const || first[i] >= 0:
			l.place[i] = len(l.sizes)
			l.sizes = append(l.sizes, v.words())
		}
	}
	sort.SliceStable(shared, func(a, b int) bool { return l.values[shared[a]].size > l.values[shared[b]].size })
	type life struct{ first, last int }
	lives := map[int][]life{} // per buffer
	var buffers []int
	for _, v := range shared {
		best := -1
		for _, b := range buffers {
			free := true
			for _, o := range lives[b] {
				if o.first <= last[v] && first[v] <= o.last {
					free = false
					break
				}
			}
			if free && (best < 0 || l.sizes[b] < l.sizes[best]) {
				best = b
			}
		}
		if best < 0 {
			best = len(l.sizes)
			l.sizes = append(l.sizes, l.values[v].size)
			buffers = append(buffers, best)
		}
		l.place[v] = best
		lives[best] = append(lives[best], life{first[v], last[v]})
	}
	for i := range l.values {
		l.place[i] = l.place[l.alias[i]]
	}
}
