package graph

import (
	"container/heap"
	"fmt"
	"sort"

	"mien/shared/plan"
)

// Lower flattens what outputs and the recorded updates need to a plan. Steps
// keep the order of creation, except that everything that reads a state comes
// before the step that changes it.
func (g *Graph) Lower(outputs map[string]Node) (*plan.Plan, error) {
	names := make([]string, 0, len(outputs))
	for name := range outputs {
		names = append(names, name)
	}
	sort.Strings(names)
	roots := append([]Node(nil), g.effects...)
	for _, name := range names {
		roots = append(roots, outputs[name])
	}
	order, err := g.order(g.needed(roots))
	if err != nil {
		return nil, fmt.Errorf("lower: %w", err)
	}
	l := lowering{g: g, p: &plan.Plan{Version: plan.Version}, value: map[Node]int{}}
	for _, n := range order {
		l.node(n)
	}
	for _, name := range names {
		l.p.Outputs = append(l.p.Outputs, plan.Output{Name: name, Value: l.value[outputs[name]]})
	}
	if err := l.p.Validate(); err != nil {
		return nil, fmt.Errorf("lower: %w", err)
	}
	return l.p, nil
}

// needed marks the nodes that roots depend on.
func (g *Graph) needed(roots []Node) []bool {
	marks := make([]bool, len(g.nodes))
	for _, r := range roots {
		marks[g.index[r]] = true
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		if marks[i] {
			for _, c := range g.in[g.nodes[i]] {
				marks[g.index[c]] = true
			}
		}
	}
	return marks
}

// source follows stops to the node whose value they pass on.
func (g *Graph) source(n Node) Node {
	for o := opOf(n); o != nil && o.kind == stop; o = opOf(n) {
		n = g.in[n][0]
	}
	return n
}

// order sorts the needed nodes: operands first, readers of a state before its
// writer, else by creation (Kahn's algorithm with a heap).
func (g *Graph) order(needed []bool) ([]Node, error) {
	writer := map[Node]int{} // state -> the node that changes it
	for _, e := range g.effects {
		for _, k := range opOf(e).kind.Writes() {
			s := g.in[e][k]
			if g.leaves[s].role != plan.State {
				return nil, fmt.Errorf("%s changes %q, which is no state", opOf(e).kind, s.Name())
			}
			if _, ok := writer[s]; ok {
				return nil, fmt.Errorf("state %q is changed twice", s.Name())
			}
			writer[s] = g.index[e]
		}
	}
	after, waits := make([][]int, len(g.nodes)), make([]int, len(g.nodes))
	edge := func(from, to int) {
		after[from] = append(after[from], to)
		waits[to]++
	}
	for i, n := range g.nodes {
		if !needed[i] {
			continue
		}
		for _, c := range g.in[n] {
			edge(g.index[c], i)
			if w, ok := writer[g.source(c)]; ok && w != i && needed[w] {
				edge(i, w)
			}
		}
	}
	ready := &ints{}
	for i := range g.nodes {
		if needed[i] && waits[i] == 0 {
			heap.Push(ready, i)
		}
	}
	var order []Node
	count := 0
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		order = append(order, g.nodes[i])
		for _, j := range after[i] {
			if waits[j]--; waits[j] == 0 {
				heap.Push(ready, j)
			}
		}
	}
	for _, n := range needed {
		if n {
			count++
		}
	}
	if len(order) != count {
		return nil, fmt.Errorf("%d of %d nodes: a state is read both before and after its change", len(order), count)
	}
	return order, nil
}

// lowering collects a plan node by node.
type lowering struct {
	g     *Graph
	p     *plan.Plan
	value map[Node]int
}

func (l *lowering) node(n Node) {
	o := opOf(n)
	if o == nil {
		f := l.g.leaves[n]
		l.value[n] = l.add(plan.Value{Name: n.Name(), Role: f.role, Shape: Shape(n).Clone(), Data: f.data})
		return
	}
	in := l.g.in[n]
	if o.kind == stop {
		l.value[n] = l.value[in[0]]
		return
	}
	s := plan.Step{Kind: o.kind, Ints: o.ints, Floats: o.floats}
	for _, c := range in {
		s.In = append(s.In, l.value[c])
	}
	if writes := o.kind.Writes(); writes != nil {
		for _, k := range writes {
			s.Out = append(s.Out, s.In[k])
		}
		l.value[n] = s.Out[0]
	} else {
		l.value[n] = l.add(plan.Value{Role: plan.Temp, Shape: Shape(n).Clone()})
		s.Out = []int{l.value[n]}
	}
	l.p.Steps = append(l.p.Steps, s)
}

func (l *lowering) add(v plan.Value) int {
	l.p.Values = append(l.p.Values, v)
	return len(l.p.Values) - 1
}

// ints is a heap of integers.
type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(x any)        { *h = append(*h, x.(int)) }
func (h *ints) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
