package kernel

// MatMul prepares c [m n] = op(a) [m k] * op(b) [k n]; with ta, a is stored
// [k m]; with tb, b is stored [n k]. The packing is that of b.
func (w *Workspace) MatMul(m, n, k int, ta, tb bool) (run func(c, a, b []float32), weights Packing) {
	if tb && !ta && m <= fewRows {
		return w.fewRows(m, n, k), Packing{}
	}
	p := w.product(n, steps(m, k), steps(m, n), steps(k, 1), deep, nil)
	if ta {
		p.rows, p.terms = steps(m, 1), steps(k, m)
	}
	run = func(c, a, b []float32) { p.run(w, c, a, b, nil) }
	if !tb && padded(n) != n {
		return run, Packing{"matmul", k * padded(n), w.pack(k, n)}
	}
	p.stride = padded(n)
	if !tb {
		return run, Packing{}
	}
	w.reserve(k * p.stride)
	var from, to []float32
	turn := func(lo, hi int) { transpose(to[lo*p.stride:hi*p.stride], p.stride, from[lo:], k, n, hi-lo) }
	return func(c, a, b []float32) {
		from, to = b, w.take()[:k*p.stride]
		w.loop(k, packRows, turn)
		p.run(w, c, a, to, nil)
	}, Packing{}
}

// steps is 0, by, 2*by ...
func steps(n, by int) []int32 {
	x := make([]int32, n)
	for i := range x {
		x[i] = int32(i * by)
	}
	return x
}

// fewRows is up to how many rows of c a product by a transposed matrix is
// computed the other way around.
const fewRows = 32

// fewRows prepares c [m n] = a [m k] * b [n k] transposed, for few rows: turning
// a large b costs more than the product, so that c is computed as the transpose
// of b * a transposed.
func (w *Workspace) fewRows(m, n, k int) func(c, a, b []float32) {
	p := w.product(m, steps(n, k), steps(n, m), steps(k, 1), deep, nil)
	size := padded(m)
	p.stride = size
	other := lines(k * size)
	w.reserve(other + n*m)
	var from, to []float32
	back := func(lo, hi int) {
		for i := range m {
			row := to[i*n : (i+1)*n]
			for j := lo; j < hi; j++ {
				row[j] = from[j*m+i]
			}
		}
	}
	return func(c, a, b []float32) {
		buf := w.take()
		turned, result := buf[:k*size], buf[other:other+n*m]
		transpose(turned, size, a, k, m, k)
		p.run(w, result, b, turned, nil)
		from, to = result, c
		w.loop(n, 1<<10, back)
	}
}
