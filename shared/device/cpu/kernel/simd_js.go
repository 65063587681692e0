package kernel

import "unsafe"

// simdLevel is what the page has lent: 0 nothing, 1 vectors, 2 vectors with
// fused multiply-add. See web/kernel.js.
//
//go:wasmimport mien level
func simdLevel() int32

// simdBlock is block in wasm/kernel/src/kernel.c.
//
//go:wasmimport mien block
//go:noescape
func simdBlock(n int32, rows, outs unsafe.Pointer, k int32, terms, a, b unsafe.Pointer, stride int32, c unsafe.Pointer, cols, add, dense int32)

func available() []variant {
	level := simdLevel()
	if level == 0 {
		return []variant{plain}
	}
	name := "simd128"
	if level == 2 {
		name = "simd128-fma"
	}
	return []variant{{name: name, mr: 4, nr: 8, unit: 8, sweep: sweepSIMD}, plain}
}

func sweepSIMD(rows, outs, terms []int32, a, b []float32, stride int, c []float32, cols, add int, dense bool) {
	four := int32(0)
	if dense {
		four = 1
	}
	simdBlock(int32(len(rows)), first(rows), first(outs), int32(len(terms)), first(terms),
		first(a), first(b), int32(stride), first(c), int32(cols), int32(add), four)
}

func first[T any](x []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }
