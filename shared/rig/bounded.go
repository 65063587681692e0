package rig

import "math"

const (
	sweeps  = 100
	settled = 5e-4 // of an unknown, in its own unit
)

// bounded brings x to the least of x'Nx/2 - t'x within bounds, from where it
// stands, one unknown after the other until none moves further than settled:
// N is [n n], positive definite.
func bounded(normal, target, x []float64, bounds func(k int) (lo, hi float64)) {
	n := len(x)
	slope := make([]float64, n) // t - Nx
	copy(slope, target)
	for k, v := range x {
		if v != 0 {
			for j := range slope {
				slope[j] -= normal[k*n+j] * v
			}
		}
	}
	for range sweeps {
		var moved float64
		for k := range x {
			lo, hi := bounds(k)
			v := min(max(x[k]+slope[k]/normal[k*n+k], lo), hi)
			d := v - x[k]
			if d == 0 {
				continue
			}
			x[k] = v
			for j, w := range normal[k*n : k*n+n] {
				slope[j] -= w * d
			}
			moved = max(moved, math.Abs(d))
		}
		if moved < settled {
			return
		}
	}
}
