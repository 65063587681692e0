package layer

import (
	"context"
	"math"
	"testing"

	"mien/shared/tensor"
)

// box is a hole of w x h pixels in the middle of the patch.
func box(w, h int) []float32 {
	m := make([]float32, PatchWidth*PatchHeight)
	for y := range h {
		for x := range w {
			m[((PatchHeight-h)/2+y)*PatchWidth+(PatchWidth-w)/2+x] = 1
		}
	}
	return m
}

func TestDepth(t *testing.T) {
	hole := box(20, 11)
	for i, d := range depth(hole) {
		x, y := i%PatchWidth-(PatchWidth-20)/2, i/PatchWidth-(PatchHeight-11)/2
		want := 0
		if x >= 0 && x < 20 && y >= 0 && y < 11 {
			want = min(x+1, 20-x, y+1, 11-y)
		}
		if math.Abs(float64(d)-float64(want)) > 1e-4 {
			t.Fatalf("pixel (%d, %d) of the box is %.2f deep, want %d", x, y, d, want)
		}
	}
}

func TestPlainness(t *testing.T) {
	for _, v := range plainness(box(20, 10)) {
		if v != 0 {
			t.Fatalf("a small hole is covered by %.2f", v)
		}
	}
	middle := PatchHeight/2*PatchWidth + PatchWidth/2
	last := float32(0)
	for h := 10; h < 50; h++ { // a mouth that opens
		v := plainness(box(40, h))[middle]
		if v < last || v-last > .15 {
			t.Fatalf("at %d pixels of height it goes from %.2f to %.2f", h, last, v)
		}
		last = v
	}
	if last < .99 {
		t.Errorf("the middle of a large hole is covered by %.2f", last)
	}
	if v := plainness(box(40, 40))[(PatchHeight/2)*PatchWidth+(PatchWidth-40)/2]; v > .5 {
		t.Errorf("its rim is covered by %.2f", v)
	}
}

// white paints everything white.
type white struct{}

func (white) Paint(_ context.Context, picture, _ *tensor.Tensor) (*tensor.Tensor, error) {
	out := picture.Clone()
	for i := range out.Data {
		out.Data[i] = 1
	}
	return out, nil
}

// TestWideMouthsArePlainInside opens a mouth for a painter that paints too much.
func TestWideMouthsArePlainInside(t *testing.T) {
	f, m := newFace(t, testPhoto(true))
	deepest := func(by float32) (byte, byte) {
		s, err := f.Scene(context.Background(), Motion{Mesh: shout(m, by)}, white{})
		if err != nil {
			t.Fatal(err)
		}
		a := PatchFrame(shout(m, by))
		hole := f.hole(s, a)
		low, high := byte(255), byte(0)
		for i, v := range hole.cover {
			if v > seen {
				low, high = min(low, s.Patch[3*i]), max(high, s.Patch[3*i])
			}
		}
		return low, high
	}
	if low, _ := deepest(12); low < 250 {
		t.Errorf("in a little hole of white the darkest is %d", low)
	}
	if low, high := deepest(130); low > 100 || high < 120 {
		t.Errorf("in a large hole values go from %d to %d, want its middle dark and a light rim", low, high)
	}
}
