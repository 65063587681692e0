package vector

import (
	"math"
	"testing"

	"mien/shared/tensor"
)

// loops lists every loop with operands a, b and a number s; y comes in filled.
var loops = map[string]func(y, a, b []float32, s float32){
	"Add":                  func(y, a, b []float32, s float32) { Add(y, a, b) },
	"AddS":                 func(y, a, b []float32, s float32) { AddS(y, a, s) },
	"SAdd":                 func(y, a, b []float32, s float32) { SAdd(y, s, b) },
	"Sub":                  func(y, a, b []float32, s float32) { Sub(y, a, b) },
	"SubS":                 func(y, a, b []float32, s float32) { SubS(y, a, s) },
	"SSub":                 func(y, a, b []float32, s float32) { SSub(y, s, b) },
	"Mul":                  func(y, a, b []float32, s float32) { Mul(y, a, b) },
	"MulS":                 func(y, a, b []float32, s float32) { MulS(y, a, s) },
	"SMul":                 func(y, a, b []float32, s float32) { SMul(y, s, b) },
	"Div":                  func(y, a, b []float32, s float32) { Div(y, a, b) },
	"DivS":                 func(y, a, b []float32, s float32) { DivS(y, a, s) },
	"SDiv":                 func(y, a, b []float32, s float32) { SDiv(y, s, b) },
	"Affine":               func(y, a, b []float32, s float32) { Affine(y, a, s, -.75) },
	"Axpy":                 func(y, a, b []float32, s float32) { Axpy(y, a, s) },
	"Mix":                  func(y, a, b []float32, s float32) { Mix(y, a, b, s, -.75) },
	"Gate":                 func(y, a, b []float32, s float32) { Gate(y, a, b, s) },
	"Max":                  func(y, a, b []float32, s float32) { Max(y, a, b) },
	"PRelu":                func(y, a, b []float32, s float32) { PRelu(y, a, b) },
	"PReluS":               func(y, a, b []float32, s float32) { PReluS(y, a, s) },
	"SPRelu":               func(y, a, b []float32, s float32) { SPRelu(y, -s, b) },
	"SPRelu of a positive": func(y, a, b []float32, s float32) { SPRelu(y, s, b) },
	"Adam": func(y, a, b []float32, s float32) {
		// The moments are copies: all loops may write to y alone.
		m, v := append([]float32(nil), b[:len(y)]...), make([]float32, len(y))
		for i := range v {
			v[i] = b[i] * b[i]
		}
		Adam(y, m, v, a, &Moments{.5, .99, .5, .01, 2, 100, .1, s / 10, 1e-8})
		for i := range y {
			y[i] += m[i] + v[i]
		}
	},
}

// want is the definition in float64, for results to be near.
var want = map[string]func(y, a, b, s float64) float64{
	"Add": func(y, a, b, s float64) float64 { return a + b }, "AddS": func(y, a, b, s float64) float64 { return a + s },
	"SAdd": func(y, a, b, s float64) float64 { return s + b }, "Sub": func(y, a, b, s float64) float64 { return a - b },
	"SubS": func(y, a, b, s float64) float64 { return a - s }, "SSub": func(y, a, b, s float64) float64 { return s - b },
	"Mul": func(y, a, b, s float64) float64 { return a * b }, "MulS": func(y, a, b, s float64) float64 { return a * s },
	"SMul": func(y, a, b, s float64) float64 { return s * b }, "Div": func(y, a, b, s float64) float64 { return a / b },
	"DivS": func(y, a, b, s float64) float64 { return a / s }, "SDiv": func(y, a, b, s float64) float64 { return s / b },
	"Affine": func(y, a, b, s float64) float64 { return a*s - .75 }, "Axpy": func(y, a, b, s float64) float64 { return y + a*s },
	"Mix": func(y, a, b, s float64) float64 { return a*s - b*.75 },
	"Gate": func(y, a, b, s float64) float64 {
		if a > 0 {
			return b
		}
		return b * s
	},
	"Max": func(y, a, b, s float64) float64 { return max(a, b) },
	"PRelu": func(y, a, b, s float64) float64 {
		if a > 0 {
			return a
		}
		return b * a
	},
	"PReluS": func(y, a, b, s float64) float64 {
		if a > 0 {
			return a
		}
		return s * a
	},
	"SPRelu":               func(y, a, b, s float64) float64 { return -s * b },
	"SPRelu of a positive": func(y, a, b, s float64) float64 { return s },
	"Adam": func(y, a, b, s float64) float64 {
		m, v := .5*b+.5*a, .99*b*b+.01*a*a
		return y - .1*(m*2/(math.Sqrt(v*100)+1e-8)+s/10*y) + m + v
	},
}

func TestLoops(t *testing.T) {
	for n := range 75 {
		r := tensor.NewRand(3, 1, 0, uint64(n))
		a, b, start := make([]float32, n+1), make([]float32, n+1), make([]float32, n+1)
		for i := range a {
			a[i], b[i], start[i] = r.Range(-2, 2), r.Range(-2, 2), r.Range(-2, 2)
		}
		a[n/2] = 0
		for name, loop := range loops {
			const s = .3
			y := append([]float32(nil), start...)
			loop(y[:n], a, b, s)
			if y[n] != start[n] {
				t.Fatalf("%s of %d writes beyond the end", name, n)
			}
			for i, v := range y[:n] {
				w := want[name](float64(start[i]), float64(a[i]), float64(b[i]), s)
				if math.Abs(float64(v)-w) > 1e-5*(1+math.Abs(w)) {
					t.Fatalf("%s of %d: element %d is %g, want %g", name, n, i, v, w)
				}
			}
			same(t, name, n, y, start, a, b, loop)
		}
	}
}
