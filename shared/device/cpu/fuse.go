package cpu

import (
	"runtime"
	"sync"

	"mien/shared/device/cpu/kernel"
	"mien/shared/device/cpu/vector"
	"mien/shared/plan"
)

// A group of pictures (see plan.Group) runs block by block: each step is a loop
// over a few pixels whose operands are still in the first-level cache, and
// results that only the group needs are never written anywhere else.

const (
	// blockFloats is the size of a block: ten places of 4 KiB fit the
	// first-level cache.
	blockFloats = 1 << 10
	// shardBlocks is how many blocks are summed up before their sums are added:
	// it bounds the rounding error, and it is what one goroutine takes. It must
	// not depend on GOMAXPROCS.
	shardBlocks = 16
)

// fused is a compiled group of pictures.
type fused struct {
	n, pixels, c int // pictures, pixels of one, channels
	rows         int // pixels of a block
	shard        int // pixels of a shard
	shards       int // of one picture
	passes       []*pass
	totals       []*sum
	program      *program

	head    func() // the convolution, or nil
	first   int    // the first pass to run after it
	current *pass  // of what tasks work on
}

// pass is what one level of a group does to a picture: work on what the picture
// has once, then operations block by block, then sums.
type pass struct {
	before []func(picture int)
	fills  []func(d *desk, picture int)
	ops    []func(d *desk, b block)
	sums   []*sum
}

// sum is a sum over the pixels of each picture, or of all pictures.
type sum struct {
	place   int // of its running sums on the desk
	width   int // C, or 1
	total   bool
	out     []float32
	partial int // where its shards' sums begin in the program's scratch
}

// block is a run of pixels of one picture.
type block struct{ picture, pixel, floats int }

// desk is the memory that one goroutine works in.
type desk struct {
	floats []float32
	// What a pass repeated to blocks is still there when it goes on with the picture.
	pass      *pass
	picture   int
	execution int // of the program
}

// desks lends them. Compile makes as many as there are processors; more are made
// only when GOMAXPROCS grows later.
type desks struct {
	lock sync.Mutex
	free []*desk
	size int // floats of each
}

func (d *desks) allocate() int64 {
	n := runtime.GOMAXPROCS(0)
	d.free = make([]*desk, 0, 2*n)
	for range n {
		d.free = append(d.free, &desk{floats: make([]float32, d.size)})
	}
	return 4 * int64(n) * int64(d.size)
}

func (d *desks) take() *desk {
	d.lock.Lock()
	defer d.lock.Unlock()
	if n := len(d.free); n > 0 {
		desk := d.free[n-1]
		d.free = d.free[:n-1]
		return desk
	}
	return &desk{floats: make([]float32, d.size)}
}

func (d *desks) put(x *desk) {
	d.lock.Lock()
	d.free = append(d.free, x)
	d.lock.Unlock()
}

// fuse compiles a group of pictures.
func (c *program) fuse(g plan.Group) func() {
	if step := c.fuseSIMD(g); step != nil {
		return step
	}
	s := g.Shape
	f := &fused{n: s[0], pixels: s[1] * s[2], c: s[3], program: c}
	f.rows = max(1, blockFloats/f.c)
	f.shard = f.rows * shardBlocks
	f.shards = (f.pixels + f.shard - 1) / f.shard
	bias := c.headBias(g)
	levels := 0
	for _, l := range g.Levels {
		levels = max(levels, l+1)
	}
	scratch := 0
	for l := range levels {
		b := newBlocks(c, f, g, l)
		if l == 0 && bias.step >= 0 {
			b.skip = bias.step
			b.slots[bias.to] = slot{data: bias.memory, picture: f.pixels * f.c, pixel: f.c}
		}
		f.passes = append(f.passes, b.compile(&scratch))
		c.desks.size = max(c.desks.size, b.places*b.size)
	}
	c.scratchSize = max(c.scratchSize, scratch)
	for _, p := range f.passes {
		for _, s := range p.sums {
			if s.total {
				f.totals = append(f.totals, s)
			}
		}
	}
	if g.Head {
		step := c.plan.Steps[g.Steps[0]]
		o := c.operands(step)
		var after kernel.After
		if len(f.passes[0].ops) > 0 {
			after = f.follow
		}
		switch {
		case step.Kind == plan.Depthwise:
			f.head = depthwiseThen(o, bias.memory, bias.data, after)
			f.first = 1
		case step.Kind == plan.Conv:
			f.head = convThen(o, after)
			f.first = 1
		case o.ints[0] == 1:
			f.head = convInputThen(o, after)
			f.first = 1
		default:
			f.head = convInput(o)
		}
	}
	pictures := func(lo, hi int) {
		d := c.desks.take()
		for n := lo; n < hi; n++ {
			for _, p := range f.passes[f.first:] {
				f.picture(p, d, n)
			}
		}
		c.desks.put(d)
	}
	shards := func(lo, hi int) {
		d := c.desks.take()
		for t := lo; t < hi; t++ {
			n, s := t/f.shards, t%f.shards
			f.fill(f.current, d, n)
			f.runShard(f.current, d, n, s)
		}
		c.desks.put(d)
	}
	return func() {
		if f.head != nil {
			f.head()
		}
		if workers := runtime.GOMAXPROCS(0); len(f.passes)-f.first > 1 && (f.n >= 4*workers || f.n%workers == 0) {
			c.pool.run(f.n, 1, pictures)
		} else {
			for _, p := range f.passes[f.first:] {
				for n := range f.n {
					p.begin(n)
				}
				f.current = p
				c.pool.run(f.n*f.shards, max(1, minBlock/(f.shard*f.c)), shards)
				for n := range f.n {
					f.finish(p, n)
				}
			}
		}
		f.addTotals()
	}
}

