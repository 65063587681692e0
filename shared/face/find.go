// Package face finds the faces of a photo and knows each by a dense mesh.
//
// Method: a small network finds faces from afar, in views of the photo from coarse
// to fine (BlazeFace, arXiv 1907.05047); a second one looks at each place, turned
// upright, says whether it is a face and where its 478 points are (Attention Mesh,
// arXiv 2006.10962). Through the mesh goes the similarity to the frame in which the
// other networks see a face.
package face

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"sync"

	"mien/shared/tensor"
)

// ErrNoFace means that a photo shows no face that could be found.
var ErrNoFace = errors.New("no face found")

// MaxSide bounds a photo's sides, so that coordinates keep their precision.
const MaxSide = 1 << 16

const (
	// minTile is the side of the finest views in photo pixels: in them the detector
	// sees a face with 24 pixels between the eyes.
	minTile = 220
	// overlap is the part of a view's side by which the next one is moved.
	tileStep = .66
	// minRelative is the smallest face that is looked for, against the largest one
	// that was found: smaller ones are bystanders.
	minRelative = 1. / 8
	// tileFace is the part of a view's side that the smallest face takes that the
	// detector finds surely.
	tileFace = .18
	// detectorView is the side of the view in which the detector sees a face's box best.
	detectorView = 2.
	// minScore is the product of the mesh network's probability and the detector's in
	// upright views from which a place is a face.
	minScore = .71
	// maxLooks bounds the places that the mesh network looks at, per search.
	maxLooks = 200
	// minEyes is the distance between the eyes, photo pixels, from which a face is worth
	// editing: below it, buttons and knots look like faces.
	minEyes = 12
	// minCareful is the distance between the outer corners of the eyes, photo pixels,
	// from which a mesh is worth averaging over views.
	minCareful = 48
)

// Face is one face in a photo, in coordinates in which pixel i covers [i, i+1).
type Face struct {
	Box         image.Rectangle // of the frame's square, may reach beyond the photo
	Score       float32         // 0 to 1: how sure both networks are; of a marked face the mesh network alone
	Left, Right [2]float64      // eye centres (x, y), left in the picture first
	Tilt        float64         // radians, positive when the right eye is lower
	Frame       Frame
	Mesh        Mesh
}

// NewFace returns the face that a mesh is of.
func NewFace(m Mesh, score float32) Face {
	frame := m.Frame()
	f := Face{Score: score, Tilt: math.Atan2(frame.A[3], frame.A[0]), Frame: frame, Mesh: m}
	f.Left[0], f.Left[1] = m.Eye(RightEye)
	f.Right[0], f.Right[1] = m.Eye(LeftEye)
	f.Box = frame.Bounds(image.Rect(-MaxSide, -MaxSide, 2*MaxSide, 2*MaxSide))
	return f
}

// Overlaps reports whether two faces are one: their centres are closer than
// three quarters of the smaller frame's half side.
func (f Face) Overlaps(g Face) bool {
	dx, dy := f.Frame.A[2]-g.Frame.A[2], f.Frame.A[5]-g.Frame.A[5]
	return math.Hypot(dx, dy) < .75*min(f.Frame.Scale(), g.Frame.Scale())
}

// Finder finds faces. Any number of goroutines may use it; they wait for each
// other, because networks are used by one at a time.
type Finder struct {
	mu        sync.Mutex
	detectors []Detector
	mesh      MeshNetwork
}

// NewFinder returns a finder that uses the networks; views of a photo are spread
// over the detectors, of which there must be one at least.
func NewFinder(mesh MeshNetwork, detectors ...Detector) *Finder {
	if mesh == nil || len(detectors) == 0 {
		panic("face: finder without networks")
	}
	return &Finder{mesh: mesh, detectors: detectors}
}

