package face

import (
	"context"
	"fmt"
	"image"
	"slices"
	"time"
)

// Tracker follows faces from frame to frame of a video. The mesh of the frame before says
// where to look; the detector runs only while no face is followed, and in the frame in
// which one was lost. It is used by one goroutine at a time.
type Tracker struct {
	finder *Finder
	faces  []*tracked
	last   time.Duration
}

// tracked is a face that is followed.
type tracked struct {
	mesh   Mesh // as the network sees it, where the next look begins
	filter [MeshPoints][3]euro
}

// Bounds of the time between two frames: what is further apart is no motion.
const (
	minStep = time.Millisecond
	maxStep = 250 * time.Millisecond
	// maxTracked bounds the faces that are followed.
	maxTracked = 8
)

// NewTracker returns a tracker that sees with a finder's networks.
func NewTracker(f *Finder) *Tracker { return &Tracker{finder: f} }

// Next returns the faces in the next frame, taken at a time since any beginning, the
// largest first; none is no error. Their meshes are smoothed over time.
func (t *Tracker) Next(ctx context.Context, img *image.NRGBA, at time.Duration) ([]Face, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < 1 || h < 1 || w > MaxSide || h > MaxSide {
		return nil, fmt.Errorf("track faces in %dx%d pixels: want sides of 1 to %d", w, h, MaxSide)
	}
	f := t.finder
	f.mu.Lock()
	defer f.mu.Unlock()
	step := min(max(at-t.last, minStep), maxStep).Seconds()
	t.last = at
	s := &search{finder: f, photo: newPyramid(img)}
	var faces []Face
	kept := t.faces[:0]
	for _, k := range t.faces {
		m, presence, err := f.look(ctx, s.photo, k.mesh.view())
		if err != nil {
			return nil, fmt.Errorf("track faces: %w", err)
		}
		face := NewFace(m, presence)
		if presence < minPresence || slices.ContainsFunc(s.faces, face.Overlaps) {
			continue
		}
		s.faces = append(s.faces, face)
		faces = append(faces, NewFace(k.smooth(m, step), presence))
		kept = append(kept, k)
	}
	lost := len(kept) < len(t.faces)
	clear(t.faces[len(kept):])
	t.faces = kept
	if len(kept) == 0 || lost {
		before := len(s.faces)
		if err := s.glance(ctx); err != nil {
			return nil, fmt.Errorf("track faces: %w", err)
		}
		for _, face := range s.faces[before:] {
			if len(t.faces) == maxTracked {
				break
			}
			k := &tracked{}
			k.smooth(face.Mesh, step)
			t.faces = append(t.faces, k)
			faces = append(faces, face)
		}
	}
	sortBySize(faces)
	return faces, nil
}

// glance searches the whole photo, as it stands.
func (s *search) glance(ctx context.Context) error {
	img := s.photo.levels[0]
	whole := float64(max(img.Rect.Dx(), img.Rect.Dy()))
	for side := 2 * whole; side >= whole/2; side /= 2 {
		if err := s.level(ctx, side, upright); err != nil {
			return err
		}
	}
	return nil
}

// smooth takes the tremble out of what the network sees, step seconds after it saw the
// face last.
func (k *tracked) smooth(m Mesh, step float64) Mesh {
	k.mesh = m
	width := 2 * m.view().Scale() / grown
	var out Mesh
	for i := range m {
		for c := range m[i] {
			out[i][c] = float32(k.filter[i][c].next(float64(m[i][c]), step, width))
		}
	}
	return out
}
