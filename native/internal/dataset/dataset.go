// Package dataset reads labelled faces for training: folders in the layout
// that OpenFace's FeatureExtraction and the EmotioNet tools leave behind.
package dataset

import (
	"mien/shared/au"
	"mien/shared/face"
)

// Source is a numbered set of labelled faces in the training frame. It is safe
// for concurrent use.
type Source interface {
	// Len is the number of faces, at least 1.
	Len() int
	// Size is the width and height S of every face.
	Size() int
	// Sample returns face i: its pixels [S S 3] RGB, which the caller must not
	// change; its labels (intensity 0 to 5, or presence 0 and 1); its 68
	// landmarks in pixel-index coordinates of the 128 x 128 crop, nil when
	// unknown; and the person, by whom faces are split and paired.
	Sample(i int) (img []uint8, labels au.Vector, landmarks *[68][2]float32, identity string, err error)
	// Labels returns the labels of face i alone, cheaply.
	Labels(i int) au.Vector
}

// Posed is a Source that knows where heads are turned.
type Posed interface {
	// Pose returns the head's rotation around x, y and z in radians of face i,
	// false when unknown.
	Pose(i int) ([3]float32, bool)
}

// Meshed is a Source that knows the meshes of its faces.
type Meshed interface {
	// Mesh returns the mesh of face i in pixels of the 128-pixel frame that Sample
	// shows, whatever size S has; false when it is unknown, or shows no face.
	Mesh(i int) (face.Mesh, bool)
}

// Paired is a Source that can show the person of a face under a change of
// expression, as drawn faces can and photos cannot.
type Paired interface {
	// Edited returns face i with its labels changed by d and all else the same.
	Edited(i int, d au.Vector) ([]uint8, error)
}

// Fill writes images [S S 3] one after another into dst as float32 in [-1, 1];
// dst holds exactly as many values as imgs together.
func Fill(dst []float32, imgs ...[]uint8) {
	for _, img := range imgs {
		part := dst[:len(img)]
		for i, b := range img {
			part[i] = float32(b)/127.5 - 1
		}
		dst = dst[len(img):]
	}
	if len(dst) != 0 {
		panic("dataset: Fill of a batch larger than its images")
	}
}
