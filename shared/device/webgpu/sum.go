package webgpu

import (
	"fmt"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// sumPass sums the middle dimension of [A R B].
type sumPass struct{ a, r, b int }

// sumPasses splits a sum from shape x to shape y into sums of one group of
// neighbouring dimensions each, the innermost first.
func sumPasses(x, y tensor.Shape) []sumPass {
	type group struct {
		n   int
		sum bool
	}
	var groups []group
	for d, n := range x {
		if n == 1 {
			continue
		}
		sum := y[d] == 1
		if k := len(groups) - 1; k >= 0 && groups[k].sum == sum {
			groups[k].n *= n
			continue
		}
		groups = append(groups, group{n, sum})
	}
	var passes []sumPass
	inner := 1
	for g := len(groups) - 1; g >= 0; g-- {
		if !groups[g].sum {
			inner *= groups[g].n
			continue
		}
		outer := 1
		for _, h := range groups[:g] {
			outer *= h.n
		}
		passes = append(passes, sumPass{outer, groups[g].n, inner})
	}
	return passes
}

func sumTo(l *lowered, s plan.Step) error {
	from, to := s.In[0], s.Out[0]
	passes := sumPasses(l.shape(from), l.shape(to))
	if len(passes) == 0 {
		return elementwise(l, s)
	}
	v := l.alias[from]
	l.add(sumCalls(l, l.absorb(v), v, to, passes)...)
	return nil
}

// absorb takes the chain that makes v out of the list, for a sum that reads its
// elements where they are made: nothing else may read them, and what the chain
// reads must be as it was. It returns nil where that is not so.
func (l *lowered) absorb(v int) *writer {
	n := l.ready[v]
	if n < 0 || l.nodes[n].chain == nil || l.nodes[n].chain.root != nil {
		return nil
	}
	c := l.nodes[n].chain
	ins, outs := c.ports(l)
	if len(outs) != 1 || outs[0] != v || l.uses[v] != 1 || len(ins) >= maxStorage {
		return nil
	}
	for _, in := range ins {
		if l.ready[in] > n {
			return nil
		}
	}
	l.nodes[n].chain = nil
	w := newWriter(c, l)
	w.write(v)
	return w
}

// reading is a writer whose elements lie in memory.
func reading(l *lowered, v int) *writer {
	return &writer{lowered: l, ins: []int{v}, body: "fn load(i: u32) -> f32 {\n\treturn in0[i];\n}\n"}
}

// perLane is how many elements one invocation adds up before the tree.
const perLane = 32

// sumCalls returns the calls of passes from one memory to another, with
// scratch between them; the first takes its elements from w unless that is nil.
// A long sum is cut into shards that a further pass adds
// up: the order of additions depends on shapes alone.
func sumCalls(l *lowered, w *writer, from, to int, passes []sumPass) []*call {
	var calls []*call
	for i, p := range passes {
		for {
			lanes := p.lanes()
			rows := lanes * perLane
			shards := ceil(p.r, rows)
			dst := to
			if shards > 1 || i < len(passes)-1 {
				dst = l.scratch(p.a * shards * p.b)
			}
			if w == nil {
				w = reading(l, from)
			}
			calls = append(calls, p.call(w, dst, lanes, rows, shards))
			from, w = dst, nil
			if p.r = shards; shards == 1 {
				break
			}
		}
	}
	return calls
}

// lanes is how many invocations share one sum: a power of two. Sums that lie
// side by side are read side by side, so that few lanes are enough.
func (p sumPass) lanes() int {
	most := block
	if p.b >= 16 {
		most = 16
	}
	n := 1
	for n*2 <= most && n < p.r {
		n *= 2
	}
	return n
}

func (p sumPass) call(w *writer, to, lanes, rows, shards int) *call {
	sums := block / lanes // of one workgroup
	t := &text{}
	// Neighbouring invocations take neighbouring memory: the lanes of one sum
	// where sums lie far apart, else one lane of each sum.
	lane, sum := fmt.Sprintf("index %% %du", lanes), fmt.Sprintf("index / %du", lanes)
	if p.b >= 16 {
		lane, sum = fmt.Sprintf("index / %du", sums), fmt.Sprintf("index %% %du", sums)
	}
	t.add("sizes", fmt.Sprintf("const lanes = %du;\nconst sums = %du;\nfn lane_of(index: u32) -> u32 {\n\treturn %s;\n}\nfn sum_of(index: u32) -> u32 {\n\treturn %s;\n}\n", lanes, sums, lane, sum))
	w.outs = []int{to}
	w.declare(t, "outputs: u32, r: u32, b: u32, rows: u32, shards: u32, ", 1)
	label := "sum.wgsl"
	if w.chain != nil {
		t.file("math.wgsl")
		label = w.chain.String() + "+sumto"
	}
	t.add("chain", w.body)
	t.file("sum.wgsl")
	grid := line(ceil(p.a*p.b, sums))
	grid[2] = uint32(shards)
	return &call{
		label: fmt.Sprintf("%s %dx%d", label, sums, lanes), text: t, bound: writes(reads(w.ins...), to), grid: grid,
		params: append([]uint32{uint32(p.a * p.b), uint32(p.r), uint32(p.b), uint32(rows), uint32(shards)}, w.params...),
	}
}
