package cpu

import (
	"unsafe"

	"mien/shared/tensor"
)

// reshape copies, unless the layout gave both values the same memory.
func reshape(o *operands) func() {
	y, x := o.out[0], o.in[0]
	if unsafe.SliceData(y) == unsafe.SliceData(x) {
		return func() {}
	}
	return o.pool.flat(len(y), func(lo, hi int) { copy(y[lo:hi], x[lo:hi]) })
}

// around returns the product of the dimensions before axis, and that of axis
// and those after it.
func around(s tensor.Shape, axis int) (outer, inner int) {
	return s[:axis].Numel(), s[axis:].Numel()
}

func concat(o *operands) func() {
	axis := o.ints[0]
	y, xs := o.out[0], o.in
	outer, width := around(o.outShapes[0], axis)
	widths := make([]int, len(xs))
	for i := range xs {
		_, widths[i] = around(o.inShapes[i], axis)
	}
	return o.pool.rows(outer, width, func(lo, hi int) {
		at := 0
		for i, n := range widths {
			x := xs[i]
			for r := lo; r < hi; r++ {
				copy(y[r*width+at:r*width+at+n], x[r*n:r*n+n])
			}
			at += n
		}
	})
}

func slice(o *operands) func() {
	axis := o.ints[0]
	y, x := o.out[0], o.in[0]
	outer, n := around(o.outShapes[0], axis)
	_, width := around(o.inShapes[0], axis)
	at := o.ints[1] * (width / o.inShapes[0][axis])
	return o.pool.rows(outer, n, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			copy(y[r*n:r*n+n], x[r*width+at:r*width+at+n])
		}
	})
}

func pad(o *operands) func() {
	axis := o.ints[0]
	y, x := o.out[0], o.in[0]
	outer, width := around(o.outShapes[0], axis)
	_, n := around(o.inShapes[0], axis)
	at := o.ints[1] * (width / o.outShapes[0][axis])
	if run := padSIMD(o, outer, at, n, width); run != nil {
		return run
	}
	return o.pool.rows(outer, width, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			row := y[r*width : r*width+width]
			clear(row[:at])
			copy(row[at:at+n], x[r*n:r*n+n])
			clear(row[at+n:])
		}
	})
}

// shuffleBlocks calls move for each run of r*C channels of each row of the
// small image: in the large image they are r neighbouring pixels.
func shuffleBlocks(o *operands, large, small tensor.Shape, move func(large, small, n int)) func() {
	r := small[1] // rows of the small image
	factor := large[1] / small[1]
	n := factor * large[3]
	return o.pool.rows(small[0]*r, factor*large[2]*large[3], func(lo, hi int) {
		for row := lo; row < hi; row++ {
			for a := range factor {
				from := (row*factor + a) * large[2] * large[3]
				to := row*small[2]*small[3] + a*n
				for range small[2] {
					move(from, to, n)
					from += n
					to += small[3]
				}
			}
		}
	})
}

func unshuffle(o *operands) func() {
	y, x := o.out[0], o.in[0]
	return shuffleBlocks(o, o.inShapes[0], o.outShapes[0], func(l, s, n int) { copy(y[s:s+n], x[l:l+n]) })
}

func shuffle(o *operands) func() {
	y, x := o.out[0], o.in[0]
	return shuffleBlocks(o, o.outShapes[0], o.inShapes[0], func(l, s, n int) { copy(y[l:l+n], x[s:s+n]) })
}

func nearest(o *operands) func() {
	y, x := o.out[0], o.in[0]
	s, r := o.inShapes[0], o.ints[0]
	c, wide := s[3], s[2]*r*s[3]
	return o.pool.rows(s[0]*s[1], r*wide, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			src, dst := x[row*s[2]*c:(row+1)*s[2]*c], y[row*r*wide:(row+1)*r*wide]
			at := 0
			for j := 0; j < len(src); j += c {
				for range r {
					copy(dst[at:at+c], src[j:j+c])
					at += c
				}
			}
			for a := 1; a < r; a++ {
				copy(dst[a*wide:(a+1)*wide], dst[:wide])
			}
		}
	})
}

func sumPool(o *operands) func() {
	y, x := o.out[0], o.in[0]
	s, r := o.outShapes[0], o.ints[0]
	c, wide := s[3], s[2]*r*s[3]
	return o.pool.rows(s[0]*s[1], r*wide, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			dst := y[row*s[2]*c : (row+1)*s[2]*c]
			clear(dst)
			for a := range r {
				src := x[(row*r+a)*wide : (row*r+a+1)*wide]
				for j := 0; j < len(dst); j += c {
					for b := range r {
						addTo(dst[j:j+c], src[j*r+b*c:])
					}
				}
			}
		}
	})
}

// addTo is
//
//	for i := range y { y[i] += x[i] }
func addTo(y, x []float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += x[i]
	}
}
