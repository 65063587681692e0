//go:build amd64 || js

package vector

import "testing"

// same wants the same bits from the loop in Go.
func same(t *testing.T, name string, n int, y, start, a, b []float32, loop func(y, a, b []float32, s float32)) {
	t.Helper()
	was := fast
	defer func() { fast = was }()
	fast = false
	plain := append([]float32(nil), start...)
	loop(plain[:n], a, b, .3)
	for i := range plain {
		if plain[i] != y[i] {
			t.Fatalf("%s of %d: element %d is %g with vectors, %g in Go", name, n, i, y[i], plain[i])
		}
	}
}
