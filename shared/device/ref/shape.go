package ref

import "mien/shared/tensor"

func sumTo(_ []int, _ []float64, in, out []Array) {
	for i, x := range in[0].Data {
		out[0].Data[project(i, in[0].Shape, out[0].Shape)] += x
	}
}

func spread(_ []int, _ []float64, in, out []Array) {
	for i := range out[0].Data {
		out[0].Data[i] = in[0].Data[project(i, out[0].Shape, in[0].Shape)]
	}
}

func reshape(_ []int, _ []float64, in, out []Array) { copy(out[0].Data, in[0].Data) }

// place calls f for every element of an array of shape small with its index
// there and in an array of shape large, where it lies shifted by start along
// axis.
func place(small, large tensor.Shape, axis, start int, f func(small, large int)) {
	at := make([]int, len(small))
	for i := range small.Numel() {
		j := 0
		for d := range large {
			j *= large[d]
			if j += at[d]; d == axis {
				j += start
			}
		}
		f(i, j)
		for d := len(at) - 1; d >= 0; d-- {
			if at[d]++; at[d] < small[d] {
				break
			}
			at[d] = 0
		}
	}
}

func concat(ints []int, _ []float64, in, out []Array) {
	start := 0
	for _, x := range in {
		place(x.Shape, out[0].Shape, ints[0], start, func(i, j int) { out[0].Data[j] = x.Data[i] })
		start += x.Shape[ints[0]]
	}
}

func slice(ints []int, _ []float64, in, out []Array) {
	place(out[0].Shape, in[0].Shape, ints[0], ints[1], func(i, j int) { out[0].Data[i] = in[0].Data[j] })
}

func pad(ints []int, _ []float64, in, out []Array) {
	place(in[0].Shape, out[0].Shape, ints[0], ints[1], func(i, j int) { out[0].Data[j] = in[0].Data[i] })
}
