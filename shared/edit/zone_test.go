package edit

import (
	"testing"

	"mien/shared/au"
)

// TestZonesCoverTheFace wants every place to lie in zones that sum to 1, alike on both sides
// and without an edge, and each zone to have a place of its own.
func TestZonesCoverTheFace(t *testing.T) {
	const step = 1. / 64
	var most [Zones]float32
	for y := float32(-1); y <= 1; y += step {
		for x := float32(-1); x <= 1; x += step {
			at, sum := ZonesAt(x, y), float32(0)
			mirror, right, below := ZonesAt(-x, y), ZonesAt(x+step, y), ZonesAt(x, y+step)
			for z, part := range at {
				sum += part
				most[z] = max(most[z], part)
				if part < 0 || part != mirror[z] {
					t.Fatalf("zone %d has %g of (%g, %g), and %g of its mirror", z, part, x, y, mirror[z])
				}
				if a, b := right[z]-part, below[z]-part; max(a, -a, b, -b) > .4 {
					t.Fatalf("zone %d has an edge at (%g, %g)", z, x, y)
				}
			}
			if sum < .9999 || sum > 1.0001 {
				t.Fatalf("the zones have %g of (%g, %g), want 1", sum, x, y)
			}
		}
	}
	for z, part := range most {
		if part < 1 {
			t.Errorf("zone %d has %g of a place at most, want all of one", z, part)
		}
	}
}

// TestEveryActionUnitShades wants each to shade some zone in full, and none by more.
func TestEveryActionUnitShades(t *testing.T) {
	for i, u := range au.Units {
		var most, least float32 = 0, 1
		for z := range Zones {
			most, least = max(most, Shades[z][i]), min(least, Shades[z][i])
		}
		if most != 1 || least < 0 {
			t.Errorf("AU%s shades zones by %g to %g, want up to 1", u.Code, least, most)
		}
	}
}

// TestShadeStaysInItsZone shades all of a face as deep as it goes: what is shown of it lies
// where the Action Unit folds the skin, and nothing to see elsewhere.
func TestShadeStaysInItsZone(t *testing.T) {
	const size = 32
	crop, _ := openMouth(size, .5, 0)
	for _, code := range []string{"01", "02", "07", "12", "26", "45"} {
		var change au.Vector
		change[au.Index(code)] = 3
		f := NewField(size)
		for i := range f.Shade {
			f.Shade[i] = -.5
		}
		f.light(crop, Deepest(change))
		for i := range size * size {
			x, y := (2*float32(i%size)+1)/size-1, (2*float32(i/size)+1)/size-1
			for z, part := range ZonesAt(x, y) {
				if shown := -f.Shade[3*i]; part == 1 && (shown > 1e-4) != (Shades[z][au.Index(code)] > 0) {
					t.Fatalf("AU%s shades (%g, %g) in zone %d by %g", code, x, y, z, shown)
				}
			}
		}
	}
}
