package kernel

// A packed matrix lies in panels as wide as a tile, one after the other, each
// with its rows without gaps: a tile then reads one run of memory, whose lines do
// not fight for the same places in the cache. The last panel is as wide as the
// smallest tile that holds what is left, filled up with zeros.

// Packing makes the packed form of an operand that stays the same over several
// calls: weights, once per step of the optimiser. The zero Packing says that the
// operand serves as it lies.
type Packing struct {
	Key    string // equal where the packed forms of one operand are
	Floats int    // of the packed form
	Fill   func(dst, src []float32)
}

// packRows is how many rows of a packed matrix one task writes.
const packRows = 64

// pack prepares the packing of matrices [k n].
func (w *Workspace) pack(k, n int) func(dst, src []float32) {
	nr := current.nr
	var from, to []float32
	task := func(lo, hi int) {
		for j := 0; j < n; j += nr {
			cols := min(nr, n-j)
			width := padded(cols)
			panel := to[j*k:]
			for p := lo; p < hi; p++ {
				row := panel[p*width : p*width+width]
				copy(row[:cols], from[p*n+j:])
				clear(row[cols:])
			}
		}
	}
	return func(dst, src []float32) {
		from, to = src, dst
		w.loop(k, packRows, task)
	}
}

// packed reports whether a matrix [k n] is packed as it lies.
func packed(n int) bool { return n <= current.nr && padded(n) == n }

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
	if n == stride {
		return
	}
	for q := range count {
		clear(dst[q*stride+n : (q+1)*stride])
	}
}
