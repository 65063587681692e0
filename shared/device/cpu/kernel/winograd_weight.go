package kernel

// winogradWeight is ConvWeight by tiles. In each place of the other basis it is a
// sum over all tiles of products of changed pixels of x by changed ones of dy; only
// the sums are changed back.
type winogradWeight struct {
	variant
	*transforms
	s      ConvShape
	blocks [][]part // of channels of x
	dy     lattice
	tiling
	chunk        int // tiles that are changed at once
	high, wide   int // channels of x and of dy that one task takes
	tall         int // high, with the rows of the last tile of the product
	vstep, ystep int // floats from one place to the next: of x, of dy
	mstep        int // of the sums
	y, m         int // where these begin in an area
	terms        []int32

	shards, share int // share is how many tiles a shard has
	dw, x, grad   []float32
	partial       []float32
	task, total   func(lo, hi int)
}

// part is n channels from c on of a lattice of x, whose first tap in the kernel is tap.
type part struct {
	lattice
	tap  [2]int
	c, n int
}

// Sizes of the blocks of convWeightWinograd: changed pixels, and the sums that every
// chunk is added to, stay in a core's second-level cache.
const (
	gradBlock  = 64        // channels of x and of dy at most: x and dy are changed once for each block of the other
	gradFloats = 128 << 10 // of changed pixels at most
	gradTiles  = 128       // of a shard at least: it changes its sums back, and they are added up
	gradShards = 1 << 20   // floats at most, of all shards' results
)

// blocks splits n channels into equal blocks of at most gradBlock, each a multiple of
// 8, and returns how many and how large.
func blocks(n int) (count, size int) {
	count = (n + gradBlock - 1) / gradBlock
	size = ((n+count-1)/count + 7) / 8 * 8
	return (n + size - 1) / size, size
}

// gradBlocks splits what a pixel of y reads of x into blocks: of a lattice's
// channels, or of several lattices' where these have few.
func (s ConvShape) gradBlocks() (all [][]part, size int) {
	p := s.phase()
	count, size := blocks(s.C)
	several := max(gradBlock/s.C, 1)
	for i, l := range p.from {
		if i%several != 0 {
			last := &all[len(all)-1]
			*last = append(*last, part{l, p.taps[i], 0, s.C})
			continue
		}
		for b := range count {
			all = append(all, []part{{l, p.taps[i], b * size, min(size, s.C-b*size)}})
		}
	}
	return all, size * min(several, len(p.from))
}

// convWeightWinograd is ConvWeight by tiles.
func (w *Workspace) convWeightWinograd(t *transforms, s ConvShape) func(dw, x, dy []float32) {
	g := &winogradWeight{
		variant: current, transforms: t, s: s, dy: lattice{s.N, s.OH, s.OW, s.K, 1, 0, 0},
		tiling: tiling{down: half(s.OH), across: half(s.OW)},
	}
	g.blocks, g.high = s.gradBlocks()
	columns, wide := blocks(s.K)
	high, rows := g.high, len(g.blocks)
	g.wide = wide
	g.tall = (high + g.mr - 1) / g.mr * g.mr
	places, tiles := t.Tile*t.Tile, s.N*g.down*g.across
	parts := rows * columns
	g.chunk = min(gradFloats/(places*(high+wide)), gradTiles, tiles)
	g.vstep, g.ystep, g.mstep = odd(g.chunk*high+g.mr), odd(g.chunk*wide), odd(g.tall*wide)
	g.y = places * g.vstep
	g.m = g.y + places*g.ystep
	g.edge = g.m + places*g.mstep
	w.areas.size = max(w.areas.size, g.edge+places*max(high, wide))
	g.terms = steps(g.chunk, high)
	w.tables += len(g.terms)

	size := s.KH * s.KW * s.C * s.K
	g.shards = max(min((leastTasks+parts-1)/parts, tiles/gradTiles, gradShards/size), 1)
	g.share = ((tiles+g.shards-1)/g.shards + g.chunk - 1) / g.chunk * g.chunk
	g.shards = (tiles + g.share - 1) / g.share
	if g.shards > 1 {
		w.reserve(g.shards * size)
	}
	g.task = func(lo, hi int) {
		a := w.areas.take()
		for t := lo; t < hi; t++ {
			column, row, shard := t%columns, t/columns%rows, t/parts
			dst := g.dw
			if g.shards > 1 {
				dst = g.partial[shard*size : (shard+1)*size]
			}
			g.block(a, dst, g.blocks[row], column*wide, shard*g.share, min((shard+1)*g.share, tiles))
		}
		w.areas.put(a)
	}
	g.total = func(lo, hi int) {
		dw := g.dw[lo:hi]
		copy(dw, g.partial[lo:hi])
		for s := 1; s < g.shards; s++ {
			for i, v := range g.partial[s*size+lo : s*size+hi] {
				dw[i] += v
			}
		}
	}
	return func(dw, x, dy []float32) {
		g.dw, g.x, g.grad = dw, x, dy
		if g.shards > 1 {
			g.partial = w.take()
		}
		w.loop(g.shards*parts, 1, g.task)
		if g.shards > 1 {
			w.loop(size, 1<<12, g.total)
		}
		g.dw, g.x, g.grad, g.partial = nil, nil, nil, nil
	}
}

// block computes, of tiles t0 to t1, what these channels of x and those of dy from k0
// on give.
func (g *winogradWeight) block(a *area, dst []float32, of []part, k0, t0, t1 int) {
	wide := min(g.wide, g.s.K-k0)
	for t := t0; t < t1; t += g.chunk {
		n, high := min(g.chunk, t1-t), 0
		for _, p := range of {
			g.change(a, g.pixels, view{p.lattice, g.x, g.Tile, p.c, p.n}, t, n, g.Tile, spot{high, g.vstep, g.high})
			high += p.n
		}
		g.change(a, g.spread, view{g.dy, g.grad, 2, k0, wide}, t, n, g.Tile, spot{g.y, g.ystep, g.wide})
		g.multiply(a, n, high, wide, min(t-t0, 1))
	}
	s, at := g.s, g.m
	for _, p := range of {
		for c := range p.n {
			for r := range g.Tile {
				a.src[r] = &a.floats[at+r*g.Tile*g.mstep]
			}
			for r := range g.Taps {
				a.dst[r] = &dst[(((p.tap[0]+r*s.S)*s.KW+p.tap[1])*s.C+p.c+c)*s.K+k0]
			}
			g.gather(&a.dst[0], s.S*s.C*s.K, &a.src[0], g.mstep, wide)
			at += g.wide
		}
	}
}

// multiply adds the products of n tiles to the sums, or with add 0 begins with them.
func (g *winogradWeight) multiply(a *area, n, high, wide, add int) {
	for place := range g.Tile * g.Tile {
		v, y, m := a.floats[place*g.vstep:], a.floats[g.y+place*g.ystep:], a.floats[g.m+place*g.mstep:]
		for q := 0; q < wide; q += g.nr {
			f := g.tiles[(min(g.nr, wide-q)+g.unit-1)/g.unit-1]
			for i := 0; i < high; i += g.mr {
				for r := range g.mr { // from high on they count for nothing
					a.rows[r], a.outs[r] = &v[i+r], &m[(i+r)*g.wide+q]
				}
				f(n, &g.terms[0], &a.rows[0], &y[q], g.wide, &a.outs[0], add)
			}
		}
	}
}
