package face

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// maxGuesses bounds what FindOrGuess returns.
const maxGuesses = 20

// guess is a place that looks like a face from afar, and the detection
// cascade's summed score there.
type guess struct {
	frame Frame
	score float32
}

// FindOrGuess is Find, and where no face is Sure also returns frames of places
// that look like a face from afar, at any of the tilts, the likeliest first:
// what a close look by other means may still tell to be a face. They are rough:
// off by up to a fifth of their side and 20 degrees. There are none where a face
// is Sure.
//
// The photo's mirror image is searched for them, too: the detection cascade is
// not symmetric, and sees some heads from one side only. Of 916 validation faces,
// tilted and scaled, 1 was not found and 3 were taken for something else without
// it; with it the reader picks all 4 among the guesses.
func (f *Finder) FindOrGuess(img *image.NRGBA) (faces []Face, guesses []Frame, err error) {
	s, err := f.hunt(img)
	if err != nil {
		return nil, nil, err
	}
	faces, err = s.result()
	if slices.ContainsFunc(faces, Face.Sure) {
		return faces, nil, nil
	}
	for _, tilt := range tilts {
		s.glance(f, tilt)
	}
	return faces, distinct(s.guesses), err
}

// glance adds what is seen in the photo's mirror image at about the given tilt.
func (s *hunt) glance(f *Finder, tilt float64) {
	view, w, h := tiltedView(s.photo[0].w, s.photo[0].h, tilt)
	view = Frame{[6]float64{-1, 0, float64(w), 0, 1, 0}}.Then(view)
	for _, d := range f.detect(s.photo.warp(view, w, h), minWindow, max(w, h), .1, 1.1) {
		s.guesses = append(s.guesses, guess{Frame{[6]float64{-1, 0, 0, 0, 1, 0}}.Then(detectionFrame(d)).Then(view), d.Q})
	}
}

// distinct returns the frames of the likeliest guesses, likeliest first, without
// those that lie where a likelier one does.
func distinct(guesses []guess) []Frame {
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(b.score, a.score) })
	var frames []Frame
	for _, g := range guesses {
		if len(frames) == maxGuesses {
			break
		}
		if 2*g.frame.Scale() >= minFace && !slices.ContainsFunc(frames, g.frame.about) {
			frames = append(frames, g.frame)
		}
	}
	return frames
}

// about reports whether two frames show about the same: a look at either would
// tell the same face.
func (f Frame) about(g Frame) bool {
	growth := math.Log(f.Scale() / g.Scale())
	turn := math.Abs(math.Remainder(math.Atan2(f.A[3], f.A[0])-math.Atan2(g.A[3], g.A[0]), 2*math.Pi))
	shift := math.Hypot(f.A[2]-g.A[2], f.A[5]-g.A[5]) / min(f.Scale(), g.Scale())
	return math.Abs(growth) < .1 && turn < 12*math.Pi/180 && shift < .12
}
