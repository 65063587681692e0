package prior

import (
	"testing"

	"mien/shared/au"
)

// TestLidsAreMadeToMeet closes the eyes of a face with black eyes in white skin:
// where the eye was there is skin then, but for lashes, and nothing else is painted.
// Half a wink paints nothing, nor do pressed lids.
func TestLidsAreMadeToMeet(t *testing.T) {
	const size = 64
	x := make([]float32, size*size*3)
	inside := func(i int) bool {
		px, py := float32(centre(i%size, size))*64+63.5, float32(centre(i/size, size))*64+63.5
		for _, e := range sockets {
			if px > face[e.up[0]][0] && px < face[e.up[3]][0] &&
				py > along([]point{face[e.up[0]], face[e.up[1]], face[e.up[2]], face[e.up[3]]}, px) &&
				py < along([]point{face[e.low[0]], face[e.low[1]], face[e.low[2]], face[e.low[3]]}, px) {
				return true
			}
		}
		return false
	}
	for i := range size * size {
		for c := range 3 {
			if x[3*i+c] = .5; inside(i) {
				x[3*i+c] = -1
			}
		}
	}
	black := func(x []float32) (n int) {
		for i := range size * size {
			if x[3*i] < -.8 {
				n++
			}
		}
		return n
	}
	p := &Prior{mean: Neutral, shading: make([]float32, au.Count*side*side*3)}
	wink := func(code string, by float32) ([]float32, []float32) {
		var d au.Vector
		d[au.Index(code)] = by
		out, o, err := p.Teach(x, size, face, d)
		if err != nil {
			t.Fatal(err)
		}
		return out, o.Mask
	}
	shut, mask := wink("45", 4)
	if was, now := black(x), black(shut); now > 0 || was == 0 {
		t.Errorf("of %d pixels of open eyes %d are left", was, now)
	}
	for i, m := range mask {
		if y := float32(centre(i/size, size))*64 + 63.5; m > .1 && (y < face[37][1]-3 || y > face[41][1]+3) {
			t.Errorf("row %g of the crop is painted by %.2f, which no eye reaches", y, m)
		}
	}
	for code, by := range map[string]float32{"45": 1, "07": 5} {
		_, mask = wink(code, by)
		for i, m := range mask {
			if m != 0 {
				t.Fatalf("AU%s by %g: place %d is painted by %g", code, by, i, m)
			}
		}
	}
}

// TestLargeEyesClose: whatever the size of an eye, AU45 at 3 leaves less of it open
// than paint covers, on the side that is asked alone.
func TestLargeEyesClose(t *testing.T) {
	for _, opening := range []float32{3, 6, 12} {
		l := Neutral
		for _, e := range eyes {
			l[e.up][1] = l[e.low][1] - opening
		}
		var d au.Vector
		d[au.Index("45")] = 3
		m := MoveSides(l, d, au.Vector{})
		for i, e := range eyes {
			left, most := (m[e.low][1]-m[e.up][1])/opening, float32(closed)
			if i >= 2 { // the other eye
				if left != 1 {
					t.Errorf("an eye %g open that nobody asks to close has %g of that", opening, left)
				}
			} else if left > most || left < leastOpening-1e-3 {
				t.Errorf("of an eye %g open %g stays so, want %g to %g", opening, left, leastOpening, most)
			}
		}
	}
}
