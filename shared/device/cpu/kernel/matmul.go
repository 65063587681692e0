package kernel

// MatMul computes c [m n] = op(a) [m k] * op(b) [k n]; with ta, a is stored
// [k m]; with tb, b is stored [n k].
func MatMul(c, a, b []float32, m, n, k int, ta, tb bool) {
	p := product{m: m, n: n, k: k, c: c}
	if ta {
		p.packA = rowsOf(a, m)
	} else {
		p.packA = columnsOf(a, m, k)
	}
	if tb {
		p.packB = columnsOf(b, n, k)
	} else {
		p.packB = rowsOf(b, n)
	}
	p.run()
}

// rowsOf packs x [k width]: the panel's lanes lie side by side.
func rowsOf(x []float32, width int) func(dst []float32, i0, k0, kn, lanes int) {
	return func(dst []float32, i0, k0, kn, lanes int) {
		n := min(lanes, width-i0)
		for p := range kn {
			row := dst[p*lanes:][:lanes]
			copy(row[:n], x[(k0+p)*width+i0:])
			clear(row[n:])
		}
	}
}

// columnsOf packs x [width k]: each lane is a row of x.
func columnsOf(x []float32, width, k int) func(dst []float32, i0, k0, kn, lanes int) {
	return func(dst []float32, i0, k0, kn, lanes int) {
		for i := range lanes {
			if i0+i >= width {
				for p := range kn {
					dst[p*lanes+i] = 0
				}
				continue
			}
			row := x[(i0+i)*k+k0:][:kn]
			for p, v := range row {
				dst[p*lanes+i] = v
			}
		}
	}
}
