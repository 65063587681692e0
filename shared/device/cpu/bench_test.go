package cpu

import (
	"context"
	"fmt"
	"testing"

	"mien/shared/device/devicetest"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// BenchmarkSteps measures operations of a training step's sizes; the rate
// counts the operands read and the result written once.
func BenchmarkSteps(b *testing.B) {
	image := tensor.Shape{8, 64, 64, 32}
	for _, c := range []devicetest.Case{
		{Kind: plan.Add, In: []tensor.Shape{image, image}},
		{Kind: plan.Add, In: []tensor.Shape{image, {1, 1, 1, 32}}},
		{Kind: plan.Mul, In: []tensor.Shape{image, {8, 1, 1, 32}}},
		{Kind: plan.Mul, In: []tensor.Shape{image, {8, 64, 64, 1}}},
		{Kind: plan.Add, In: []tensor.Shape{{8, 128, 128, 3}, {1, 1, 1, 3}}},
		{Kind: plan.Mul, In: []tensor.Shape{{8, 128, 128, 3}, {8, 128, 128, 1}}},
		{Kind: plan.PRelu, In: []tensor.Shape{{8, 64, 64, 32}, {1, 1, 1, 32}}},
		{Kind: plan.MaxPool, In: []tensor.Shape{image}, Ints: []int{2, 2}},
		{Kind: plan.Affine, In: []tensor.Shape{image}, Floats: []float64{2, 1}},
		{Kind: plan.LeakyRelu, In: []tensor.Shape{image}, Floats: []float64{.2}},
		{Kind: plan.Gate, In: []tensor.Shape{image, image}, Floats: []float64{.2}},
		{Kind: plan.Tanh, In: []tensor.Shape{image}},
		{Kind: plan.Sigmoid, In: []tensor.Shape{image}},
		{Kind: plan.Softplus, In: []tensor.Shape{image}},
		{Kind: plan.Sqrt, In: []tensor.Shape{image}},
		{Kind: plan.Abs, In: []tensor.Shape{image}},
		{Kind: plan.Sign, In: []tensor.Shape{image}},
		{Kind: plan.SumTo, In: []tensor.Shape{image}, Ints: []int{1, 1, 1, 1}},
		{Kind: plan.SumTo, In: []tensor.Shape{image}, Ints: []int{1, 1, 1, 32}},
		{Kind: plan.SumTo, In: []tensor.Shape{image}, Ints: []int{8, 1, 1, 32}},
		{Kind: plan.SumTo, In: []tensor.Shape{image}, Ints: []int{8, 64, 64, 1}},
		{Kind: plan.Spread, In: []tensor.Shape{{8, 1, 1, 32}}, Ints: image},
		{Kind: plan.Concat, In: []tensor.Shape{image, image}, Ints: []int{3}},
		{Kind: plan.Concat, In: []tensor.Shape{{8, 128, 128, 3}, {8, 128, 128, 17}}, Ints: []int{3}},
		{Kind: plan.Slice, In: []tensor.Shape{image}, Ints: []int{3, 0, 16}},
		{Kind: plan.Unshuffle, In: []tensor.Shape{{8, 128, 128, 3}}, Ints: []int{4}},
		{Kind: plan.Nearest, In: []tensor.Shape{{8, 32, 32, 32}}, Ints: []int{2}},
		{Kind: plan.SumPool, In: []tensor.Shape{image}, Ints: []int{2}},
		{Kind: plan.Resize, In: []tensor.Shape{{8, 64, 64, 6}}, Ints: []int{128, 128}},
		{Kind: plan.ResizeInput, In: []tensor.Shape{{8, 128, 128, 6}}, Ints: []int{64, 64}},
		{Kind: plan.Warp, In: []tensor.Shape{{8, 128, 128, 3}, {8, 128, 128, 2}}, From: [2]float32{-.1, .1}},
		{Kind: plan.WarpInput, In: []tensor.Shape{{8, 128, 128, 3}, {8, 128, 128, 2}}, Ints: []int{128, 128}, From: [2]float32{-.1, .1}},
		{Kind: plan.WarpFlow, In: []tensor.Shape{{8, 128, 128, 3}, {8, 128, 128, 2}, {8, 128, 128, 3}}, From: [2]float32{-.1, .1}},
		{Kind: plan.Finite, In: []tensor.Shape{image}},
		{Kind: plan.Adam, In: []tensor.Shape{{1 << 20}, {4}, {1}, {1 << 20}, {1 << 20}, {1 << 20}}, Floats: []float64{.5, .99, 1e-8}, From: [2]float32{.1, 1}},
		{Kind: plan.Blend, In: []tensor.Shape{{1 << 20}, {1 << 20}, {1}, {1}}, From: [2]float32{.1, 1}},
	} {
		p, values, err := c.Plan(1)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(c), func(b *testing.B) { measure(b, p, values) })
	}
}

// BenchmarkWindows measures the layers of networks that find faces: depthwise
// convolutions and those of 1x1. The rate of the first is that of memory, as in
// BenchmarkSteps; both tell GFLOP/s.
func BenchmarkWindows(b *testing.B) {
	var cases []devicetest.Case
	for _, s := range [][2]int{{96, 16}, {48, 32}, {24, 64}, {12, 128}, {6, 128}, {3, 128}, {64, 24}, {32, 28}, {16, 88}} {
		x := tensor.Shape{1, s[0], s[0], s[1]}
		for _, k := range []int{3, 5} {
			for _, stride := range []int{1, 2} {
				cases = append(cases, devicetest.Case{Kind: plan.Depthwise, In: []tensor.Shape{x, {k, k, s[1], 1}}, Ints: []int{stride, k / 2}})
			}
		}
		cases = append(cases, devicetest.Case{Kind: plan.Conv, In: []tensor.Shape{x, {1, 1, s[1], s[1]}}, Ints: []int{1, 0}})
	}
	for _, c := range cases {
		p, values, err := c.Plan(1)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(c), func(b *testing.B) { measure(b, p, values) })
	}
}

// BenchmarkBlaze measures a whole network of the shapes of MediaPipe's face mesh,
// and one of its detector's.
func BenchmarkBlaze(b *testing.B) {
	for _, c := range []struct {
		name                              string
		side, width, most, stages, kernel int
	}{{"mesh", 192, 16, 128, 6, 3}, {"detector", 128, 24, 96, 4, 3}} {
		p, values := devicetest.Blaze(1, c.side, c.width, c.most, c.stages, c.kernel)
		b.Run(c.name, func(b *testing.B) { measure(b, p, values) })
	}
}

// measure runs a plan and tells bytes and operations.
func measure(b *testing.B, p *plan.Plan, values map[string][]float32) {
	program, err := New().Compile(p)
	if err != nil {
		b.Fatal(err)
	}
	for name, x := range values {
		if err := program.Write(name, x); err != nil {
			b.Fatal(err)
		}
	}
	bytes := 0
	for _, v := range p.Values {
		bytes += 4 * v.Shape.Numel()
	}
	b.SetBytes(int64(bytes))
	for b.Loop() {
		if err := program.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(p.FLOPs())*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
