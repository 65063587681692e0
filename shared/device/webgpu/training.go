package webgpu

import (
	"fmt"
	"math"
	"strings"

	"mien/shared/plan"
)

// finite marks, for parts of every operand, whether one is not finite; a last
// kernel collects the marks. As many operands share a kernel as can be bound.
func finite(l *lowered, s plan.Step) error {
	type run struct{ operands, groups int }
	var runs []run
	marks := 0
	for rest := s.In; len(rest) > 0; {
		n := min(len(rest), maxStorage-1)
		largest := 0
		for _, v := range rest[:n] {
			largest = max(largest, l.values[v].size)
		}
		runs = append(runs, run{n, min(ceil(largest, 16*block), 256)})
		marks += n * runs[len(runs)-1].groups
		rest = rest[n:]
	}
	scratch := l.scratch(marks)
	var calls []*call
	rest, at := s.In, 0
	for _, r := range runs {
		params := []uint32{uint32(at), 0, 0, 0}
		for i := range 8 {
			n := 0
			if i < r.operands {
				n = l.values[rest[i]].size
			}
			params = append(params, uint32(n))
		}
		// A value that comes twice is bound once a place: both only read.
		calls = append(calls, &call{
			label: fmt.Sprint("finite.wgsl of ", r.operands), text: finiteText(r.operands), params: params,
			bound: writes(reads(rest[:r.operands]...), scratch), grid: [3]uint32{uint32(r.groups), uint32(r.operands), 1},
		})
		at += r.operands * r.groups
		rest = rest[r.operands:]
	}
	l.add(append(calls, fixed("collect.wgsl", writes(reads(scratch), s.Out[0]), [3]uint32{1, 1, 1}, marks))...)
	return nil
}

func finiteText(operands int) *text {
	var b strings.Builder
	for i := range operands {
		fmt.Fprintf(&b, "@group(0) @binding(%d) var<storage, read> x%d: array<u32>;\n", i+1, i)
	}
	fmt.Fprintf(&b, "@group(0) @binding(%d) var<storage, read_write> marks: array<f32>;\n", operands+1)
	b.WriteString("fn word(operand: u32, i: u32) -> u32 {\n\tswitch operand {\n")
	for i := range operands {
		fmt.Fprintf(&b, "\t\tcase %du: { return x%d[i]; }\n", i, i)
	}
	b.WriteString("\t\tdefault: { return 0u; }\n\t}\n}\n")
	t := &text{}
	t.add("operands", b.String())
	t.file("finite.wgsl")
	return t
}

func bitsOf(x float64) uint32 { return math.Float32bits(float32(x)) }

const adamFile = "adam.wgsl"

func adam(l *lowered, s plan.Step) error {
	n := l.values[s.In[0]].size
	c := fixed(adamFile, writes(reads(s.In[:3]...), s.Out...), line(ceil(n, block)), n)
	c.text.add("no average", "fn follow(i: u32, next: f32) {}")
	f := s.Floats
	c.params = append(c.params, bitsOf(f[0]), bitsOf(1-f[0]), bitsOf(f[1]), bitsOf(1-f[1]), bitsOf(f[2]))
	l.add(c)
	return nil
}

func blend(l *lowered, s plan.Step) error {
	if l.average(s) {
		return nil
	}
	n := l.values[s.In[0]].size
	l.add(fixed("blend.wgsl", writes(reads(s.In[1:]...), s.Out...), line(ceil(n, block)), n))
	return nil
}

// average lets Adam's own call blend its new weights, where that is the step
// just before: with that it binds the eight buffers there are.
func (l *lowered) average(s plan.Step) bool {
	if len(l.nodes) == 0 {
		return false
	}
	calls := l.nodes[len(l.nodes)-1].calls
	if len(calls) != 1 || calls[0].label != adamFile {
		return false
	}
	old := calls[0]
	state, x, decay, ok := l.alias[s.In[0]], l.alias[s.In[1]], l.alias[s.In[2]], l.alias[s.In[3]]
	for i, b := range old.bound {
		v := l.alias[b.value]
		if i == 2 && v != ok || i == 3 && v != x || v == state || b.write && v == decay {
			return false
		}
	}
	c := &call{label: "adam.wgsl average.wgsl", text: &text{}, grid: old.grid, params: old.params}
	c.text.file(adamFile)
	c.text.file("average.wgsl")
	c.bound = writes(append(old.bound, bound{value: s.In[2]}), s.In[0])
	l.nodes[len(l.nodes)-1].calls[0] = c
	l.wrote(c, len(l.nodes)-1)
	return true
}
