package plan

// Schedule is how a device that runs groups of steps goes about a plan.
type Schedule struct {
	Groups []Group // in order of execution
	// Held says which temporaries need memory. The others live between steps
	// of one level of one group.
	Held []bool
	// Layout places those that are held.
	Layout Layout
}

// Schedule groups p's steps and plans the memory of what remains between
// passes. Simplify the plan first.
func (p *Plan) Schedule() Schedule {
	s := Schedule{Groups: p.groups(), Held: make([]bool, len(p.Values))}
	order := make([]int, len(p.Steps)) // of the group that a step is in
	for t, g := range s.Groups {
		for _, i := range g.Steps {
			order[i] = t
		}
	}
	outside := p.readOutside(order)
	alias := p.aliases()
	for _, g := range s.Groups {
		p.hold(g, outside, s.Held, alias)
	}
	s.Layout = p.layout(order, s.Held, alias)
	return s
}

// readOutside marks the values that another group reads than the one that makes
// them, or the host.
func (p *Plan) readOutside(order []int) []bool {
	maker, outside := make([]int, len(p.Values)), make([]bool, len(p.Values))
	for i := range maker {
		maker[i] = -1
	}
	for i, s := range p.Steps {
		for _, v := range s.In {
			outside[v] = outside[v] || maker[v] != order[i]
		}
		for _, v := range s.Out {
			maker[v] = order[i]
		}
	}
	for _, o := range p.Outputs {
		outside[o.Value] = true
	}
	return outside
}

// hold marks which results of g need memory. A head's result that only level 0
// reads shares the memory of one that level 0 leaves: block by block, it is read
// before that is written.
func (p *Plan) hold(g Group, outside, held []bool, alias []int) {
	if g.Shape == nil {
		for _, v := range p.Steps[g.Steps[0]].Out {
			held[v] = true
		}
		return
	}
	level := map[int]int{} // value -> level of the step that makes it
	last := map[int]int{}  // value -> position of its last reader in g
	for k, i := range g.Steps {
		for _, v := range p.Steps[i].In {
			made, ours := level[v]
			if ours && made != g.Levels[k] {
				held[v] = true
			}
			last[v] = k
		}
		v := p.Steps[i].Out[0]
		level[v] = g.Levels[k]
		held[v] = outside[v] || !p.Values[v].Shape.Equal(g.Shape)
	}
	y := p.Steps[g.Steps[0]].Out[0]
	if !g.Head || held[y] {
		return
	}
	for k, i := range g.Steps {
		if v := p.Steps[i].Out[0]; k > 0 && k >= last[y] && g.Levels[k] == 0 && held[v] && p.Values[v].Shape.Equal(g.Shape) {
			alias[y] = v
			return
		}
	}
	held[y] = true
}
