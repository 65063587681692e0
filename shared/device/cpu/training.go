package cpu

import "mien/shared/device/cpu/vector"

// allFinite reports whether no element is infinite or not a number: 0*v is 0
// for all others.
func allFinite(x []float32) bool {
	var s0, s1, s2, s3 float32
	for len(x) >= 4 {
		s0, s1, s2, s3 = s0+0*x[0], s1+0*x[1], s2+0*x[2], s3+0*x[3]
		x = x[4:]
	}
	for _, v := range x {
		s0 += 0 * v
	}
	return s0+s1+s2+s3 == 0
}

func finite(o *operands) func() {
	var blocks [][]float32
	for _, x := range o.in {
		for ; len(x) > minBlock; x = x[minBlock:] {
			blocks = append(blocks, x[:minBlock])
		}
		blocks = append(blocks, x)
	}
	o.reserve(len(blocks))
	y, prog := o.out[0], o.program
	check := func(lo, hi int) {
		for i := lo; i < hi; i++ {
			prog.scratch[i] = 0
			if allFinite(blocks[i]) {
				prog.scratch[i] = 1
			}
		}
	}
	return func() {
		o.pool.run(len(blocks), 4, check)
		y[0] = 1
		for _, good := range prog.scratch[:len(blocks)] {
			y[0] *= good
		}
	}
}

func adam(o *operands) func() {
	g, hyper, ok := o.in[0], o.in[1], o.in[2]
	p, m, v := o.out[0], o.out[1], o.out[2]
	h := &vector.Moments{
		Beta1: float32(o.floats[0]), Rest1: float32(1 - o.floats[0]),
		Beta2: float32(o.floats[1]), Rest2: float32(1 - o.floats[1]), Epsilon: float32(o.floats[2]),
	}
	update := o.pool.flat(len(p), func(lo, hi int) { vector.Adam(p[lo:hi], m[lo:hi], v[lo:hi], g[lo:hi], h) })
	return func() {
		if ok[0] != 0 {
			h.Rate, h.Decay, h.Scale1, h.Scale2 = hyper[0], hyper[3], 1/hyper[1], 1/hyper[2]
			update()
		}
	}
}

func blend(o *operands) func() {
	s, x, decay, ok := o.out[0], o.in[1], o.in[2], o.in[3]
	update := o.pool.flat(len(s), func(lo, hi int) {
		keep := decay[0]
		rest := 1 - keep
		s, x := s[lo:hi], x[lo:hi]
		for i, v := range x {
			s[i] = keep*s[i] + rest*v
		}
	})
	return func() {
		if ok[0] != 0 {
			update()
		}
	}
}
