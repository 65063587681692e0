package face

import (
	"context"

	"mien/shared/tensor"
)

// Detector is the network that finds faces from afar (Bazarevsky et al.:
// BlazeFace, arXiv 1907.05047). model.Detector is one.
type Detector interface {
	// Detect returns what each of detectorAnchors anchors says of photo,
	// [1 detectorSide detectorSide 3] in [-1, 1]: 16 numbers each of boxes, in
	// pixels against the anchor, and the logit of its score. Both are valid until
	// the next call.
	Detect(ctx context.Context, photo *tensor.Tensor) (boxes, scores []float32, err error)
}

// MeshNetwork is the network that knows a face's points. model.MeshNetwork is one.
type MeshNetwork interface {
	// Mesh returns the points of the face in photo, [1 meshSide meshSide 3] in
	// [0, 1], in pixels of it, and the probability that it is a face.
	Mesh(ctx context.Context, photo *tensor.Tensor) (points Mesh, presence float32, err error)
}

// What the networks see.
const (
	detectorSide    = 128 // pixels of the detector's picture
	detectorAnchors = 896
	detectorNumbers = 16  // of an anchor: the box, then six points
	meshSide        = 192 // pixels of the mesh network's picture
)
