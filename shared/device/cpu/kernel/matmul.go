package kernel

// MatMul prepares c [m n] = op(a) [m k] * op(b) [k n]; with ta, a is stored
// [k m]; with tb, b is stored [n k].
func (w *Workspace) MatMul(m, n, k int, ta, tb bool) func(c, a, b []float32) {
	p := w.product(n, steps(m, k), steps(m, n), steps(k, 1), deep, nil)
	p.stride = n
	if ta {
		p.rows, p.terms = steps(m, 1), steps(k, m)
	}
	if !tb && padded(n) == n {
		return func(c, a, b []float32) { p.run(w, c, a, b, nil) }
	}
	p.stride = padded(n)
	w.reserve(k * p.stride)
	var from, to []float32
	turn := func(lo, hi int) { transpose(to[lo*p.stride:hi*p.stride], p.stride, from[lo:], k, n, hi-lo) }
	if !tb {
		turn = func(lo, hi int) { widen(to[lo*p.stride:hi*p.stride], p.stride, from[lo*n:], n) }
	}
	return func(c, a, b []float32) {
		from, to = b, w.take()[:k*p.stride]
		w.loop(k, packRows, turn)
		p.run(w, c, a, to, nil)
	}
}

// steps is 0, by, 2*by ...
func steps(n, by int) []int32 {
	x := make([]int32, n)
	for i := range x {
		x[i] = int32(i * by)
	}
	return x
}
