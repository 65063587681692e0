package ref

import "mien/shared/tensor"

// shufflePairs calls f with the index of every element of an image of shape s
// and that of the same element after Unshuffle by r, of shape t.
func shufflePairs(r int, s, t tensor.Shape, f func(pixel, channel int)) {
	for n := range s[0] {
		for i := range s[1] {
			for j := range s[2] {
				for c := range s[3] {
					f(at4(s, n, i, j, c), at4(t, n, i/r, j/r, (i%r*r+j%r)*s[3]+c))
				}
			}
		}
	}
}

func unshuffle(ints []int, _ []float64, in, out []Array) {
	shufflePairs(ints[0], in[0].Shape, out[0].Shape, func(p, c int) { out[0].Data[c] = in[0].Data[p] })
}

func shuffle(ints []int, _ []float64, in, out []Array) {
	shufflePairs(ints[0], out[0].Shape, in[0].Shape, func(p, c int) { out[0].Data[p] = in[0].Data[c] })
}

// blockPairs calls f with the index of every element of the large image and
// that of its r x r block in the small one.
func blockPairs(r int, large, small tensor.Shape, f func(large, small int)) {
	for n := range large[0] {
		for i := range large[1] {
			for j := range large[2] {
				for c := range large[3] {
					f(at4(large, n, i, j, c), at4(small, n, i/r, j/r, c))
				}
			}
		}
	}
}

func nearest(ints []int, _ []float64, in, out []Array) {
	blockPairs(ints[0], out[0].Shape, in[0].Shape, func(l, s int) { out[0].Data[l] = in[0].Data[s] })
}

func sumPool(ints []int, _ []float64, in, out []Array) {
	blockPairs(ints[0], in[0].Shape, out[0].Shape, func(l, s int) { out[0].Data[s] += in[0].Data[l] })
}

// tap is a place between two neighbours on a line of n samples: the lower one,
// the upper one, the upper one's weight, and whether the place lies strictly
// between the first and the last sample.
type tap struct {
	lo, hi int
	weight float64
	inside bool
}

// tapAt finds the tap of coordinate p, in samples; places outside and NaN are
// moved to the edge.
func tapAt(p float64, n int) tap {
	if !(p > 0) {
		return tap{}
	}
	if p >= float64(n-1) {
		return tap{lo: n - 1, hi: n - 1}
	}
	lo := int(p)
	return tap{lo, lo + 1, p - float64(lo), true}
}

// corners calls f with the four neighbours that two taps make and their
// weights.
func corners(y, x tap, f func(i, j int, weight float64)) {
	f(y.lo, x.lo, (1-y.weight)*(1-x.weight))
	f(y.lo, x.hi, (1-y.weight)*x.weight)
	f(y.hi, x.lo, y.weight*(1-x.weight))
	f(y.hi, x.hi, y.weight*x.weight)
}

// resizeTerms calls f for every product of a resize from shape s to shape t.
func resizeTerms(s, t tensor.Shape, f func(from, to int, weight float64)) {
	for n := range t[0] {
		for i := range t[1] {
			y := tapAt((float64(i)+.5)*float64(s[1])/float64(t[1])-.5, s[1])
			for j := range t[2] {
				x := tapAt((float64(j)+.5)*float64(s[2])/float64(t[2])-.5, s[2])
				corners(y, x, func(a, b int, weight float64) {
					for c := range t[3] {
						f(at4(s, n, a, b, c), at4(t, n, i, j, c), weight)
					}
				})
			}
		}
	}
}

func resize(_ []int, _ []float64, in, out []Array) {
	resizeTerms(in[0].Shape, out[0].Shape, func(i, j int, weight float64) {
		out[0].Data[j] += weight * in[0].Data[i]
	})
}

func resizeInput(_ []int, _ []float64, in, out []Array) {
	resizeTerms(out[0].Shape, in[0].Shape, func(i, j int, weight float64) {
		out[0].Data[i] += weight * in[0].Data[j]
	})
}

// warpTaps calls f for every pixel of the flow with the taps that it reads in
// an image of shape s. A flow of 2 moves by the whole image; the coordinate
// p = (j+0.5)*W/OW - 0.5 + f*W/2 equals ((u+f+1)*W - 1)/2.
func warpTaps(s tensor.Shape, flow Array, f func(n, i, j int, y, x tap)) {
	t := flow.Shape
	h, w := float64(s[1]), float64(s[2])
	for n := range t[0] {
		for i := range t[1] {
			for j := range t[2] {
				at := at4(t, n, i, j, 0)
				x := tapAt((float64(j)+.5)*w/float64(t[2])-.5+flow.Data[at]*w/2, s[2])
				y := tapAt((float64(i)+.5)*h/float64(t[1])-.5+flow.Data[at+1]*h/2, s[1])
				f(n, i, j, y, x)
			}
		}
	}
}

func warp(_ []int, _ []float64, in, out []Array) {
	x, y := in[0], out[0]
	warpTaps(x.Shape, in[1], func(n, i, j int, ty, tx tap) {
		corners(ty, tx, func(a, b int, weight float64) {
			for c := range x.Shape[3] {
				y.Data[at4(y.Shape, n, i, j, c)] += weight * x.Data[at4(x.Shape, n, a, b, c)]
			}
		})
	})
}

func warpInput(_ []int, _ []float64, in, out []Array) {
	g, dx := in[0], out[0]
	warpTaps(dx.Shape, in[1], func(n, i, j int, ty, tx tap) {
		corners(ty, tx, func(a, b int, weight float64) {
			for c := range dx.Shape[3] {
				dx.Data[at4(dx.Shape, n, a, b, c)] += weight * g.Data[at4(g.Shape, n, i, j, c)]
			}
		})
	})
}

func warpFlow(_ []int, _ []float64, in, out []Array) {
	x, g, df := in[0], in[2], out[0]
	h, w := float64(x.Shape[1]), float64(x.Shape[2])
	warpTaps(x.Shape, in[1], func(n, i, j int, ty, tx tap) {
		for c := range x.Shape[3] {
			at := func(a, b int) float64 { return x.Data[at4(x.Shape, n, a, b, c)] }
			gc := g.Data[at4(g.Shape, n, i, j, c)]
			top := at(ty.lo, tx.hi) - at(ty.lo, tx.lo)
			bottom := at(ty.hi, tx.hi) - at(ty.hi, tx.lo)
			left := at(ty.hi, tx.lo) - at(ty.lo, tx.lo)
			right := at(ty.hi, tx.hi) - at(ty.lo, tx.hi)
			o := at4(df.Shape, n, i, j, 0)
			if tx.inside {
				df.Data[o] += gc * (top*(1-ty.weight) + bottom*ty.weight) * w / 2
			}
			if ty.inside {
				df.Data[o+1] += gc * (left*(1-tx.weight) + right*tx.weight) * h / 2
			}
		}
	})
}
