package devicetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"mien/shared/device"
	"mien/shared/device/ref"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// builder makes plans by hand; the graph does it for real ones.
type builder struct {
	plan   plan.Plan
	values map[string][]float32
}

func newBuilder() *builder {
	return &builder{plan: plan.Plan{Version: plan.Version}, values: map[string][]float32{}}
}

func (b *builder) value(role plan.Role, name string, shape ...int) int {
	v := plan.Value{Name: name, Role: role, Shape: shape}
	i := len(b.plan.Values)
	data := random(99, uint64(i), v.Shape.Numel(), [2]float32{-.5, .5})
	switch role {
	case plan.Const:
		v.Data = data
	case plan.Input, plan.State:
		b.values[name] = data
	}
	b.plan.Values = append(b.plan.Values, v)
	return i
}

// step adds one step and returns its first output; a wrong one panics.
func (b *builder) step(k plan.Kind, ints []int, floats []float64, in ...int) int {
	s := plan.Step{Kind: k, In: in, Ints: ints, Floats: floats}
	var shapes []tensor.Shape
	for _, v := range in {
		shapes = append(shapes, b.plan.Values[v].Shape)
	}
	out, err := plan.OutShapes(k, ints, floats, shapes)
	if err != nil {
		panic(err)
	}
	for i, shape := range out {
		if w := k.Writes(); w != nil {
			s.Out = append(s.Out, in[w[i]])
		} else {
			s.Out = append(s.Out, b.value(plan.Temp, "", shape...))
		}
	}
	b.plan.Steps = append(b.plan.Steps, s)
	return s.Out[0]
}

func (b *builder) output(name string, v int) {
	b.plan.Outputs = append(b.plan.Outputs, plan.Output{Name: name, Value: v})
}

// Net returns a training step of a small network, with the contents of its
// inputs and states: two convolutions of stride 1 and 2 with biases and
// rectifiers, a squared loss, gradients by hand, Adam for both weights, and a
// running average of the first. The batch n and side are the caller's.
func Net(n, side int) (*plan.Plan, map[string][]float32) {
	b := newBuilder()
	x := b.value(plan.Input, "x", n, side, side, 3)
	target := b.value(plan.Const, "target", 1, 1, 1, 5)
	hyper := b.value(plan.Input, "hyper", 4)
	decay := b.value(plan.Input, "decay", 1)
	b.values["hyper"] = []float32{.01, .5, .01, .001}
	b.values["decay"] = []float32{.9}
	w1 := b.value(plan.State, "w1", 3, 3, 3, 9)
	bias := b.value(plan.Const, "bias", 1, 1, 1, 9)
	w2 := b.value(plan.State, "w2", 4, 4, 9, 5)
	moments := [4]int{}
	for i, name := range []string{"m1", "v1", "m2", "v2"} {
		moments[i] = b.value(plan.State, name, b.plan.Values[[]int{w1, w1, w2, w2}[i]].Shape...)
		clear(b.values[name])
	}
	average := b.value(plan.State, "average", 3, 3, 3, 9)

	z := b.step(plan.Conv, []int{1, 1}, nil, x, w1)
	z = b.step(plan.Add, nil, nil, z, bias)
	h := b.step(plan.LeakyRelu, nil, []float64{.2}, z)
	y := b.step(plan.Conv, []int{2, 1}, nil, h, w2)
	e := b.step(plan.Sub, nil, nil, y, target)
	shape := b.plan.Values[e].Shape
	flat := b.step(plan.Reshape, []int{n, shape.Numel() / n}, nil, e) // shares e's memory
	square := b.step(plan.Mul, nil, nil, flat, flat)
	loss := b.step(plan.SumTo, []int{1, 1}, nil, square)
	scale := 1 / float64(shape.Numel())
	loss = b.step(plan.Affine, nil, []float64{scale, 0}, loss)
	loss = b.step(plan.Reshape, []int{1}, nil, loss)
	dy := b.step(plan.Affine, nil, []float64{2 * scale, 0}, e)
	dw2 := b.step(plan.ConvWeight, []int{2, 1, 4, 4}, nil, h, dy)
	dh := b.step(plan.ConvInput, []int{2, 1, side, side}, nil, dy, w2)
	dz := b.step(plan.Gate, nil, []float64{.2}, z, dh)
	dw1 := b.step(plan.ConvWeight, []int{1, 1, 3, 3}, nil, x, dz)
	ok := b.step(plan.Finite, nil, nil, dw1, dw2)
	rates := []float64{.9, .99, 1e-4}
	b.step(plan.Adam, nil, rates, dw1, hyper, ok, w1, moments[0], moments[1])
	b.step(plan.Adam, nil, rates, dw2, hyper, ok, w2, moments[2], moments[3])
	b.step(plan.Blend, nil, nil, average, w1, decay, ok)
	b.output("loss", loss)
	b.output("early", h) // must outlive all later temporaries
	b.output("error", flat)
	b.output("ok", ok)
	b.output("input", x)
	return &b.plan, b.values
}

