package tensor

import "testing"

// TestFloats wants zeros that can be written to, of any size.
func TestFloats(t *testing.T) {
	for _, n := range []int{0, 1, 1 << 20, 1<<20 + 3} {
		x := Floats(n)
		if len(x) != n {
			t.Fatalf("%d floats, want %d", len(x), n)
		}
		for i := range x {
			if x[i] != 0 {
				t.Fatalf("float %d of %d is %g", i, n, x[i])
			}
			x[i] = 1
		}
	}
}
