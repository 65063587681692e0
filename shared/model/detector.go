package model

import (
	"context"
	"fmt"

	"mien/shared/device"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Anchors of a detector: places and sizes that a face may have. An upright face
// seen at 128 pixels falls on two in each of 16 x 16 cells, then on six in each
// of 8 x 8 (Bazarevsky et al.: BlazeFace, arXiv 1907.05047, section 3.2).
const (
	Anchors       = 896
	AnchorNumbers = 16 // a box and six points
)

// Detector is the network that says where faces are. It is used by one goroutine
// at a time.
type Detector struct {
	info          Info
	program       device.Program
	boxes, scores []float32
}

// LoadDetector compiles the detector in f for d.
func LoadDetector(f *File, d device.Device) (*Detector, error) {
	info, _, program, err := load(f, KindDetector, d, func(_ *plan.Plan, s int) (in, out []port) {
		return []port{{name: "photo", shape: tensor.Shape{1, s, s, 3}}}, []port{
			{name: "boxes", shape: tensor.Shape{1, Anchors, AnchorNumbers}}, {name: "scores", shape: tensor.Shape{1, Anchors, 1}},
		}
	})
	if err != nil {
		return nil, fmt.Errorf("load detector: %w", err)
	}
	return &Detector{info, program, make([]float32, Anchors*AnchorNumbers), make([]float32, Anchors)}, nil
}

// Info says which detector this is.
func (r *Detector) Info() Info { return r.info }

// Size is the side of the picture that the network looks at, in pixels.
func (r *Detector) Size() int { return r.info.Size }

// Detect looks at photo, [1 S S 3] in [-1, 1]. For each anchor, in order, boxes
// has 16 numbers in pixels of the photo: the face's middle against the anchor's,
// x and y, its width and height, then six points against the anchor's middle, the
// eye on the picture's left, the other one, nose, mouth, and the ears likewise.
// scores has the logit of its being a face. Both are valid until the next call.
func (r *Detector) Detect(ctx context.Context, photo *tensor.Tensor) (boxes, scores []float32, err error) {
	err = run(ctx, r.program, map[string][]float32{"photo": photo.Data},
		map[string][]float32{"boxes": r.boxes, "scores": r.scores})
	if err != nil {
		return nil, nil, fmt.Errorf("run detector: %w", err)
	}
	return r.boxes, r.scores, nil
}

// Close releases the detector's memory.
func (r *Detector) Close() error { return r.program.Close() }
