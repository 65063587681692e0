package cpu

import (
	"mien/shared/device/cpu/vector"
	"mien/shared/tensor"
)

// sumBlock is how many elements are added up in float32 before their sums are
// added in turn: it bounds the rounding error of long sums, and it is what one
// goroutine takes. It must not depend on GOMAXPROCS: the order of additions
// would.
const sumBlock = 1 << 13

// sumTo sums one group of neighbouring dimensions after the other, the
// innermost first: each pass takes an x of [A R B] to [A B].
func sumTo(o *operands) func() {
	passes := sumPasses(o.inShapes[0], o.outShapes[0])
	if len(passes) == 0 {
		return reshape(o)
	}
	// What a pass leaves for the next lies in scratch: two halves in turn.
	var half int
	for _, p := range passes[:len(passes)-1] {
		half = max(half, p.a*p.b)
	}
	var partial int
	for i := range passes {
		partial = max(partial, passes[i].partial())
	}
	o.reserve(2*half + partial)
	bodies := make([]func(y, x, partial []float32), len(passes))
	for i, p := range passes {
		bodies[i] = p.compile(o.pool)
	}
	y, x, prog := o.out[0], o.in[0], o.program
	return func() {
		halves := [2][]float32{prog.scratch[:half], prog.scratch[half : 2*half]}
		partials := prog.scratch[2*half:]
		src := x
		for i, body := range bodies {
			dst := y
			if i < len(bodies)-1 {
				dst = halves[i%2][:passes[i].a*passes[i].b]
			}
			body(dst, src, partials)
			src = dst
		}
	}
}

// sumPass sums the middle dimension of [A R B].
type sumPass struct{ a, r, b int }

// sumPasses splits a sum from shape x to shape y.
func sumPasses(x, y tensor.Shape) []sumPass {
	type group struct {
		n   int
		sum bool
	}
	var groups []group
	for d, n := range x {
		if n == 1 {
			continue
		}
		sum := y[d] == 1
		if k := len(groups) - 1; k >= 0 && groups[k].sum == sum {
			groups[k].n *= n
			continue
		}
		groups = append(groups, group{n, sum})
	}
	var passes []sumPass
	inner := 1
	for g := len(groups) - 1; g >= 0; g-- {
		if !groups[g].sum {
			inner *= groups[g].n
			continue
		}
		outer := 1
		for _, h := range groups[:g] {
			outer *= h.n
		}
		passes = append(passes, sumPass{outer, groups[g].n, inner})
	}
	return passes
}

// shards is how many parts the summed dimension is added up in, and rows how
// many of its elements each has. With b outputs side by side, each of them is
// a sum of its own, so that sumBlock/b rows are one block's work; 16 at least,
// for a shard's own sums cost as much as a row.
func (p sumPass) shards() (shards, rows int) {
	rows = max(sumBlock/p.b, 16)
	return (p.r + rows - 1) / rows, rows
}

// partial is how many floats of scratch the pass needs.
func (p sumPass) partial() int {
	if n, _ := p.shards(); n > 1 {
		return p.a * n * p.b
	}
	return 0
}

func (p sumPass) compile(pool *pool) func(y, x, partial []float32) {
	shards, rows := p.shards()
	var dst, src, sums []float32
	first := func(lo, hi int) { // one task is one shard of one a
		for t := lo; t < hi; t++ {
			a, s := t/shards, t%shards
			from, to := s*rows, min(s*rows+rows, p.r)
			sumRows(dst[t*p.b:(t+1)*p.b], src[(a*p.r+from)*p.b:(a*p.r+to)*p.b])
		}
	}
	second := func(lo, hi int) {
		for a := lo; a < hi; a++ {
			sumRows(dst[a*p.b:(a+1)*p.b], sums[a*shards*p.b:(a+1)*shards*p.b])
		}
	}
	grain := max(1, minBlock/(min(rows, p.r)*p.b))
	return func(y, x, partial []float32) {
		src, dst = x, y
		if shards > 1 {
			sums = partial[:p.a*shards*p.b]
			dst = sums
		}
		pool.run(p.a*shards, grain, first)
		if shards > 1 {
			dst = y
			pool.run(p.a, max(1, minBlock/(shards*p.b)), second)
		}
	}
}

// sumRows is
//
//	for i := range x { y[i%len(y)] += x[i] }
//
// from zeros in y. A single sum runs as four, for the adder's latency.
func sumRows(y, x []float32) {
	n := len(y)
	if n == 1 {
		var s0, s1, s2, s3 float32
		for len(x) >= 4 {
			s0, s1, s2, s3 = s0+x[0], s1+x[1], s2+x[2], s3+x[3]
			x = x[4:]
		}
		for _, v := range x {
			s0 += v
		}
		y[0] = (s0 + s1) + (s2 + s3)
		return
	}
	copy(y, x[:n])
	for x = x[n:]; len(x) >= n; x = x[n:] {
		vector.Add(y, y, x[:n])
	}
}
