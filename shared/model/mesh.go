package model

import (
	"context"
	"fmt"
	"math"

	"mien/shared/device"
	"mien/shared/face"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// MeshNetwork is the network that knows the points of a face. It is used by one
// goroutine at a time.
type MeshNetwork struct {
	info     Info
	program  device.Program
	parts    MeshParts
	presence [1]float32
}

// MeshParts are what a mesh network sees of a face: all of it, and closer looks at
// its lips, eyes and irises, each in pixels of the network's picture, where pixel
// i covers [i, i+1). Left is what lies on the picture's left.
type MeshParts struct {
	Skin                [face.SkinPoints * 3]float32 // x, y, z; see face.Mesh
	Lips                [len(lips) * 2]float32       // x, y of the points in lips
	LeftEye, RightEye   [len(leftEye) * 2]float32    // of those in leftEye and rightEye
	LeftIris, RightIris [face.IrisPoints * 2]float32
}

// LoadMesh compiles the mesh network in f for d.
func LoadMesh(f *File, d device.Device) (*MeshNetwork, error) {
	r := &MeshNetwork{}
	var err error
	r.info, _, r.program, err = load(f, KindMesh, d, func(_ *plan.Plan, s int) (in, out []port) {
		for name, part := range r.outputs() {
			out = append(out, port{name: name, shape: tensor.Shape{1, len(part)}})
		}
		return []port{{name: "photo", shape: tensor.Shape{1, s, s, 3}}}, out
	})
	if err != nil {
		return nil, fmt.Errorf("load mesh network: %w", err)
	}
	return r, nil
}

// outputs are the plan's outputs and where they go. Presence is a logit there.
func (r *MeshNetwork) outputs() map[string][]float32 {
	p := &r.parts
	return map[string][]float32{"mesh": p.Skin[:], "lips": p.Lips[:], "eye_left": p.LeftEye[:], "eye_right": p.RightEye[:],
		"iris_left": p.LeftIris[:], "iris_right": p.RightIris[:], "presence": r.presence[:]}
}

// Info says which network this is.
func (r *MeshNetwork) Info() Info { return r.info }

// Size is the side of the picture that the network looks at, in pixels.
func (r *MeshNetwork) Size() int { return r.info.Size }

// Mesh looks at photo, [1 S S 3] in [0, 1]: a face, level, filling two thirds. It
// returns the face's points in pixels of the photo and the probability that it is
// a face.
func (r *MeshNetwork) Mesh(ctx context.Context, photo *tensor.Tensor) (points face.Mesh, presence float32, err error) {
	parts, presence, err := r.Parts(ctx, photo)
	if err != nil {
		return points, 0, err
	}
	return parts.Mesh(), presence, nil
}

// Parts is Mesh with each output of the network for itself. They are valid until
// the next call.
func (r *MeshNetwork) Parts(ctx context.Context, photo *tensor.Tensor) (parts *MeshParts, presence float32, err error) {
	if err := run(ctx, r.program, map[string][]float32{"photo": photo.Data}, r.outputs()); err != nil {
		return nil, 0, fmt.Errorf("run mesh network: %w", err)
	}
	return &r.parts, float32(1 / (1 + math.Exp(-float64(r.presence[0])))), nil
}

// Close releases the network's memory.
func (r *MeshNetwork) Close() error { return r.program.Close() }

// Mesh puts the parts together as MediaPipe's graph does
// (tensors_to_face_landmarks_with_attention): x and y of lips and eyes are those of
// the closer look, irises follow the skin's points at the mean depth of their
// eye's rim.
func (p *MeshParts) Mesh() face.Mesh {
	var m face.Mesh
	for i := range face.SkinPoints {
		m[i] = [3]float32(p.Skin[3*i:])
	}
	refine := func(points []uint16, xy []float32) {
		for i, at := range points {
			m[at][0], m[at][1] = xy[2*i], xy[2*i+1]
		}
	}
	refine(lips[:], p.Lips[:])
	refine(leftEye[:], p.LeftEye[:])
	refine(rightEye[:], p.RightEye[:])
	iris := func(first int, rim []uint16, xy []float32) {
		var z float32
		for _, at := range rim {
			z += m[at][2] / float32(len(rim))
		}
		for i := range face.IrisPoints {
			m[first+i] = [3]float32{xy[2*i], xy[2*i+1], z}
		}
	}
	iris(face.SkinPoints, leftEye[:rimPoints], p.LeftIris[:])
	iris(face.SkinPoints+face.IrisPoints, rightEye[:rimPoints], p.RightIris[:])
	return m
}
