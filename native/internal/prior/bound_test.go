package prior

import (
	"testing"

	"mien/shared/au"
)

// TestRaisedLipsThin raises the upper lip: its middle goes furthest, so that it is not
// cleft, and its inner edge by less than half, so that it thins before it parts.
func TestRaisedLipsThin(t *testing.T) {
	l := Neutral
	var d au.Vector
	d[au.Index("10")] = 3
	moved := Move(l, d)
	rise := func(k int) float32 { return l[k][1] - moved[k][1] }
	for _, side := range []int{49, 50, 52, 53} {
		if rise(side) > rise(51) {
			t.Errorf("landmark %d rises by %g, the middle of the lip by %g", side, rise(side), rise(51))
		}
	}
	for _, lip := range lips[:3] {
		if out, in := rise(lip[0]), rise(lip[1]); in <= 0 || in > out/2 {
			t.Errorf("the lip's outer edge rises by %g, its inner by %g, want some and less than half", out, in)
		}
	}
}

// TestBrowsStopRising asks for all that raises brows: none rises by more than mostLift.
func TestBrowsStopRising(t *testing.T) {
	l := Neutral
	var d au.Vector
	d[au.Index("01")], d[au.Index("02")] = au.Max, au.Max
	moved := Move(l, d)
	for k := 17; k < 27; k++ {
		if rise := l[k][1] - moved[k][1]; rise < mostLift/2 || rise > mostLift {
			t.Errorf("landmark %d rises by %g, want %g to %g", k, rise, mostLift/2., mostLift)
		}
	}
}
