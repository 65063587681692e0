package webgpu

import (
	"fmt"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// call is one dispatch of a lowered plan.
type call struct {
	label  string
	text   *text
	bound  []bound
	params []uint32
	grid   [3]uint32
}

// bound is a value at a storage binding.
type bound struct {
	value int
	write bool
}

func (c *call) writes() []bool {
	w := make([]bool, len(c.bound))
	for i, b := range c.bound {
		w[i] = b.write
	}
	return w
}

// node is what one or several steps became: calls that run in order, or work
// that still grows (chain) and is turned into calls at the end.
type node struct {
	chain *chain
	calls []*call
}

// memory is a value of the plan, or scratch between the calls of a step.
type memory struct {
	size int // in floats
	role plan.Role
	half bool // stored as pairs of half floats
}

// choice is what can be chosen about a lowering: half weights, and for tests
// the tile and the number of parts of every product, where zero leaves both to
// the product.
type choice struct {
	half  bool
	tile  tile
	parts int
}

// lowered is a plan as calls of kernels.
type lowered struct {
	plan   *plan.Plan
	choice choice
	values []memory // those of the plan first
	alias  []int    // per value, whose memory it uses; itself mostly
	nodes  []*node
	ready  []int  // per value, the node that wrote it last, or -1
	uses   []int  // per value, how many steps and outputs read it
	summed []bool // per value, whether a sum is the last step that reads it
	place  []int  // per value, its buffer; -1 for what nobody uses
	sizes  []int  // of buffers, in floats
}

// scratch is the role of memory between calls.
const scratch plan.Role = "scratch"

// lowering turns a step into calls.
type lowering func(l *lowered, s plan.Step) error

func lower(p *plan.Plan, c choice) (*lowered, error) {
	l := &lowered{plan: p, choice: c}
	for i, v := range p.Values {
		l.values = append(l.values, memory{size: v.Shape.Numel(), role: v.Role})
		l.alias = append(l.alias, i)
		l.ready = append(l.ready, -1)
	}
	l.findAliases()
	l.countUses()
	for i, s := range p.Steps {
		f, ok := lowerings[s.Kind]
		if !ok {
			return nil, fmt.Errorf("step %d: %s: this device has no such kind", i, s.Kind)
		}
		if err := f(l, s); err != nil {
			return nil, fmt.Errorf("step %d: %v: %w", i, s, err)
		}
	}
	for _, n := range l.nodes {
		if n.chain != nil {
			n.calls = append(n.calls, n.chain.finish(l)...)
		}
	}
	l.allocate()
	return l, nil
}

// Kernels returns the texts that p is compiled to, with a label each, for tests
// that have no GPU.
func Kernels(p *plan.Plan) (map[string]string, error) {
	l, err := lower(p, choice{})
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, n := range l.nodes {
		for _, c := range n.calls {
			texts[c.text.String()] = c.label
		}
	}
	return texts, nil
}

// findAliases lets a reshape, and a sum or spread that changes nothing, share
// its operand's memory unless that is a state, which a later step may write.
func (l *lowered) findAliases() {
	for _, s := range l.plan.Steps {
		switch s.Kind {
		case plan.Reshape, plan.SumTo, plan.Spread:
			from, to := s.In[0], s.Out[0]
			if l.values[from].size == l.values[to].size && l.values[l.alias[from]].role != plan.State {
				l.alias[to] = l.alias[from]
			}
		}
	}
}

// countUses counts the readers of every memory.
func (l *lowered) countUses() {
	l.uses, l.summed = make([]int, len(l.values)), make([]bool, len(l.values))
	for _, s := range l.plan.Steps {
		if l.alias[s.Out[0]] != s.Out[0] {
			continue // no step at all
		}
		for _, v := range s.In {
			l.uses[l.alias[v]]++
			l.summed[l.alias[v]] = s.Kind == plan.SumTo
		}
	}
	for _, o := range l.plan.Outputs {
		l.uses[l.alias[o.Value]]++
	}
}

func (l *lowered) shape(v int) tensor.Shape { return l.plan.Values[v].Shape }

// scratch returns new memory of n floats that lives within one node.
func (l *lowered) scratch(n int) int {
	l.values = append(l.values, memory{size: n, role: scratch})
	l.alias = append(l.alias, len(l.values)-1)
	l.ready = append(l.ready, -1)
	l.uses = append(l.uses, 0)
	return len(l.values) - 1
}

// add appends calls as a node of their own. None binds a value in both roles,
// which WebGPU refuses: plan.Validate refuses it of states, and temporaries are
// written once.
func (l *lowered) add(calls ...*call) {
	for _, c := range calls {
		l.wrote(c, len(l.nodes))
	}
	l.nodes = append(l.nodes, &node{calls: calls})
}

// wrote notes that node n writes what c does.
func (l *lowered) wrote(c *call, n int) {
	for _, b := range c.bound {
		if b.write {
			l.ready[l.alias[b.value]] = n
		}
	}
}

// reads and writes list operands for a call's bindings.
func reads(values ...int) []bound {
	b := make([]bound, len(values))
	for i, v := range values {
		b[i].value = v
	}
	return b
}

func writes(b []bound, values ...int) []bound {
	for _, v := range values {
		b = append(b, bound{v, true})
	}
	return b
}

// block is the number of invocations of kernels that compute one element each.
const block = 256

// maxRow is how many workgroups a grid has along x when one number counts
// them; kernels compute (y*width + x).
const maxRow = 1 << 15

// line is a grid of at least n workgroups, for kernels that count them by one
// number.
func line(n int) [3]uint32 {
	x := min(n, maxRow)
	return [3]uint32{uint32(x), uint32((n + x - 1) / x), 1}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// fixed makes a call of a file that is a whole kernel.
func fixed(file string, b []bound, grid [3]uint32, params ...int) *call {
	t := &text{}
	t.file(file)
	c := &call{label: file, text: t, bound: b, grid: grid}
	for _, p := range params {
		c.params = append(c.params, uint32(p))
	}
	return c
}

// check compares the plan's needs with what the adapter has.
func (l *lowered) check(a Adapter) error {
	for i, v := range l.values {
		size := 4 * int64(v.size)
		if limit := min(a.MaxBinding, a.MaxBuffer); size > limit && l.place[l.alias[i]] >= 0 {
			name := fmt.Sprintf("value %d", i)
			if i < len(l.plan.Values) {
				name = fmt.Sprintf("value %d %q %v", i, l.plan.Values[i].Name, l.plan.Values[i].Shape)
			}
			return fmt.Errorf("%s: %d MiB, and %s takes at most %d in one piece: train with a smaller batch, or on the CPU", name, size>>20, a.Name, limit>>20)
		}
	}
	for _, n := range l.nodes {
		for _, c := range n.calls {
			for _, g := range c.grid {
				if int64(g) > a.MaxGroups {
					return fmt.Errorf("%s: %d workgroups, and %s takes at most %d along one dimension", c.label, g, a.Name, a.MaxGroups)
				}
			}
		}
	}
	return nil
}
