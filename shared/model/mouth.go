package model

import (
	"context"
	"fmt"

	"mien/shared/device"
	"mien/shared/layer"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Mouth paints what is inside open lips. It is a layer.Painter, used by one
// goroutine at a time.
type Mouth struct {
	info    Info
	program device.Program
}

var _ layer.Painter = (*Mouth)(nil)

// LoadMouth compiles the painter of mouths in f for d.
func LoadMouth(f *File, d device.Device) (*Mouth, error) {
	info, _, program, err := load(f, KindMouth, d, func(*plan.Plan, int) (in, out []port) {
		picture := tensor.Shape{1, layer.PatchHeight, layer.PatchWidth, 3}
		hole := tensor.Shape{1, layer.PatchHeight, layer.PatchWidth, 1}
		return []port{{name: "picture", shape: picture}, {name: "hole", shape: hole}}, []port{{name: "painted", shape: picture}}
	})
	if err != nil {
		return nil, fmt.Errorf("load painter of mouths: %w", err)
	}
	return &Mouth{info, program}, nil
}

// Info says which painter this is.
func (m *Mouth) Info() Info { return m.info }

// Paint implements layer.Painter. What is outside the hole stays as it is, to
// the bit; what picture shows inside of it does not matter.
func (m *Mouth) Paint(ctx context.Context, picture, hole *tensor.Tensor) (*tensor.Tensor, error) {
	out := picture.Clone()
	painted := make([]float32, len(out.Data))
	if err := run(ctx, m.program, map[string][]float32{"picture": picture.Data, "hole": hole.Data}, map[string][]float32{"painted": painted}); err != nil {
		return nil, fmt.Errorf("paint: %w", err)
	}
	for i, v := range hole.Data {
		if v > 0 {
			copy(out.Data[3*i:][:3], painted[3*i:])
		}
	}
	return out, nil
}

// Close releases the painter's memory.
func (m *Mouth) Close() error { return m.program.Close() }
