//go:build !js

package cpu

import (
	"runtime"

	"mien/shared/plan"
)

// Threads is how many threads share the work of a step.
func Threads() int { return runtime.GOMAXPROCS(0) }

// resampleSIMD is for WebAssembly; here it returns nil.
func resampleSIMD(*operands, [][]tap, [][]tap) func() { return nil }

// padSIMD is for WebAssembly; here it returns nil.
func padSIMD(*operands, int, int, int, int) func() { return nil }

// fuseSIMD is for WebAssembly; here it returns nil.
func (c *program) fuseSIMD(plan.Group) func() { return nil }
