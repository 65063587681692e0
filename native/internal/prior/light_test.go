package prior

import (
	"testing"

	"mien/shared/au"
)

// TestTeachesTheEditorsLight: the teacher's pictures are lit as the editor lights: what
// lightens a face leaves a dark brow dark and skin its colour; a shadow falls on both,
// on the brow less.
func TestTeachesTheEditorsLight(t *testing.T) {
	const size = 64
	skin, brow := [3]float32{.4, 0, -.3}, float32(-.8)
	x := make([]float32, size*size*3)
	for i := range x {
		x[i] = skin[i%3]
		if row := i / 3 / size; row > 18 && row < 24 {
			x[i] = brow
		}
	}
	for _, by := range []float32{.1, -.1} {
		p := &Prior{mean: Neutral, shading: make([]float32, au.Count*side*side*3)}
		k := au.Index("09") // which shades all of a face above the lips
		for i := range side * side * 3 {
			p.shading[k*side*side*3+i] = by
		}
		d := au.Vector{}
		d[k] = 1
		y, _, err := p.Teach(x, size, Neutral, d)
		if err != nil {
			t.Fatal(err)
		}
		change := func(row int) (c [3]float32) {
			at := 3 * (row*size + size/2)
			for i := range c {
				c[i] = y[at+i] - x[at+i]
			}
			return c
		}
		onSkin, onBrow := change(34), change(21)
		sum := func(c [3]float32) float32 { return c[0] + c[1] + c[2] }
		low, high := float32(.05), float32(.3)
		if by < 0 {
			low, high = .5, .75
		}
		if part := sum(onBrow) / sum(onSkin); !(part > low && part < high) {
			t.Errorf("shading %g: the brow changes by %g and the skin by %g, want a part of %g to %g", by, onBrow, onSkin, low, high)
		}
		for c := 1; c < 3; c++ {
			if got, want := onSkin[c]/onSkin[0], (skin[c]+1)/(skin[0]+1); got < want-.15 || got > want+.15 {
				t.Errorf("shading %g: channel %d changes by %g of red's, want %g", by, c, got, want)
			}
		}
	}
}
