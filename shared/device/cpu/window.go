package cpu

import (
	"mien/shared/device/cpu/vector"
)

// depthwise computes each pixel from the taps that lie inside.
func depthwise(o *operands) func() {
	s := convShape(o.inShapes[0], o.inShapes[1], o.outShapes[0], o.ints)
	y, x, w := o.out[0], o.in[0], o.in[1]
	return o.pool.rows(s.N*s.OH, s.OW*s.C*s.KH*s.KW, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			n, i := row/s.OH, row%s.OH
			for j := range s.OW {
				dst := y[(row*s.OW+j)*s.C:][:s.C]
				clear(dst)
				for a := range s.KH {
					for b := range s.KW {
						r, q := i*s.S+a-s.P, j*s.S+b-s.P
						if r < 0 || r >= s.H || q < 0 || q >= s.W {
							continue
						}
						src, tap := x[((n*s.H+r)*s.W+q)*s.C:][:s.C], w[(a*s.KW+b)*s.C:][:s.C]
						for c, v := range src {
							dst[c] += float32(v * tap[c])
						}
					}
				}
			}
		}
	})
}

// maxPool computes each pixel from its window.
func maxPool(o *operands) func() {
	xs, ys, k, stride := o.inShapes[0], o.outShapes[0], o.ints[0], o.ints[1]
	y, x := o.out[0], o.in[0]
	c := xs[3]
	return o.pool.rows(ys[0]*ys[1], ys[2]*c*k*k, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			n, i := row/ys[1], row%ys[1]
			for j := range ys[2] {
				dst := y[(row*ys[2]+j)*c:][:c]
				corner := x[((n*xs[1]+i*stride)*xs[2]+j*stride)*c:]
				copy(dst, corner)
				for a := range k {
					for b := range k {
						vector.Max(dst, dst, corner[(a*xs[2]+b)*c:])
					}
				}
			}
		}
	})
}