// follow runs the operations of the first pass for pixels lo to hi, counted over
// all pictures.
func (f *fused) follow(lo, hi int) {
	p, d := f.passes[0], f.program.desks.take()
	for lo < hi {
		n, from := lo/f.pixels, lo%f.pixels
		to := min(f.pixels, from+hi-lo)
		f.fill(p, d, n)
		f.runBlocks(p, d, n, from, to)
		lo += to - from
	}
	f.program.desks.put(d)
}

// picture runs a pass for picture n.
func (f *fused) picture(p *pass, d *desk, n int) {
	p.begin(n)
	f.fill(p, d, n)
	for s := range f.shards {
		f.runShard(p, d, n, s)
	}
	f.finish(p, n)
}

func (p *pass) begin(n int) {
	for _, step := range p.before {
		step(n)
	}
}

// fill repeats what picture n has once to blocks.
func (f *fused) fill(p *pass, d *desk, n int) {
	if d.pass == p && d.picture == n && d.execution == f.program.execution {
		return
	}
	d.pass, d.picture, d.execution = p, n, f.program.execution
	for _, fill := range p.fills {
		fill(d, n)
	}
}

// runShard runs a pass for shard s of picture n and leaves the shard's sums.
func (f *fused) runShard(p *pass, d *desk, n, s int) {
	size := f.rows * f.c
	for _, t := range p.sums {
		clear(d.floats[t.place : t.place+size])
	}
	f.runBlocks(p, d, n, s*f.shard, min(f.pixels, (s+1)*f.shard))
	for _, t := range p.sums {
		at := t.partial + (n*f.shards+s)*t.width
		sumRows(f.program.scratch[at:at+t.width], d.floats[t.place:t.place+size])
	}
}

func (f *fused) runBlocks(p *pass, d *desk, n, from, to int) {
	for ; from < to; from += f.rows {
		b := block{n, from, min(f.rows, to-from) * f.c}
		for _, op := range p.ops {
			op(d, b)
		}
	}
}

// finish adds up the shards of picture n.
func (f *fused) finish(p *pass, n int) {
	for _, s := range p.sums {
		if !s.total {
			at := s.partial + n*f.shards*s.width
			sumRows(s.out[n*s.width:(n+1)*s.width], f.program.scratch[at:at+f.shards*s.width])
		}
	}
}

// addTotals adds up the shards of all pictures.
func (f *fused) addTotals() {
	for _, s := range f.totals {
		sumRows(s.out[:s.width], f.program.scratch[s.partial:s.partial+f.n*f.shards*s.width])
	}
}

// expand repeats a picture's channels over a block: x[:C] is there already.
func expand(x []float32, c int) {
	for n := c; n < len(x); n *= 2 {
		copy(x[n:], x[:n])
	}
}

// addBlock is acc[i] += x[i].
func addBlock(acc, x []float32) { vector.Add(acc[:len(x)], acc, x) }
