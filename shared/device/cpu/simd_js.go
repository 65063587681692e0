package cpu

import (
	"runtime"

	"mien/shared/device/cpu/kernel"
	"mien/shared/device/cpu/simd"
)

// vectors reports whether the page has lent its kernels and they are in use.
func vectors() bool { return simd.Level() > 0 && kernel.Variant() != "go" }

// Threads is how many threads share the work of a step.
func Threads() int { return simd.Threads() }

// resampleSIMD is resample in C for two taps at most, or nil.
func resampleSIMD(o *operands, rows, columns [][]tap) func() {
	if !vectors() {
		return nil
	}
	s, t := o.inShapes[0], o.outShapes[0]
	at, weights, ok := pairs(rows)
	across, crossWeights, ok2 := pairs(columns)
	if !ok || !ok2 {
		return nil
	}
	// The rows of all pictures.
	var allAt []int32
	var allWeights []float32
	for n := range s[0] {
		for i, a := range at {
			allAt, allWeights = append(allAt, a+int32(n*s[1])), append(allWeights, weights[i])
		}
	}
	y, x := o.out[0], o.in[0]
	j := &simd.Resample{
		Count: int32(t[0] * t[1]), W: int32(s[2]), OW: int32(t[2]), C: int32(t[3]),
		Rows: simd.At(allAt), Columns: simd.At(across), RowWeights: simd.At(allWeights), ColumnWeights: simd.At(crossWeights),
		X: simd.At(x), Y: simd.At(y),
	}
	return func() {
		j.Run()
		runtime.KeepAlive(allAt)
		runtime.KeepAlive(across)
		runtime.KeepAlive(allWeights)
		runtime.KeepAlive(crossWeights)
		runtime.KeepAlive(x)
		runtime.KeepAlive(y)
	}
}

// padSIMD copies rows of n floats behind at zeros each, up to width, in C, or returns
// nil.
func padSIMD(o *operands, rows, at, n, width int) func() {
	if !vectors() {
		return nil
	}
	y, x := o.out[0], o.in[0]
	j := &simd.Margin{
		Rows: int32(rows), Height: 1, H: 1, Left: int32(at), Inner: int32(n), Right: int32(width - at - n),
		X: simd.At(x), Y: simd.At(y),
	}
	return func() {
		j.Run()
		runtime.KeepAlive(x)
		runtime.KeepAlive(y)
	}
}

// pairs lays taps out two by two; false where a sample has none or more.
func pairs(taps [][]tap) (at []int32, weights []float32, ok bool) {
	for _, ts := range taps {
		if len(ts) == 0 || len(ts) > 2 {
			return nil, nil, false
		}
		first, last := ts[0], ts[len(ts)-1]
		if len(ts) == 1 {
			last.weight = 0
		}
		at, weights = append(at, int32(first.at), int32(last.at)), append(weights, first.weight, last.weight)
	}
	return at, weights, true
}
