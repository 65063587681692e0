package cpu

import "mien/shared/device/cpu/vector"

// tap is one sample that a resampled one reads, with its weight.
type tap struct {
	at     int
	weight float32
}

// linearTaps returns for each of m samples the two of n that it lies between,
// with half-pixel centres and the edge repeated.
func linearTaps(n, m int) [][]tap {
	taps := make([][]tap, m)
	for i := range taps {
		p := (float64(i)+.5)*float64(n)/float64(m) - .5
		lo := min(max(int(p), 0), n-1)
		w := float32(min(max(p-float64(lo), 0), 1))
		taps[i] = append(taps[i], tap{lo, 1 - w})
		if w > 0 && lo+1 < n {
			taps[i] = append(taps[i], tap{lo + 1, w})
		} else {
			taps[i][0].weight = 1
		}
	}
	return taps
}

// transpose turns the taps of m samples over n into those of the adjoint.
func transpose(taps [][]tap, n int) [][]tap {
	back := make([][]tap, n)
	for i, ts := range taps {
		for _, t := range ts {
			back[t.at] = append(back[t.at], tap{i, t.weight})
		}
	}
	return back
}

func resize(o *operands) func() {
	s, t := o.inShapes[0], o.outShapes[0]
	return resample(o, linearTaps(s[1], t[1]), linearTaps(s[2], t[2]))
}

func resizeInput(o *operands) func() {
	s, t := o.outShapes[0], o.inShapes[0]
	return resample(o, transpose(linearTaps(s[1], t[1]), s[1]), transpose(linearTaps(s[2], t[2]), s[2]))
}

// resample computes y[n,i,j,c] = sum of x[n,a,b,c] * wa * wb over the taps a
// of row i and b of column j.
func resample(o *operands, rows, columns [][]tap) func() {
	if step := resampleSIMD(o, rows, columns); step != nil {
		return step
	}
	y, x, prog := o.out[0], o.in[0], o.program
	s, t := o.inShapes[0], o.outShapes[0]
	c, wide := t[3], s[2]*t[3]
	prog.desks.size = max(prog.desks.size, wide)
	return o.pool.rows(t[0]*t[1], 4*t[2]*c, func(lo, hi int) {
		d := prog.desks.take()
		for row := lo; row < hi; row++ {
			n, i := row/t[1], row%t[1]
			src := mixTaps(d.floats[:wide], x[n*s[1]*wide:(n+1)*s[1]*wide], rows[i])
			for j, taps := range columns {
				at := (row*t[2] + j) * c
				dst := y[at : at+c]
				if got := mixTaps(dst, src, taps); &got[0] != &dst[0] {
					copy(dst, got)
				}
			}
		}
		prog.desks.put(d)
	})
}

// mixTaps adds up what taps read of x, which holds samples as long as y. It
// returns y, or where one sample is all there is, that.
func mixTaps(y, x []float32, taps []tap) []float32 {
	n := len(y)
	sample := func(i int) []float32 { return x[taps[i].at*n : taps[i].at*n+n] }
	switch {
	case len(taps) == 0: // the adjoint of a smaller picture: nobody read this one
		clear(y)
		return y
	case len(taps) == 1 && taps[0].weight == 1:
		return sample(0)
	case len(taps) == 1:
		vector.MulS(y, sample(0), taps[0].weight)
		return y
	}
	vector.Mix(y, sample(0), sample(1), taps[0].weight, taps[1].weight)
	for i := 2; i < len(taps); i++ {
		vector.Axpy(y, sample(i), taps[i].weight)
	}
	return y
}
