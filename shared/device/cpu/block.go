package cpu

import (
	"mien/shared/device/cpu/vector"
	"mien/shared/plan"
)

// slot is where an operand of a block lies.
type slot struct {
	data    []float32 // nil for a place on the desk
	picture int       // floats from one picture to the next; 0 when all share one
	pixel   int       // floats from one pixel to the next
	place   int
	single  bool // one number for the whole picture
}

// of returns the operand of block b.
func (s *slot) of(d *desk, b block) []float32 {
	if s.data == nil {
		return d.floats[s.place : s.place+b.floats]
	}
	at := b.picture*s.picture + b.pixel*s.pixel
	return s.data[at : at+b.floats]
}

// number returns a single operand.
func (s *slot) number(b block) float32 { return s.data[b.picture*s.picture] }

// blocks compiles one level of a group to a pass.
type blocks struct {
	program *program
	fused   *fused
	group   plan.Group
	level   int
	skip    int // the step that the head does itself, -1 for none
	pass    *pass
	size    int          // floats of a place on the desk
	places  int          // handed out so far
	free    []int        // places that are free again
	slots   map[int]slot // of values that this pass made, and of filled ones
	last    map[int]int  // value -> the last step of this pass that reads it
}

func newBlocks(c *program, f *fused, g plan.Group, level int) *blocks {
	b := &blocks{program: c, fused: f, group: g, level: level, skip: -1, pass: &pass{}, size: f.rows * f.c, slots: map[int]slot{}, last: map[int]int{}}
	for k, i := range g.Steps {
		if g.Levels[k] == level {
			for _, v := range c.plan.Steps[i].In {
				b.last[v] = k
			}
		}
	}
	return b
}

// compile translates the level's steps; scratch counts the floats that sums of
// the group need.
func (b *blocks) compile(scratch *int) *pass {
	for k, i := range b.group.Steps {
		if b.group.Levels[k] != b.level || k == 0 && b.group.Head || k == b.skip {
			continue
		}
		s := b.program.plan.Steps[i]
		whole := b.whole(s.Out[0])
		switch {
		case s.Kind == plan.SumTo && b.whole(s.In[0]):
			b.sum(s, scratch)
		case !whole:
			b.pass.before = append(b.pass.before, b.small(s))
		default:
			b.loop(s, k)
		}
	}
	return b.pass
}

func (b *blocks) whole(v int) bool {
	return b.program.plan.Spans(v, b.group.Shape) == plan.Whole
}

func (b *blocks) place() int {
	if n := len(b.free); n > 0 {
		p := b.free[n-1]
		b.free = b.free[:n-1]
		return p
	}
	return b.fresh()
}

// fresh returns a place that no operation of the pass writes but its owner's:
// what is filled once a picture must last.
func (b *blocks) fresh() int {
	b.places++
	return (b.places - 1) * b.size
}

func (b *blocks) op(f func(d *desk, k block)) { b.pass.ops = append(b.pass.ops, f) }

// operand returns the slot of value v; a picture's channels and its pixels are
// repeated to blocks first.
func (b *blocks) operand(v int) slot {
	if s, ok := b.slots[v]; ok {
		return s
	}
	p, data, shape := b.program.plan, b.program.values[v], b.program.plan.Values[v].Shape
	each := shape.Numel() / shape[0] // floats of one picture
	s := slot{data: data, picture: each, pixel: b.fused.c}
	if shape[0] == 1 {
		s.picture = 0
	}
	switch span := p.Spans(v, b.group.Shape); {
	case span == plan.Whole || span == plan.Picture:
		return s
	case span == plan.Pixels:
		s = b.pixels(s)
	case each == 1:
		s.single = true
	default:
		s = b.channels(s)
	}
	b.slots[v] = s
	return s
}

// pixels repeats one number a pixel over the channels.
func (b *blocks) pixels(from slot) slot {
	to, c := slot{place: b.place()}, b.fused.c
	b.op(func(d *desk, k block) {
		y, at := d.floats[to.place:to.place+k.floats], k.picture*from.picture+k.pixel
		for _, v := range from.data[at : at+k.floats/c] {
			fill(y[:c], v)
			y = y[c:]
		}
	})
	return to
}

// channels repeats the channels of a picture over the pixels of a block.
func (b *blocks) channels(from slot) slot {
	to, c, size := slot{place: b.fresh()}, b.fused.c, b.size
	b.pass.fills = append(b.pass.fills, func(d *desk, picture int) {
		y := d.floats[to.place : to.place+size]
		copy(y[:c], from.data[picture*from.picture:])
		expand(y, c)
	})
	return to
}

