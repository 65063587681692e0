package vector

import (
	"runtime"
	"unsafe"

	"mien/shared/device/cpu/simd"
)

// fast says whether the page has lent its kernels.
var fast = simd.Level() > 0

// loop runs an operation on n elements in C. A call costs as much as ten
// elements in Go.
func loop(op simd.Op, y, a, b *float32, n int, s, t float32) {
	of := func(p *float32) []float32 {
		if p == nil {
			return nil
		}
		return unsafe.Slice(p, n)
	}
	simd.Loop(op, of(y), of(a), of(b), s, t)
	runtime.KeepAlive(y)
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
}

func addVV(y, a, b *float32, n int)                  { loop(simd.Add, y, a, b, n, 0, 0) }
func addVS(y, a *float32, b float32, n int)          { loop(simd.AddS, y, a, nil, n, b, 0) }
func subVV(y, a, b *float32, n int)                  { loop(simd.Sub, y, a, b, n, 0, 0) }
func subVS(y, a *float32, b float32, n int)          { loop(simd.SubS, y, a, nil, n, b, 0) }
func subSV(y *float32, a float32, b *float32, n int) { loop(simd.SSub, y, b, nil, n, a, 0) }
func mulVV(y, a, b *float32, n int)                  { loop(simd.Mul, y, a, b, n, 0, 0) }
func mulVS(y, a *float32, b float32, n int)          { loop(simd.MulS, y, a, nil, n, b, 0) }
func divVV(y, a, b *float32, n int)                  { loop(simd.Div, y, a, b, n, 0, 0) }
func divVS(y, a *float32, b float32, n int)          { loop(simd.DivS, y, a, nil, n, b, 0) }
func divSV(y *float32, a float32, b *float32, n int) { loop(simd.SDiv, y, b, nil, n, a, 0) }
func affineVV(y, x *float32, a, b float32, n int)    { loop(simd.Affine, y, x, nil, n, a, b) }
func axpyVV(y, x *float32, a float32, n int)         { loop(simd.Axpy, y, x, nil, n, a, 0) }
func mixVV(y, a, b *float32, s, t float32, n int) {
	mulVS(y, a, s, n)
	axpyVV(y, b, t, n)
}
func gateVV(y, x, given *float32, slope, _ float32, n int) {
	loop(simd.Gate, y, x, given, n, slope, 0)
}
func maxVV(y, a, b *float32, n int)              { loop(simd.Max, y, a, b, n, 0, 0) }
func preluVV(y, x, a *float32, _ float32, n int) { loop(simd.PRelu, y, x, a, n, 0, 0) }

// adamVV is one step of Adam in Go: no page trains.
func adamVV(p, m, v, grad *float32, beta1, rest1, beta2, rest2, scale1, scale2, rate, decay, eps float32, n int) {
	of := func(p *float32) []float32 { return unsafe.Slice(p, n) }
	adam(of(p), of(m), of(v), of(grad), &Moments{beta1, beta2, rest1, rest2, scale1, scale2, rate, decay, eps})
}

// Exp writes e^x for the first elements of y, as many as it returns: all, or
// none where there are no vectors for it.
func Exp(y, x []float32) int { return curve(simd.Exp, y, x) }

// Tanh is Exp for tanh x.
func Tanh(y, x []float32) int { return curve(simd.Tanh, y, x) }

// Sigmoid is Exp for 1/(1+e^-x).
func Sigmoid(y, x []float32) int { return curve(simd.Sigmoid, y, x) }

func curve(op simd.Op, y, x []float32) int {
	if !fast {
		return 0
	}
	simd.Loop(op, y, x[:len(y)], nil, 0, 0)
	runtime.KeepAlive(x)
	return len(y)
}
