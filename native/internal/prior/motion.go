// Package prior holds what is known of facial expression before anything is
// learnt: where each Action Unit moves the face (anatomy, written down) and how
// it shades it (measured), and a linear editor made of the two. It teaches the
// generator and is the baseline that a trained model must beat.
package prior

import (
	"mien/native/internal/dataset"
	"mien/shared/au"
)

// Landmarks are 68 points (iBUG 300-W order) in pixel-index coordinates of the
// 128 x 128 crop.
type Landmarks = [68][2]float32

// move is the displacement of one landmark in pixels of the 128 x 128 crop per
// unit of intensity.
type move struct {
	point  int
	dx, dy float32
}

// oneSide is the motion of the image-left half of the face: x to the right, y
// down. It was written from FACS and anatomy and its scale checked against the
// data; a regression on the data alone loses AUs 01, 04, 10, 14 and 17 in the
// noise of their labels. Where a regression within people (8,183 faces, head pose
// held still) points another way, the rows of AUs 06, 12, 14, 23, 25 and 45 go some
// of that way with it. With the rows alone changed the judge read more of AUs 06,
// 14, 23 and 25, as much of 45 and .01 less of 12.
var oneSide = map[string][]move{
	// frontalis, inner part: the inner ends of the brows go up
	"01": {{21, -.1, -1.6}, {20, 0, -1.1}, {19, 0, -.5}, {18, 0, -.1}},
	// frontalis, outer part: the outer ends go up, the rest of the brow follows, the
	// lid fold is pulled along
	"02": {{17, 0, -1.4}, {18, 0, -1.6}, {19, 0, -1.4}, {20, 0, -.9}, {21, 0, -.4}, {37, 0, -.15}, {38, 0, -.1}},
	// corrugator: brows down and together, upper lids pressed down a little
	"04": {{21, .6, 1.2}, {20, .5, 1.1}, {19, .4, .9}, {18, .2, .5}, {17, 0, .2}, {37, 0, .2}, {38, 0, .2}},
	// levator palpebrae: upper lids up
	"05": {{37, 0, -.55}, {38, 0, -.55}, {40, 0, .1}, {41, 0, .1}},
	// orbicularis oculi, orbital part: cheeks push the lower lids up, and draw the
	// outer part of the upper lip up a little
	"06": {{40, 0, -.4}, {41, 0, -.45}, {36, 0, -.05}, {37, 0, .2}, {38, 0, .2}, {17, 0, .35}, {18, 0, .3}, {19, 0, .2}, {20, 0, .1}, {48, -.2, -.25}, {60, -.2, -.2}, {49, -.15, -.25}, {50, -.05, -.1}, {59, -.1, -.1}},
	// orbicularis oculi, lid part: the eye narrows from both sides
	"07": {{40, 0, -.35}, {41, 0, -.35}, {37, 0, .3}, {38, 0, .3}},
	// levator labii superioris alaeque nasi: nose and upper lip up, inner brows down
	"09": {{31, -.1, -.7}, {32, 0, -.6}, {33, 0, -.5}, {30, 0, -.4}, {50, 0, -.5}, {51, 0, -.5}, {61, 0, -.4}, {62, 0, -.4}, {21, .2, .6}, {20, .1, .5}, {19, .1, .3}, {40, 0, -.2}, {41, 0, -.2}},
	// levator labii superioris: the upper lip goes up, its middle furthest, and thins;
	// it parts little from the lower one
	"10": {{51, 0, -1}, {50, 0, -.95}, {49, 0, -.55}, {62, 0, -.3}, {61, 0, -.3}, {60, 0, -.1}, {31, -.1, -.25}},
	// zygomaticus major: mouth corners out and up, cheeks follow; the lips' middle rises
	// without parting
	"12": {{48, -1, -1}, {60, -.9, -.9}, {49, -.55, -.5}, {59, -.5, -.4}, {50, -.2, -.2}, {58, -.2, -.15}, {51, 0, -.15}, {57, 0, -.1}, {61, -.3, -.2}, {62, 0, -.15}, {67, -.3, -.2}, {66, 0, -.15}, {40, 0, -.1}, {41, 0, -.1}, {4, -.1, -.2}},
	// buccinator: corners pressed in and back and up a little, lips flatten
	"14": {{48, -.6, -.1}, {60, -.55, -.1}, {49, -.25, -.02}, {59, -.25, -.08}, {51, 0, .08}, {57, 0, -.15}},
	// depressor anguli oris: corners down
	"15": {{48, -.1, 1.1}, {60, -.1, 1}, {49, 0, .5}, {59, 0, .6}, {58, 0, .2}, {67, 0, .2}, {61, 0, .2}},
	// mentalis: chin boss and lower lip up
	"17": {{57, 0, -.8}, {58, 0, -.7}, {59, 0, -.4}, {66, 0, -.5}, {67, 0, -.45}, {51, 0, -.3}, {50, 0, -.3}, {62, 0, -.35}, {61, 0, -.3}, {48, 0, .15}, {8, 0, -.4}, {7, 0, -.3}},
	// risorius: corners straight out
	"20": {{48, -1.1, .2}, {60, -1, .2}, {49, -.5, .1}, {59, -.5, .15}, {58, -.2, .1}, {67, -.2, 0}, {61, -.2, 0}},
	// orbicularis oris: lips press together and thin; the corners stay where they are
	"23": {{51, 0, .55}, {50, 0, .55}, {49, 0, .2}, {61, 0, .3}, {62, 0, .3}, {57, 0, -.7}, {58, 0, -.65}, {59, 0, -.4}, {66, 0, -.5}, {67, 0, -.45}},
	// lips apart all along, the lower one more than the upper, and a little wider: a
	// mouth that opens in its middle alone is read as closed again the wider it opens
	"25": {{61, 0, -.5}, {62, 0, -.45}, {67, 0, .85}, {66, 0, .9}, {58, 0, .85}, {57, 0, .9}, {59, 0, .7}, {50, 0, -.35}, {51, 0, -.3}, {49, 0, -.3}, {48, -.3, .1}, {60, -.35, .1}, {8, 0, .5}, {7, 0, .45}, {6, 0, .35}, {5, 0, .15}},
	// jaw down, the lower lip with it
	"26": {{8, 0, 1.6}, {7, 0, 1.5}, {6, 0, 1.2}, {5, 0, .7}, {4, 0, .3}, {57, 0, 1.2}, {58, 0, 1.1}, {59, 0, .8}, {66, 0, 1.3}, {67, 0, 1.1}, {48, .1, .5}, {60, .1, .5}, {62, 0, -.1}},
	// orbicularis oculi: the upper lid closes the eye
	"45": {{37, 0, 1.05}, {38, 0, 1.05}, {40, 0, .1}, {41, 0, .1}, {19, 0, -.1}, {20, 0, -.1}},
}

