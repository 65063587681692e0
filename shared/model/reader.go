package model

import (
	"context"
	"fmt"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/tensor"
)

// Landmarks are the 68 points of the iBUG 300-W scheme in normalised frame
// coordinates, x to the right and y down, -1 to 1 across the frame.
type Landmarks [68][2]float32

// Reader reads Action Units and landmarks from an aligned face. It is used by
// one goroutine at a time.
type Reader struct {
	info    Info
	program device.Program
}

// LoadReader compiles the AU reader in f for d.
func LoadReader(f *File, d device.Device) (*Reader, error) {
	info, program, err := load(f, KindReader, d, func(s int) (in, out []port) {
		return []port{{"photo", tensor.Shape{1, s, s, 3}}},
			[]port{{"au", tensor.Shape{1, au.Count}}, {"landmarks", tensor.Shape{1, 136}}}
	})
	if err != nil {
		return nil, fmt.Errorf("load reader: %w", err)
	}
	return &Reader{info, program}, nil
}

// Info says which reader this is.
func (r *Reader) Info() Info { return r.info }

// Size is the side of the picture that the network looks at, in pixels.
func (r *Reader) Size() int { return r.info.Size }

// Read returns the intensities (0 to au.Max) and landmarks of photo, which is
// [1 S S 3] in [-1, 1].
func (r *Reader) Read(ctx context.Context, photo *tensor.Tensor) (au.Vector, Landmarks, error) {
	var v au.Vector
	var l Landmarks
	var points [136]float32
	err := run(ctx, r.program, map[string][]float32{"photo": photo.Data},
		map[string][]float32{"au": v[:], "landmarks": points[:]})
	if err != nil {
		return v, l, fmt.Errorf("run reader: %w", err)
	}
	for i := range l {
		l[i] = [2]float32{points[2*i], points[2*i+1]}
	}
	return v.Clamp(0, au.Max), l, nil
}

// Close releases the reader's memory.
func (r *Reader) Close() error { return r.program.Close() }
