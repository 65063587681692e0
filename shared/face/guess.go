package face

import (
	"cmp"
	"image"
	"math"
	"slices"
)

const (
	// maxGuesses bounds what FindOrGuess returns.
	maxGuesses = 20
	// larger is how much larger than a face that is sure another must be to be
	// guessed beside it, and beside the part of the photo's longer side that the
	// smallest window spans there. What is smaller is not the photo's main face,
	// and would cost more to look for.
	larger = 1.25
	beside = 1. / 6
	// upright is how much more than from afar the detection cascade sums up where
	// it looks closely: its steps there are half as wide, along three axes.
	upright = 8
)

// between are turns half way between tilts, radians.
var between = [...]float64{-10 * math.Pi / 180, 10 * math.Pi / 180, -30 * math.Pi / 180, 30 * math.Pi / 180}

// Guess is a place that looks like a face from afar, and the detection
// cascade's summed score there.
type Guess struct {
	Frame Frame
	Score float32
}

// FindOrGuess is Find and also returns places that look like a face from afar, at
// any of the tilts, the likeliest first: what a close look by other means may
// still tell to be a face. They are rough: off by up to a fifth of their side and
// 20 degrees. Where a face is Sure there are only such as are larger and lie
// elsewhere: a bystander must not hide a main face that is turned or tilted.
//
// The photo's mirror image is searched for them, too: the detection cascade is
// not symmetric, and sees some heads from one side only. Of 916 validation faces,
// tilted and scaled, 1 was not found and 3 were taken for something else without
// it; with it the reader picks all 4 among the guesses.
func (f *Finder) FindOrGuess(img *image.NRGBA) (faces []Face, guesses []Guess, err error) {
	s, err := f.hunt(img)
	if err != nil {
		return nil, nil, err
	}
	faces, err = s.result()
	if i := slices.IndexFunc(faces, Face.Sure); i >= 0 {
		return faces, s.rivals(f, faces[i]), nil
	}
	for _, tilt := range tilts {
		s.glance(f, tilt, true, detectSide)
	}
	for _, face := range faces {
		s.guesses = append(s.guesses, Guess{face.Frame, face.Score / upright})
	}
	return faces, distinct(s.guesses), err
}

// GuessBetween returns further guesses, at tilts between those that Find and
// FindOrGuess search: for a photo in which they come upon nothing.
func (f *Finder) GuessBetween(img *image.NRGBA) []Guess {
	s := &hunt{photo: newPyramid(grey(img), patchSide/4)}
	for _, tilt := range between {
		s.glance(f, tilt, false, detectSide)
		s.glance(f, tilt, true, detectSide)
	}
	return distinct(s.guesses)
}

// rivals returns guesses that are larger than a face that is sure and lie beside
// it. They are looked for in a picture so small that its smallest window is as
// large as they must be, which costs little.
func (s *hunt) rivals(f *Finder, sure Face) []Guess {
	const window = 1 / .6 // of a frame's scale: see detectionFrame
	side := max(float64(s.photo[0].w), float64(s.photo[0].h))
	least := max(larger*window*sure.Frame.Scale(), beside*side)
	r := &hunt{photo: s.photo}
	for _, tilt := range tilts {
		r.glance(f, tilt, false, side/least*minWindow)
		r.glance(f, tilt, true, side/least*minWindow)
	}
	r.guesses = slices.DeleteFunc(r.guesses, func(g Guess) bool { return NewFace(g.Frame, 0).Overlaps(sure) })
	return distinct(r.guesses)
}

// glance adds what is seen at about the given tilt in the photo or in its mirror
// image, drawn with a longer side of side pixels.
func (s *hunt) glance(f *Finder, tilt float64, mirrored bool, side float64) {
	view, w, h := tiltedView(s.photo[0].w, s.photo[0].h, side, tilt)
	turned := Frame{[6]float64{1, 0, 0, 0, 1, 0}}
	if mirrored {
		view = Frame{[6]float64{-1, 0, float64(w), 0, 1, 0}}.Then(view)
		turned.A[0] = -1
	}
	for _, d := range f.detect(s.photo.warp(view, w, h), minWindow, max(w, h), .1, 1.1) {
		s.guesses = append(s.guesses, Guess{turned.Then(detectionFrame(d)).Then(view), d.Q})
	}
}

// distinct returns the likeliest guesses, likeliest first, without those that lie
// where a likelier one does.
func distinct(guesses []Guess) []Guess {
	slices.SortStableFunc(guesses, func(a, b Guess) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Guess
	for _, g := range guesses {
		if len(kept) == maxGuesses {
			break
		}
		if 2*g.Frame.Scale() >= minFace && !slices.ContainsFunc(kept, func(k Guess) bool { return k.Frame.about(g.Frame) }) {
			kept = append(kept, g)
		}
	}
	return kept
}

// about reports whether two frames show about the same: a look at either would
// tell the same face.
func (f Frame) about(g Frame) bool {
	growth := math.Log(f.Scale() / g.Scale())
	turn := math.Abs(math.Remainder(math.Atan2(f.A[3], f.A[0])-math.Atan2(g.A[3], g.A[0]), 2*math.Pi))
	shift := math.Hypot(f.A[2]-g.A[2], f.A[5]-g.A[5]) / min(f.Scale(), g.Scale())
	return math.Abs(growth) < .1 && turn < 12*math.Pi/180 && shift < .12
}
