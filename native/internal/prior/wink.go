package prior

import (
	"math"

	"mien/shared/au"
	"mien/shared/model"
)

// A lid that comes all the way down covers the eye within less than a pixel of a
// small network's warp, which then leaves a slit. So the last of the way is painted:
// the lid's skin, and the lashes where it meets the lower one.
const (
	closing    = .55 // of the eye's opening is left where paint sets in
	closed     = .3  // and where it covers
	leastBlink = .5  // of AU45 asks for no paint, 1 more for all
	lidSkin    = .3  // of the way from lid to brow is skin as the lid has it
	mostSkin   = 3   // and at most so many pixels of the 128 x 128 crop: brows are near
	spill      = 2   // pixels of the crop further down lids meet: a smooth warp pushes some eye under the lower one, and landmarks are a pixel off
	lashes     = .55 // how much darker the seam is
	lashWide   = 1.2 // half its width, in pixels of the crop
)

// shuts is the intensity of AU45 at which the lids of the largest eye meet: the motion
// table's pixels alone leave it half open.
const shuts = 4

// drawLids adds to a move v of the landmarks l what large eyes need to close like
// small ones.
func drawLids(l, v *Landmarks, left, right au.Vector) {
	blink := au.Index("45")
	for _, e := range eyes {
		asked := left[blink] + (right[blink]-left[blink])*rightness(Neutral[e.up][0])
		tabled := strength[blink] * (Motion[blink][e.up][1] - Motion[blink][e.low][1])
		if more := (l[e.low][1]-l[e.up][1])/shuts - tabled; asked > 0 && more > 0 {
			v[e.up][1] += asked * more
		}
	}
}

// sockets are the landmarks of an eye: its lids from left corner to right corner,
// and the brow above.
var sockets = [...]struct {
	up, low [4]int
	brow    [2]int
}{
	{[4]int{36, 37, 38, 39}, [4]int{36, 41, 40, 39}, [2]int{19, 20}},
	{[4]int{42, 43, 44, 45}, [4]int{42, 47, 46, 45}, [2]int{23, 24}},
}

// paintLids covers eyes that the move from l to moved closes, where closing them is
// asked for, left and right of the face's middle: lids that are pressed together
// (AU07) leave a narrow eye.
func paintLids(o *model.Output, x []float32, size int, l, moved Landmarks, left, right au.Vector) {
	blink := au.Index("45")
	for side, e := range sockets {
		asked := [...]float32{left[blink], right[blink]}[side]
		height := func(l Landmarks) float32 {
			return (l[e.low[1]][1] - l[e.up[1]][1] + l[e.low[2]][1] - l[e.up[2]][1]) / 2
		}
		was, now := height(l), height(moved)
		from, to := moved[e.up[0]][0], moved[e.up[3]][0]
		if was < 1 || to-from < 2 {
			continue // closed already, or out of sight
		}
		amount := min(max((closing-now/was)/(closing-closed), 0), 1) * min(max(asked-leastBlink, 0), 1)
		if amount == 0 {
			continue
		}
		line := func(l Landmarks, of [4]int) []point { return []point{l[of[0]], l[of[1]], l[of[2]], l[of[3]]} }
		open, seam := line(l, e.up), line(moved, e.low)
		skin, below := lid(x, size, l, e.up, e.brow), cheeks(x, size, l)
		for c := range skin {
			skin[c] = (skin[c] + below[c]) / 2 // under a brow it is shadow, too
		}
		for i := range o.Mask {
			px, py := float32(centre(i%o.Size, o.Size))*64+63.5, float32(centre(i/o.Size, o.Size))*64+63.5
			if px <= from || px >= to {
				continue
			}
			up, low := along(open, px), along(seam, px)+spill*amount
			m := amount * ramp((py-up)/edge) * ramp((low-py)/edge)
			if m <= o.Mask[i] {
				continue
			}
			o.Mask[i] = m
			off := float64((low - lashWide/2 - py) / lashWide)
			dark := 1 - lashes*float32(math.Exp(-off*off))
			for c := range 3 {
				o.Colour[3*i+c] = 2*skin[c]*dark - 1
			}
		}
	}
}

// lid is the colour of the skin between a lid and its brow, 0 to 1.
func lid(x []float32, size int, l Landmarks, up [4]int, brow [2]int) (skin [3]float32) {
	var v [3]float32
	for i, above := range brow {
		q := l[up[i+1]]
		gap := min(lidSkin*max(q[1]-l[above][1], leastGap), mostSkin)
		sample(x, size, 3, (q[0]+.5)/64-1, (q[1]-gap+.5)/64-1, v[:])
		for c := range v {
			skin[c] += (v[c] + 1) / 4
		}
	}
	return skin
}
