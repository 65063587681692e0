package simd

import "unsafe"

const (
	depthwise kind = iota + 11 // after those in winograd_js.go
	pool
)

// Depthwise is struct depthwise in window.c.
type Depthwise struct {
	kind                  kind
	Rows, OH, OW, H, W, C int32
	K, Stride, Pad        int32
	Left, Right           int32
	high                  int32
	X, Taps               Address
	Bias, More, Slopes    Address
	Y                     Address
}

// partTaps is how many multiplications of vectors a part has: some 10 microseconds.
const partTaps = 1 << 13

// Run computes the convolution.
func (j *Depthwise) Run() {
	j.kind = depthwise
	j.high = max(partTaps/(j.OW*(j.C+3)/4*j.K*j.K), 1)
	run(unsafe.Pointer(j), (j.Rows+j.high-1)/j.high)
}

// Pool is struct pool in window.c.
type Pool struct {
	kind                  kind
	Rows, OH, OW, H, W, C int32
	K, Stride             int32
	high                  int32
	X, Y                  Address
}

// Run computes the maxima.
func (j *Pool) Run() {
	j.kind = pool
	j.high = max(partTaps/(j.OW*(j.C+3)/4*j.K*j.K), 1)
	run(unsafe.Pointer(j), (j.Rows+j.high-1)/j.high)
}
