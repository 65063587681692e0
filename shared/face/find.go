// Package face finds faces in a photo and takes them to the networks' frame
// and back.
//
// Method: a cascade of pixel comparisons slides over the grey photo (Markus et
// al.: Object Detection with Pixel Intensity Comparisons Organized in Decision
// Trees, arXiv 1305.4537); where it fires, the face is brought upright into a
// patch of fixed size, and further cascades (Markus et al.: Fast Localization
// of Facial Landmark Points, arXiv 1403.6888) move to pupils, inner eye corners
// and mouth corners, through which a similarity transform is fitted.
package face

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	pigo "github.com/esimov/pigo/core"
)

// ErrNoFace means that a photo shows no face that could be found.
var ErrNoFace = errors.New("no face found")

const (
	// detectSide is the longer side of the picture that is searched, and
	// minWindow the smallest window there: faces of 1/20 of the photo's longer
	// side and more are found.
	detectSide = 640
	minWindow  = 32
	// minDetection is the summed score of overlapping windows from which a place
	// is looked at closely; from the score sure on no further tilts are searched.
	minDetection = 3
	sure         = 300
	// minDoubtful is the score from which a place that no close look confirms is
	// a face all the same, when the photo has no other: a head turned far aside,
	// a hand over the mouth. Cloth, hair and background of the sample portrait stay below 8.
	minDoubtful = 16
	// minPart is the part of the best face's score that the others must reach.
	minPart = .15
	// maxCandidates bounds the close looks per tilt.
	maxCandidates = 12
	// MaxSide bounds a photo's sides, so that coordinates keep their precision.
	MaxSide = 1 << 16
)

// tilts are the turns that are searched one after the other until a face is
// sure, radians. The cascade bears about 15 degrees to either side.
var tilts = [...]float64{0, -20 * math.Pi / 180, 20 * math.Pi / 180, -40 * math.Pi / 180, 40 * math.Pi / 180}

// Face is one face in a photo, in coordinates in which pixel i covers [i, i+1).
type Face struct {
	Box         image.Rectangle // of the frame's square, may reach beyond the photo
	Score       float32         // summed score of the upright face, up to about 2000; below minScore doubtful
	Left, Right [2]float64      // eye centres (x, y), left in the picture first
	Tilt        float64         // radians, positive when the right eye is lower
	Frame       Frame
}

// Sure reports whether the score alone says that this is a face.
func (f Face) Sure() bool { return f.Score >= sure }

// NewFace returns the face in a frame.
func NewFace(frame Frame, score float32) Face {
	face := Face{Score: score, Tilt: math.Atan2(frame.A[3], frame.A[0]), Frame: frame}
	face.Left[0], face.Left[1] = frame.Photo(Normal(LeftEyeX), Normal(EyeY))
	face.Right[0], face.Right[1] = frame.Photo(Normal(RightEyeX), Normal(EyeY))
	everywhere := image.Rect(-MaxSide, -MaxSide, 2*MaxSide, 2*MaxSide)
	face.Box = frame.Bounds(everywhere)
	return face
}

// Finder finds faces. It is immutable: any number of goroutines may use it.
type Finder struct {
	face   *pigo.Pigo
	points [len(marks)]*pigo.PuplocCascade
}

// NewFinder unpacks the embedded cascades, about 3 MB.
func NewFinder() (*Finder, error) {
	var f Finder
	var err error
	if f.face, err = unpack("facefinder", faceCascade); err != nil {
		return nil, fmt.Errorf("face finder: %w", err)
	}
	for i, m := range marks {
		if f.points[i], err = unpack(m.cascade, pointCascade); err != nil {
			return nil, fmt.Errorf("face finder: %w", err)
		}
	}
	return &f, nil
}

// Find returns the faces in a photo, the largest first, or ErrNoFace. Results
// move by a fraction of a frame pixel from call to call: pigo perturbs its
// starting points with numbers of math/rand, whose seed go.mod holds fixed.
func (f *Finder) Find(img *image.NRGBA) ([]Face, error) {
	s, err := f.hunt(img)
	if err != nil {
		return nil, err
	}
	return s.result()
}

// hunt is what a search of a photo has come upon.
type hunt struct {
	photo    pyramid
	faces    []Face // of which none overlaps another
	doubtful Face   // the best of those that looked like a face from afar only
	guesses  []Guess
}

