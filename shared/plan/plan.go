// Package plan is the program format of Mien: a flat list of steps over typed
// values, what a graph is lowered to and what every device runs.
//
// A plan is pure data. It comes from outside (a model file brings its own), so
// Validate accepts only what every device can run without a further check.
package plan

import (
	"fmt"

	"mien/shared/tensor"
)

// Version is the format's version; Decode refuses others.
const Version = 1

// Role says where a value's contents come from.
type Role string

// The roles of values.
const (
	Input Role = "input" // written by the host before a run
	State Role = "state" // persistent: written by the host once, then by steps
	Const Role = "const" // Data, never written
	Temp  Role = "temp"  // written by exactly one step of the same run
)

// Value is one tensor of a plan.
type Value struct {
	Name  string       `json:"name,omitempty"` // unique among inputs, states and constants; empty for temporaries
	Role  Role         `json:"role"`
	Shape tensor.Shape `json:"shape"`
	Data  []float32    `json:"-"` // constants only; in files they are tensors
}

// Step is one operation. Ints and Floats are its attributes in the order that
// the kind's comment gives; In and Out index Plan.Values.
type Step struct {
	Kind   Kind      `json:"kind"`
	In     []int     `json:"in"`
	Out    []int     `json:"out"`
	Ints   []int     `json:"ints,omitempty"`
	Floats []float64 `json:"floats,omitempty"`
}

// Output names a value that the host may read after a run.
type Output struct {
	Name  string `json:"name"`
	Value int    `json:"value"`
}

// Plan is a program: its values, its steps in order of execution, its outputs.
type Plan struct {
	Version int      `json:"version"`
	Values  []Value  `json:"values"`
	Steps   []Step   `json:"steps"`
	Outputs []Output `json:"outputs"`
}

// Find returns the index of the input, state or constant called name, or -1.
func (p *Plan) Find(name string) int {
	for i, v := range p.Values {
		if v.Role != Temp && v.Name == name {
			return i
		}
	}
	return -1
}

// Output returns the value index of the output called name, or -1.
func (p *Plan) Output(name string) int {
	for _, o := range p.Outputs {
		if o.Name == name {
			return o.Value
		}
	}
	return -1
}

// Named returns the indices of the values of the given role, in order.
func (p *Plan) Named(role Role) []int {
	var is []int
	for i, v := range p.Values {
		if v.Role == role {
			is = append(is, i)
		}
	}
	return is
}

// inShapes gathers the shapes of a step's inputs.
func (p *Plan) inShapes(s Step) []tensor.Shape {
	shapes := make([]tensor.Shape, len(s.In))
	for i, v := range s.In {
		shapes[i] = p.Values[v].Shape
	}
	return shapes
}

// String describes a step as "conv(3, 7) -> 8".
func (s Step) String() string { return fmt.Sprintf("%s%v -> %v", s.Kind, s.In, s.Out) }
