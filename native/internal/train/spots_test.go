package train

import (
	"math"
	"testing"

	"mien/shared/tensor"
)

// TestSpots wants what spots adds smooth, bounded and colourless, alike on both sides in
// half of the pictures, and nothing in some.
func TestSpots(t *testing.T) {
	const n, size, depth = 400, 32, .25
	none, even := 0, 0
	deepest := 0.
	for i := range n {
		x := make([]float32, size*size*3)
		spots(x, size, depth, tensor.NewRand(1, streamAugment, 0, uint64(i)))
		at := func(row, col int) float64 { return float64(x[(row*size+col)*3]) }
		var most, step, skew float64
		for row := range size {
			for col := range size {
				if p := x[(row*size+col)*3:]; p[0] != p[1] || p[0] != p[2] {
					t.Fatalf("picture %d is coloured: %v", i, p[:3])
				}
				most = max(most, math.Abs(at(row, col)))
				skew = max(skew, math.Abs(at(row, col)-at(row, size-1-col)))
				if col > 0 {
					step = max(step, math.Abs(at(row, col)-at(row, col-1)))
				}
			}
		}
		deepest = max(deepest, most)
		switch {
		case most == 0:
			none++
		case skew < 1e-6:
			even++
		}
		// A cell has more than 4 pixels, and easing is 1.5 times as steep in its middle.
		if step > 4*depth*1.5/4 {
			t.Errorf("picture %d: light changes by %.2f from one pixel to the next", i, step)
		}
	}
	if deepest > 2*depth || deepest < depth {
		t.Errorf("the deepest is %.2f, want %g to %g", deepest, depth, 2*depth)
	}
	if share := float64(none) / n; share < unspotted-.07 || share > unspotted+.07 {
		t.Errorf("%.2f of the pictures have none, want %g", share, unspotted)
	}
	if share := float64(even) / float64(n-none); share < .42 || share > .58 {
		t.Errorf("%.2f of the rest are alike on both sides, want half", share)
	}
	x := make([]float32, size*size*3)
	for i := range x {
		x[i] = 1.2
	}
	for i := range 20 {
		spots(x, size, depth, tensor.NewRand(2, streamAugment, 0, uint64(i)))
	}
	for _, v := range x {
		if v > 1.2 || v < -1.2 {
			t.Fatalf("a pixel of %g, want -1.2 to 1.2", v)
		}
	}
}
