package main

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"mien/shared/face"
)

// Fields of MediaPipe's messages (modules/face_geometry/protos): the canonical
// mesh in GeometryPipelineMetadata, its buffers in Mesh3d, and the points that a
// pose is fitted to, each a WeightedLandmarkRef.
const (
	fieldMesh     = 1 // metadata.canonical_mesh
	fieldBasis    = 2 // metadata.procrustes_landmark_basis
	fieldVertices = 3 // mesh.vertex_buffer, x y z u v each
	fieldIndices  = 4 // mesh.index_buffer
	fieldID       = 1 // landmark.landmark_id
	fieldWeight   = 2 // landmark.weight
)

// parseGeometry reads the canonical mesh.
func parseGeometry(b []byte) (*face.Canonical, error) {
	c := &face.Canonical{}
	meshes := 0
	err := fields(b, func(field protowire.Number, v value) error {
		switch field {
		case fieldMesh:
			meshes++
			return parseMesh(c, v.bytes)
		case fieldBasis:
			return parseWeight(c, v.bytes)
		}
		return nil
	})
	if err == nil && meshes != 1 {
		err = fmt.Errorf("%d meshes", meshes)
	}
	if err != nil {
		return nil, fmt.Errorf("canonical mesh: %w", err)
	}
	return c, nil
}

func parseMesh(c *face.Canonical, b []byte) error {
	var vertices []float32
	var indices []uint64
	err := fields(b, func(field protowire.Number, v value) error {
		switch field {
		case fieldVertices:
			if v.bytes == nil { // not packed
				vertices = append(vertices, math.Float32frombits(uint32(v.number)))
			}
			for p := v.bytes; len(p) > 0; {
				x, n := protowire.ConsumeFixed32(p)
				if n < 0 {
					return protowire.ParseError(n)
				}
				vertices, p = append(vertices, math.Float32frombits(x)), p[n:]
			}
		case fieldIndices:
			if v.bytes == nil {
				indices = append(indices, v.number)
			}
			for p := v.bytes; len(p) > 0; {
				x, n := protowire.ConsumeVarint(p)
				if n < 0 {
					return protowire.ParseError(n)
				}
				indices, p = append(indices, x), p[n:]
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(vertices) != 5*face.SkinPoints || len(indices) != 3*face.Triangles {
		return fmt.Errorf("%d numbers of vertices and %d indices, want %d and %d", len(vertices), len(indices), 5*face.SkinPoints, 3*face.Triangles)
	}
	for i := range c.Points {
		v := vertices[5*i:]
		c.Points[i], c.UV[i] = [3]float32(v), [2]float32(v[3:])
	}
	for i, v := range indices {
		if v >= face.SkinPoints {
			return fmt.Errorf("index %d of %d points", v, face.SkinPoints)
		}
		c.Triangles[i/3][i%3] = uint16(v)
	}
	return nil
}

func parseWeight(c *face.Canonical, b []byte) error {
	id, weight := uint64(0), float32(0)
	err := fields(b, func(field protowire.Number, v value) error {
		switch field {
		case fieldID:
			id = v.number
		case fieldWeight:
			weight = math.Float32frombits(uint32(v.number))
		}
		return nil
	})
	if err == nil && id >= face.SkinPoints {
		err = fmt.Errorf("weight of point %d of %d", id, face.SkinPoints)
	}
	if err == nil {
		c.Pose[id] = weight
	}
	return err
}

// value is what a field holds: bytes, or a number's bits.
type value struct {
	bytes  []byte
	number uint64
}

// fields calls f with every field of a message.
func fields(b []byte, f func(field protowire.Number, v value) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var v value
		switch kind {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var x uint32
			x, n = protowire.ConsumeFixed32(b)
			v.number = uint64(x)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(field, kind, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := f(field, v); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
