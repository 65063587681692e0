package simd

import "unsafe"

// What the page lends: see web/kernel.js.

//go:wasmimport mien level
func level() int32

//go:wasmimport mien threads
func threads(want int32) int32

//go:wasmimport mien lent
func lent() int32

//go:wasmimport mien run
//go:noescape
func run(job unsafe.Pointer, parts int32)

//go:wasmimport mien block
//go:noescape
func block(n int32, rows, outs unsafe.Pointer, k int32, terms, a, b unsafe.Pointer, stride int32, c unsafe.Pointer, cols, add int32)

// Level is 0 where there are no vectors, 1 with them, 2 with fused multiply-add.
func Level() int { return int(level()) }

// Threads is how many threads share a job.
func Threads() int { return int(threads(0)) }

// SetThreads lets at most n threads share a job, and returns how many do: no
// more than the page has lent. For tests and comparisons.
func SetThreads(n int) int { return int(threads(int32(max(n, 1)))) }

// Block is block in wasm/kernel/src/product.c.
func Block(rows, outs, terms []int32, a, b []float32, stride int, c []float32, cols, add int) {
	block(int32(len(rows)), first(rows), first(outs), int32(len(terms)), first(terms),
		first(a), first(b), int32(stride), first(c), int32(cols), int32(add))
}

func first[T any](x []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

// Address is where a slice lies in memory, as C knows it; 0 is none.
type Address uint32

// held makes what has an address live in the heap, where nothing moves it.
var held unsafe.Pointer

// At returns the address of x. Whoever runs a job keeps x alive meanwhile.
func At[T any](x []T) Address {
	held = first(x)
	return Address(uintptr(held))
}
