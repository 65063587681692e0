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
		b.Run(fmt.Sprint(c), func(b *testing.B) {
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
		})
	}
}
