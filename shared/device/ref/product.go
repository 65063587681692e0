package ref

import "mien/shared/tensor"

// convTerms calls f for every product of the convolution of an x of shape xs
// by a w of shape ws to a y of shape ys, with the three element indices.
func convTerms(xs, ws, ys tensor.Shape, stride, pad int, f func(x, w, y int)) {
	for n := range ys[0] {
		for i := range ys[1] {
			for j := range ys[2] {
				for k := range ys[3] {
					for a := range ws[0] {
						for b := range ws[1] {
							r, s := i*stride+a-pad, j*stride+b-pad
							if r < 0 || r >= xs[1] || s < 0 || s >= xs[2] {
								continue
							}
							for c := range ws[2] {
								f(at4(xs, n, r, s, c), at4(ws, a, b, c, k), at4(ys, n, i, j, k))
							}
						}
					}
				}
			}
		}
	}
}

func conv(ints []int, _ []float64, in, out []Array) {
	x, w, y := in[0], in[1], out[0]
	convTerms(x.Shape, w.Shape, y.Shape, ints[0], ints[1], func(i, j, k int) {
		y.Data[k] += x.Data[i] * w.Data[j]
	})
}

func convInput(ints []int, _ []float64, in, out []Array) {
	dy, w, dx := in[0], in[1], out[0]
	convTerms(dx.Shape, w.Shape, dy.Shape, ints[0], ints[1], func(i, j, k int) {
		dx.Data[i] += dy.Data[k] * w.Data[j]
	})
}

func convWeight(ints []int, _ []float64, in, out []Array) {
	x, dy, dw := in[0], in[1], out[0]
	convTerms(x.Shape, dw.Shape, dy.Shape, ints[0], ints[1], func(i, j, k int) {
		dw.Data[j] += dy.Data[k] * x.Data[i]
	})
}

// windows calls f for every element of an output of shape ys with its index,
// and for every element of x in its window of kh x kw with that index and the
// place in the window.
func windows(xs, ys tensor.Shape, kh, kw, stride, pad int, f func(x, y, a, b, c int)) {
	for n := range ys[0] {
		for i := range ys[1] {
			for j := range ys[2] {
				for c := range ys[3] {
					for a := range kh {
						for b := range kw {
							r, s := i*stride+a-pad, j*stride+b-pad
							if r >= 0 && r < xs[1] && s >= 0 && s < xs[2] {
								f(at4(xs, n, r, s, c), at4(ys, n, i, j, c), a, b, c)
							}
						}
					}
				}
			}
		}
	}
}

func depthwise(ints []int, _ []float64, in, out []Array) {
	x, w, y := in[0], in[1], out[0]
	windows(x.Shape, y.Shape, w.Shape[0], w.Shape[1], ints[0], ints[1], func(i, j, a, b, c int) {
		y.Data[j] += x.Data[i] * w.Data[at4(w.Shape, a, b, c, 0)]
	})
}

func maxPool(ints []int, _ []float64, in, out []Array) {
	x, y := in[0], out[0]
	windows(x.Shape, y.Shape, ints[0], ints[0], ints[1], 0, func(i, j, a, b, _ int) {
		if a == 0 && b == 0 || x.Data[i] > y.Data[j] {
			y.Data[j] = x.Data[i]
		}
	})
}

func matMul(ints []int, _ []float64, in, out []Array) {
	a, b, c := in[0], in[1], out[0]
	m, n, inner := c.Shape[0], c.Shape[1], a.Shape[1-ints[0]]
	for i := range m {
		for j := range n {
			for k := range inner {
				ai, bi := i*inner+k, k*n+j
				if ints[0] == 1 {
					ai = k*m + i
				}
				if ints[1] == 1 {
					bi = j*inner + k
				}
				c.Data[i*n+j] += a.Data[ai] * b.Data[bi]
			}
		}
	}
}
