package layer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A scene as bytes, little endian: the numbers of vertices and of triangles as
// uint16, one byte that says what follows, then five float32 a vertex, three
// uint16 a triangle, the light as uint16, the patch.
const (
	hasLight = 1 << iota
	hasPatch

	codecHead     = 5
	codecVertex   = 20
	codecLight    = 2 * LightSize * LightSize
	codecPatch    = 3 * PatchWidth * PatchHeight
	maxTriangles  = 4096
	maxCoordinate = 1 << 24 // photo pixels
)

// Encode writes the scene for the stage. Scenes of one face have the same
// triangles: without them it takes a third less, and whoever reads it uses
// those of the first.
func (s *Scene) Encode(triangles bool) []byte {
	n := 0
	if triangles {
		n = len(s.Triangles) / 3
	}
	b := make([]byte, 0, codecHead+codecVertex*len(s.Vertices)+6*n+codecLight+codecPatch)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(s.Vertices)))
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	var has byte
	if s.Light != nil {
		has |= hasLight
	}
	if s.Patch != nil {
		has |= hasPatch
	}
	b = append(b, has)
	for _, v := range s.Vertices {
		for _, x := range [...]float32{v.X, v.Y, v.FromX, v.FromY, v.Alpha} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	for _, t := range s.Triangles[:3*n] {
		b = binary.LittleEndian.AppendUint16(b, t)
	}
	for _, l := range s.Light {
		b = binary.LittleEndian.AppendUint16(b, l)
	}
	return append(b, s.Patch...)
}

// DecodeScene reads what Encode wrote and keeps nothing of b.
func DecodeScene(b []byte) (*Scene, error) {
	if len(b) < codecHead {
		return nil, errors.New("scene: no head")
	}
	vertices, triangles, has := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])), b[4]
	if vertices != vertexCount || triangles > maxTriangles {
		return nil, fmt.Errorf("scene of %d vertices and %d triangles: want %d and at most %d", vertices, triangles, vertexCount, maxTriangles)
	}
	want := codecHead + codecVertex*vertices + 6*triangles
	if has&hasLight != 0 {
		want += codecLight
	}
	if has&hasPatch != 0 {
		want += codecPatch
	}
	if len(b) != want || has > hasLight|hasPatch {
		return nil, fmt.Errorf("scene of %d bytes: want %d", len(b), want)
	}
	b = b[codecHead:]
	s := &Scene{Vertices: make([]Vertex, vertices), Triangles: make([]uint16, 3*triangles)}
	for i := range s.Vertices {
		var x [5]float32
		for k := range x {
			x[k] = math.Float32frombits(binary.LittleEndian.Uint32(b[codecVertex*i+4*k:]))
			if !(x[k] > -maxCoordinate && x[k] < maxCoordinate) { // or no number
				return nil, fmt.Errorf("scene: vertex %d has a coordinate %g, want finite ones", i, x[k])
			}
		}
		s.Vertices[i] = Vertex{x[0], x[1], x[2], x[3], x[4]}
	}
	b = b[codecVertex*vertices:]
	for i := range s.Triangles {
		s.Triangles[i] = binary.LittleEndian.Uint16(b[2*i:])
		if int(s.Triangles[i]) >= vertices {
			return nil, fmt.Errorf("scene: triangle %d has vertex %d of %d", i/3, s.Triangles[i], vertices)
		}
	}
	b = b[6*triangles:]
	if has&hasLight != 0 {
		s.Light = make([]uint16, LightSize*LightSize)
		for i := range s.Light {
			s.Light[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		b = b[codecLight:]
	}
	if has&hasPatch != 0 {
		s.Patch = append([]byte(nil), b...)
	}
	return s, nil
}
