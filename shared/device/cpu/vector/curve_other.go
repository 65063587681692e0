//go:build !js

package vector

// Exp writes e^x for the first elements of y, as many as it returns: all, or
// none where there are no vectors for it.
func Exp(y, x []float32) int { return 0 }

// Tanh is Exp for tanh x.
func Tanh(y, x []float32) int { return 0 }

// Sigmoid is Exp for 1/(1+e^-x).
func Sigmoid(y, x []float32) int { return 0 }
