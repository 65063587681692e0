package eval

import (
	"image"
	"testing"
)

// TestBorderIsWhatIsNoFace changes one pixel at a time by all there is.
func TestBorderIsWhatIsNoFace(t *testing.T) {
	for _, c := range []struct {
		name  string
		x, y  int
		count bool
	}{
		{"corner", 0, 0, true}, {"above the forehead", 64, 11, true}, {"beside an ear", 127, 64, true}, {"shoulder", 31, 127, true}, {"other shoulder", 96, 127, true},
		{"chin", 64, 120, false}, {"chin's end", 32, 116, false}, {"mouth", 64, 85, false}, {"inside", 12, 12, false},
	} {
		a, b := image.NewNRGBA(image.Rect(0, 0, 128, 128)), image.NewNRGBA(image.Rect(0, 0, 128, 128))
		b.Pix[b.PixOffset(c.x, c.y)] = 255
		if got := border(a, b) > 0; got != c.count {
			t.Errorf("%s (%d, %d): counted %v, want %v", c.name, c.x, c.y, got, c.count)
		}
	}
}
