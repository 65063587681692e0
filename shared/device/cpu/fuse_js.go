package cpu

import (
	"runtime"

	"mien/shared/device/cpu/kernel"
	"mien/shared/device/cpu/simd"
	"mien/shared/plan"
)

// chain is a group that the page's kernels run in one or two jobs: convolution,
// bias, a picture added and rectifier; or instance norm, scale, shift, rectifier and a picture
// added, after a convolution or without one.
//
//	x = conv(in, weights) + bias
//	y = act(norm(x) * scale + shift) + more
type chain struct {
	conv         int // its step, -1 for none
	bias         int // values, -1 for none
	x            int
	norm         bool
	epsilon      float64
	scale, shift int
	active       bool
	slope        float64
	slopes       int
	more         int
	y            int
	before       []int // steps on what a picture has once
	steps        []plan.Step
	next         int
	program      *program
	group        plan.Group
}

// fuseSIMD compiles a group that is a chain, or returns nil.
func (c *program) fuseSIMD(g plan.Group) func() {
	if !vectors() {
		return nil
	}
	h := &chain{conv: -1, bias: -1, scale: -1, shift: -1, slopes: -1, more: -1, program: c, group: g}
	if !h.read() || h.leaks() {
		return nil
	}
	return h.compile()
}

// read matches the group's steps; false where they are no chain.
func (h *chain) read() bool {
	p := h.program.plan
	made := map[int]bool{} // values of the chain so far
	for k, i := range h.group.Steps {
		s := p.Steps[i]
		small := !(k == 0 && h.group.Head) && s.Kind != plan.SumTo && p.Spans(s.Out[0], h.group.Shape) != plan.Whole
		ours := false
		for _, v := range s.In {
			ours = ours || made[v]
		}
		if small && !ours { // a scale or shift that is computed first
			h.before = append(h.before, i)
			continue
		}
		h.steps = append(h.steps, s)
		made[s.Out[0]] = true
	}
	if h.group.Head {
		switch w := p.Values[h.steps[0].In[1]].Shape; {
		case h.steps[0].Kind == plan.Conv:
		case h.steps[0].Kind == plan.Depthwise && w[0] == w[1]:
		default:
			return false
		}
		h.conv, h.next = h.group.Steps[0], 1
		h.y = h.steps[0].Out[0]
		if b, ok := h.with(plan.Add, h.y, h.channels); ok {
			if p.Values[b].Shape[0] != 1 {
				return false
			}
			h.bias = b
		}
		bare, next := h.y, h.next
		if v, ok := h.with(plan.Add, h.y, h.whole); ok {
			h.more = v
		}
		if h.rectifier() || h.done() {
			h.x = h.y
			return h.done() && len(h.before) == 0
		}
		if h.more >= 0 || h.steps[0].Kind != plan.Conv {
			return false
		}
		h.y, h.next = bare, next
	} else if len(h.steps) > 0 {
		h.y = h.steps[0].In[0]
	}
	h.x = h.y
	if !h.normalised() {
		return false
	}
	if v, ok := h.with(plan.Mul, h.y, h.channels); ok {
		h.scale = v
	}
	if v, ok := h.with(plan.Add, h.y, h.channels); ok {
		h.shift = v
	}
	h.rectifier()
	if v, ok := h.with(plan.Add, h.y, h.whole); ok {
		h.more = v
	}
	return h.done()
}

func (h *chain) done() bool { return h.next == len(h.steps) }

// take matches the next step: its kind and operands.
func (h *chain) take(k plan.Kind, in ...int) (plan.Step, bool) {
	if h.done() {
		return plan.Step{}, false
	}
	s := h.steps[h.next]
	if s.Kind != k || len(s.In) != len(in) {
		return s, false
	}
	for i := range in {
		if s.In[i] != in[i] {
			return s, false
		}
	}
	h.next++
	return s, true
}

// with matches a step of x and another operand that is fit, in any order, and
// returns that; the result is then h.y.
func (h *chain) with(k plan.Kind, x int, fit func(v int) bool) (int, bool) {
	if h.done() {
		return -1, false
	}
	s := h.steps[h.next]
	if s.Kind != k || s.In[0] == s.In[1] {
		return -1, false
	}
	other := s.In[0] + s.In[1] - x
	if s.In[0] != x && s.In[1] != x || !fit(other) {
		return -1, false
	}
	h.next++
	h.y = s.Out[0]
	return other, true
}

// channels reports whether v has one number for each channel.
func (h *chain) channels(v int) bool {
	s := h.program.plan.Values[v].Shape
	span := h.program.plan.Spans(v, h.group.Shape)
	return (span == plan.Shared || span == plan.PerPicture) && s[3] == h.group.Shape[3]
}

func (h *chain) whole(v int) bool {
	return h.program.plan.Spans(v, h.group.Shape) == plan.Whole
}

func (h *chain) rectifier() bool {
	if s, ok := h.take(plan.LeakyRelu, h.y); ok {
		h.active, h.slope, h.y = true, s.Floats[0], s.Out[0]
		return true
	}
	if h.done() || h.norm || h.conv < 0 || h.steps[h.next].Kind != plan.PRelu {
		return false
	}
	s := h.steps[h.next]
	if v := s.In[1]; s.In[0] == h.y && h.channels(v) && h.program.plan.Values[v].Shape[0] == 1 {
		h.active, h.slopes, h.y = true, v, s.Out[0]
		h.next++
		return true
	}
	return false
}

