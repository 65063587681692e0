package face

import (
	"math"

	pigo "github.com/esimov/pigo/core"
)

// A face is looked at closely in a patch of patchSide pixels that shows the
// frame from -patchReach to patchReach: there the eyes are 88 pixels apart,
// so that pigo's whole pixels are .4 of the frame's.
const (
	patchSide  = 384
	patchReach = 1.3
	patchUnit  = 2 * patchReach / patchSide // frame units per patch pixel
	looks      = 4
	// perturbs is the number of starting points of which pigo takes the median.
	// Its pool has room for 63, and it sorts all of them whatever the number.
	perturbs = 63
	// minScore tells faces from patterns. Of 40 test faces the least scores
	// about 120 and a tenth below 400; cloth and hair reach 125. In a photo with
	// a clear face, find drops what scores less than minPart of it.
	minScore = 40
	// minFace is the least side of a frame, in photo pixels, that holds more
	// than a blur.
	minFace = 24
)

// mark is a point of the face that a cascade moves to: where it starts, where
// it ends up on the average (128-pixel frame coordinates), how far it looks (in
// eye distances), and the inverse variance of its end.
//
// The ends and weights were measured on 400 upright training crops (lfw, gen).
// Of the subsets of pigo's cascades, this one leaves 94% of the eyes within
// 3 pixels; pupils alone 73%, all nine 94%.
type mark struct {
	cascade        string
	startX, startY float64
	left, right    [2]float64
	reach          [2]float64
	weight         float64
	paired         bool // the cascade starts at each side's own place
}

var marks = [...]mark{
	{"puploc", LeftEyeX, EyeY, [2]float64{44.5, 43.65}, [2]float64{83.4, 43.85}, [2]float64{.7, .9}, .35, true},
	{"lp38", 63.95, EyeY + .25*38.3, [2]float64{52.8, 44.2}, [2]float64{75.2, 44.3}, [2]float64{2.5, 3}, .71, false},
	{"lp84", 63.95, EyeY + .25*38.3, [2]float64{47.0, 83.8}, [2]float64{81.1, 84.0}, [2]float64{2.5, 3}, .21, false},
}

// toPatch returns the patch coordinate of a 128-pixel frame coordinate.
func toPatch(p float64) float64 { return (Normal(p) + patchReach) / patchUnit }

// look fits the frame to the face near guess. It reports false where there is
// no face: the cascades' ends contradict each other, or the detection cascade
// does not see a face in the upright patch.
func (f *Finder) look(photo pyramid, guess Frame) (Face, bool) {
	patch := Frame{[6]float64{patchUnit, 0, -patchReach, 0, patchUnit, -patchReach}}
	frame := guess
	var last []pair
	for range looks {
		view := patch.Then(frame)
		p := photo.warp(view, patchSide, patchSide)
		var pairs []pair
		for i, m := range marks {
			pairs = f.visit(pairs, f.points[i], m, p)
		}
		for i := range pairs {
			pairs[i].x, pairs[i].y = view.Photo(pairs[i].x, pairs[i].y)
		}
		next := fit(pairs)
		if change := next.Scale() / guess.Scale(); !(change > .5 && change < 2) {
			return Face{}, false
		}
		frame = next
		last = pairs
	}
	frame = correct(frame, last)
	if 2*frame.Scale() < minFace {
		return Face{}, false
	}
	score := f.score(photo, frame)
	if score < minScore {
		return Face{}, false
	}
	return NewFace(frame, score), true
}

// visit runs one cascade to both sides of the face, plain and mirrored, with
// each of its reaches, and appends the mean ends in patch coordinates.
func (f *Finder) visit(pairs []pair, cascade *pigo.PuplocCascade, m mark, p plane) []pair {
	const eyes = (RightEyeX - LeftEyeX) * framePerPixel / patchUnit
	for side, mean := range [...][2]float64{m.left, m.right} {
		startX := m.startX
		mirrored := []bool{side == 1}
		if m.paired {
			startX = [...]float64{LeftEyeX, RightEyeX}[side]
			mirrored = []bool{false, true}
		}
		var x, y float64
		for _, flip := range mirrored {
			for _, reach := range m.reach {
				at := cascade.RunDetector(pigo.Puploc{
					Row: int(toPatch(m.startY)), Col: int(toPatch(startX)),
					Scale: float32(reach * eyes), Perturbs: perturbs,
				}, p.params(), 0, flip)
				x += float64(at.Col) + .5 // pigo cuts to whole pixels
				y += float64(at.Row) + .5
			}
		}
		n := float64(len(mirrored) * len(m.reach))
		pairs = append(pairs, pair{Normal(mean[0]), Normal(mean[1]), x / n, y / n, m.weight})
	}
	return pairs
}

// score returns the detection cascade's summed score for an upright face that
// fills the frame.
func (f *Finder) score(photo pyramid, frame Frame) float32 {
	const side = 96
	const unit = 2 * patchReach / side
	p := photo.warp(Frame{[6]float64{unit, 0, -patchReach, 0, unit, -patchReach}}.Then(frame), side, side)
	// The window of a face in its frame: see detectionFrame.
	const window = 1 / .6 / unit
	var sum float32
	for _, d := range f.detect(p, int(math.Round(window*.75)), int(math.Round(window*1.25)), .05, 1.05) {
		dx, dy := float64(d.Col)-side/2, float64(d.Row)-(side/2-.1*window)
		if math.Hypot(dx, dy) < .25*window {
			sum = max(sum, d.Q)
		}
	}
	return sum
}
