package graph

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	gt "gorgonia.org/tensor"

	"mien/shared/device/ref"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// stop is the kind of a node that passes values on and gradients not; it
// lowers to nothing.
const stop plan.Kind = "stop"

// op is an operation of a plan as a gorgonia.Op. Its string is its identity in
// gorgonia's graph, so it holds every attribute.
type op struct {
	kind   plan.Kind
	ints   []int
	floats []float64
	ranks  []int        // of the operands
	shape  tensor.Shape // of the (first) result
}

// Arity implements gorgonia.Op.
func (o *op) Arity() int { return len(o.ranks) }

// Type implements gorgonia.Op: tensors of fixed ranks and one element type.
func (o *op) Type() hm.Type {
	a := hm.TypeVariable('a')
	types := make([]hm.Type, 0, len(o.ranks)+1)
	for _, r := range append(append([]int(nil), o.ranks...), len(o.shape)) {
		types = append(types, gorgonia.TensorType{Dims: r, Of: a})
	}
	return hm.NewFnType(types...)
}

// InferShape implements gorgonia.Op.
func (o *op) InferShape(...gorgonia.DimSizer) (gt.Shape, error) {
	return gt.Shape(o.shape.Clone()), nil
}

// Do implements gorgonia.Op in float64, by the definition in package ref.
func (o *op) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	in := make([]ref.Array, len(values))
	for i, v := range values {
		data, ok := v.Data().([]float64)
		if !ok {
			return nil, fmt.Errorf("%s: operand %d is %T, want []float64", o, i, v.Data())
		}
		in[i] = ref.Array{Shape: tensor.Shape(v.Shape()), Data: data}
	}
	var out ref.Array
	if o.kind == stop {
		out = ref.Array{Shape: in[0].Shape, Data: append([]float64(nil), in[0].Data...)}
	} else {
		outs, err := ref.Eval(o.kind, o.ints, o.floats, in)
		if err != nil {
			return nil, err
		}
		out = outs[0]
	}
	return gt.New(gt.WithShape(out.Shape...), gt.WithBacking(out.Data)), nil
}

// ReturnsPtr implements gorgonia.Op.
func (o *op) ReturnsPtr() bool { return false }

// CallsExtern implements gorgonia.Op.
func (o *op) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op.
func (o *op) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (o *op) WriteHash(h hash.Hash) { fmt.Fprint(h, o.String()) }

// Hashcode implements gorgonia.Op.
func (o *op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// String implements gorgonia.Op.
func (o *op) String() string {
	return fmt.Sprintf("%s%v%v%v->%v", o.kind, o.ints, o.floats, o.ranks, o.shape)
}
