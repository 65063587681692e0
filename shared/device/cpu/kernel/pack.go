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

// turner is
//
//	for q < n, r < 8: dst[q*dstep+r] = src[r*sstep+q]
//
// for n that is a multiple of 8, at least 8. Steps count floats.
type turner func(dst *float32, dstep int, src *float32, sstep, n int)

// transpose writes dst[q*stride+c] = src[c*pitch+q] for c < n and q < count,
// zeros for n <= c < stride.
func transpose(dst []float32, stride int, src []float32, pitch, n, count int) {
	rows, columns := 0, count
	if current.turn != nil && count >= 8 {
		rows, columns = n&^7, count&^7
		for c := 0; c < rows; c += 8 {
			_, _ = dst[(columns-1)*stride+c+7], src[(c+7)*pitch+columns-1]
			current.turn(&dst[c], stride, &src[c*pitch], pitch, columns)
		}
	}
	transposePart(dst, stride, src, pitch, 0, rows, columns, count)
	transposePart(dst, stride, src, pitch, rows, n, 0, count)
	if n == stride {
		return
	}
	for q := range count {
		clear(dst[q*stride+n : (q+1)*stride])
	}
}

// transposePart is transpose for c0 <= c < c1 and from <= q < to. Columns go in
// blocks, so that a line of src is read once.
func transposePart(dst []float32, stride int, src []float32, pitch, c0, c1, from, to int) {
	for q0 := from; q0 < to; q0 += 16 {
		q1 := min(q0+16, to)
		for c := c0; c < c1; c++ {
			for q, v := range src[c*pitch+q0 : c*pitch+q1] {
				dst[(q0+q)*stride+c] = v
			}
		}
	}
}
