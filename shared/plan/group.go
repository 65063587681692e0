package plan

import (
	"sort"

	"mien/shared/tensor"
)

// Group is one or more steps that a device may run as one. A group of pictures
// holds elementwise steps and sums over values of one shape [N H W C], and over
// values that are repeated to it: each picture can then be computed alone, block
// by block, without its intermediate results ever leaving the cache. A chain
// like convolution, bias, instance norm, FiLM and rectifier is one group, and so
// is its gradient.
type Group struct {
	Steps []int // indices into Plan.Steps, in order of execution
	// Shape is that of a group of pictures; nil when the group is one step.
	Shape tensor.Shape
	// Head says that the first step is a convolution (depthwise too, or its input
	// gradient) whose result has that shape; the rest of level 0 can follow it block by
	// block.
	Head bool
	// Levels is for each step how many sums over a picture must be complete
	// before it can run. Steps of one level can share one pass.
	Levels []int
}

// Bounds of a group.
const (
	mostSteps    = 64      // of one group
	mostChannels = 1 << 12 // so that one pixel of every intermediate result stays in the cache
)

// home is a group in the making.
type home struct {
	Group
	at       int  // order of execution
	consumed bool // another group reads its results
}

// grouping collects the steps of a plan into groups. Steps come in order; each
// may join the group that its last operand comes from, because whatever that
// group may read is computed before it. A group that nobody has read yet can
// also move to the end of the order first.
type grouping struct {
	plan  *Plan
	homes []*home
	of    []*home // per value: who computes it
	late  []bool  // per value: a sum over all pictures, complete when its group is
	next  int
	write int // order of the last step that wrote a state
}

// groups partitions p's steps; the result is in order of execution.
func (p *Plan) groups() []Group {
	g := grouping{plan: p, of: make([]*home, len(p.Values)), late: make([]bool, len(p.Values)), write: -1}
	for i := range p.Steps {
		g.place(i)
	}
	sort.Slice(g.homes, func(i, j int) bool { return g.homes[i].at < g.homes[j].at })
	var groups []Group
	for _, h := range g.homes {
		if len(h.Steps) == 0 { // merged into another
			continue
		}
		if len(h.Steps) == 1 {
			h.Shape, h.Head = nil, false
		}
		h.setLevels(p)
		groups = append(groups, h.Group)
	}
	return groups
}

// place finds a group for step i.
func (g *grouping) place(i int) {
	s := g.plan.Steps[i]
	h := g.join(s)
	if h == nil {
		h = &home{at: g.next}
		g.next++
		h.Shape, h.Head = g.plan.opens(s)
		g.homes = append(g.homes, h)
	}
	h.Steps = append(h.Steps, i)
	for _, v := range s.In {
		if from := g.of[v]; from != nil && from != h {
			from.consumed = true
		}
	}
	for _, v := range s.Out {
		g.of[v] = h
		g.late[v] = h.Shape != nil && s.Kind == SumTo && h.Shape[0] > 1 && g.plan.Values[v].Shape[0] == 1
	}
	if s.Kind.Writes() != nil {
		g.write = h.at
	}
}

// join returns the group that s can become part of, or nil.
func (g *grouping) join(s Step) *home {
	var homes []*home // of its operands, the last one first
	for _, v := range s.In {
		if h := g.of[v]; h != nil {
			homes = append(homes, h)
		}
	}
	sort.Slice(homes, func(i, j int) bool { return homes[i].at > homes[j].at })
	for _, h := range homes {
		if h.Shape == nil || len(h.Steps) >= mostSteps || !g.plan.fits(s, h.Shape) || g.waits(s, h) {
			continue
		}
		if homes[0] != h {
			if h.consumed || g.write > h.at {
				continue
			}
			h.at = g.next
			g.next++
		}
		g.merge(h, homes, s)
		return h
	}
	return nil
}

// waits reports whether s reads what is only complete when h is.
func (g *grouping) waits(s Step, h *home) bool {
	for _, v := range s.In {
		if g.of[v] == h && g.late[v] {
			return true
		}
	}
	return false
}

