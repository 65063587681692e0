package kernel

import "unsafe"

// A sum runs in passes of equal length, at most deep terms each: what a tile reads
// of b then fits the second-level cache, and a result is loaded and stored again
// as few times as can be. Where a tile's rows of a are new for each pass, as in
// the gradient of weights, shallow passes are better.
const (
	deep    = 1152 // 3 x 3 x 128 in one pass: 87% of peak, against 81% in passes of 256
	shallow = 384
)

// rowTiles is how many tiles high a task is at most: its part of a stays in
// the second-level cache.
const rowTiles = 16

// leastTasks is into how many tasks a product is split if it can be, for
// machines of that many cores.
const leastTasks = 16

// Sums of many terms for a small result, as of the gradient of a convolution's
// weights, are split into shards that each read their part of both operands
// once; their results are added up in order. The split depends on the shape
// alone, so that the result does not on the number of cores.
const (
	shardTerms  = 1 << 11 // at least, of one shard
	mostShards  = 16
	shardFloats = 1 << 18 // at most, of all shards' results
)

// product is c = a * b where element (i, p) of a lies at a[rows[i]+terms[p]] and
// row i of c at c[outs[i]:]; c has n columns. Row p of b lies at b[p*stride:], with
// columns up to the next whole narrow tile; with stride 0, b is packed.
type product struct {
	variant
	n, stride         int
	rows, outs, terms []int32
	depth             int // terms of a pass

	a, b, c []float32
	high    int // tiles a task is high
	across  int // tasks side by side
	task    func(lo, hi int)
	after   After

	shards, share int       // share is the number of terms of a shard
	partial       []float32 // results of the shards, where there are several
	total         func(lo, hi int)
}

// After is called with rows lo to hi of a result once they are complete, from
// the goroutine that made them and while they are in its cache.
type After func(lo, hi int)

// desk is what one task works on.
type desk struct {
	rows, outs [maxMR]*float32
	edge       [maxMR * maxNR]float32
	spare      [maxNR]float32 // takes the rows of a tile that reach below c
}

// product prepares one of packed b; with after, a task makes whole rows.
func (w *Workspace) product(n int, rows, outs, terms []int32, most int, after After) *product {
	p := &product{variant: current, n: n, rows: rows, outs: outs, terms: terms, after: after, shards: 1, share: len(terms)}
	p.depth = even(len(terms), most)
	w.tables += len(rows) + len(outs) + len(terms)
	tiles := (len(rows) + p.mr - 1) / p.mr
	p.across = 1 // a task that makes whole rows reads its part of a once
	if tiles < 2*leastTasks && after == nil {
		p.across = (n + p.nr - 1) / p.nr
	}
	p.high = min(max(tiles*p.across/leastTasks, 1), rowTiles)
	p.task = func(lo, hi int) {
		d, high := desks.Get().(*desk), (tiles+p.high-1)/p.high
		for t := lo; t < hi; t++ {
			at := t % (high * p.across)
			i0 := at / p.across * p.high
			i1 := min(i0+p.high, tiles)
			j0, j1 := 0, n
			if p.across > 1 {
				j0 = at % p.across * p.nr
				j1 = min(n, j0+p.nr)
			}
			p.block(d, i0, i1, j0, j1, t/(high*p.across))
			if after != nil {
				after(i0*p.mr, min(i1*p.mr, len(rows)))
			}
		}
		desks.Put(d)
	}
	return p
}

// shard splits the sum of a product whose results lie one after the other, and
// returns how many floats of memory the shards' results need; they begin at skip.
func (p *product) shard() int {
	size := len(p.rows) * p.n
	p.shards = min(len(p.terms)/shardTerms, mostShards, shardFloats/size)
	if p.shards < 2 {
		p.shards = 1
		return 0
	}
	// Whole passes, so that no shard begins in the middle of one.
	p.share = ((len(p.terms)+p.shards-1)/p.shards + p.depth - 1) / p.depth * p.depth
	p.shards = (len(p.terms) + p.share - 1) / p.share
	tiles := (len(p.rows) + p.mr - 1) / p.mr
	p.high = tiles
	for p.high > 1 && tiles*p.shards*p.across < leastTasks*p.high {
		p.high = (p.high + 1) / 2
	}
	p.total = func(lo, hi int) {
		c := p.c[lo:hi]
		copy(c, p.partial[lo:hi])
		for s := 1; s < p.shards; s++ {
			for i, v := range p.partial[s*size+lo : s*size+hi] {
				c[i] += v
			}
		}
	}
	return p.shards * size
}

