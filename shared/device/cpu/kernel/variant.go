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
// result at c[outs[i]:]. Only the first cols columns are written. dense says
// that each four terms follow each other.
type sweep func(rows, outs, terms []int32, a, b []float32, stride int, c []float32, cols, add int, dense bool)

// variant is a pair of register tiles of mr rows: one of nr columns and one of
// fewer for what is left at the right. Where sweep is set, it does the work of
// both.
type variant struct {
	name             string
	mr, nr, narrowNR int
	wide, narrow     tile
	sweep            sweep
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