// vector returns a slot that is no single number.
func (b *blocks) vector(v int) slot {
	s := b.operand(v)
	if !s.single {
		return s
	}
	to, size := slot{place: b.fresh()}, b.size
	b.pass.fills = append(b.pass.fills, func(d *desk, picture int) {
		fill(d.floats[to.place:to.place+size], s.data[picture*s.picture])
	})
	return to
}

// result returns the slot of what step k makes: its memory, or a place, which
// may be that of an operand that is read here for the last time.
func (b *blocks) result(s plan.Step, k int) slot {
	v := s.Out[0]
	for _, u := range s.In {
		if from, ok := b.slots[u]; ok && b.last[u] == k && from.data == nil && b.whole(u) {
			b.free = append(b.free, from.place)
			delete(b.slots, u)
		}
	}
	to := slot{data: b.program.values[v], picture: b.fused.pixels * b.fused.c, pixel: b.fused.c}
	if to.data == nil {
		to = slot{place: b.place()}
		b.slots[v] = to
		if _, read := b.last[v]; !read { // nobody's
			b.free = append(b.free, to.place)
		}
	}
	return to
}

// loop compiles a step whose result is whole.
func (b *blocks) loop(s plan.Step, k int) {
	switch s.Kind {
	case plan.Add, plan.Sub, plan.Mul, plan.Div, plan.PRelu:
		f, x, z := binaries[s.Kind], b.operand(s.In[0]), b.operand(s.In[1])
		if x.single && z.single {
			x = b.vector(s.In[0])
		}
		y := b.result(s, k)
		switch {
		case x.single:
			b.op(func(d *desk, k block) { f.sv(y.of(d, k), x.number(k), z.of(d, k)) })
		case z.single:
			b.op(func(d *desk, k block) { f.vs(y.of(d, k), x.of(d, k), z.number(k)) })
		default:
			b.op(func(d *desk, k block) { f.vv(y.of(d, k), x.of(d, k), z.of(d, k)) })
		}
	case plan.Gate:
		x, g, slope := b.vector(s.In[0]), b.vector(s.In[1]), float32(s.Floats[0])
		y := b.result(s, k)
		b.op(func(d *desk, k block) { vector.Gate(y.of(d, k), x.of(d, k), g.of(d, k), slope) })
	case plan.Spread:
		x := b.vector(s.In[0])
		y := b.result(s, k)
		b.op(func(d *desk, k block) { copy(y.of(d, k), x.of(d, k)) })
	default:
		f, x := unaries[s.Kind](s.Floats), b.vector(s.In[0])
		y := b.result(s, k)
		b.op(func(d *desk, k block) { f(y.of(d, k), x.of(d, k)) })
	}
}

// sum compiles a sum over pixels.
func (b *blocks) sum(s plan.Step, scratch *int) {
	out := b.program.plan.Values[s.Out[0]].Shape
	t := &sum{width: out[3], place: b.fresh(), out: b.program.values[s.Out[0]], partial: *scratch}
	t.total = out[0] != b.group.Shape[0]
	*scratch += b.fused.n * b.fused.shards * t.width
	b.pass.sums = append(b.pass.sums, t)
	x := b.vector(s.In[0])
	b.op(func(d *desk, k block) { addBlock(d.floats[t.place:t.place+k.floats], x.of(d, k)) })
}

// small compiles a step on what a picture has once: its channels or one number.
func (b *blocks) small(s plan.Step) func(picture int) {
	part := func(v int) func(picture int) []float32 {
		data, shape := b.program.values[v], b.program.plan.Values[v].Shape
		n := shape.Numel() / shape[0]
		if shape[0] == 1 {
			return func(int) []float32 { return data }
		}
		return func(picture int) []float32 { return data[picture*n : picture*n+n] }
	}
	y, x := part(s.Out[0]), part(s.In[0])
	switch s.Kind {
	case plan.Add, plan.Sub, plan.Mul, plan.Div, plan.PRelu:
		f, z := binaries[s.Kind], part(s.In[1])
		return func(picture int) {
			y, x, z := y(picture), x(picture), z(picture)
			switch {
			case len(x) < len(y):
				f.sv(y, x[0], z)
			case len(z) < len(y):
				f.vs(y, x, z[0])
			default:
				f.vv(y, x, z)
			}
		}
	case plan.Gate:
		g, slope := part(s.In[1]), float32(s.Floats[0])
		return func(picture int) { vector.Gate(y(picture), x(picture), g(picture), slope) }
	case plan.SumTo:
		return func(picture int) { sumRows(y(picture), x(picture)) }
	case plan.Spread:
		return func(picture int) {
			y, x := y(picture), x(picture)
			copy(y, x)
			expand(y, len(x))
		}
	}
	f := unaries[s.Kind](s.Floats)
	return func(picture int) { f(y(picture), x(picture)) }
}
