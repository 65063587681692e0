package simd

import "unsafe"

const (
	spread kind = iota + 7 // after those in job_js.go
	multiply
	gather
	together
)

// Winograd is struct winograd in winograd.c: a convolution of 3 x 3 with stride 1
// to whole panels of channels.
type Winograd struct {
	kind          kind
	Tiles         int32 // of all pictures
	Across, Down  int32 // tiles of a picture
	C, K          int32
	Height, Pitch int32 // of X: rows of a picture, floats of a row
	OH, OW        int32
	high          int32
	Active        int32
	Slope         float32
	X, U, Bias    Address
	v, m          Address
	Y             Address
}

const (
	fewTiles   = 128      // and below: three jobs
	chunkFloat = 96 << 10 // of transforms that a part holds: they stay in a core's second-level cache
)

// chunk is how many tiles are transformed at once.
func (j *Winograd) chunk() int32 {
	if j.Tiles <= fewTiles {
		return j.Tiles
	}
	n := min(max(chunkFloat/(16*(j.C+j.K)), 16), (j.Tiles+15)/16)
	return (n + 3) &^ 3
}

// Floats is the memory that the transforms need.
func (j *Winograd) Floats() int {
	n := int(16 * j.chunk() * (j.C + j.K))
	if j.Tiles > fewTiles {
		n *= int(lent())
	}
	return n
}

// Run computes the convolution in memory of that size.
func (j *Winograd) Run(scratch []float32) {
	n := j.chunk()
	if j.Tiles > fewTiles {
		j.v, j.m = At(scratch), At(scratch[16*n*j.C*lent():])
		j.part(together, n, 1)
		return
	}
	j.v, j.m = At(scratch), At(scratch[16*n*j.C:])
	j.part(spread, max(partBytes/(16*j.C), 4), 4)
	j.part(multiply, n, 16)
	j.part(gather, max(partBytes/(64*j.K), 1), 1)
}

// part runs a job of parts of high tiles, times over.
func (j *Winograd) part(k kind, high, times int32) {
	j.kind, j.high = k, high
	run(unsafe.Pointer(j), (j.Tiles+high-1)/high*times)
}

// PackWinograd writes weights w [3 3 c k] as winograd.c wants them,
// [16][k/8 panels][c][8]: G w Gt for each pair of channels.
func PackWinograd(dst, w []float32, c, k int) {
	// G's lines: w0, (w0+w1+w2)/2, (w0-w1+w2)/2, w2
	line := func(a, b, c float32) [4]float32 { return [4]float32{a, (a + b + c) / 2, (a - b + c) / 2, c} }
	for i := range c {
		for o := range k {
			at := func(t int) float32 { return w[(t*c+i)*k+o] }
			var columns [3][4]float32
			for x := range columns {
				columns[x] = line(at(x), at(3+x), at(6+x))
			}
			for y := range 4 {
				for x, u := range line(columns[0][y], columns[1][y], columns[2][y]) {
					dst[(((4*y+x)*(k/panel)+o/panel)*c+i)*panel+o%panel] = u
				}
			}
		}
	}
}

// Fits reports whether a convolution to k channels of c is one for Winograd: below,
// the transforms cost what the products save.
func Fits(kh, kw, stride, c, k int) bool {
	return kh == 3 && kw == 3 && stride == 1 && c%4 == 0 && c >= 24 && k%panel == 0 && k >= 16
}
