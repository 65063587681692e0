// Package kernel computes convolutions and matrix products in float32 on all
// cores: packed panels and a register tile, in assembly where there is some.
//
// Work is split over outputs only, and every sum runs in one fixed order, so
// the results have the same bits for any GOMAXPROCS.
package kernel

import "fmt"

// variant is a register tile: c [mr nr] += a [k mr]^T * b [k nr] in packed
// panels, c in rows of stride floats.
type variant struct {
	name   string
	mr, nr int
	tile   func(k int, a, b, c *float32, stride int)
}

var current = available()[0]

// Variant names the tile in use: "avx512", "avx2" or "go".
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
// run beside kernels.
func SetVariant(name string) error {
	for _, v := range available() {
		if v.name == name {
			current = v
			return nil
		}
	}
	return fmt.Errorf("kernel variant %q: this machine has %v", name, Variants())
}
