// Package kernel computes convolutions and matrix products in float32 on all
// cores: a register tile, in assembly where there is some, that reads its left
// operand where it lies.
//
// Work is split over outputs only, and every sum runs in one fixed order, so
// the results have the same bits for any GOMAXPROCS.
package kernel

import "fmt"

// tile sums products for mr rows i and nr columns j:
//
//	s := sum over p < k of rows[i][terms[p]] * b[p*stride+j]
//	outs[i][j] = s, or += s where add is 1
//
// terms and stride count floats; k is at least 1. Tables instead of strides
// let one kernel serve a convolution, both its gradients and a matrix product
// without copying patches first.
type tile func(k int, terms *int32, rows **float32, b *float32, stride int, outs **float32, add int)

// sweep does what a tile does for any number of rows, where a call costs much:
// element (i, p) of the left operand lies at a[rows[i]+terms[p]], row i of the
// result at c[outs[i]:]. Only the first cols columns are written.
type sweep func(rows, outs, terms []int32, a, b []float32, stride int, c []float32, cols, add int)

// variant is a set of register tiles of mr rows: of nr columns, and of every
// smaller multiple of unit, for what is left at the right. Where sweep is set, it
// does the work of all.
type variant struct {
	name         string
	mr, nr, unit int
	tiles        []tile // of unit, 2*unit ... columns
	sweep        sweep
	lanes        []lanes     // for windows, the widest first; none where those are in Go
	turn         turner      // nil where that is in Go
	three, two   *transforms // of Winograd's convolutions; nil where those are direct
	peak         func(n int) // multiply-adds between registers, nil where nobody wrote them
	perPeak      int         // operations of one of the n, two a multiply-add
}

// Bounds over all variants.
const (
	maxMR = 8
	maxNR = 32
)

var current = available()[0]

// Variant names the tile in use: "avx512", "avx2", "simd128-fma", "simd128" or
// "go".
func Variant() string { return current.name }

// Variants lists what this machine can run, the fastest first.
func Variants() []string {
	var names []string
	for _, v := range available() {
		names = append(names, v.name)
	}
	return names
}

// SetVariant chooses a tile by name, for tests and comparisons; it must not
// run beside kernels, and serves those prepared afterwards.
func SetVariant(name string) error {
	for _, v := range available() {
		if v.name == name {
			current = v
			return nil
		}
	}
	return fmt.Errorf("kernel variant %q: this machine has %v", name, Variants())
}

// Peak does multiply-adds between registers alone on this goroutine, with the
// vectors of the tile in use: what no kernel can be faster than. It returns how
// many operations they were, two a multiply-add, after some milliseconds; 0 where
// the tile is in Go.
func Peak() int64 {
	if current.peak == nil {
		return 0
	}
	const calls, rounds = 100, 10_000 // short calls: assembly cannot be interrupted
	for range calls {
		current.peak(rounds)
	}
	return calls * rounds * int64(current.perPeak)
}
