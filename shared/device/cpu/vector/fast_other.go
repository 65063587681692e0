//go:build !amd64 && !js

package vector

const fast = false

func addVV(y, a, b *float32, n int)                          {}
func addVS(y, a *float32, b float32, n int)                  {}
func subVV(y, a, b *float32, n int)                          {}
func subVS(y, a *float32, b float32, n int)                  {}
func subSV(y *float32, a float32, b *float32, n int)         {}
func mulVV(y, a, b *float32, n int)                          {}
func mulVS(y, a *float32, b float32, n int)                  {}
func divVV(y, a, b *float32, n int)                          {}
func divVS(y, a *float32, b float32, n int)                  {}
func divSV(y *float32, a float32, b *float32, n int)         {}
func affineVV(y, x *float32, a, b float32, n int)            {}
func axpyVV(y, x *float32, a float32, n int)                 {}
func mixVV(y, a, b *float32, s, t float32, n int)            {}
func gateVV(y, x, given *float32, slope, one float32, n int) {}
func maxVV(y, a, b *float32, n int)                          {}
func preluVV(y, x, a *float32, one float32, n int)           {}
func adamVV(p, m, v, grad *float32, beta1, rest1, beta2, rest2, scale1, scale2, rate, decay, eps float32, n int) {
}