// hunt searches a photo, one tilt after the other, until a face is sure.
func (f *Finder) hunt(img *image.NRGBA) (*hunt, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide {
		return nil, fmt.Errorf("find faces in %dx%d pixels: want sides of 1 to %d", w, h, MaxSide)
	}
	s := &hunt{photo: newPyramid(grey(img), patchSide/4)}
	for _, tilt := range tilts {
		s.search(f, tilt)
		if len(s.faces) > 0 && best(s.faces).Sure() {
			break
		}
	}
	return s, nil
}

// result returns the faces that are worth showing, the largest first.
func (s *hunt) result() ([]Face, error) {
	faces := slices.Clone(s.faces)
	if len(faces) == 0 && s.doubtful.Score >= minDoubtful {
		faces = []Face{s.doubtful}
	}
	if len(faces) == 0 {
		return nil, ErrNoFace
	}
	least := minPart * best(faces).Score
	faces = slices.DeleteFunc(faces, func(f Face) bool { return f.Score < least })
	slices.SortFunc(faces, func(a, b Face) int { return cmp.Compare(b.Frame.Scale(), a.Frame.Scale()) })
	return faces, nil
}

func best(faces []Face) Face {
	return slices.MaxFunc(faces, func(a, b Face) int { return cmp.Compare(a.Score, b.Score) })
}

// search adds the faces that stand at about the given tilt: of two that overlap
// the better score stays. What looked like a face from afar only becomes
// doubtful, if it scores more than what is there.
func (s *hunt) search(f *Finder, tilt float64) {
	view, w, h := tiltedView(s.photo[0].w, s.photo[0].h, detectSide, tilt)
	p := s.photo.warp(view, w, h)
	for _, d := range f.detect(p, minWindow, max(w, h), .1, 1.1) {
		afar := detectionFrame(d).Then(view)
		s.guesses = append(s.guesses, Guess{afar, d.Q})
		face, ok := f.look(s.photo, afar)
		if !ok {
			if d.Q > s.doubtful.Score && 2*afar.Scale() >= minFace {
				s.doubtful = NewFace(afar, d.Q)
			}
			continue
		}
		clear := true
		for i, other := range s.faces {
			if !face.Overlaps(other) {
				continue
			}
			if clear && face.Score > other.Score {
				s.faces[i] = face
			}
			clear = false
		}
		if clear {
			s.faces = append(s.faces, face)
		}
	}
}

// tiltedView returns the map from a picture of w x h pixels, in which the photo's
// longer side measures side, to the photo. Faces that are turned by tilt in the
// photo stand upright in it.
func tiltedView(photoW, photoH int, side, tilt float64) (view Frame, w, h int) {
	pw, ph := float64(photoW), float64(photoH)
	k := max(pw, ph) / side // photo pixels per view pixel, also below 1
	s, c := math.Sincos(tilt)
	w = max(int(math.Ceil((pw*math.Abs(c)+ph*math.Abs(s))/k)), 1)
	h = max(int(math.Ceil((pw*math.Abs(s)+ph*math.Abs(c))/k)), 1)
	s, c = s*k, c*k
	cx, cy := float64(w)/2, float64(h)/2
	return Frame{[6]float64{c, -s, pw/2 - c*cx + s*cy, s, c, ph/2 - s*cx - c*cy}}, w, h
}

// detect returns the places where the detection cascade fires, best first.
func (f *Finder) detect(p plane, minSize, maxSize int, shift, scale float64) []pigo.Detection {
	found := f.face.RunCascade(pigo.CascadeParams{
		MinSize: minSize, MaxSize: maxSize, ShiftFactor: shift, ScaleFactor: scale, ImageParams: p.params(),
	}, 0)
	found = f.face.ClusterDetections(found, .2)
	slices.SortFunc(found, func(a, b pigo.Detection) int { return cmp.Compare(b.Q, a.Q) })
	for i, d := range found {
		if d.Q < minDetection || i == maxCandidates {
			return found[:i]
		}
	}
	return found
}

// detectionFrame is the frame that a detection's window suggests: the window's
// centre lies .1 of its side above that of the frame, which is 1.2 as large.
func detectionFrame(d pigo.Detection) Frame {
	s := float64(d.Scale)
	return Frame{[6]float64{.6 * s, 0, float64(d.Col), 0, .6 * s, float64(d.Row) + .1*s}}
}

// Overlaps reports whether two faces are one: their centres are closer than
// three quarters of the smaller frame's half side.
func (a Face) Overlaps(b Face) bool {
	dx, dy := a.Frame.A[2]-b.Frame.A[2], a.Frame.A[5]-b.Frame.A[5]
	return math.Hypot(dx, dy) < .75*min(a.Frame.Scale(), b.Frame.Scale())
}
