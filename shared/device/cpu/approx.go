package cpu

import (
	"math"

	"mien/shared/device/cpu/vector"
)

// exp32 is e^x in float32, after Cephes' expf (Moshier, 1992): x is split into
// n*log 2 and a remainder, for which a polynomial is used. The relative error
// is below 2e-7 (TestApproximations); below -87.3 the result is 0, above 88.7
// infinite.
func exp32(x float32) float32 {
	const (
		log2e = 1.44269504088896341
		ln2Hi = 0.693359375 // with 9 bits, so that n*ln2Hi is exact
		ln2Lo = -2.12194440e-4
	)
	switch {
	case x != x:
		return x
	case x > 88.72:
		return float32(math.Inf(1))
	case x < -87.33:
		return 0
	}
	n := int32(x*log2e+128.5) - 128 // rounds to nearest: x*log2e > -127
	f := float32(n)
	r := x - f*ln2Hi
	r -= f * ln2Lo
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	p = p*r*r + r + 1
	if n > 127 { // 2^128 has no float32; p < 1 here or the result overflows
		return p * 2 * math.Float32frombits(uint32(n-1+127)<<23)
	}
	return p * math.Float32frombits(uint32(n+127)<<23)
}

// tanh32 is tanh x, after Cephes' tanhf. The absolute error is below 2e-7, the
// relative one below 4e-7 (TestApproximations).
func tanh32(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
	if a < .625 {
		z := x * x
		p := float32(-5.70498872745e-3)
		p = p*z + 2.06390887954e-2
		p = p*z - 5.37397155531e-2
		p = p*z + 1.33314422036e-1
		p = p*z - 3.33332819422e-1
		return p*z*x + x
	}
	if a > 9.1 { // 1 - tanh < 2^-25
		a = 1
	} else {
		a = 1 - 2/(exp32(2*a)+1) // NaN stays NaN
	}
	if x < 0 {
		return -a
	}
	return a
}

func exps(y, x []float32) {
	k := vector.Exp(y, x)
	for i, v := range x[k:] {
		y[k+i] = exp32(v)
	}
}

func tanhs(y, x []float32) {
	k := vector.Tanh(y, x)
	for i, v := range x[k:] {
		y[k+i] = tanh32(v)
	}
}

func sigmoids(y, x []float32) {
	k := vector.Sigmoid(y, x)
	for i, v := range x[k:] {
		y[k+i] = 1 / (1 + exp32(-v))
	}
}
