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
// where the eyes are. Where that lies further off than a face may, the frame
// before stays.
func (e *Editor) align(ctx context.Context, img *image.NRGBA, found face.Frame) (face.Frame, error) {
	if e.reader == nil {
		return found, nil
	}
	frame := found
	for range rounds {
		next, err := e.survey(ctx, img, frame)
		if err != nil {
			return found, err
		}
		if !near(found, next) {
			break
		}
		frame = next
	}
	return frame, nil
}

// rounds is how often a frame is put right: the reader says less than a frame is
// off by, of its size half. A third round changes nothing.
const rounds = 2

// views are the crops in which the reader is asked where a face lies, against
// its frame: moved, scaled and turned in opposite pairs, so that what it takes
// over from the crop cancels, and the second of each in a mirror. Of 916
// validation faces, scaled and tilted, 892 end within 3 pixels and 40 off by more
// than 2.5; after one look at the frame itself 882 and 68.
var views = [...]face.Frame{
	{A: [6]float64{1.06, 0, .04, 0, 1.06, .04}},
	{A: [6]float64{-1 / 1.06, 0, -.04, 0, 1 / 1.06, -.04}},
	{A: [6]float64{.9962, -.0872, .04, .0872, .9962, -.04}}, // 5 degrees
	{A: [6]float64{-.9962, .0872, -.04, .0872, .9962, .04}},
}

// oversight is how much larger than the labels' the reader sees frames, measured
// on 600 training faces of people it was not trained on.
const oversight = 1.017

// survey returns the frame in which the reader sees the face, in the mean of
// views of it around frame.
func (e *Editor) survey(ctx context.Context, img *image.NRGBA, frame face.Frame) (face.Frame, error) {
	var eyes [2][2]float32
	for _, view := range views {
		v, err := e.read(ctx, pixel.ToTensor(face.Crop(img, view.Then(frame), e.reader.Size())))
		if err != nil {
			return face.Frame{}, err
		}
		if view.A[0] < 0 { // left in the mirror is right in the photo
			v.Eyes[0], v.Eyes[1] = v.Eyes[1], v.Eyes[0]
		}
		for i, eye := range v.Eyes {
			x, y := view.Photo(float64(eye[0]), float64(eye[1]))
			eyes[i][0] += float32(x) / float32(len(views))
			eyes[i][1] += float32(y) / float32(len(views))
		}
	}
	const k = 1 / oversight
	return face.Frame{A: [6]float64{k, 0, 0, 0, k, 0}}.Then(frame.WithEyes(eyes)), nil
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
// eyes of one face on the mean in crops of it that are moved against each other.
// Of 98 pictures in which the finder is not sure, 55 of validation people and 43
// of the training heads turned furthest aside, the largest guess below it is the
// face in 89 and something else in 1; of 60 pictures of shuffled parts of faces 3
// have one below. The greatest distance of the six tells worse: 87, 1 and 4.
const maxSpread = 3. / 64

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
// far apart on the mean it sees the eyes from around that place, in half frames;
// infinity where it sees nothing near.
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
			spread += math.Hypot(u-face.Normal(x), v-face.Normal(face.EyeY)) / (2 * float64(len(moves)))
		}
	}
	return frame, spread, nil
}
