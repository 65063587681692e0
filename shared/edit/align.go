package edit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"mien/shared/face"
	"mien/shared/pixel"
)

// Bounds of what the reader may move a frame by; beyond, it sees no face.
const (
	maxShift  = .35 // half frames
	maxGrowth = 1.35
)

// align puts right what the face finder, which looks at pixels' order only,
// leaves: the reader was trained on faces moved, turned and scaled, and says
// where the eyes are. One look: it keeps some of the finder's opinion, and more
// looks are worse (of 300 validation faces 292 are within 3 pixels after one, 291
// after two, 288 after three).
func (e *Editor) align(ctx context.Context, img *image.NRGBA, found face.Frame) (face.Frame, error) {
	if e.reader == nil {
		return found, nil
	}
	frame, err := e.look(ctx, img, found)
	if err != nil || !near(found, frame) {
		return found, err
	}
	return frame, nil
}

// look returns the frame in which the reader, shown img in frame, sees the face.
func (e *Editor) look(ctx context.Context, img *image.NRGBA, frame face.Frame) (face.Frame, error) {
	v, err := e.read(ctx, pixel.ToTensor(face.Crop(img, frame, e.reader.Size())))
	if err != nil {
		return face.Frame{}, err
	}
	return frame.WithEyes(v.Eyes), nil
}

// near reports whether a face that was looked for in frame from may lie in to.
func near(from, to face.Frame) bool {
	growth := to.Scale() / from.Scale()
	shift := math.Hypot(to.A[2]-from.A[2], to.A[5]-from.A[5]) / from.Scale()
	return growth < maxGrowth && growth > 1/maxGrowth && shift < maxShift
}

// find returns the faces of a photo, the largest first. Where the finder is not
// sure of any, the reader tells which of its guesses are faces.
func (e *Editor) find(ctx context.Context, img *image.NRGBA) ([]face.Face, error) {
	if e.reader == nil {
		return e.finder.Find(img)
	}
	faces, guesses, err := e.finder.FindOrGuess(img)
	if err != nil && !errors.Is(err, face.ErrNoFace) || slices.ContainsFunc(faces, face.Face.Sure) {
		return faces, err
	}
	for _, f := range faces {
		guesses = append(guesses, f.Frame)
	}
	steady, lookErr := e.steady(ctx, img, guesses)
	if lookErr != nil {
		return nil, fmt.Errorf("find faces: %w", lookErr)
	}
	if len(steady) == 0 {
		return faces, err
	}
	return steady, nil
}

// maxSpread is how far apart, in units of half a frame, the reader may see the
// eyes of one face in crops of it that are moved against each other: of the
// guesses in 600 training crops, looked at through the reader before this one,
// all that turned out to be faces but 2 stay below, and all that did not are
// above.
const maxSpread = 5. / 64

// maxLooks is how often a guess is put right before it is judged: it starts up
// to 20 pixels off, and each look leaves a quarter to a half of that.
const maxLooks = 3

// moves are the crops that a face is judged by, against its frame.
var moves = [...]face.Frame{
	{A: [6]float64{.9, 0, .12, 0, .9, .08}},
	{A: [6]float64{1.12, 0, -.1, 0, 1.12, .1}},
	{A: [6]float64{.985, -.17, 0, .17, .985, -.1}}, // 10 degrees
}

// steady returns the faces among guesses, the largest first, none over another.
// A network asked for a face's eyes names some in any picture; but only of a
// face does it name the same in crops that are moved against each other.
func (e *Editor) steady(ctx context.Context, img *image.NRGBA, guesses []face.Frame) ([]face.Face, error) {
	type judged struct {
		face   face.Face
		spread float64
	}
	var all []judged
	for _, frame := range guesses {
		frame, spread, err := e.judge(ctx, img, frame)
		if err != nil {
			return nil, err
		}
		if spread <= maxSpread {
			all = append(all, judged{face.NewFace(frame, 0), spread})
		}
	}
	slices.SortStableFunc(all, func(a, b judged) int { return cmp.Compare(a.spread, b.spread) })
	var faces []face.Face
	for _, j := range all {
		if !slices.ContainsFunc(faces, func(f face.Face) bool { return f.Overlaps(j.face) }) {
			faces = append(faces, j.face)
		}
	}
	slices.SortStableFunc(faces, func(a, b face.Face) int { return cmp.Compare(b.Frame.Scale(), a.Frame.Scale()) })
	return faces, nil
}

// judge moves a guess to the face that the reader sees there, and returns how
// far apart it sees the eyes from around that place, in half frames; infinity
// where it sees nothing near.
func (e *Editor) judge(ctx context.Context, img *image.NRGBA, guess face.Frame) (face.Frame, float64, error) {
	frame := guess
	for range maxLooks {
		next, err := e.look(ctx, img, frame)
		if err != nil {
			return guess, 0, err
		}
		if !near(guess, next) {
			return guess, math.Inf(1), nil
		}
		frame = next
	}
	inv, err := frame.Inverse()
	if err != nil {
		return guess, math.Inf(1), nil
	}
	spread := 0.0
	for _, m := range moves {
		seen, err := e.look(ctx, img, m.Then(frame))
		if err != nil {
			return guess, 0, err
		}
		for _, x := range [...]float64{face.LeftEyeX, face.RightEyeX} {
			u, v := inv.Photo(seen.Photo(face.Normal(x), face.Normal(face.EyeY)))
			spread = max(spread, math.Hypot(u-face.Normal(x), v-face.Normal(face.EyeY)))
		}
	}
	return frame, spread, nil
}
