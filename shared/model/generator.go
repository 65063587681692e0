package model

import (
	"context"
	"fmt"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/plan"
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
//
// Its file says by the name of the plan's second input what it wants to be
// told: "change", by how much each Action Unit shall change, or "target", how
// strong each shall be. With "change" it may want "own" as well, what the face
// shows.
type Generator struct {
	info    Info
	program device.Program
	target  bool
	own     bool
	warps   bool // what paints whole faces does not
	shades  bool // nor that, and the first generators did not
}

// LoadGenerator compiles the generator in f for d.
func LoadGenerator(f *File, d device.Device) (*Generator, error) {
	info, p, program, err := load(f, KindGenerator, d, func(p *plan.Plan, s int) (in, out []port) {
		asked := "change"
		if p.Find("target") >= 0 {
			asked = "target"
		}
		in = []port{{name: "photo", shape: tensor.Shape{1, s, s, 3}}, {name: asked, shape: tensor.Shape{1, au.Count}, late: true}}
		if asked == "change" && p.Find("own") >= 0 {
			in = append(in, port{name: "own", shape: tensor.Shape{1, au.Count}, late: true})
		}
		return in, []port{{name: "warp", shape: tensor.Shape{1, s, s, 2}, optional: true}, {name: "shade", shape: tensor.Shape{1, s, s, 3}, optional: true},
			{name: "mask", shape: tensor.Shape{1, s, s, 1}}, {name: "colour", shape: tensor.Shape{1, s, s, 3}}}
	})
	if err != nil {
		return nil, fmt.Errorf("load generator: %w", err)
	}
	return &Generator{info: info, program: program, target: p.Find("target") >= 0, own: p.Find("own") >= 0,
		warps: p.Output("warp") >= 0, shades: p.Output("shade") >= 0}, nil
}

// Info says which generator this is.
func (g *Generator) Info() Info { return g.info }

// Size is the side of the picture that the network looks at, in pixels.
func (g *Generator) Size() int { return g.info.Size }

// Target reports whether the network wants to know the face's own Action
// Units.
func (g *Generator) Target() bool { return g.target }

// Field runs the network: photo is [1 S S 3] in [-1, 1]; own is what the face
// shows, 0 to au.Max, change what to add to it, both in units of intensity. A
// network that wants a change may ignore own; one that wants a target is given
// their sum, brought into 0 to au.Max.
func (g *Generator) Field(ctx context.Context, photo *tensor.Tensor, own, change au.Vector) (Output, error) {
	s := g.info.Size
	o := Output{Size: s, Warp: make([]float32, s*s*2), Shade: make([]float32, s*s*3), Mask: make([]float32, s*s), Colour: make([]float32, s*s*3)}
	out := map[string][]float32{"mask": o.Mask, "colour": o.Colour}
	if g.warps {
		out["warp"] = o.Warp
	}
	if g.shades {
		out["shade"] = o.Shade
	}
	in := map[string][]float32{"photo": photo.Data, "change": change[:]}
	if g.own {
		in["own"] = own[:]
	}
	if g.target {
		for i := range own {
			own[i] += change[i]
		}
		own = own.Clamp(0, au.Max)
		in = map[string][]float32{"photo": photo.Data, "target": own[:]}
	}
	err := run(ctx, g.program, in, out)
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
