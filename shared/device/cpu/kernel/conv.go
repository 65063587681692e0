package kernel

// ConvShape describes a convolution: x [N H W C], w [KH KW C K],
// y [N OH OW K], stride S, zero padding P on every side.
type ConvShape struct{ N, H, W, C, KH, KW, K, OH, OW, S, P int }

// Conv computes y = conv(x, w): a product of the patches [N*OH*OW KH*KW*C] of
// x, which are never stored, by w.
func Conv(y, x, w []float32, s ConvShape) {
	p := product{m: s.N * s.OH * s.OW, n: s.K, k: s.KH * s.KW * s.C, c: y,
		packA: patches(x, s), packB: rowsOf(w, s.K)}
	p.run()
}

// patches packs rows of the patch matrix of x: row (n, i, j), column (a, b, c).
func patches(x []float32, s ConvShape) func(dst []float32, i0, k0, kn, lanes int) {
	return func(dst []float32, i0, k0, kn, lanes int) {
		for i := range lanes {
			row := i0 + i
			if row >= s.N*s.OH*s.OW {
				for p := range kn {
					dst[p*lanes+i] = 0
				}
				continue
			}
			n, at := row/(s.OH*s.OW), row%(s.OH*s.OW)
			top, left := at/s.OW*s.S-s.P, at%s.OW*s.S-s.P
			for p := 0; p < kn; {
				a, b, c := place(k0+p, s.KW, s.C)
				run := min(s.C-c, kn-p) // channels side by side
				y, z := top+a, left+b
				if y < 0 || y >= s.H || z < 0 || z >= s.W {
					for q := p; q < p+run; q++ {
						dst[q*lanes+i] = 0
					}
				} else {
					for q, v := range x[((n*s.H+y)*s.W+z)*s.C+c:][:run] {
						dst[(p+q)*lanes+i] = v
					}
				}
				p += run
			}
		}
	}
}

// place splits a column of the patch matrix into (a, b, c).
func place(k, kw, c int) (int, int, int) { return k / c / kw, k / c % kw, k % c }

// ConvWeight computes dw, the adjoint of Conv in w: the transposed patch
// matrix by dy.
func ConvWeight(dw, x, dy []float32, s ConvShape) {
	pixels := s.N * s.OH * s.OW
	p := product{m: s.KH * s.KW * s.C, n: s.K, k: pixels, c: dw, packB: rowsOf(dy, s.K)}
	p.packA = func(dst []float32, i0, k0, kn, lanes int) {
		for q := range kn {
			n, at := (k0+q)/(s.OH*s.OW), (k0+q)%(s.OH*s.OW)
			top, left := at/s.OW*s.S-s.P, at%s.OW*s.S-s.P
			row := dst[q*lanes:][:lanes]
			for i := 0; i < lanes; {
				if i0+i >= p.m {
					clear(row[i:])
					break
				}
				a, b, c := place(i0+i, s.KW, s.C)
				run := min(s.C-c, lanes-i)
				y, z := top+a, left+b
				if y < 0 || y >= s.H || z < 0 || z >= s.W {
					clear(row[i : i+run])
				} else {
					copy(row[i:i+run], x[((n*s.H+y)*s.W+z)*s.C+c:])
				}
				i += run
			}
		}
	}
	p.run()
}

// ConvInput computes dx, the adjoint of Conv in x.
func ConvInput(dx, dy, w []float32, s ConvShape) {
	if s.S == 1 && s.KH == s.KW && s.P < s.KH {
		turned(dx, dy, w, s)
		return
	}
	scatter(dx, dy, w, s)
}

// turned is ConvInput for stride 1: a convolution of dy by the weights turned
// half around, channels and kernels swapped.
func turned(dx, dy, w []float32, s ConvShape) {
	t := ConvShape{N: s.N, H: s.OH, W: s.OW, C: s.K, KH: s.KH, KW: s.KW, K: s.C, OH: s.H, OW: s.W, S: 1, P: s.KH - 1 - s.P}
	p := product{m: s.N * s.H * s.W, n: s.C, k: s.KH * s.KW * s.K, c: dx, packA: patches(dy, t)}
	p.packB = func(dst []float32, j0, k0, kn, lanes int) {
		for q := range kn {
			a, b, k := place(k0+q, s.KW, s.K)
			from := ((s.KH-1-a)*s.KW + s.KW - 1 - b) * s.C * s.K
			row := dst[q*lanes:][:lanes]
			n := min(lanes, s.C-j0)
			for j := range n {
				row[j] = w[from+(j0+j)*s.K+k]
			}
			clear(row[n:])
		}
	}
	p.run()
}

// scatter is ConvInput for any stride: each picture's patch gradients
// [OH*OW KH*KW*C] = dy * w^T, added where the patches lay.
func scatter(dx, dy, w []float32, s ConvShape) {
	rows, cols := s.OH*s.OW, s.KH*s.KW*s.C
	parallel(s.N, func(n int) {
		patch := scratch(rows * cols)
		defer buffers.Put(patch)
		p := product{m: rows, n: cols, k: s.K, c: *patch,
			packA: columnsOf(dy[n*rows*s.K:(n+1)*rows*s.K], rows, s.K), packB: columnsOf(w, cols, s.K)}
		p.serial()
		out := dx[n*s.H*s.W*s.C : (n+1)*s.H*s.W*s.C]
		clear(out)
		for row := range rows {
			top, left := row/s.OW*s.S-s.P, row%s.OW*s.S-s.P
			for a := max(0, -top); a < min(s.KH, s.H-top); a++ {
				for b := max(0, -left); b < min(s.KW, s.W-left); b++ {
					dst := out[((top+a)*s.W+left+b)*s.C:][:s.C]
					for c, v := range (*patch)[row*cols+(a*s.KW+b)*s.C:][:s.C] {
						dst[c] += v
					}
				}
			}
		}
	})
}
