package prior

import (
	"testing"

	"mien/shared/au"
)

// TestLightMultiplies: what lightens a face leaves a dark brow dark and skin its
// colour; a shadow falls on both, on the brow less.
func TestLightMultiplies(t *testing.T) {
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
		k := au.Index("04")
		for i := range side * side * 3 {
			p.shading[k*side*side*3+i] = by
		}
		d := au.Vector{}
		d[k] = 1
		o, err := p.Field(x, size, Neutral, d, d, size)
		if err != nil {
			t.Fatal(err)
		}
		at := func(row int) []float32 { i := 3 * (row*size + size/2); return o.Shade[i : i+3] }
		onSkin, onBrow := at(40), at(21)
		for c := range skin {
			part := onBrow[c] / onSkin[c]
			least, most := float32(.05), (brow+1)/(skin[c]+1)+.1
			if by < 0 {
				least, most = steady, steady+most
			}
			if !(part > least && part < most) {
				t.Errorf("shading %g: of channel %d the brow gets %g and the skin %g, want a part of %g to %g", by, c, onBrow[c], onSkin[c], least, most)
			}
		}
		if by > 0 {
			for c := 1; c < 3; c++ {
				if got, want := onSkin[c]/onSkin[0], (skin[c]+1)/(skin[0]+1); got < want-.1 || got > want+.1 {
					t.Errorf("shading %g: channel %d gets %g of red's, want %g", by, c, got, want)
				}
			}
		}
	}
}
