package model

import (
	"context"
	"fmt"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/face"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Landmarks are the 68 points of the iBUG 300-W scheme in normalised frame
// coordinates, x to the right and y down, -1 to 1 across the frame.
type Landmarks [68][2]float32

// Reading is what a reader sees in a face.
type Reading struct {
	AU au.Vector // intensities, 0 to au.Max

	// Of a reader that says where they are (see HasLandmarks), else 0:

	Landmarks Landmarks
	// Eyes are where the eyes' centres of the face's own frame lie, left in the
	// picture first, x and y in normalised coordinates of the picture read.
	Eyes [2][2]float32
}

// Reader reads Action Units from a face that is about aligned, and from its mesh where
// it sees that; one that sees none reads landmarks, too. It is used by one goroutine at
// a time.
type Reader struct {
	info      Info
	program   device.Program
	sees      bool // the mesh's shape
	landmarks bool
}

// SeenShape is how many numbers a reader sees of a mesh: those of its shape and 1, or
// zeros where no mesh is known.
const SeenShape = face.ShapeNumbers + 1

// LoadReader compiles the AU reader in f for d.
func LoadReader(f *File, d device.Device) (*Reader, error) {
	r := &Reader{}
	var err error
	r.info, _, r.program, err = load(f, KindReader, d, func(p *plan.Plan, s int) (in, out []port) {
		in = []port{{name: "photo", shape: tensor.Shape{1, s, s, 3}}}
		out = []port{{name: "au", shape: tensor.Shape{1, au.Count}}}
		if r.sees = p.Find("shape") >= 0; r.sees {
			in = append(in, port{name: "shape", shape: tensor.Shape{1, SeenShape}})
		}
		if r.landmarks = !r.sees || p.Output("landmarks") >= 0; r.landmarks {
			out = append(out, port{name: "landmarks", shape: tensor.Shape{1, 136}}, port{name: "eyes", shape: tensor.Shape{1, 4}})
		}
		return in, out
	})
	if err != nil {
		return nil, fmt.Errorf("load reader: %w", err)
	}
	return r, nil
}

// Shape writes what a reader sees of a mesh.
func Shape(shape *[SeenShape]float32, mesh *face.Mesh) {
	form := mesh.Shape()
	copy(shape[:], form[:])
	if form != ([face.ShapeNumbers]float32{}) { // of a mesh without extent
		shape[face.ShapeNumbers] = 1
	}
}

// Info says which reader this is.
func (r *Reader) Info() Info { return r.info }

// Size is the side of the picture that the network looks at, in pixels.
func (r *Reader) Size() int { return r.info.Size }

// SeesMesh reports whether the reader looks at a face's mesh, too.
func (r *Reader) SeesMesh() bool { return r.sees }

// HasLandmarks reports whether the reader says where landmarks and eyes are.
func (r *Reader) HasLandmarks() bool { return r.landmarks }

// Read reads photo, [1 S S 3] in [-1, 1], and the face's mesh, nil where it is not
// known, in pixels of any photo.
func (r *Reader) Read(ctx context.Context, photo *tensor.Tensor, mesh *face.Mesh) (Reading, error) {
	var v Reading
	var points [136]float32
	var eyes [4]float32
	in, out := map[string][]float32{"photo": photo.Data}, map[string][]float32{"au": v.AU[:]}
	if r.sees {
		var shape [SeenShape]float32
		if mesh != nil {
			Shape(&shape, mesh)
		}
		in["shape"] = shape[:]
	}
	if r.landmarks {
		out["landmarks"], out["eyes"] = points[:], eyes[:]
	}
	if err := run(ctx, r.program, in, out); err != nil {
		return v, fmt.Errorf("run reader: %w", err)
	}
	for i := range v.Landmarks {
		v.Landmarks[i] = [2]float32{points[2*i], points[2*i+1]}
	}
	for i := range v.Eyes {
		v.Eyes[i] = [2]float32{eyes[2*i], eyes[2*i+1]}
	}
	v.AU = v.AU.Clamp(0, au.Max)
	return v, nil
}

// ReadBoth reads a face as it is and in a mirror and returns the mean: what a
// reader is wrong about on one side only halves. It costs two reads.
func (r *Reader) ReadBoth(ctx context.Context, photo *tensor.Tensor, mesh *face.Mesh) (Reading, error) {
	v, err := r.Read(ctx, photo, mesh)
	if err != nil {
		return v, err
	}
	size := r.info.Size
	flipped := tensor.New(1, size, size, 3)
	for y := range size {
		for x := range size {
			copy(flipped.Data[(y*size+x)*3:][:3], photo.Data[(y*size+size-1-x)*3:])
		}
	}
	if mesh != nil {
		other := mesh.Mirror(0)
		mesh = &other
	}
	m, err := r.Read(ctx, flipped, mesh)
	if err != nil {
		return v, err
	}
	for i := range v.AU {
		v.AU[i] = (v.AU[i] + m.AU[i]) / 2
	}
	if !r.landmarks {
		return v, nil
	}
	for i, j := range face.Mirrored {
		v.Landmarks[i] = between(v.Landmarks[i], m.Landmarks[j])
	}
	v.Eyes = [2][2]float32{between(v.Eyes[0], m.Eyes[1]), between(v.Eyes[1], m.Eyes[0])}
	return v, nil
}

// between is the middle of a point and of the mirror image of one seen in a
// mirror.
func between(p, mirrored [2]float32) [2]float32 {
	return [2]float32{(p[0] - mirrored[0]) / 2, (p[1] + mirrored[1]) / 2}
}

// Close releases the reader's memory.
func (r *Reader) Close() error { return r.program.Close() }
