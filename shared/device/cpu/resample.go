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
	y, x := o.out[0], o.in[0]
	s, t := o.inShapes[0], o.outShapes[0]
	c := t[3]
	return o.pool.rows(t[0]*t[1], 4*t[2]*c, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			n, i := row/t[1], row%t[1]
			dst := y[row*t[2]*c : (row+1)*t[2]*c]
			clear(dst)
			for _, a := range rows[i] {
				src := x[(n*s[1]+a.at)*s[2]*c : (n*s[1]+a.at+1)*s[2]*c]
				for j, taps := range columns {
					for _, b := range taps {
						vector.Axpy(dst[j*c:j*c+c], src[b.at*c:], a.weight*b.weight)
					}
				}
			}
		}
	})
}