// Find returns the faces in a photo, the largest first. Where there is none the
// error wraps ErrNoFace and says how near the likeliest place came.
func (f *Finder) Find(ctx context.Context, img *image.NRGBA) ([]Face, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide {
		return nil, fmt.Errorf("find faces in %dx%d pixels: want sides of 1 to %d", w, h, MaxSide)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &search{finder: f, photo: newPyramid(img)}
	if err := s.run(ctx); err != nil {
		return nil, fmt.Errorf("find faces: %w", err)
	}
	if len(s.faces) == 0 {
		if s.best > 0 {
			return nil, fmt.Errorf("%w: what looks like one most is one with a score of %.2f, want %g", ErrNoFace, s.best, minScore)
		}
		return nil, ErrNoFace
	}
	sortBySize(s.faces)
	return s.faces, nil
}

// sortBySize puts the largest face first.
func sortBySize(faces []Face) {
	slices.SortStableFunc(faces, func(a, b Face) int { return cmp.Compare(b.Frame.Scale(), a.Frame.Scale()) })
}

// At returns the face whose eyes' centres are at two points of a photo, in either
// order: for one that is not found. Score is the probability that it is a face,
// which may be small.
func (f *Finder) At(ctx context.Context, img *image.NRGBA, eyes [2][2]float64) (Face, error) {
	frame, err := FromEyes(eyes)
	if err != nil {
		return Face{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	const part = 1.25 // of the frame's square that the mesh network sees about a face
	k := Frame{[6]float64{part, 0, 0, 0, part, 0}}
	photo := newPyramid(img)
	m, presence, err := f.look(ctx, photo, k.Then(frame))
	if err != nil {
		return Face{}, err
	}
	if presence >= minPresence {
		if n, seen, err := f.settle(ctx, photo, m.view(), true); err != nil {
			return Face{}, err
		} else if seen >= minPresence {
			m, presence = n, seen
		}
	}
	return NewFace(m, presence), nil
}

// search is what looking for the faces of one photo has come upon.
type search struct {
	finder *Finder
	photo  *pyramid
	faces  []Face // of which none overlaps another
	tried  []detection
	best   float32 // score of the likeliest place that is no face
	looks  int
}

// turns are the directions in which heads may point, radians clockwise: the
// detector bears about 45 degrees to either side.
var (
	upright  = []float64{0}
	quarters = []float64{0, math.Pi / 2, -math.Pi / 2, math.Pi}
	eighths  = []float64{math.Pi / 4, -math.Pi / 4, 3 * math.Pi / 4, -3 * math.Pi / 4}
)

// run searches views from coarse to fine. The whole photo is searched in four
// directions, its parts in those in which faces stand; where nothing is found, a
// few levels of parts in all eight.
func (s *search) run(ctx context.Context) error {
	img := s.photo.levels[0]
	whole := float64(max(img.Rect.Dx(), img.Rect.Dy()))
	for _, side := range [...]float64{2 * whole, whole} {
		if err := s.level(ctx, side, quarters); err != nil {
			return err
		}
	}
	for side := whole / 2; side >= minTile && !s.bystanders(side); side /= 2 {
		if err := s.level(ctx, side, s.directions()); err != nil {
			return err
		}
	}
	if len(s.faces) > 0 {
		return nil
	}
	for side := 2 * whole; side >= max(whole/8, minTile); side /= 2 {
		for _, turns := range [...][]float64{quarters[1:], eighths} {
			if err := s.level(ctx, side, turns); err != nil || len(s.faces) > 0 {
				return err
			}
		}
	}
	return nil
}

// bystanders reports whether views of a side would find only faces that are too
// small beside those that are there.
func (s *search) bystanders(side float64) bool {
	largest := 0.0
	for _, f := range s.faces {
		largest = max(largest, 2*f.Frame.Scale())
	}
	return largest*minRelative > side*2*tileFace
}

// directions are those in which faces stand that were found, upright where none was.
func (s *search) directions() []float64 {
	var turns []float64
	for _, f := range s.faces {
		d := math.Round(f.Tilt/(math.Pi/2)) * math.Pi / 2
		if !slices.ContainsFunc(turns, func(t float64) bool { return math.Abs(turned(t, d)) < .1 }) {
			turns = append(turns, d)
		}
	}
	if turns == nil {
		return upright
	}
	return turns
}

// level searches views of a side, turned each way, and has the mesh network look at
// what is found in them.
func (s *search) level(ctx context.Context, side float64, turns []float64) error {
	img := s.photo.levels[0]
	var tiles []Frame
	for _, turn := range turns {
		for _, y := range places(float64(img.Rect.Dy()), side) {
			for _, x := range places(float64(img.Rect.Dx()), side) {
				tiles = append(tiles, square(x, y, side, turn))
			}
		}
	}
	s.photo.prepare(side / detectorSide)
	found, err := s.detect(ctx, tiles)
	if err != nil {
		return err
	}
	for _, d := range merge(found) {
		if err := s.consider(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// places are the middles of views along one side of a photo.
func places(length, side float64) []float64 {
	if length <= side {
		return []float64{length / 2}
	}
	n := int(math.Ceil((length-side)/(tileStep*side))) + 1
	at := make([]float64, n)
	for i := range at {
		at[i] = side/2 + (length-side)*float64(i)/float64(n-1)
	}
	return at
}

// detect runs the detectors over views, side by side.
func (s *search) detect(ctx context.Context, tiles []Frame) ([]detection, error) {
	detectors := s.finder.detectors
	found := make([][]detection, len(tiles))
	errs := make([]error, len(detectors))
	var wg sync.WaitGroup
	work := func(k int) {
		photo := tensor.New(1, detectorSide, detectorSide, 3)
		for i := k; i < len(tiles); i += len(detectors) {
			if errs[k] = ctx.Err(); errs[k] != nil {
				return
			}
			s.photo.view(photo.Data, tiles[i], detectorSide, 1/127.5, -1)
			boxes, scores, err := detectors[k].Detect(ctx, photo)
			if err != nil {
				errs[k] = err
				return
			}
			found[i] = decode(nil, boxes, scores, tiles[i])
		}
	}
	for k := range min(len(detectors), len(tiles)) {
		wg.Add(1)
		go func() { defer wg.Done(); work(k) }()
	}
	wg.Wait()
	return slices.Concat(found...), errors.Join(errs...)
}

// consider has the mesh network look at a place, unless a face is there already or
// it looked there before.
func (s *search) consider(ctx context.Context, d detection) error {
	known := func(e detection) bool {
		return d.overlap(e) > .5 && math.Abs(turned(d.roll(), e.roll())) < math.Pi/6
	}
	if s.looks >= maxLooks || slices.ContainsFunc(s.tried, known) {
		return nil
	}
	for _, f := range s.faces {
		if math.Hypot(d.x-f.Frame.A[2], d.y-f.Frame.A[5]) < .75*min(f.Frame.Scale(), d.side/2) {
			return nil
		}
	}
	s.tried = append(s.tried, d)
	s.looks++
	careful := math.Hypot(d.points[1][0]-d.points[0][0], d.points[1][1]-d.points[0][1]) > minCareful
	m, presence, err := s.finder.settle(ctx, s.photo, d.view(), false)
	if err != nil {
		return err
	}
	score := presence
	if presence >= minPresence {
		upright, view, seen, err := s.righted(ctx, m)
		if err != nil {
			return err
		}
		if seen >= minScore/2 && (!upright || careful) {
			if m, presence, err = s.finder.settle(ctx, s.photo, view, careful); err != nil {
				return err
			}
		}
		score = presence * seen
	}
	if presence < minPresence || score < s.required(&m) {
		s.best = max(s.best, score)
		return nil
	}
	face := NewFace(m, score)
	if math.Hypot(face.Right[0]-face.Left[0], face.Right[1]-face.Left[1]) < minEyes {
		return nil
	}
	for i, f := range s.faces {
		if face.Overlaps(f) {
			if face.Score > f.Score {
				s.faces[i] = face
			}
			return nil
		}
	}
	s.faces = append(s.faces, face)
	return nil
}

// required is the score from which a mesh is a face: less where the photo's border cuts
// it, down to three quarters of minScore for half a face.
func (s *search) required(m *Mesh) float32 {
	img := s.photo.levels[0]
	w, h := float32(img.Rect.Dx()), float32(img.Rect.Dy())
	outside := 0
	for _, p := range m[:SkinPoints] {
		if p[0] < 0 || p[1] < 0 || p[0] > w || p[1] > h {
			outside++
		}
	}
	return minScore * (1 - .5*min(float32(outside)/SkinPoints, .5))
}

// righted tells whether a mesh stands as the face does, and otherwise returns the view
// of the face as it stands: the mesh network takes heads upside down for faces too, and
// fruit, but the detector sees those less surely than upright faces. It looks at the place
// in four directions, at two sizes; seen is the mean score in the best direction.
func (s *search) righted(ctx context.Context, m Mesh) (upright bool, view Frame, seen float32, err error) {
	own := m.view()
	side := 2 * own.Scale() * detectorView / grown
	tiles := make([]Frame, 0, len(quarters)*2)
	for _, turn := range quarters {
		for _, k := range [...]float64{1, 1.4} {
			tiles = append(tiles, square(own.A[2], own.A[5], k*side, m.Roll()+turn))
		}
	}
	s.photo.prepare(side / detectorSide)
	best, sum := detection{}, 0.0
	upright = true
	for q := range quarters {
		var surest detection
		total := 0.0
		for k := range 2 {
			found, err := s.detect(ctx, tiles[2*q+k:][:1])
			if err != nil {
				return true, own, 0, err
			}
			top := detection{}
			for _, d := range found {
				if d.score > top.score && math.Hypot(d.x-own.A[2], d.y-own.A[5]) < own.Scale()/2 &&
					math.Abs(turned(d.roll(), m.Roll()+quarters[q])) < math.Pi/4 {
					top = d
				}
			}
			total += top.score
			if top.score > surest.score {
				surest = top
			}
		}
		if total > sum {
			sum, best, upright = total, surest, q == 0
		}
	}
	if upright {
		return true, own, float32(sum / 2), nil
	}
	return false, best.view(), float32(sum / 2), nil
}
