// Package device defines what a processor must offer to run plans. Its
// implementations live below it: ref defines every operation, cpu is fast.
package device

import (
	"context"

	"mien/shared/plan"
)

// Device compiles plans for one processor.
type Device interface {
	// Name says what runs, with the kernel variant: "cpu avx512", "ref".
	Name() string
	// Compile checks p, allocates all its memory and returns it ready to run.
	Compile(p *plan.Plan) (Program, error)
}

// Program is a compiled plan with its states. It is used by one goroutine at
// a time.
type Program interface {
	// Write copies data into the input or state called name; the sizes must
	// agree.
	Write(name string, data []float32) error
	// Read copies the state or output called name to dst; the sizes must agree.
	Read(name string, dst []float32) error
	// Run executes every step once. A cancelled context stops it between two
	// steps; states are then undefined.
	Run(ctx context.Context) error
	// Bytes is the memory that the program holds.
	Bytes() int64
	// Close releases it.
	Close() error
}
