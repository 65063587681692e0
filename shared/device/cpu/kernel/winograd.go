package kernel

// Convolutions of 3 x 3 with stride 1, and those of 4 x 4 with stride 2 as four of
// 2 x 2 with stride 1 that are added up, run by tiles of 2 x 2 pixels (see package
// basis): pixels and weights are changed to another basis, in each of whose places
// the convolution is a matrix product. Their sums are shorter, and so no less accurate:
// 3 x 3 from 128 channels is off by 4e-7 of its size in the mean, 6e-7 direct.

// phase is a convolution of stride 1 by tiles: the sum over the lattices in from, in
// this order, gives the pixels of to.
type phase struct {
	from []lattice
	to   lattice
	taps [][2]int // of each lattice in from: its first tap in the kernel
}

// winograd is a convolution, or its adjoint in x, by tiles.
type winograd struct {
	variant
	*transforms
	tiling
	phases       []phase
	n            int // pictures
	c, k         int // channels of all that is summed up, and of a pixel of the result
	chunk        int // tiles that are changed at once
	wide         int // of k, that are multiplied before they are changed back
	vstep, mstep int // floats from one place to the next: of changed pixels, of products,
	wstep        int // and of packed weights
	terms        []int32

	dst, src, weights []float32
	high              int // lines of tiles of a task
	task              func(lo, hi int)
	after             After
}

// chunkFloats is how many floats changed pixels and products take at most: they stay
// in a core's second-level cache, beside the weights that stream through.
const chunkFloats = 160 << 10

// leastChunk is how many tiles a chunk has at least, whole tiles of every product: each
// reads all weights, which with 512 channels come from memory. With 8 tiles these take
// 1.5 times as long.
const leastChunk = 24

// mostWide is how many channels of the result a chunk's products have at most.
const mostWide = 128

// newWinograd plans the phases, all of pixels of down x across tiles.
func (w *Workspace) newWinograd(t *transforms, phases []phase, down, across int, after After) *winograd {
	p := phases[0]
	g := &winograd{variant: current, transforms: t, tiling: tiling{down: down, across: across}, phases: phases, n: p.to.n, k: p.to.c, after: after}
	for _, f := range p.from {
		g.c += f.c
	}
	g.wide = min(g.k, mostWide)
	places := t.Tile * t.Tile
	tiles := g.n * down * across
	g.chunk = max(chunkFloats/(places*(g.c+g.wide)), leastChunk) / g.mr * g.mr
	g.chunk = min(g.chunk, (tiles+g.mr-1)/g.mr*g.mr)
	// An odd number of lines: places do not fight for the same part of the cache.
	g.vstep, g.mstep = odd(g.chunk*g.c), odd(g.chunk*g.wide)
	g.wstep = odd(g.c * padded(g.k))
	g.edge = places * (g.vstep + g.mstep)
	w.areas.size = max(w.areas.size, g.edge+places*max(p.from[0].c, g.k))
	g.terms = steps(g.c, 1)
	w.tables += len(g.terms)
	// Whole tiles of the product, even where that makes fewer tasks.
	g.high = max(min(g.chunk/across, g.n*down/leastTasks), (g.mr+across-1)/across)
	g.task = func(lo, hi int) {
		a := w.areas.take()
		for t := lo; t < hi; t++ {
			g.lines(a, t*g.high, min((t+1)*g.high, g.n*g.down))
		}
		w.areas.put(a)
	}
	return g
}

// odd rounds n up to an odd number of cache lines.
func odd(n int) int { return ((n+line-1)/line | 1) * line }

// size is how many floats the packed weights of a phase take.
func (g *winograd) size() int { return g.Tile * g.Tile * g.wstep }

// run computes the convolution on all cores.
func (g *winograd) run(w *Workspace, dst, src, weights []float32) {
	g.dst, g.src, g.weights = dst, src, weights
	w.loop((g.n*g.down+g.high-1)/g.high, 1, g.task)
	g.dst, g.src, g.weights = nil, nil, nil
}

// lines computes lines lo to hi of tiles, counted over all pictures.
func (g *winograd) lines(a *area, lo, hi int) {
	for t := lo * g.across; t < hi*g.across; t += g.chunk {
		n := min(g.chunk, hi*g.across-t)
		for i, p := range g.phases {
			to := spot{0, g.vstep, g.c}
			for _, l := range p.from {
				g.change(a, g.pixels, view{l, g.src, g.Tile, 0, l.c}, t, n, g.Tile, to)
				to.at += l.c
			}
			for j := 0; j < g.k; j += g.wide {
				g.multiply(a, g.weights[i*g.size():], n, j)
				g.changeBack(a, p.to, t, n, j)
			}
		}
	}
	if g.after != nil {
		g.after(g.firstPixel(lo), g.firstPixel(hi))
	}
}

// firstPixel is the first pixel of a line of tiles, counted over all pictures.
func (g *winograd) firstPixel(t int) int {
	l := g.phases[0].to
	return (t/g.down*l.h + 2*(t%g.down)) * l.w
}

// multiply computes channels j to j+wide of the products of n tiles.
func (g *winograd) multiply(a *area, weights []float32, n, j int) {
	for place := range g.Tile * g.Tile {
		v, m := a.floats[place*g.vstep:], a.floats[g.Tile*g.Tile*g.vstep+place*g.mstep:]
		for q := 0; q < min(g.wide, g.k-j); q += g.nr {
			cols := min(g.nr, g.k-j-q)
			b := weights[place*g.wstep+(j+q)*g.c:]
			f := g.tiles[(cols+g.unit-1)/g.unit-1]
			for i := 0; i < n; i += g.mr {
				for r := range g.mr { // below n they lie in the chunk too, and count for nothing
					a.rows[r], a.outs[r] = &v[(i+r)*g.c], &m[(i+r)*g.wide+q]
				}
				f(g.c, &g.terms[0], &a.rows[0], &b[0], cols, &a.outs[0], 0)
			}
		}
	}
}

// changeBack writes channels j to j+wide of the pixels of n tiles from t on.
func (g *winograd) changeBack(a *area, l lattice, t, n, j int) {
	wide := min(g.wide, g.k-j)
	for i := range n {
		for r := range g.Tile {
			a.src[r] = &a.floats[g.Tile*g.Tile*g.vstep+r*g.Tile*g.mstep+i*g.wide]
		}
		picture, y, x := g.corner(l, t+i)
		if y+l.stride < l.h && x+l.stride < l.w {
			for r := range 2 {
				a.dst[r] = &g.dst[((picture*l.h+y+r*l.stride)*l.w+x)*l.c+j]
			}
			g.result(&a.dst[0], l.stride*l.c, &a.src[0], g.mstep, wide)
			continue
		}
		edge := a.floats[g.edge:][:4*wide]
		a.dst[0], a.dst[1] = &edge[0], &edge[2*wide]
		g.result(&a.dst[0], wide, &a.src[0], g.mstep, wide)
		for r := range 4 {
			if y, x := y+r/2*l.stride, x+r%2*l.stride; y < l.h && x < l.w {
				copy(g.dst[((picture*l.h+y)*l.w+x)*l.c+j:][:wide], edge[r*wide:])
			}
		}
	}
}
