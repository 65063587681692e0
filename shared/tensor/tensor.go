// Package tensor holds dense float32 tensors, their shapes, and seeded random
// streams. Images are N H W C everywhere, values in row-major order.
package tensor

import (
	"fmt"
	"strings"
)

// Shape lists the extent of each dimension, outermost first.
type Shape []int

// Numel returns the number of elements; 1 for the empty shape.
func (s Shape) Numel() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Equal reports whether both shapes have the same dimensions.
func (s Shape) Equal(t Shape) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range s {
		if s[i] != t[i] {
			return false
		}
	}
	return true
}

// Clone returns a copy that shares nothing with s.
func (s Shape) Clone() Shape { return append(Shape(nil), s...) }

// String prints the shape as "[4 3 7 7]".
func (s Shape) String() string {
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = fmt.Sprint(d)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// Tensor is a dense array. Data has Shape.Numel() elements and belongs to the
// tensor.
type Tensor struct {
	Shape Shape
	Data  []float32
}

// New returns a tensor of zeros.
func New(shape ...int) *Tensor {
	s := Shape(shape).Clone()
	return &Tensor{Shape: s, Data: Floats(s.Numel())}
}

// Of wraps data, which it keeps; it panics when the sizes disagree.
func Of(data []float32, shape ...int) *Tensor {
	s := Shape(shape).Clone()
	if s.Numel() != len(data) {
		panic(fmt.Sprintf("tensor: %d values for shape %v", len(data), s))
	}
	return &Tensor{Shape: s, Data: data}
}

// Clone returns a copy that shares nothing with t.
func (t *Tensor) Clone() *Tensor {
	return &Tensor{Shape: t.Shape.Clone(), Data: append([]float32(nil), t.Data...)}
}
