package model

import (
	"fmt"

	"mien/shared/face"
	"mien/shared/tensor"
)

// canonical lists the tensors of a canonical mesh, with their shapes.
var canonical = []struct {
	name  string
	shape tensor.Shape
}{
	{"points", tensor.Shape{face.SkinPoints, 3}},
	{"uv", tensor.Shape{face.SkinPoints, 2}},
	{"triangles", tensor.Shape{face.Triangles, 3}},
	{"pose", tensor.Shape{face.SkinPoints}},
}

// LoadCanonical reads the canonical mesh in f.
func LoadCanonical(f *File) (*face.Canonical, error) {
	info, err := f.Info()
	if err == nil && info.Kind != KindCanonical {
		err = fmt.Errorf("kind %q, want %q", info.Kind, KindCanonical)
	}
	for _, want := range canonical {
		if err != nil {
			break
		}
		if t := f.Tensors[want.name]; t == nil {
			err = fmt.Errorf("tensor %q: missing", want.name)
		} else if !t.Shape.Equal(want.shape) {
			err = fmt.Errorf("tensor %q: shape %v, want %v", want.name, t.Shape, want.shape)
		}
	}
	c := &face.Canonical{}
	if err == nil {
		err = fill(c, f)
	}
	if err != nil {
		return nil, fmt.Errorf("load canonical mesh: %w", err)
	}
	return c, nil
}

// fill copies the tensors, which are of the right shapes.
func fill(c *face.Canonical, f *File) error {
	points, uv, triangles, pose := f.Tensors["points"].Data, f.Tensors["uv"].Data, f.Tensors["triangles"].Data, f.Tensors["pose"].Data
	for i := range c.Points {
		c.Points[i], c.UV[i] = [3]float32(points[3*i:]), [2]float32(uv[2*i:])
		if c.Pose[i] = pose[i]; c.Pose[i] < 0 {
			return fmt.Errorf("point %d counts %g, want at least 0", i, c.Pose[i])
		}
	}
	for i := range c.Triangles {
		for k := range 3 {
			v := triangles[3*i+k]
			if !(v >= 0 && v < face.SkinPoints) || v != float32(int(v)) {
				return fmt.Errorf("triangle %d: point %g of %d", i, v, face.SkinPoints)
			}
			c.Triangles[i][k] = uint16(v)
		}
	}
	return nil
}

// PackCanonical makes a model file of a canonical mesh. Its kind is info's.
func PackCanonical(info Info, c *face.Canonical) *File {
	f := &File{Tensors: map[string]*tensor.Tensor{}, Meta: info.meta()}
	for _, t := range canonical {
		f.Tensors[t.name] = tensor.New(t.shape...)
	}
	for i := range c.Points {
		copy(f.Tensors["points"].Data[3*i:], c.Points[i][:])
		copy(f.Tensors["uv"].Data[2*i:], c.UV[i][:])
		f.Tensors["pose"].Data[i] = c.Pose[i]
	}
	for i, t := range c.Triangles {
		for k, v := range t {
			f.Tensors["triangles"].Data[3*i+k] = float32(v)
		}
	}
	return f
}
