// Package vector has the loops over whole arrays that training spends its time
// in beside convolutions, in assembly where there is some. Every loop gives the
// same bits in Go and in assembly: nothing is fused, and no sum is reordered.
package vector

import (
	"math"
	"unsafe"
)

// split returns how many of n elements the assembly takes.
func split(n int) int {
	if n < 8 || !fast {
		return 0
	}
	return n &^ 7
}

func at(x []float32) *float32 { return unsafe.SliceData(x) }

// Add is y[i] = a[i] + b[i]; a and b are at least as long as y, here and below.
func Add(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	k := split(len(y))
	if k > 0 {
		addVV(at(y), at(a), at(b), k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] + b[i]
	}
}

// AddS is y[i] = a[i] + b.
func AddS(y, a []float32, b float32) {
	a = a[:len(y)]
	k := split(len(y))
	if k > 0 {
		addVS(at(y), at(a), b, k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] + b
	}
}

// SAdd is y[i] = a + b[i].
func SAdd(y []float32, a float32, b []float32) { AddS(y, b, a) }

// Sub is y[i] = a[i] - b[i].
func Sub(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	k := split(len(y))
	if k > 0 {
		subVV(at(y), at(a), at(b), k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] - b[i]
	}
}

// SubS is y[i] = a[i] - b.
func SubS(y, a []float32, b float32) {
	a = a[:len(y)]
	k := split(len(y))
	if k > 0 {
		subVS(at(y), at(a), b, k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] - b
	}
}

// SSub is y[i] = a - b[i].
func SSub(y []float32, a float32, b []float32) {
	b = b[:len(y)]
	k := split(len(y))
	if k > 0 {
		subSV(at(y), a, at(b), k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a - b[i]
	}
}

// Mul is y[i] = a[i] * b[i].
func Mul(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	k := split(len(y))
	if k > 0 {
		mulVV(at(y), at(a), at(b), k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] * b[i]
	}
}

// MulS is y[i] = a[i] * b.
func MulS(y, a []float32, b float32) {
	a = a[:len(y)]
	k := split(len(y))
	if k > 0 {
		mulVS(at(y), at(a), b, k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] * b
	}
}

// SMul is y[i] = a * b[i].
func SMul(y []float32, a float32, b []float32) { MulS(y, b, a) }

// Div is y[i] = a[i] / b[i].
func Div(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	k := split(len(y))
	if k > 0 {
		divVV(at(y), at(a), at(b), k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] / b[i]
	}
}

// DivS is y[i] = a[i] / b.
func DivS(y, a []float32, b float32) {
	a = a[:len(y)]
	k := split(len(y))
	if k > 0 {
		divVS(at(y), at(a), b, k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a[i] / b
	}
}

// SDiv is y[i] = a / b[i].
func SDiv(y []float32, a float32, b []float32) {
	b = b[:len(y)]
	k := split(len(y))
	if k > 0 {
		divSV(at(y), a, at(b), k)
	}
	for i := k; i < len(y); i++ {
		y[i] = a / b[i]
	}
}

// Affine is y[i] = a*x[i] + b.
func Affine(y, x []float32, a, b float32) {
	x = x[:len(y)]
	k := split(len(y))
	if k > 0 {
		affineVV(at(y), at(x), a, b, k)
	}
	for i := k; i < len(y); i++ {
		y[i] = float32(a*x[i]) + b
	}
}

// Axpy is y[i] += a*x[i].
func Axpy(y, x []float32, a float32) {
	x = x[:len(y)]
	k := split(len(y))
	if k > 0 {
		axpyVV(at(y), at(x), a, k)
	}
	for i := k; i < len(y); i++ {
		y[i] += float32(x[i] * a)
	}
}

// Mix is y[i] = s*a[i] + t*b[i].
func Mix(y, a, b []float32, s, t float32) {
	a, b = a[:len(y)], b[:len(y)]
	k := split(len(y))
	if k > 0 {
		mixVV(at(y), at(a), at(b), s, t, k)
	}
	for i := k; i < len(y); i++ {
		y[i] = float32(s*a[i]) + float32(t*b[i])
	}
}

// Gate is y[i] = g[i] where x[i] > 0, else slope*g[i].
func Gate(y, x, g []float32, slope float32) {
	x, g = x[:len(y)], g[:len(y)]
	k := split(len(y))
	if k > 0 {
		gateVV(at(y), at(x), at(g), slope, 1, k)
	}
	factor := [2]float32{slope, 1}
	for i := k; i < len(y); i++ {
		y[i] = g[i] * factor[Positive(x[i])&1]
	}
}

// Max is y[i] = max(a[i], b[i]); which one where either is no number is not said.
func Max(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	k := split(len(y))
	if k > 0 {
		maxVV(at(y), at(a), at(b), k)
	}
	for i := k; i < len(y); i++ {
		y[i] = max(a[i], b[i])
	}
}

// PRelu is y[i] = x[i] where x[i] > 0, else a[i]*x[i].
func PRelu(y, x, a []float32) {
	x, a = x[:len(y)], a[:len(y)]
	k := split(len(y))
	if k > 0 {
		preluVV(at(y), at(x), at(a), 1, k)
	}
	for i := k; i < len(y); i++ {
		y[i] = x[i] * [2]float32{a[i], 1}[Positive(x[i])&1]
	}
}

// PReluS is y[i] = x[i] where x[i] > 0, else a*x[i].
func PReluS(y, x []float32, a float32) { Gate(y, x, x, a) }

// SPRelu is y[i] = x where x > 0, else a[i]*x.
func SPRelu(y []float32, x float32, a []float32) {
	if !(x > 0) {
		MulS(y, a, x)
		return
	}
	for i := range y {
		y[i] = x
	}
}

// Positive is 1 for x > 0 and 0 for other numbers, without a branch: signs of
// activations are random, and a mispredicted branch costs 15 cycles.
func Positive(x float32) uint32 {
	b := int32(math.Float32bits(x))
	return uint32(-b&^b) >> 31
}

// Moments are what a step of Adam shares over all parameters.
type Moments struct {
	Beta1, Beta2   float32
	Rest1, Rest2   float32 // 1-Beta1, 1-Beta2
	Scale1, Scale2 float32 // 1/(1-Beta^t): corrects the bias of young averages
	Rate, Decay    float32
	Epsilon        float32
}

// Adam takes one step: g are the gradients, p the parameters, m and v the
// running first and second moments (Kingma and Ba, 2015, algorithm 1; decoupled
// weight decay, Loshchilov and Hutter, 2019).
func Adam(p, m, v, g []float32, h *Moments) {
	m, v, g = m[:len(p)], v[:len(p)], g[:len(p)]
	k := split(len(p))
	if k > 0 {
		adamVV(at(p), at(m), at(v), at(g), h.Beta1, h.Rest1, h.Beta2, h.Rest2, h.Scale1, h.Scale2, h.Rate, h.Decay, h.Epsilon, k)
	}
	adam(p[k:], m[k:], v[k:], g[k:], h)
}

func adam(p, m, v, g []float32, h *Moments) {
	for i := range p {
		d := g[i]
		a := float32(h.Beta1*m[i]) + float32(h.Rest1*d)
		b := float32(h.Beta2*v[i]) + float32(float32(h.Rest2*d)*d)
		m[i], v[i] = a, b
		root := float32(math.Sqrt(float64(b * h.Scale2)))
		p[i] -= float32(h.Rate * (float32(a*h.Scale1)/(root+h.Epsilon) + float32(h.Decay*p[i])))
	}
}