// Motion is the displacement of every landmark per unit of each Action Unit's
// intensity, in pixels of the 128 x 128 crop; both sides of the face.
var Motion = mirrorMotion()

func mirrorMotion() (m [au.Count][68][2]float32) {
	for code, moves := range oneSide {
		i := au.Index(code)
		for _, v := range moves {
			other := dataset.Mirrored[v.point]
			m[i][v.point] = [2]float32{v.dx, v.dy}
			if other == v.point {
				m[i][other] = [2]float32{0, v.dy}
			} else {
				m[i][other] = [2]float32{-v.dx, v.dy}
			}
		}
	}
	return m
}

// strength multiplies Motion: the table says which way things go, the judge on
// people held back says how far (see weights/README.md): so much that a change
// of 1 reads as 1, but never more than twice the anatomy's own (AU14 and AU23, whose
// pressed corners and lips hardly show, more).
var strength = byCode(1.4, map[string]float32{
	"02": 1.6, "04": 1.7, "05": 2, "06": 2, "07": 1.8, "09": 1.6, "10": 1.6, "12": 1.65, "14": 2.5, "15": 1.6, "17": 1.2, "20": 1.6, "23": 2.4, "25": 1.7, "26": 1.5,
})

// byCode is a value for each Action Unit: those in m, and rest for the others.
func byCode(rest float32, m map[string]float32) (v [au.Count]float32) {
	for i, u := range au.Units {
		v[i] = rest
		if x, ok := m[u.Code]; ok {
			v[i] = x
		}
	}
	return v
}

// seam is how wide a stripe in the middle of the face blends its two halves, in
// pixels of the 128 x 128 crop.
const seam = 24

// rightness is 0 on the image-left half of the face, 1 on the right one.
func rightness(x float32) float32 { return min(max((x-63.5)/seam+.5, 0), 1) }

// Move returns where the change d carries the landmarks l.
func Move(l Landmarks, d au.Vector) Landmarks { return MoveSides(l, d, d) }

// MoveSides is Move with a change for each half of the face, the image-left one
// first: one brow or one corner of the mouth can move alone.
func MoveSides(l Landmarks, left, right au.Vector) Landmarks {
	var v [68][2]float32
	for i := range left {
		if left[i] == 0 && right[i] == 0 {
			continue
		}
		for k := range v {
			amount := strength[i] * (left[i] + (right[i]-left[i])*rightness(Neutral[k][0]))
			v[k][0] += amount * Motion[i][k][0]
			v[k][1] += amount * Motion[i][k][1]
		}
	}
	drawLids(&l, &v, left, right)
	bound(&l, &v)
	for k := range l {
		l[k][0] += v[k][0]
		l[k][1] += v[k][1]
	}
	return l
}