// merge takes into h, which s joins, the other groups that s reads and nobody
// else does.
func (g *grouping) merge(h *home, homes []*home, s Step) {
	for _, o := range homes {
		if o == h || o.Shape == nil || o.Head || o.consumed || g.write > o.at || !o.Shape.Equal(h.Shape) || len(o.Steps)+len(h.Steps) >= mostSteps || g.waits(s, o) {
			continue
		}
		h.Steps = append(h.Steps, o.Steps...)
		for _, i := range o.Steps {
			for _, v := range g.plan.Steps[i].Out {
				g.of[v] = h
			}
		}
		o.Steps = nil
	}
}

// opens returns the shape of the group that s can begin, or nil.
func (p *Plan) opens(s Step) (shape tensor.Shape, head bool) {
	switch s.Kind {
	case Conv, ConvInput, Depthwise:
		shape, head = p.Values[s.Out[0]].Shape, true
	case SumTo:
		shape = p.Values[s.In[0]].Shape
	default:
		shape = p.Values[s.Out[0]].Shape
	}
	if len(shape) != 4 || shape[1]*shape[2] == 1 || shape[3] > mostChannels {
		return nil, false
	}
	if !head && !p.fits(s, shape) {
		return nil, false
	}
	return shape, head
}

// fits reports whether s can be part of a group of pictures of that shape.
func (p *Plan) fits(s Step, shape tensor.Shape) bool {
	out := p.Values[s.Out[0]].Shape
	switch s.Kind {
	case SumTo:
		in := p.Values[s.In[0]].Shape
		if len(in) != 4 || out[1]*out[2] != 1 {
			return false
		}
		if in.Equal(shape) {
			return out[0] == shape[0] || out[0] == 1
		}
		return p.Spans(s.In[0], shape) == PerPicture && out[0] == shape[0]
	case Add, Sub, Mul, Div, PRelu, Affine, LeakyRelu, Gate, Tanh, Sigmoid, Softplus, Exp, Log, Sqrt, Abs, Sign, Clamp, Inside, Spread:
	default:
		return false
	}
	if out.Equal(shape) {
		for _, v := range s.In {
			if p.Spans(v, shape) == Elsewhere {
				return false
			}
		}
		return true
	}
	// Between two passes: work on what a picture has once.
	if p.Spans(s.Out[0], shape) != PerPicture {
		return false
	}
	for _, v := range s.In {
		if c := p.Spans(v, shape); c != PerPicture && c != Shared {
			return false
		}
	}
	return true
}

// Span says how a value covers the pictures of a group.
type Span int

// The spans, for pictures [N H W C].
const (
	Elsewhere  Span = iota // not at all
	Whole                  // [N H W C]
	Pixels                 // [N H W 1], or [1 H W 1]
	Picture                // [1 H W C]: one picture repeated
	PerPicture             // [N 1 1 C] or [N 1 1 1]
	Shared                 // [1 1 1 C] or [1 1 1 1]
)

// Spans returns how value v covers pictures of that shape.
func (p *Plan) Spans(v int, shape tensor.Shape) Span {
	s := p.Values[v].Shape
	if s.Equal(shape) {
		return Whole
	}
	if len(s) != 4 {
		return Elsewhere
	}
	for i, d := range s {
		if d != 1 && d != shape[i] {
			return Elsewhere
		}
	}
	pixels := s[1] == shape[1] && s[2] == shape[2]
	switch {
	case pixels && s[3] == 1:
		return Pixels
	case pixels && s[3] == shape[3]:
		return Picture
	case s[1] != 1 || s[2] != 1:
		return Elsewhere
	case s[0] == shape[0]:
		return PerPicture
	}
	return Shared
}

// setLevels fills Levels.
func (h *home) setLevels(p *Plan) {
	h.Levels = make([]int, len(h.Steps))
	if h.Shape == nil {
		return
	}
	ready := map[int]int{} // value of this group -> the first level that can read it
	for k, i := range h.Steps {
		s, level := p.Steps[i], 0
		for _, v := range s.In {
			level = max(level, ready[v])
		}
		after := level
		if s.Kind == SumTo && p.Values[s.In[0]].Shape.Equal(h.Shape) {
			if h.Head { // a convolution's blocks are not those of a sum
				level = max(level, 1)
			}
			after = level + 1
		} else if h.Head && !p.Values[s.Out[0]].Shape.Equal(h.Shape) {
			level = max(level, 1)
			after = level
		}
		h.Levels[k] = level
		for _, v := range s.Out {
			ready[v] = after
		}
	}
}
