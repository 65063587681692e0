package face

import (
	"cmp"
	"math"
	"slices"
)

// detection is a face seen from afar, in photo coordinates.
type detection struct {
	x, y, side float64       // the box's middle and its longer side
	points     [6][2]float64 // eyes, nose, mouth, ears; the picture's left one first where the face is upright
	score      float64       // probability
}

// anchors are the middles of the detector's anchors, 0 to 1: two in each of
// 16 x 16 cells, then six in each of 8 x 8.
var anchors = func() (a [detectorAnchors][2]float64) {
	n := 0
	for _, grid := range [...]struct{ cells, each int }{{16, 2}, {8, 6}} {
		for y := range grid.cells {
			for x := range grid.cells {
				for range grid.each {
					a[n] = [2]float64{(float64(x) + .5) / float64(grid.cells), (float64(y) + .5) / float64(grid.cells)}
					n++
				}
			}
		}
	}
	return a
}()

// minDetection is the score from which the mesh network looks at a place. It is
// the judge, so that the detector may be generous.
const minDetection = .4

// decode appends the detections in a view of a photo.
func decode(found []detection, boxes, scores []float32, view Frame) []detection {
	for i, a := range anchors {
		score := 1 / (1 + math.Exp(-float64(scores[i])))
		if !(score >= minDetection) { // or no number
			continue
		}
		raw := boxes[i*detectorNumbers:][:detectorNumbers]
		at := func(k int) (x, y float64) {
			return view.Photo(2*(float64(raw[k])/detectorSide+a[0])-1, 2*(float64(raw[k+1])/detectorSide+a[1])-1)
		}
		d := detection{score: score, side: float64(max(raw[2], raw[3])) / detectorSide * 2 * view.Scale()}
		d.x, d.y = at(0)
		for p := range d.points {
			d.points[p][0], d.points[p][1] = at(4 + 2*p)
		}
		if d.side > 0 && d.side < maxFramePixels {
			found = append(found, d)
		}
	}
	return found
}

// sameFace is the part of their joint area from which two boxes are one face.
const sameFace = .3

// overlap is the part of their joint area that the squares of two detections share.
func (d detection) overlap(e detection) float64 {
	side := func(a, b float64) float64 {
		return max(min(a+d.side/2, b+e.side/2)-max(a-d.side/2, b-e.side/2), 0)
	}
	both := side(d.x, e.x) * side(d.y, e.y)
	return both / (d.side*d.side + e.side*e.side - both)
}

// merge joins the detections of one face into their mean, weighted by score, and
// returns the faces, the surest first: non-maximum suppression with blending
// (BlazeFace, section 5).
func merge(found []detection) []detection {
	slices.SortStableFunc(found, func(a, b detection) int { return cmp.Compare(b.score, a.score) })
	var faces []detection
	taken := make([]bool, len(found))
	for i, d := range found {
		if taken[i] {
			continue
		}
		sum := detection{}
		weight := 0.0
		for j := i; j < len(found); j++ {
			e := found[j]
			if taken[j] || (j > i && (d.overlap(e) < sameFace || math.Abs(turned(d.roll(), e.roll())) > math.Pi/4)) {
				continue
			}
			taken[j] = true
			w := e.score
			weight += w
			sum.x, sum.y, sum.side = sum.x+w*e.x, sum.y+w*e.y, sum.side+w*e.side
			for p := range sum.points {
				sum.points[p][0] += w * e.points[p][0]
				sum.points[p][1] += w * e.points[p][1]
			}
		}
		sum.x, sum.y, sum.side, sum.score = sum.x/weight, sum.y/weight, sum.side/weight, d.score
		for p := range sum.points {
			sum.points[p][0] /= weight
			sum.points[p][1] /= weight
		}
		faces = append(faces, sum)
	}
	return faces
}

// turned is the angle from b to a, -Pi to Pi.
func turned(a, b float64) float64 { return math.Remainder(a-b, 2*math.Pi) }

// roll is how far the face is turned in the picture, radians, clockwise.
func (d detection) roll() float64 {
	return math.Atan2(d.points[1][1]-d.points[0][1], d.points[1][0]-d.points[0][0])
}

// grown is how much larger than a face's box the mesh network's view of it is.
const grown = 1.5

// view is what the mesh network is to see of a detection: the box grown, turned
// so that the eyes are level.
func (d detection) view() Frame { return square(d.x, d.y, d.side*grown, d.roll()) }

// square is the frame of a square about a point, side photo pixels long and turned
// clockwise by roll.
func square(x, y, side, roll float64) Frame {
	s, c := math.Sincos(roll)
	k := side / 2
	return Frame{[6]float64{c * k, -s * k, x, s * k, c * k, y}}
}
