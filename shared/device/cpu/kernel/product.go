package kernel

import "unsafe"

// depth is how many terms of the sum one pass takes: what a tile reads of b (32
// columns) then fits the first-level cache.
const depth = 256

// rowTiles is how many tiles high a task is at most: its part of a stays in
// the second-level cache.
const rowTiles = 16

// leastTasks is into how many tasks a product is split if it can be, for
// machines of that many cores.
const leastTasks = 16

// product is c = a * b where element (i, p) of a lies at a[rows[i]+terms[p]],
// row p of b at b[p*stride:] and row i of c at c[outs[i]:]; c has n columns,
// b at least as many up to the next whole narrow tile.
type product struct {
	variant
	n, stride         int
	rows, outs, terms []int32

	a, b, c []float32
	looked  bool // whether dense is known
	dense   bool // runs(terms)
	high    int  // tiles a task is high
	across  int  // tasks side by side
	task    func(lo, hi int)
	after   After
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

// product prepares one; with after, a task makes whole rows.
func (w *Workspace) product(n, stride int, rows, outs, terms []int32, after After) *product {
	p := &product{variant: current, n: n, stride: stride, rows: rows, outs: outs, terms: terms, after: after}
	w.tables += len(rows) + len(outs) + len(terms)
	p.across = (n + p.nr - 1) / p.nr
	tiles := (len(rows) + p.mr - 1) / p.mr
	p.high = min(max(tiles*p.across/leastTasks, 1), rowTiles)
	if after != nil {
		p.across = 1
		p.high = min(max(tiles/leastTasks, 1), rowTiles)
	}
	p.task = func(lo, hi int) {
		d := desks.Get().(*desk)
		for t := lo; t < hi; t++ {
			i0, i1 := t/p.across*p.high, min((t/p.across+1)*p.high, tiles)
			if after == nil {
				p.block(d, i0, i1, t%p.across*p.nr)
				continue
			}
			for j := 0; j < n; j += p.nr {
				p.block(d, i0, i1, j)
			}
			after(i0*p.mr, min(i1*p.mr, len(rows)))
		}
		desks.Put(d)
	}
	return p
}

// runs reports whether each four terms follow each other.
func runs(terms []int32) bool {
	for i, at := range terms[:len(terms)&^3] {
		if int(at-terms[i&^3]) != i&3 {
			return false
		}
	}
	return true
}

// padded is the number of columns that b needs for n columns of c.
func padded(n int) int { return (n + current.narrowNR - 1) / current.narrowNR * current.narrowNR }

// run computes the product on all cores.
func (p *product) run(w *Workspace, c, a, b []float32) {
	p.a, p.b, p.c = a, b, c
	if p.sweep != nil && !p.looked {
		p.dense, p.looked = runs(p.terms), true
	}
	tiles := (len(p.rows) + p.mr - 1) / p.mr
	w.loop((tiles+p.high-1)/p.high*p.across, 1, p.task)
	p.a, p.b, p.c = nil, nil, nil
}

// block computes tiles i0 to i1 of the columns from j on.
func (p *product) block(d *desk, i0, i1, j int) {
	f, nr := p.variant.wide, p.nr
	if p.n-j <= p.narrowNR {
		f, nr = p.narrow, p.narrowNR
	}
	cols := min(nr, p.n-j)
	a, c := unsafe.Pointer(unsafe.SliceData(p.a)), unsafe.Pointer(unsafe.SliceData(p.c))
	for k0 := 0; k0 < len(p.terms); k0 += depth {
		k, add := min(depth, len(p.terms)-k0), min(k0, 1)
		if p.sweep != nil {
			lo, hi := i0*p.mr, min(i1*p.mr, len(p.rows))
			p.sweep(p.rows[lo:hi], p.outs[lo:hi], p.terms[k0:k0+k], p.a, p.b[k0*p.stride+j:], p.stride, p.c[j:], cols, add, p.dense)
			continue
		}
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
				f(k, &p.terms[k0], &d.rows[0], &p.b[k0*p.stride+j], p.stride, &d.outs[0], add)
				continue
			}
			f(k, &p.terms[k0], &d.rows[0], &p.b[k0*p.stride+j], p.stride, &d.outs[0], 0)
			for r := range rows {
				dst := p.c[int(p.outs[i+r])+j:][:cols]
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
}
