package devicetest

import (
	"fmt"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// Blaze returns a network like those that find and trace faces in MediaPipe, with
// the contents of its inputs and states: a convolution of stride 2 to width
// channels, then stages of two blocks each, every stage with half the pixels and
// up to twice the channels of the one before, at most most. A block is a
// depthwise convolution and one of 1x1, each with its bias, added to what came
// in, and a rectifier with a slope for each channel. Strides of 2 pad below and
// to the right alone, as TensorFlow does. The photos are [n side side 3].
func Blaze(n, side, width, most, stages, kernel int) (*plan.Plan, map[string][]float32) {
	b := newBuilder()
	weight := func(scale float32, shape ...int) int {
		name := fmt.Sprint("w", len(b.plan.Values))
		v := b.value(plan.State, name, shape...)
		for i := range b.values[name] {
			b.values[name][i] *= scale
		}
		return v
	}
	shape := func(v int) tensor.Shape { return b.plan.Values[v].Shape }
	biased := func(v int) int { return b.step(plan.Add, nil, nil, v, weight(1, 1, 1, 1, shape(v)[3])) }
	active := func(v int) int { return b.step(plan.PRelu, nil, nil, v, weight(1, 1, 1, 1, shape(v)[3])) }
	halved := func(v int) int { // what a window of stride 2 reads
		for axis := 1; axis <= 2; axis++ {
			v = b.step(plan.Pad, []int{axis, (kernel - 2) / 2, (kernel - 1) / 2}, nil, v)
		}
		return v
	}
	pointwise := func(v, channels int) int {
		c := shape(v)[3]
		return biased(b.step(plan.Conv, []int{1, 0}, nil, v, weight(2/float32(c), 1, 1, c, channels)))
	}
	deep := func(v, stride, pad int) int {
		return biased(b.step(plan.Depthwise, []int{stride, pad}, nil, v, weight(1, kernel, kernel, shape(v)[3], 1)))
	}
	x := b.value(plan.Input, "photo", n, side, side, 3)
	x = active(biased(b.step(plan.Conv, []int{2, 0}, nil, halved(x), weight(.3, kernel, kernel, 3, width))))
	for stage := range stages {
		if stage > 0 {
			channels := min(2*width, most)
			short := b.step(plan.MaxPool, []int{2, 2}, nil, x)
			if channels > width {
				short = b.step(plan.Pad, []int{3, 0, channels - width}, nil, short)
			}
			y := pointwise(deep(halved(x), 2, 0), channels)
			x, width = active(b.step(plan.Add, nil, nil, y, short)), channels
		}
		for range 2 {
			y := pointwise(deep(x, 1, kernel/2), width)
			x = active(b.step(plan.Add, nil, nil, y, x))
		}
	}
	b.output("features", x)
	return &b.plan, b.values
}