func runPlans(t *testing.T, d device.Device) {
	for _, c := range [][2]int{{1, 8}, {3, 14}} {
		p, values := Net(c[0], c[1])
		got, err := start(d, p, values)
		if err != nil {
			t.Fatal(err)
		}
		want, err := start(ref.New(), p, values)
		if err != nil {
			t.Fatal(err)
		}
		for run := range 3 {
			for _, program := range []device.Program{want, got} {
				if err := program.Run(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			if err := same(p, got, want); err != nil {
				t.Errorf("net of batch %d, run %d: %v", c[0], run, err)
			}
		}
		// Infinite input: the flag drops and no state moves.
		before := make([]float32, len(values["w1"]))
		after := make([]float32, len(before))
		bad := append([]float32(nil), values["x"]...)
		bad[7] = float32(math.Inf(1))
		if err := errors.Join(got.Read("w1", before), got.Write("x", bad), got.Run(context.Background()), got.Read("w1", after)); err != nil {
			t.Fatal(err)
		}
		for i := range before {
			if before[i] != after[i] {
				t.Errorf("w1 moved after a gradient that is not finite")
				break
			}
		}
		if err := errors.Join(got.Close(), want.Close()); err != nil {
			t.Error(err)
		}
	}
}

func runBlaze(t *testing.T, d device.Device) {
	for _, c := range [][6]int{{1, 16, 16, 32, 3, 3}, {2, 12, 24, 40, 2, 5}, {1, 16, 7, 11, 3, 3}} {
		p, values := Blaze(c[0], c[1], c[2], c[3], c[4], c[5])
		got, err := start(d, p, values)
		if err != nil {
			t.Fatal(err)
		}
		want, err := start(ref.New(), p, values)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second run meets memory that the first one filled
			for _, program := range []device.Program{want, got} {
				if err := program.Run(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			if err := same(p, got, want); err != nil {
				t.Errorf("blaze %v: %v", c, err)
			}
		}
		if err := errors.Join(got.Close(), want.Close()); err != nil {
			t.Error(err)
		}
	}
}

// chains is how many random plans a device is tested with.
const chains = 40

func runChains(t *testing.T, d device.Device, n int) {
	for seed := range uint64(n) {
		p, values := Chain(seed)
		got, err := start(d, p, values)
		if err != nil {
			t.Fatalf("chain %d: %v", seed, err)
		}
		want, err := start(ref.New(), p, values)
		if err != nil {
			t.Fatal(err)
		}
		if err := want.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second run meets memory that the first one filled
			if err := got.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := same(p, got, want); err != nil {
				t.Errorf("chain %d: %v", seed, err)
				break
			}
		}
		if err := errors.Join(got.Close(), want.Close()); err != nil {
			t.Error(err)
		}
	}
}

// same compares all outputs and states of two programs of p. Adam divides by
// the root of small second moments, which makes roundings larger.
func same(p *plan.Plan, got, want device.Program) error {
	const tolerance = 1e-4
	check := func(name string, n int) error {
		x := make([]float32, n)
		if err := want.Read(name, x); err != nil {
			return err
		}
		return compare(got, name, widen(x), tolerance)
	}
	for _, o := range p.Outputs {
		if err := check(o.Name, p.Values[o.Value].Shape.Numel()); err != nil {
			return err
		}
	}
	for _, i := range p.Named(plan.State) {
		if err := check(p.Values[i].Name, p.Values[i].Shape.Numel()); err != nil {
			return err
		}
	}
	return nil
}

// runGuards checks what a program must refuse.
func runGuards(t *testing.T, d device.Device) {
	p, values := Net(1, 8)
	program, err := start(d, p, values)
	if err != nil {
		t.Fatal(err)
	}
	if program.Bytes() < 1 {
		t.Errorf("%d bytes", program.Bytes())
	}
	if d.Name() == "" {
		t.Error("the device has no name")
	}
	n := len(values["x"])
	for what, err := range map[string]error{
		"write to an unknown name": program.Write("nobody", nil),
		"write to a constant":      program.Write("bias", make([]float32, 9)),
		"short write":              program.Write("x", make([]float32, n-1)),
		"long write":               program.Write("x", make([]float32, n+1)),
		"read of an unknown name":  program.Read("nobody", nil),
		"read of a constant":       program.Read("bias", make([]float32, 9)),
		"read of a plain input":    program.Read("hyper", make([]float32, 4)),
		"short read":               program.Read("loss", nil),
		"long read":                program.Read("loss", make([]float32, 2)),
	} {
		if err == nil {
			t.Errorf("%s was not refused", what)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := program.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("run with a cancelled context: %v", err)
	}
	// Flows of any value must stay inside the image.
	for _, k := range []plan.Kind{plan.Warp, plan.WarpInput, plan.WarpFlow} {
		if err := wildFlow(d, k); err != nil {
			t.Errorf("%s with a wild flow: %v", k, err)
		}
	}
	if err := program.Close(); err != nil {
		t.Error(err)
	}
	bad := *p
	bad.Version++
	if _, err := d.Compile(&bad); err == nil {
		t.Error("a plan of another version was not refused")
	}
}

// wildFlow runs a warp with flows that are huge, infinite or not numbers; it
// is enough that it neither crashes nor reads elsewhere: a warped image of
// ones is ones.
func wildFlow(d device.Device, k plan.Kind) error {
	b := newBuilder()
	ones := b.value(plan.Input, "ones", 1, 8, 9, 3)
	flow := b.value(plan.Input, "flow", 1, 8, 9, 2)
	fill(b.values["ones"], 1)
	inf := float32(math.Inf(1))
	wild := []float32{3e38, -3e38, inf, -inf, 0, 1e9, inf - inf}
	for i := range b.values["flow"] {
		b.values["flow"][i] = wild[i%len(wild)]
	}
	var y int
	switch k {
	case plan.Warp:
		y = b.step(k, nil, nil, ones, flow)
	case plan.WarpInput:
		y = b.step(k, []int{8, 9}, nil, ones, flow)
	default:
		y = b.step(k, nil, nil, ones, flow, ones)
	}
	b.output("y", y)
	program, err := start(d, &b.plan, b.values)
	if err != nil {
		return err
	}
	defer program.Close()
	if err := program.Run(context.Background()); err != nil {
		return err
	}
	got := make([]float32, b.plan.Values[y].Shape.Numel())
	if err := program.Read("y", got); err != nil || k != plan.Warp {
		return err
	}
	for i, v := range got {
		if v < 1-1e-6 || v > 1+1e-6 {
			return fmt.Errorf("element %d is %g, want 1", i, v)
		}
	}
	return nil
}

func fill(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}
