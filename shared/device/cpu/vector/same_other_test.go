//go:build !amd64 && !js

package vector

import "testing"

func same(*testing.T, string, int, []float32, []float32, []float32, []float32, func(y, a, b []float32, s float32)) {
}
