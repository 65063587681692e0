package face

import (
	"math"
	"testing"
)

// TestAstronaut finds the bundled portrait as it is, tilted, small and large.
// Its pupils were read off the picture by eye.
func TestAstronaut(t *testing.T) {
	finder := newFinder(t)
	img := load(t, "../../web/portrait/astronaut.png")
	pupils := [2][2]float64{{204, 101}, {247.4, 103}}
	const unit = 66.5 / 64 // photo pixels per pixel of the 128-pixel frame
	for _, c := range []struct {
		side int
		half float64 // of the part of the photo that is shown, pixels
		tilt float64 // degrees
	}{
		{512, 256, 0}, {400, 150, 40}, {400, 150, -40}, {400, 150, 20}, {640, 200, -20}, {300, 200, 10}, {1500, 160, -30}, {1500, 120, 5},
	} {
		s, k := math.Sincos(-c.tilt * math.Pi / 180)
		view := Frame{[6]float64{k * c.half, -s * c.half, 235, s * c.half, k * c.half, 150}}
		faces, err := finder.Find(Crop(img, view, c.side))
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		half := float64(c.side) / 2
		// Her eyes stand 3.5 frame pixels further apart than the mean, so that
		// each is off by 1.7 in a perfect frame.
		limit := 3.0
		if c.tilt != 0 {
			limit = 5
		}
		for i, eye := range [][2]float64{faces[0].Left, faces[0].Right} {
			x, y := view.Photo(eye[0]/half-1, eye[1]/half-1)
			if d := math.Hypot(x-pupils[i][0], y-pupils[i][1]) / unit; d > limit {
				t.Errorf("%+v: eye %d is off by %.1f pixels of the frame", c, i, d)
			}
		}
		if tilt := faces[0].Tilt * 180 / math.Pi; math.Abs(tilt-c.tilt-2.6) > 3 {
			t.Errorf("%+v: tilt %.1f, want %.1f", c, tilt, c.tilt+2.6)
		}
	}
}
