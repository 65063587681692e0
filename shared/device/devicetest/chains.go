package devicetest

import (
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Chain returns a random plan of what devices may run as groups (plan.Group):
// convolutions, elementwise steps over pictures and over values that are
// repeated to them, sums over pixels, in any order and with any reader, some of
// them outputs. Every result stays small, and no step jumps where roundings
// decide.
func Chain(seed uint64) (*plan.Plan, map[string][]float32) {
	r := tensor.NewRand(seed, 2, 0, 0)
	b := newBuilder()
	n := []int{1, 2, 3, 8}[r.Intn(4)]
	h, w, c := 1+r.Intn(5), 2+r.Intn(9), []int{1, 3, 7, 8, 33, 64, 130}[r.Intn(7)]
	kernel := 3
	if c > 8 { // the reference takes its time
		n, kernel = min(n, 3), 1
	}
	if r.Intn(4) == 0 { // several shards
		n, h, w, c, kernel = min(n, 2), 80, 37, 7, 1
	}
	full := tensor.Shape{n, h, w, c}
	repeated := []tensor.Shape{{n, 1, 1, c}, {n, 1, 1, 1}, {1, 1, 1, c}, {1, 1, 1, 1}, {n, h, w, 1}, {1, h, w, c}, {1, h, w, 1}}
	x := b.value(plan.Input, "x", full...)
	weights := b.value(plan.State, "w", kernel, kernel, c, c)
	for i := range b.values["w"] {
		b.values["w"][i] *= .2
	}
	taps := b.value(plan.State, "taps", kernel, kernel, c, 1)
	wholes, parts := []int{x}, []int{} // values to choose from
	for i, s := range repeated {
		parts = append(parts, b.value(plan.Input, string(rune('a'+i)), s...))
	}
	whole := func() int { return wholes[max(0, len(wholes)-1-r.Intn(5))] }
	any := func() int {
		if r.Intn(2) == 0 {
			return whole()
		}
		return parts[max(0, len(parts)-1-r.Intn(9))]
	}
	keep := func(v int) {
		if b.plan.Values[v].Shape.Equal(full) {
			wholes = append(wholes, v)
		} else {
			parts = append(parts, v)
		}
		if r.Intn(6) == 0 {
			b.output(string(rune('a'+len(b.plan.Outputs)%26))+string(rune('a'+len(b.plan.Outputs)/26)), v)
		}
	}
	small := func(v int) int { return b.step(plan.Tanh, nil, nil, v) }
	for range 10 + r.Intn(40) {
		switch r.Intn(17) {
		case 15: // with its bias, which others may read too, and a rectifier
			y := b.step(plan.Depthwise, []int{1, kernel / 2}, nil, whole(), taps)
			if r.Intn(3) == 0 {
				keep(small(y))
			}
			z := b.step(plan.Add, nil, nil, y, parts[2])
			if r.Intn(2) == 0 {
				keep(small(z))
			}
			keep(small(b.step(plan.PRelu, nil, nil, z, parts[r.Intn(4)])))
		case 16:
			keep(b.step(plan.PRelu, nil, nil, whole(), any()))
		case 14: // a convolution read again after what it shares its memory with
			y := b.step(plan.Conv, []int{1, kernel / 2}, nil, whole(), weights)
			a := b.step(plan.LeakyRelu, nil, []float64{.2}, y)
			keep(small(b.step(plan.Add, nil, nil, small(y), a)))
			keep(small(a))
			b.output(string(rune('A'+len(b.plan.Outputs)%26))+string(rune('a'+len(b.plan.Outputs)/26)), a)
		case 0, 1:
			keep(small(b.step(plan.Conv, []int{1, kernel / 2}, nil, whole(), weights)))
		case 2:
			keep(small(b.step(plan.ConvInput, []int{1, kernel / 2, h, w}, nil, whole(), weights)))
		case 3:
			keep(b.step(plan.Add, nil, nil, b.step(plan.Conv, []int{1, kernel / 2}, nil, whole(), weights), parts[2]))
			wholes = append(wholes, small(wholes[len(wholes)-1]))
		case 4, 5: // a mean over pixels, of each picture or of all
			shape, v := repeated[r.Intn(4)], whole()
			mean := b.step(plan.SumTo, shape, nil, v)
			keep(b.step(plan.Affine, nil, []float64{float64(shape.Numel()) / float64(full.Numel()), .1}, mean))
		case 6: // an instance norm
			shape, v := repeated[0], whole()
			scale := []float64{1 / float64(h*w), 0}
			d := b.step(plan.Sub, nil, nil, v, b.step(plan.Affine, nil, scale, b.step(plan.SumTo, shape, nil, v)))
			variance := b.step(plan.Affine, nil, scale, b.step(plan.SumTo, shape, nil, b.step(plan.Mul, nil, nil, d, d)))
			keep(small(b.step(plan.Div, nil, nil, d, b.step(plan.Sqrt, nil, nil, b.step(plan.Affine, nil, []float64{1, .1}, variance)))))
		case 7:
			keep(b.step(plan.LeakyRelu, nil, []float64{.2}, any()))
		case 8: // both readers of a rectifier
			z := whole()
			a := b.step(plan.LeakyRelu, nil, []float64{.2}, z)
			keep(a)
			keep(b.step(plan.Gate, nil, []float64{.2}, x, a))
		case 9:
			keep(b.step(plan.Spread, full, nil, any()))
		case 10:
			keep(b.step(plan.Div, nil, nil, any(), b.step(plan.Affine, nil, []float64{1, .5}, b.step(plan.Sigmoid, nil, nil, whole()))))
			wholes = append(wholes, small(wholes[len(wholes)-1]))
		case 11:
			keep(small(b.step(plan.Sub, nil, nil, whole(), any())))
		case 12:
			keep(small(b.step(plan.Mul, nil, nil, any(), whole())))
		default:
			keep(small(b.step(plan.Add, nil, nil, any(), any())))
		}
	}
	b.output("last", whole())
	return &b.plan, b.values
}