// normalised matches (x-mean)/sqrt(variance+epsilon), as instance norm is
// lowered to steps.
func (h *chain) normalised() bool {
	x, shape := h.y, h.group.Shape
	share := 1 / float64(shape[1]*shape[2])
	scaled := func(v int, a, b float64) (int, float64, bool) { // b < 0: any
		s, ok := h.take(plan.Affine, v)
		if !ok || float32(s.Floats[0]) != float32(a) || b >= 0 && s.Floats[1] != b {
			return 0, 0, false
		}
		return s.Out[0], s.Floats[1], true
	}
	mean := func(v int) (int, bool) {
		s, ok := h.take(plan.SumTo, v)
		if !ok || h.program.plan.Values[s.Out[0]].Shape.Numel() != shape[0]*shape[3] {
			return 0, false
		}
		m, _, ok := scaled(s.Out[0], share, 0)
		return m, ok
	}
	m, ok := mean(x)
	if !ok {
		return false
	}
	d, ok := h.take(plan.Sub, x, m)
	if !ok {
		return false
	}
	q, ok := h.take(plan.Mul, d.Out[0], d.Out[0])
	if !ok {
		return false
	}
	v, ok := mean(q.Out[0])
	if !ok {
		return false
	}
	e, epsilon, ok := scaled(v, 1, -1)
	if !ok {
		return false
	}
	r, ok := h.take(plan.Sqrt, e)
	if !ok {
		return false
	}
	n, ok := h.take(plan.Div, d.Out[0], r.Out[0])
	if !ok {
		return false
	}
	h.norm, h.epsilon, h.y = true, epsilon, n.Out[0]
	return true
}

// leaks reports whether somebody reads what the jobs do not leave behind.
func (h *chain) leaks() bool {
	p := h.program.plan
	left := map[int]bool{h.y: true}
	if h.conv >= 0 {
		left[h.x] = true
	}
	for _, i := range h.before {
		left[p.Steps[i].Out[0]] = true
	}
	hidden, inside := map[int]bool{}, map[int]bool{}
	for _, i := range h.group.Steps {
		inside[i] = true
		if v := p.Steps[i].Out[0]; !left[v] {
			hidden[v] = true
		}
	}
	for i, s := range p.Steps {
		for _, v := range s.In {
			if hidden[v] && !inside[i] {
				return true
			}
		}
	}
	for _, o := range p.Outputs {
		if hidden[o.Value] {
			return true
		}
	}
	return h.norm && h.conv >= 0 && h.program.values[h.x] == nil || h.program.values[h.y] == nil
}

func (h *chain) compile() func() {
	c, shape := h.program, h.group.Shape
	pictures := shape[0]
	b := &blocks{program: c, group: h.group}
	var before []func(picture int)
	for _, i := range h.before {
		before = append(before, b.small(c.plan.Steps[i]))
	}
	first := func() {}
	if h.conv >= 0 {
		o := c.operands(c.plan.Steps[h.conv])
		f := kernel.Finish{Changes: c.changes(o.values[1])}
		if h.bias >= 0 {
			f.Bias = c.values[h.bias]
			if c.changes(h.bias) == nil {
				f.Changes = nil
			}
		}
		if !h.norm {
			f.Active, f.Slope = h.active, float32(h.slope)
			if h.slopes >= 0 {
				f.Slopes = c.values[h.slopes]
				if c.changes(h.slopes) == nil {
					f.Changes = nil
				}
			}
			if h.more >= 0 {
				f.More = c.values[h.more]
			}
		}
		finish := c.kernels.ConvFinish
		if c.plan.Steps[h.conv].Kind == plan.Depthwise {
			finish = c.kernels.DepthwiseFinish
		}
		run := finish(convShape(o.inShapes[0], o.inShapes[1], o.outShapes[0], o.ints), f)
		x, in, weights := c.values[h.x], o.in[0], o.in[1]
		first = func() { run(x, in, weights) }
	}
	if !h.norm {
		return first
	}
	j := &simd.Norm{
		N: int32(pictures), Pixels: int32(shape[1] * shape[2]), C: int32(shape[3]),
		Epsilon: float32(h.epsilon), Slope: float32(h.slope), X: simd.At(c.values[h.x]), Y: simd.At(c.values[h.y]),
	}
	if h.active {
		j.Active = 1
	}
	for _, part := range []struct {
		value int
		to    *simd.Address
		step  *int32
	}{{h.scale, &j.Scale, &j.ScaleStep}, {h.shift, &j.Shift, &j.ShiftStep}, {h.more, &j.More, new(int32)}} {
		if part.value < 0 {
			continue
		}
		*part.to = simd.At(c.values[part.value])
		if c.plan.Values[part.value].Shape[0] == pictures {
			*part.step = j.C
		}
	}
	n := j.Split()
	c.scratchSize = max(c.scratchSize, n)
	return func() {
		first()
		for _, step := range before {
			for n := range pictures {
				step(n)
			}
		}
		j.Run(c.scratch[:n])
		runtime.KeepAlive(c)
	}
}
