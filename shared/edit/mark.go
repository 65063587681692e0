package edit

import (
	"context"
	"fmt"
	"math"

	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/tensor"
)

// Mark makes the face whose eyes' centres somebody pointed out, in pixels of the photo
// and in either order, the one to edit, and returns the intensities that the reader
// sees in it: for a face that was not found, or was found crooked. The mesh network looks
// where the eyes say that a face is; where it sees none, the eyes alone say where the
// face lies. An error leaves the face before in place.
func (e *Editor) Mark(ctx context.Context, eyes [2][2]float64) (au.Vector, error) {
	s, err := e.subject()
	if err != nil {
		return au.Vector{}, fmt.Errorf("mark face: %w", err)
	}
	w, h := s.img.Rect.Dx(), s.img.Rect.Dy()
	for _, eye := range eyes {
		if !(eye[0] >= 0 && eye[1] >= 0 && eye[0] <= float64(w) && eye[1] <= float64(h)) { // or no number
			return au.Vector{}, fmt.Errorf("mark face: eye at %v: the photo has %d x %d pixels", eye, w, h)
		}
	}
	frame, err := face.FromEyes(eyes)
	if err != nil {
		return au.Vector{}, fmt.Errorf("mark face: %w", err)
	}
	marked := &subject{img: s.img, faces: s.faces, frame: frame, crops: map[int]*tensor.Tensor{}}
	if finder := e.faceFinder(); finder != nil {
		found, err := finder.At(ctx, s.img, eyes)
		if err != nil {
			return au.Vector{}, fmt.Errorf("mark face: %w", err)
		}
		if found.Score >= minMarked && near(frame, found.Frame) {
			marked.face, marked.frame = found, found.Frame
		}
	}
	return e.set(ctx, marked)
}

const (
	// minMarked is the presence from which the mesh network is followed: people mean
	// the face that they point at, so that it need not be sure.
	minMarked = .3
	// Bounds of how far a face may lie from where its marked eyes say: in growth and
	// in half frames.
	maxMarkGrowth = 1.5
	maxMarkShift  = .3
)

// near reports whether a face whose eyes say that it lies in frame from may lie in to.
func near(from, to face.Frame) bool {
	growth := to.Scale() / from.Scale()
	shift := math.Hypot(to.A[2]-from.A[2], to.A[5]-from.A[5]) / from.Scale()
	return growth < maxMarkGrowth && growth > 1/maxMarkGrowth && shift < maxMarkShift
}