// even is the length of a pass when n terms go in as few of at most most as can
// be.
func even(n, most int) int {
	passes := (n + most - 1) / most
	return (n + passes - 1) / passes
}

// padded is the number of columns that b needs for n columns of c.
func padded(n int) int { return (n + current.unit - 1) / current.unit * current.unit }

// run computes the product on all cores; partial is memory for shards.
func (p *product) run(w *Workspace, c, a, b, partial []float32) {
	p.a, p.b, p.c, p.partial = a, b, c, partial
	tiles := (len(p.rows) + p.mr - 1) / p.mr
	w.loop((tiles+p.high-1)/p.high*p.across*p.shards, 1, p.task)
	if p.shards > 1 {
		w.loop(len(p.rows)*p.n, 1<<12, p.total)
	}
	p.a, p.b, p.c, p.partial = nil, nil, nil, nil
}

// block computes tiles i0 to i1 of columns j0 to j1 in the given shard, pass by
// pass.
func (p *product) block(d *desk, i0, i1, j0, j1, shard int) {
	result := p.c
	if p.shards > 1 {
		size := len(p.rows) * p.n
		result = p.partial[shard*size : (shard+1)*size]
	}
	first, end := shard*p.share, min((shard+1)*p.share, len(p.terms))
	for k0 := first; k0 < end; k0 += p.depth {
		for j := j0; j < j1; j += p.nr {
			p.pass(d, result, i0, i1, j, k0, min(p.depth, end-k0), min(k0-first, 1))
		}
	}
}

// pass adds k terms from k0 on to tiles i0 to i1 of the columns from j on, or with
// add 0 begins with them.
func (p *product) pass(d *desk, result []float32, i0, i1, j, k0, k, add int) {
	cols := min(p.nr, p.n-j)
	wide := (cols + p.unit - 1) / p.unit
	nr := wide * p.unit
	b, stride := p.b, p.stride
	if stride == 0 {
		b, stride = b[j*len(p.terms)+k0*nr:], nr
	} else {
		b = b[k0*stride+j:]
	}
	if p.sweep != nil {
		lo, hi := i0*p.mr, min(i1*p.mr, len(p.rows))
		p.sweep(p.rows[lo:hi], p.outs[lo:hi], p.terms[k0:k0+k], p.a, b, stride, result[j:], cols, add)
		return
	}
	a, c := unsafe.Pointer(unsafe.SliceData(p.a)), unsafe.Pointer(unsafe.SliceData(result))
	f := p.tiles[wide-1]
	for i := i0 * p.mr; i < min(i1*p.mr, len(p.rows)); i += p.mr {
		rows := min(p.mr, len(p.rows)-i)
		for r := range p.mr {
			if r >= rows { // a row that counts for nothing
				d.rows[r], d.outs[r] = d.rows[0], &d.spare[0]
				continue
			}
			d.rows[r] = (*float32)(unsafe.Add(a, 4*int(p.rows[i+r])))
			d.outs[r] = (*float32)(unsafe.Add(c, 4*(int(p.outs[i+r])+j)))
			if cols < nr {
				d.outs[r] = &d.edge[r*nr]
			}
		}
		if cols == nr {
			f(k, &p.terms[k0], &d.rows[0], &b[0], stride, &d.outs[0], add)
			continue
		}
		f(k, &p.terms[k0], &d.rows[0], &b[0], stride, &d.outs[0], 0)
		for r := range rows {
			dst := result[int(p.outs[i+r])+j:][:cols]
			if add == 0 {
				copy(dst, d.edge[r*nr:])
				continue
			}
			for q := range dst {
				dst[q] += d.edge[r*nr+q]
			}
		}
	}
}
