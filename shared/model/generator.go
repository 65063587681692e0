package model

import (
	"context"
	"fmt"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/tensor"
)

// Output is what a generator says about a photo, at its own size: see
// edit.Field for the meaning. The slices belong to the caller.
type Output struct {
	Size   int
	Warp   []float32 // [Size Size 2]
	Shade  []float32 // [Size Size 3]
	Mask   []float32 // [Size Size 1]
	Colour []float32 // [Size Size 3]
}

// Generator edits faces. It is used by one goroutine at a time.
type Generator struct {
	info    Info
	program device.Program
	shades  bool // the first generators did not
}

// LoadGenerator compiles the generator in f for d.
func LoadGenerator(f *File, d device.Device) (*Generator, error) {
	info, p, program, err := load(f, KindGenerator, d, func(s int) (in, out []port) {
		return []port{{name: "photo", shape: tensor.Shape{1, s, s, 3}}, {name: "change", shape: tensor.Shape{1, au.Count}}},
			[]port{{name: "warp", shape: tensor.Shape{1, s, s, 2}}, {name: "shade", shape: tensor.Shape{1, s, s, 3}, optional: true},
				{name: "mask", shape: tensor.Shape{1, s, s, 1}}, {name: "colour", shape: tensor.Shape{1, s, s, 3}}}
	})
	if err != nil {
		return nil, fmt.Errorf("load generator: %w", err)
	}
	return &Generator{info, program, p.Output("shade") >= 0}, nil
}

// Info says which generator this is.
func (g *Generator) Info() Info { return g.info }

// Size is the side of the picture that the network looks at, in pixels.
func (g *Generator) Size() int { return g.info.Size }

// Field runs the network: photo is [1 S S 3] in [-1, 1], change is in units of
// intensity.
func (g *Generator) Field(ctx context.Context, photo *tensor.Tensor, change au.Vector) (Output, error) {
	s := g.info.Size
	o := Output{Size: s, Warp: make([]float32, s*s*2), Shade: make([]float32, s*s*3), Mask: make([]float32, s*s), Colour: make([]float32, s*s*3)}
	out := map[string][]float32{"warp": o.Warp, "mask": o.Mask, "colour": o.Colour}
	if g.shades {
		out["shade"] = o.Shade
	}
	err := run(ctx, g.program, map[string][]float32{"photo": photo.Data, "change": change[:]}, out)
	if err != nil {
		return Output{}, fmt.Errorf("run generator: %w", err)
	}
	return o, nil
}

// Close releases the generator's memory.
func (g *Generator) Close() error { return g.program.Close() }

// run writes the inputs, runs the program and reads the outputs, which must
// be finite.
func run(ctx context.Context, p device.Program, in, out map[string][]float32) error {
	for name, data := range in {
		if err := p.Write(name, data); err != nil {
			return err
		}
	}
	if err := p.Run(ctx); err != nil {
		return err
	}
	for name, data := range out {
		if err := p.Read(name, data); err != nil {
			return err
		}
		for _, v := range data {
			if v-v != 0 {
				return fmt.Errorf("output %q is not finite: the weights are broken", name)
			}
		}
	}
	return nil
}
