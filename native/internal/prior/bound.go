package prior

import (
	"math"

	"mien/native/internal/dataset"
)

// facing are the pairs of an upper and a lower landmark that close an opening:
// lids and inner lips.
var facing = [...][2]int{{37, 41}, {38, 40}, {43, 47}, {44, 46}, {61, 67}, {62, 66}, {63, 65}}

// leastOpening is the part of an opening that always stays, so that lids and
// lips never cross and the warp never folds.
const leastOpening = .1

// eyes are the pairs of facing that lids make, and the corners of their eye.
var eyes = [...]struct{ up, low, left, right int }{{37, 41, 36, 39}, {38, 40, 36, 39}, {43, 47, 42, 45}, {44, 46, 42, 45}}

// widest is how far an eye opens, in parts of its width: of 16,748 faces one in a
// hundred has more (.40). Several Action Units that lift the same lid draw near to
// it, so that an iris is never pulled long.
const widest = .41

// wider is by which part of its opening any eye can open further, wide or not.
const wider = .25

// lips are the pairs of an outer and an inner landmark across a lip's red part.
var lips = [...][2]int{{50, 61}, {51, 62}, {52, 63}, {56, 65}, {57, 66}, {58, 67}}

// leastLip is the part of a lip's height that pressing it (AU23) draws near to:
// lips turn in, they do not vanish.
const leastLip = .3

// mostLift is what a brow's rise draws near to, in pixels of the 128 x 128 crop:
// AU01 and AU02 both lift its middle, and further up there is no skin left to
// stretch: at 9 what lies in shadow under a brow became part of it.
const mostLift = 6.5

// mouthHalf are the landmarks of the image-left half of the mouth, its corner first,
// and jawHalf those of the jaw beside it from the top down.
var (
	mouthHalf = [...]int{48, 60, 49, 59, 50, 58, 61, 67}
	jawHalf   = [...]int{2, 3, 4, 5, 6, 7}
)

// mostDraw is the part of a corner's way to the face's outline that drawing it out
// nears: AUs 12, 14 and 20 all do, and on a turned head the far corner has little
// room before it leaves the face.
const mostDraw = .45

// bound keeps a move v of the landmarks l within what a face can do: Action Units
// that move the same part add up, and a face may have moved it already.
func bound(l, v *Landmarks) {
	boundOpenings(l, v)
	boundEyes(l, v)
	boundLips(l, v)
	for _, right := range [...]bool{false, true} {
		boundCorner(l, v, right)
	}
	for k := 17; k < 27; k++ { // the brows
		if lift := -v[k][1]; lift > 0 {
			v[k][1] = -near(lift, mostLift)
		}
	}
}

// boundOpenings keeps lids and lips from crossing.
func boundOpenings(l, v *Landmarks) {
	for _, pair := range facing {
		up, low := pair[0], pair[1]
		opening := max(l[low][1]-l[up][1], 0)
		growth := v[low][1] - v[up][1]
		over := max(leastOpening*opening-(opening+growth), 0)
		if over == 0 {
			continue
		}
		keep := min(max(1-over/(max(growth, -growth)+1e-4), 0), 1)
		for c := range 2 {
			v[up][c] *= keep
			v[low][c] *= keep
		}
	}
}

// boundEyes keeps eyes from opening further than eyes do.
func boundEyes(l, v *Landmarks) {
	for _, e := range eyes {
		growth := v[e.low][1] - v[e.up][1]
		if growth <= 0 {
			continue
		}
		opening := l[e.low][1] - l[e.up][1]
		room := max(widest*(l[e.right][0]-l[e.left][0])-opening, wider*opening, .1)
		keep := near(growth, room) / growth
		v[e.up][1] *= keep
		v[e.low][1] *= keep
	}
}

// boundLips keeps some height of a pressed lip.
func boundLips(l, v *Landmarks) {
	for _, lip := range lips {
		out, in := lip[0], lip[1]
		height := l[in][1] - l[out][1] // below 0 in the lower lip
		if height == 0 {
			continue
		}
		room := (1 - leastLip) * height
		if pressed := (v[out][1] - v[in][1]) / room; pressed > 0 {
			v[out][1] = v[in][1] + room*near(pressed, 1)
		}
	}
}

// boundCorner keeps a corner of the mouth, and the half of the lips that goes with
// it, from being drawn over the cheek's edge.
func boundCorner(l, v *Landmarks, right bool) {
	side := func(k int) int {
		if right {
			return dataset.Mirrored[k]
		}
		return k
	}
	outward := float32(-1)
	if right {
		outward = 1
	}
	corner := side(mouthHalf[0])
	drawn := outward * v[corner][0]
	if drawn <= 0 {
		return
	}
	var edge [len(jawHalf)]point // as height and side, so that along finds the side
	for i, k := range jawHalf {
		edge[i] = point{l[side(k)][1], l[side(k)][0]}
	}
	way := outward * (along(edge[:], l[corner][1]) - l[corner][0])
	keep := within(drawn, max(mostDraw*way, 1)) / drawn
	for _, k := range mouthHalf {
		v[side(k)][0] *= keep
	}
}

// near draws near to most, ever more slowly.
func near(x, most float32) float32 { return most * float32(math.Tanh(float64(x/most))) }

// within is x where it is well below most, and never more than most.
func within(x, most float32) float32 {
	r := float64(x / most)
	return x / float32(math.Sqrt(math.Sqrt(1+r*r*r*r)))
}
