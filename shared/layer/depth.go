package layer

import "math"

// What a painter learns from are mouths as photos show them, few of them wide
// open: it paints the middle of a large hole in blots. There the plain picture
// of an open mouth takes its place, more of it the larger the hole is.
const (
	paintedWell = 420. // pixels of the patch that a hole may have
	paintedLast = 900. // and from which on nothing but a rim is painted
	rimWidth    = 7.   // pixels
	rimPlain    = .4   // how much of the plain picture shows at a rim's edge
)

// plainness returns how much of the plain picture covers each pixel of a hole,
// [PatchHeight PatchWidth], by the hole's size and the way to its edge.
func plainness(hole []float32) []float32 {
	var area float64
	for _, v := range hole {
		area += float64(v)
	}
	much := smooth(area, paintedWell, paintedLast)
	out := make([]float32, len(hole))
	if much == 0 {
		return out
	}
	for i, d := range depth(hole) {
		out[i] = float32(much * (rimPlain + (1-rimPlain)*smooth(float64(d), 1.5, rimWidth)))
	}
	return out
}

// depth returns the way from each pixel to the nearest that is not in the hole,
// in pixels: two passes over a patch, by steps across, down and aslant
// (Borgefors: Distance transformations in digital images, 1986). The patch's
// border is no edge.
func depth(hole []float32) []float32 {
	const far = PatchWidth + PatchHeight
	d := make([]float32, len(hole))
	for i, v := range hole {
		if v > seen {
			d[i] = far
		}
	}
	pass := func(x, y, sign int) {
		i := y*PatchWidth + x
		for _, s := range [...][2]int{{-1, 0}, {-1, -1}, {0, -1}, {1, -1}} {
			if u, v := x+sign*s[0], y+sign*s[1]; u >= 0 && u < PatchWidth && v >= 0 && v < PatchHeight {
				step := float32(1)
				if s[0]*s[1] != 0 {
					step = math.Sqrt2
				}
				d[i] = min(d[i], d[v*PatchWidth+u]+step)
			}
		}
	}
	for y := range PatchHeight {
		for x := range PatchWidth {
			pass(x, y, 1)
		}
	}
	for y := PatchHeight - 1; y >= 0; y-- {
		for x := PatchWidth - 1; x >= 0; x-- {
			pass(x, y, -1)
		}
	}
	return d
}
