package kernel

// MatMul prepares c [m n] = op(a) [m k] * op(b) [k n]; with ta, a is stored
// [k m]; with tb, b is stored [n k].
func (w *Workspace) MatMul(m, n, k int, ta, tb bool) func(c, a, b []float32) {
	p := w.product(n, n, steps(m, k), steps(m, n), steps(k, 1), nil)
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

// packRows is how many rows of a packed matrix one task writes.
const packRows = 64

// steps is 0, by, 2*by ...
func steps(n, by int) []int32 {
	x := make([]int32, n)
	for i := range x {
		x[i] = int32(i * by)
	}
	return x
}

// widen copies rows of n floats into rows of stride, the rest zero.
func widen(dst []float32, stride int, src []float32, n int) {
	for i := 0; i*stride < len(dst); i++ {
		row := dst[i*stride:][:stride]
		copy(row[:n], src[i*n:])
		clear(row[n:])
	}
}

// transpose writes dst[q*stride+c] = src[c*pitch+q] for c < n and q < count,
// zeros for c >= n. Columns go in blocks, so that a line of src is read once.
func transpose(dst []float32, stride int, src []float32, pitch, n, count int) {
	for q0 := 0; q0 < count; q0 += 16 {
		q1 := min(q0+16, count)
		for c := range n {
			for q, v := range src[c*pitch+q0 : c*pitch+q1] {
				dst[(q0+q)*stride+c] = v
			}
		}
	}
	for q := range count {
		clear(dst[q*stride+n : (q+1)*stride])
	}
}
