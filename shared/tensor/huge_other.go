//go:build !linux

package tensor

// Floats is make([]float32, n).
func Floats(n int) []float32 { return make([]float32, n) }
