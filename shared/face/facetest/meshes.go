package facetest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"

	"mien/shared/face"
)

// Meshes reads the private test set's meshes, a safetensors file with frame [N] and mesh
// [N 478 3], by frame. The original has the irises in the other order.
func Meshes(b []byte) (map[int]face.Mesh, error) {
	if len(b) < 8 {
		return nil, errors.New("meshes: too short")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > uint64(len(b)-8) {
		return nil, errors.New("meshes: header beyond the file")
	}
	var header map[string]struct {
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(b[8:8+n], &header); err != nil {
		return nil, err
	}
	data := b[8+n:]
	frames, points := data[header["frame"].Offsets[0]:], data[header["mesh"].Offsets[0]:]
	all := map[int]face.Mesh{}
	for i := range (header["frame"].Offsets[1] - header["frame"].Offsets[0]) / 4 {
		var m face.Mesh
		for p := range m {
			to := p
			switch {
			case p >= face.SkinPoints+face.IrisPoints:
				to = p - face.IrisPoints
			case p >= face.SkinPoints:
				to = p + face.IrisPoints
			}
			for k := range 3 {
				m[to][k] = math.Float32frombits(binary.LittleEndian.Uint32(points[4*(3*(i*face.MeshPoints+p)+k):]))
			}
		}
		all[int(binary.LittleEndian.Uint32(frames[4*i:]))] = m
	}
	return all, nil
}
