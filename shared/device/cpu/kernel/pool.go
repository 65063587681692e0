package kernel

// MaxPool prepares y, the maxima of windows of s.KH x s.KH of x at a stride of s.S;
// s.K is s.C and s.P is 0.
func (w *Workspace) MaxPool(s ConvShape) func(y, x []float32) {
	if run := w.maxPoolSIMD(s); run != nil {
		return run
	}
	all := strips(s.C)
	var y, x []float32
	task := func(lo, hi int) {
		for row := lo; row < hi; row++ {
			for _, p := range all {
				from := x[(row/s.OH*s.H+row%s.OH*s.S)*s.W*s.C+p.from:]
				to := y[row*s.OW*s.C+p.from:]
				if p.lanes != nil && s.KH == 2 {
					p.lanes.pool(s.OW, &from[0], &from[s.W*s.C], &to[0], s.S*s.C, s.C, p.blocks)
					continue
				}
				poolPlain(s, to, from, p.n)
			}
		}
	}
	return func(dst, src []float32) {
		y, x = dst, src
		w.loop(s.N*s.OH, max(1, leastWork/(s.OW*s.C*s.KH*s.KH/8+1)), task)
		y, x = nil, nil
	}
}

// poolPlain computes n channels of a row of maxima.
func poolPlain(s ConvShape, y, x []float32, n int) {
	for j := range s.OW {
		y := y[j*s.C:][:n]
		window := x[j*s.S*s.C:]
		copy(y, window)
		for a := range s.KH {
			for b := range s.KH {
				for q, v := range window[(a*s.W+b)*s.C:][:n] {
					y[q] = max(y[q], v)
				}
			}
		}
	}
}
