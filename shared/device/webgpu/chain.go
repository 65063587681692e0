package webgpu

import (
	"fmt"
	"math"
	"strings"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// chain is a run of elementwise steps that one kernel computes, element by
// element: either a kernel of its own, or what a convolution does to each of
// its results before it leaves. Values that only the chain itself reads are
// never stored.
type chain struct {
	n     int      // elements of every result
	steps []link   // in order
	made  []int    // per step, the value it makes
	root  *product // what makes the first value, or nil
	head  int      // that value
}

// link is one elementwise step.
type link struct {
	step  plan.Step
	shape tensor.Shape   // of the result
	in    []tensor.Shape // of the operands
}

// elementwise lowers a step to a link of a chain: of the newest one that makes
// an operand, where that keeps within what a kernel can bind and everything
// the step reads is there already; else of a new one.
func elementwise(l *lowered, s plan.Step) error {
	out := s.Out[0]
	if l.alias[out] != out {
		return nil
	}
	k := link{step: s, shape: l.shape(out)}
	newest := -1
	for _, v := range s.In {
		k.in = append(k.in, l.shape(v))
		newest = max(newest, l.ready[l.alias[v]])
	}
	if newest >= 0 {
		n := l.nodes[newest]
		if c := n.chain; c != nil && c.n == k.shape.Numel() && c.fits(l, k) && c.suits(l, k) {
			c.append(l, k)
			l.ready[out] = newest
			return nil
		}
	}
	c := &chain{n: k.shape.Numel(), head: -1}
	c.append(l, k)
	l.ready[out] = len(l.nodes)
	l.nodes = append(l.nodes, &node{chain: c})
	return nil
}

func (c *chain) append(l *lowered, k link) {
	c.steps = append(c.steps, k)
	c.made = append(c.made, l.alias[k.step.Out[0]])
}

// makes reports whether the chain computes memory v.
func (c *chain) makes(v int) bool {
	if c.root != nil && v == c.head {
		return true
	}
	for _, m := range c.made {
		if m == v {
			return true
		}
	}
	return false
}

// fits reports whether the chain stays within a kernel's storage buffers with
// one more link. An operand that the chain makes must not be spread.
func (c *chain) fits(l *lowered, k link) bool {
	for i, v := range k.step.In {
		if c.makes(l.alias[v]) && k.in[i].Numel() != c.n {
			return false
		}
	}
	ins, outs := c.with(l, k).ports(l)
	used := len(ins) + len(outs)
	if c.root != nil {
		used += len(c.root.in)
	}
	return used <= maxStorage
}

// with is the chain with one more link.
func (c *chain) with(l *lowered, k link) *chain {
	longer := &chain{n: c.n, root: c.root, head: c.head}
	longer.steps = append(append(longer.steps, c.steps...), k)
	longer.made = append(append(longer.made, c.made...), l.alias[k.step.Out[0]])
	return longer
}

// suits reports whether the link belongs here rather than in a chain of its
// own: what only a sum reads does not when the chain stores other values, for
// alone it need never be stored (absorb).
func (c *chain) suits(l *lowered, k link) bool {
	out := l.alias[k.step.Out[0]]
	if !l.summed[out] || l.uses[out] != 1 {
		return true
	}
	_, outs := c.with(l, k).ports(l)
	return len(outs) == 1
}

// ports lists the memories that the chain reads and those that it must store:
// somebody else reads them.
func (c *chain) ports(l *lowered) (ins, outs []int) {
	inside := map[int]int{} // reads within the chain
	seen := map[int]bool{}
	for _, k := range c.steps {
		for _, v := range k.step.In {
			v = l.alias[v]
			if c.makes(v) {
				inside[v]++
			} else if !seen[v] {
				seen[v] = true
				ins = append(ins, v)
			}
		}
	}
	made := c.made
	if c.root != nil {
		made = append([]int{c.head}, made...)
	}
	for _, v := range made {
		if l.uses[v] > inside[v] {
			outs = append(outs, v)
		}
	}
	return ins, outs
}

// finish turns the chain into its kernel.
func (c *chain) finish(l *lowered) []*call {
	w := newWriter(c, l)
	w.write(-1)
	if c.root != nil {
		return c.root.finish(l, w)
	}
	if len(w.outs) == 0 {
		return nil
	}
	t := &text{}
	w.declare(t, "", 1)
	t.file("math.wgsl")
	t.add("chain", w.body)
	t.file("chain.wgsl")
	return []*call{{
		label: c.String(), text: t, bound: writes(reads(w.ins...), w.outs...), grid: line(ceil(c.n, block)), params: w.params,
	}}
}

// String names the chain by its steps.
func (c *chain) String() string {
	var kinds []string
	if c.root != nil {
		kinds = append(kinds, string(c.root.kind))
	}
	for _, k := range c.steps {
		kinds = append(kinds, string(k.step.Kind))
	}
	if len(kinds) > 6 {
		kinds = append(kinds[:5], fmt.Sprint("and ", len(kinds)-5, " more"))
	}
	return strings.Join(kinds, "+")
}

// writer generates the text of a chain: the function
//
//	fn finish(i: u32, head: f32)
//
// for element i, where head is what the root made of it, or, for a sum that
// reads what the chain makes,
//
//	fn load(i: u32) -> f32
//
// which gives one value and stores none. Numbers that differ
// from step to step (extents, attributes) are parameters, so that chains of
// one form share a pipeline.
type writer struct {
	chain     *chain
	lowered   *lowered
	ins, outs []int
	body      string
	fields    []string // of the struct of parameters
	params    []uint32
	names     map[int]string // of values made or loaded
}

func newWriter(c *chain, l *lowered) *writer {
	w := &writer{chain: c, lowered: l, names: map[int]string{}}
	w.ins, w.outs = c.ports(l)
	w.param("n", "u32", uint32(c.n))
	return w
}

// param adds a parameter and returns how the text calls it.
func (w *writer) param(name, kind string, value uint32) string {
	w.fields = append(w.fields, fmt.Sprintf("%s: %s,", name, kind))
	w.params = append(w.params, value)
	return "c." + name
}

// declare adds the struct of parameters and the bindings from number first on.
// The fields of before come first.
func (w *writer) declare(t *text, before string, first int) {
	var b strings.Builder
	fmt.Fprintf(&b, "struct Chain { %s%s }\n", before, strings.Join(w.fields, " "))
	fmt.Fprintf(&b, "@group(0) @binding(0) var<uniform> c: Chain;\n")
	for i := range w.ins {
		fmt.Fprintf(&b, "@group(0) @binding(%d) var<storage, read> in%d: array<f32>;\n", first, i)
		first++
	}
	for i := range w.outs {
		fmt.Fprintf(&b, "@group(0) @binding(%d) var<storage, read_write> out%d: array<f32>;\n", first, i)
		first++
	}
	t.add("bindings", b.String())
}

// write fills body: finish, or with the number of a value load.
func (w *writer) write(loaded int) {
	var b strings.Builder
	if loaded < 0 {
		b.WriteString("fn finish(i: u32, head: f32) {\n")
	} else {
		b.WriteString("fn load(i: u32) -> f32 {\n")
	}
	if w.chain.root != nil {
		w.names[w.chain.head] = "head"
	}
	for s, k := range w.chain.steps {
		var args []string
		for i, v := range k.step.In {
			v = w.lowered.alias[v]
			if name, ok := w.names[v]; ok && (w.chain.makes(v) || k.in[i].Numel() == w.chain.n) {
				args = append(args, name)
				continue
			}
			name := fmt.Sprintf("x%d_%d", s, i)
			fmt.Fprintf(&b, "\tlet %s = in%d[%s];\n", name, w.port(v), w.index(fmt.Sprintf("%d_%d", s, i), k.shape, k.in[i]))
			if k.in[i].Numel() == w.chain.n {
				w.names[v] = name
			}
			args = append(args, name)
		}
		for i, f := range k.step.Floats {
			args = append(args, w.param(fmt.Sprintf("f%d_%d", s, i), "f32", math.Float32bits(float32(f))))
		}
		made := w.chain.made[s]
		w.names[made] = fmt.Sprintf("v%d", s)
		fmt.Fprintf(&b, "\tlet v%d = %s;\n", s, expression(k.step.Kind, args))
	}
	if loaded >= 0 {
		fmt.Fprintf(&b, "\treturn %s;\n", w.names[loaded])
	} else {
		for i, v := range w.outs {
			fmt.Fprintf(&b, "\tout%d[i] = %s;\n", i, w.names[v])
		}
	}
	b.WriteString("}\n")
	w.body = b.String()
}

func (w *writer) port(v int) int {
	for i, in := range w.ins {
		if in == v {
			return i
		}
	}
	panic("chain reads a value that it does not bind")
}

// index returns the text of where element i of a result of shape y reads an
// operand of shape x, whose dimensions are equal or 1. Neighbouring dimensions
// in which x is either spread or not count as one.
func (w *writer) index(id string, y, x tensor.Shape) string {
	type group struct {
		n    int
		kept bool
	}
	var groups []group
	for d, n := range y {
		if n == 1 {
			continue
		}
		kept := x[d] != 1
		if k := len(groups) - 1; k >= 0 && groups[k].kept == kept {
			groups[k].n *= n
			continue
		}
		groups = append(groups, group{n, kept})
	}
	if len(groups) == 0 || len(groups) == 1 && !groups[0].kept {
		return "0u"
	}
	if len(groups) == 1 {
		return "i"
	}
	var terms []string
	inner, step := 1, 1 // elements of y and of x within one of the group
	for g := len(groups) - 1; g >= 0; g-- {
		if groups[g].kept {
			term := "i"
			if inner > 1 {
				term = fmt.Sprintf("(i / %s)", w.param(fmt.Sprintf("d%s_%d", id, g), "u32", uint32(inner)))
			}
			if g > 0 {
				term = fmt.Sprintf("(%s %% %s)", term, w.param(fmt.Sprintf("e%s_%d", id, g), "u32", uint32(groups[g].n)))
			}
			if step > 1 {
				term = fmt.Sprintf("%s * %s", term, w.param(fmt.Sprintf("s%s_%d", id, g), "u32", uint32(step)))
			}
			terms = append(terms, term)
			step *= groups[g].n
		}
		inner *= groups[g].n
	}
	return strings.Join(terms, " + ")
}
