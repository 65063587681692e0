package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// depth is how much of the sum one pass takes: a panel of a (12*256 floats)
// and one of b (32*256) then fit the first-level cache together.
const depth = 256

// rowTiles is how many tiles high a task is: its part of a stays in the
// second-level cache.
const rowTiles = 8

// colTiles is how many tiles wide a task is, so that products of few rows
// still split over cores.
const colTiles = 8

// product is c [m n] = a [m k] * b [k n], with a and b given by what packs
// them. c is row-major in rows of n floats.
type product struct {
	m, n, k int
	c       []float32
	// packA writes a[i0+i][k0+p] to dst[p*mr+i] for i < mr, p < kn, zeros
	// beyond row m; packB writes b[k0+p][j0+j] to dst[p*nr+j].
	packA func(dst []float32, i0, k0, kn, mr int)
	packB func(dst []float32, j0, k0, kn, nr int)
}

// buffers holds scratch memory between calls.
var buffers = sync.Pool{New: func() any { return new([]float32) }}

func scratch(n int) *[]float32 {
	b := buffers.Get().(*[]float32)
	if cap(*b) < n {
		*b = make([]float32, n)
	}
	*b = (*b)[:n]
	return b
}

// run computes the product on all cores.
func (p *product) run() {
	v := current
	tilesM, tilesN := (p.m+v.mr-1)/v.mr, (p.n+v.nr-1)/v.nr
	packed := scratch(tilesN * v.nr * p.k)
	defer buffers.Put(packed)
	parallel(tilesN, func(j int) {
		p.packB((*packed)[j*v.nr*p.k:(j+1)*v.nr*p.k], j*v.nr, 0, p.k, v.nr)
	})
	high, wide := (tilesM+rowTiles-1)/rowTiles, (tilesN+colTiles-1)/colTiles
	parallel(high*wide, func(task int) {
		i, j := task/wide, task%wide
		p.block(v, *packed, i*rowTiles, min((i+1)*rowTiles, tilesM), j*colTiles, min((j+1)*colTiles, tilesN))
	})
}

// serial computes the product on this goroutine.
func (p *product) serial() {
	v := current
	tilesM, tilesN := (p.m+v.mr-1)/v.mr, (p.n+v.nr-1)/v.nr
	packed := scratch(tilesN * v.nr * p.k)
	defer buffers.Put(packed)
	for j := range tilesN {
		p.packB((*packed)[j*v.nr*p.k:(j+1)*v.nr*p.k], j*v.nr, 0, p.k, v.nr)
	}
	for i := 0; i < tilesM; i += rowTiles {
		p.block(v, *packed, i, min(i+rowTiles, tilesM), 0, tilesN)
	}
}

// block computes tiles i0 to i1 by j0 to j1.
func (p *product) block(v variant, packed []float32, i0, i1, j0, j1 int) {
	a := scratch((i1 - i0) * v.mr * depth)
	defer buffers.Put(a)
	edge := scratch(v.mr * v.nr)
	defer buffers.Put(edge)
	for i := i0 * v.mr; i < min(i1*v.mr, p.m); i++ {
		clear(p.c[i*p.n+j0*v.nr : i*p.n+min(j1*v.nr, p.n)])
	}
	for k0 := 0; k0 < p.k; k0 += depth {
		kn := min(depth, p.k-k0)
		for i := i0; i < i1; i++ {
			p.packA((*a)[(i-i0)*v.mr*kn:(i-i0+1)*v.mr*kn], i*v.mr, k0, kn, v.mr)
		}
		for j := j0; j < j1; j++ {
			b := packed[j*v.nr*p.k+k0*v.nr:]
			for i := i0; i < i1; i++ {
				p.tile(v, (*a)[(i-i0)*v.mr*kn:], b, *edge, i*v.mr, j*v.nr, kn)
			}
		}
	}
}

// tile adds one tile to c, through edge where it reaches beyond c.
func (p *product) tile(v variant, a, b, edge []float32, i0, j0, kn int) {
	rows, cols := min(v.mr, p.m-i0), min(v.nr, p.n-j0)
	if rows == v.mr && cols == v.nr {
		v.tile(kn, &a[0], &b[0], &p.c[i0*p.n+j0], p.n)
		return
	}
	clear(edge)
	v.tile(kn, &a[0], &b[0], &edge[0], v.nr)
	for i := range rows {
		dst := p.c[(i0+i)*p.n+j0:][:cols]
		for j, x := range edge[i*v.nr:][:cols] {
			dst[j] += x
		}
	}
}

// parallel calls f for 0 to n-1 on all cores and waits.
func parallel(n int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers < 2 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	}
	for range workers - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}
