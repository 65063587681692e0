package face

import (
	"cmp"
	"image"
	"slices"
)

// maxGuesses bounds what Guesses returns.
const maxGuesses = 16

// Guesses returns frames of places that look like a face from afar, at any of
// the tilts, the likeliest first: what a close look by other means may still
// tell to be a face where Find sees none, or is not Sure. They are rough: off by
// up to a fifth of their side and 20 degrees.
func (f *Finder) Guesses(img *image.NRGBA) []Frame {
	type guess struct {
		frame Frame
		score float32
	}
	var guesses []guess
	photo := newPyramid(grey(img), patchSide/4)
	for _, tilt := range tilts {
		view, w, h := tiltedView(photo[0].w, photo[0].h, tilt)
		for _, d := range f.detect(photo.warp(view, w, h), minWindow, max(w, h), .1, 1.1) {
			guesses = append(guesses, guess{detectionFrame(d).Then(view), d.Q})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(b.score, a.score) })
	var frames []Frame
	for _, g := range guesses[:min(len(guesses), maxGuesses)] {
		if 2*g.frame.Scale() >= minFace {
			frames = append(frames, g.frame)
		}
	}
	return frames
}
