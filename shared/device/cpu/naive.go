package cpu

type naiveShape struct{ N, H, W, C, KH, KW, K, OH, OW, S, P int }

func naiveEach(s naiveShape, f func(x, w, y int)) {
	for n := range s.N {
		for i := range s.OH {
			for j := range s.OW {
				for a := range s.KH {
					for b := range s.KW {
						r, q := i*s.S+a-s.P, j*s.S+b-s.P
						if r < 0 || r >= s.H || q < 0 || q >= s.W {
							continue
						}
						for c := range s.C {
							for k := range s.K {
								f(((n*s.H+r)*s.W+q)*s.C+c, ((a*s.KW+b)*s.C+c)*s.K+k, ((n*s.OH+i)*s.OW+j)*s.K+k)
							}
						}
					}
				}
			}
		}
	}
}
func naiveConv(y, x, w []float32, s naiveShape) {
	clear(y)
	naiveEach(s, func(i, j, k int) { y[k] += x[i] * w[j] })
}
func naiveConvInput(dx, dy, w []float32, s naiveShape) {
	clear(dx)
	naiveEach(s, func(i, j, k int) { dx[i] += dy[k] * w[j] })
}
func naiveConvWeight(dw, x, dy []float32, s naiveShape) {
	clear(dw)
	naiveEach(s, func(i, j, k int) { dw[j] += dy[k] * x[i] })
}
func naiveMatMul(c, a, b []float32, m, n, k int, ta, tb bool) {
	for i := range m {
		for j := range n {
			var s float32
			for l := range k {
				ai, bi := i*k+l, l*n+j
				if ta {
					ai = l*m + i
				}
				if tb {
					bi = j*k + l
				}
				s += a[ai] * b[bi]
			}
			c[i*n+j] = s
		}
	}
}
func naiveVariant() string { return "naive" }
