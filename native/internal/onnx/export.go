// Package onnx writes inference plans as ONNX files (opset 13), for other
// runtimes to run and to be compared with.
package onnx

import (
	"fmt"
	"slices"

	"mien/shared/model"
	"mien/shared/plan"
)

// opset is the version of the operators that are used.
const opset = 13

// Export returns the model in f as an ONNX file. Inputs and outputs keep their
// names and shapes ([N H W C]); inside, pictures are [N C H W], as ONNX wants
// them. A plan with a kind that only training uses is an error.
func Export(f *model.File) ([]byte, error) {
	info, err := f.Info()
	if err != nil {
		return nil, fmt.Errorf("export onnx: %w", err)
	}
	p, err := f.Plan()
	if err != nil {
		return nil, fmt.Errorf("export onnx: %w", err)
	}
	e := &exporter{plan: p, names: make([]string, len(p.Values))}
	for i, v := range p.Values {
		e.names[i] = fmt.Sprintf("v%d", i)
		switch v.Role {
		case plan.Input:
			e.graph.bytes(11, port(v.Name, v.Shape))
			e.names[i] = e.turned(v.Name, v.Shape, inward)
		case plan.State, plan.Const:
			e.weight(i, f.Tensors[v.Name].Data)
		}
	}
	for i, s := range p.Steps {
		if err := e.step(s); err != nil {
			return nil, fmt.Errorf("export onnx: step %d: %w", i, err)
		}
	}
	for _, o := range p.Outputs {
		v := p.Values[o.Value]
		e.graph.bytes(12, port(o.Name, v.Shape))
		if len(v.Shape) == 4 {
			e.node("Transpose", []string{e.names[o.Value]}, o.Name, "perm", outward)
		} else {
			e.node("Identity", []string{e.names[o.Value]}, o.Name)
		}
	}
	e.graph.text(2, info.Kind)
	var m, set message
	m.int(1, 7)
	m.text(2, "mien")
	m.bytes(7, e.graph)
	set.text(1, "")
	set.int(2, opset)
	m.bytes(8, set)
	return m, nil
}

// Where the dimensions of a picture come from: [N H W C] to [N C H W] and back.
var inward, outward = []int{0, 3, 1, 2}, []int{0, 2, 3, 1}

// axisOf is where a dimension of [N H W C] stands in [N C H W].
var axisOf = [4]int{0, 2, 3, 1}

type exporter struct {
	plan  *plan.Plan
	graph message
	names []string // of the values, in ONNX's order of dimensions
	extra int      // names made up so far
}

func (e *exporter) fresh() string {
	e.extra++
	return fmt.Sprintf("t%d", e.extra)
}

// node adds an operator; attributes come as names and values in turn.
func (e *exporter) node(op string, in []string, out string, attributes ...any) {
	var n message
	for _, name := range in {
		n.text(1, name)
	}
	n.text(2, out)
	n.text(4, op)
	for i := 0; i < len(attributes); i += 2 {
		n.bytes(5, attribute(attributes[i].(string), attributes[i+1]))
	}
	e.graph.bytes(1, n)
}

// turned returns the name of a picture with its dimensions turned; other ranks
// stay as they are.
func (e *exporter) turned(name string, shape []int, perm []int) string {
	if len(shape) != 4 {
		return name
	}
	out := e.fresh()
	e.node("Transpose", []string{name}, out, "perm", perm)
	return out
}

// constants adds initialisers and returns their names.
func (e *exporter) scalar(v float64) string {
	name := e.fresh()
	e.graph.bytes(5, tensorOf(name, nil, []float32{float32(v)}))
	return name
}

func (e *exporter) list(values ...int) string {
	name := e.fresh()
	e.graph.bytes(5, indices(name, values))
	return name
}

// filters returns how the weights of a convolution are turned, nil for other
// values: they are [KH KW C K] here and [K C KH KW] there; a transposed one's,
// which has K channels to start from, likewise. A depthwise one's are [KH KW C 1]
// and [C 1 KH KW].
func (e *exporter) filters(value int) []int {
	for _, s := range e.plan.Steps {
		switch {
		case len(s.In) < 2 || s.In[1] != value:
		case s.Kind == plan.Conv || s.Kind == plan.ConvInput:
			return []int{3, 2, 0, 1}
		case s.Kind == plan.Depthwise:
			return []int{2, 3, 0, 1}
		}
	}
	return nil
}

// computed reports whether a value is no weight of the file.
func (e *exporter) computed(value int) bool {
	role := e.plan.Values[value].Role
	return role != plan.State && role != plan.Const
}

// weight adds a state or constant as an initialiser.
func (e *exporter) weight(value int, data []float32) {
	shape := e.plan.Values[value].Shape
	perm := e.filters(value)
	if perm == nil && len(shape) == 4 {
		perm = inward
	}
	if perm == nil {
		e.graph.bytes(5, tensorOf(e.names[value], shape, data))
		return
	}
	to := permuted(shape, perm)
	turned := make([]float32, len(data))
	stride := [4]int{shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1}
	at := 0
	for a := range to[0] {
		for b := range to[1] {
			for c := range to[2] {
				for d := range to[3] {
					turned[at] = data[a*stride[perm[0]]+b*stride[perm[1]]+c*stride[perm[2]]+d*stride[perm[3]]]
					at++
				}
			}
		}
	}
	e.graph.bytes(5, tensorOf(e.names[value], to, turned))
}

func permuted(shape, perm []int) []int {
	to := make([]int, len(perm))
	for i, from := range perm {
		to[i] = shape[from]
	}
	return to
}

// there returns a shape in ONNX's order.
func there(shape []int) []int {
	if len(shape) != 4 {
		return shape
	}
	return permuted(shape, inward)
}

// axis returns a dimension in ONNX's order.
func axis(rank, d int) int {
	if rank != 4 {
		return d
	}
	return axisOf[d]
}

// same are the kinds that ONNX has under another name alone.
var same = map[plan.Kind]string{
	plan.Add: "Add", plan.Sub: "Sub", plan.Mul: "Mul", plan.Div: "Div",
	plan.Tanh: "Tanh", plan.Sigmoid: "Sigmoid", plan.Softplus: "Softplus", plan.Exp: "Exp", plan.Log: "Log",
	plan.Sqrt: "Sqrt", plan.Abs: "Abs", plan.Sign: "Sign",
}

func (e *exporter) step(s plan.Step) error {
	var in []string
	for _, v := range s.In {
		in = append(in, e.names[v])
	}
	out := e.names[s.Out[0]]
	shape, from := e.plan.Values[s.Out[0]].Shape, e.plan.Values[s.In[0]].Shape
	if op, ok := same[s.Kind]; ok {
		e.node(op, in, out)
		return nil
	}
	switch s.Kind {
	case plan.Conv, plan.ConvInput:
		if e.computed(s.In[1]) {
			// What is computed is turned as pictures are: [KH K KW C].
			in[1] = e.turned(in[1], e.plan.Values[s.In[1]].Shape, []int{1, 3, 0, 2})
		}
		stride, pad := s.Ints[0], s.Ints[1]
		strides, pads := []int{stride, stride}, []int{pad, pad, pad, pad}
		if s.Kind == plan.Conv {
			e.node("Conv", in, out, "strides", strides, "pads", pads)
			break
		}
		w := e.plan.Values[s.In[1]].Shape
		rest := []int{shape[1] - (from[1]-1)*stride - w[0] + 2*pad, shape[2] - (from[2]-1)*stride - w[1] + 2*pad}
		e.node("ConvTranspose", in, out, "strides", strides, "pads", pads, "output_padding", rest)
	case plan.Depthwise:
		if e.computed(s.In[1]) { // [KH 1 KW C]
			in[1] = e.turned(in[1], e.plan.Values[s.In[1]].Shape, []int{3, 1, 0, 2})
		}
		stride, pad := s.Ints[0], s.Ints[1]
		e.node("Conv", in, out, "strides", []int{stride, stride}, "pads", []int{pad, pad, pad, pad}, "group", from[3])
	case plan.MaxPool:
		k, stride := s.Ints[0], s.Ints[1]
		e.node("MaxPool", in, out, "kernel_shape", []int{k, k}, "strides", []int{stride, stride})
	case plan.PRelu:
		if !slices.Equal(from, shape) { // ONNX repeats slopes alone
			all := e.fresh()
			e.node("Expand", []string{in[0], e.list(there(shape)...)}, all)
			in[0] = all
		}
		e.node("PRelu", in, out)
	case plan.MatMul:
		e.node("Gemm", in, out, "transA", s.Ints[0], "transB", s.Ints[1])
	case plan.Affine:
		e.affine(in[0], out, s.Floats[0], s.Floats[1])
	case plan.LeakyRelu:
		if s.Floats[0] == 0 {
			e.node("Relu", in, out)
		} else {
			e.node("LeakyRelu", in, out, "alpha", float32(s.Floats[0]))
		}
	case plan.Clamp:
		e.node("Clip", []string{in[0], e.scalar(s.Floats[0]), e.scalar(s.Floats[1])}, out)
	case plan.SumTo:
		var axes []int
		for d := range shape {
			if shape[d] == 1 && from[d] != 1 {
				axes = append(axes, axis(len(shape), d))
			}
		}
		if len(axes) == 0 {
			e.node("Identity", in, out)
		} else {
			e.node("ReduceSum", []string{in[0], e.list(axes...)}, out, "keepdims", 1)
		}
	case plan.Spread:
		e.node("Expand", []string{in[0], e.list(there(shape)...)}, out)
	case plan.Reshape:
		e.reshape(in[0], out, from, shape)
	case plan.Concat:
		e.node("Concat", in, out, "axis", axis(len(shape), s.Ints[0]))
	case plan.Slice:
		e.node("Slice", []string{in[0], e.list(s.Ints[1]), e.list(s.Ints[2]), e.list(axis(len(shape), s.Ints[0]))}, out)
	case plan.Pad:
		pads := make([]int, 2*len(shape))
		d := axis(len(shape), s.Ints[0])
		pads[d], pads[len(shape)+d] = s.Ints[1], s.Ints[2]
		e.node("Pad", []string{in[0], e.list(pads...)}, out)
	case plan.Unshuffle:
		e.node("SpaceToDepth", in, out, "blocksize", s.Ints[0])
	case plan.Shuffle:
		e.node("DepthToSpace", in, out, "blocksize", s.Ints[0])
	case plan.Nearest:
		e.resize(in[0], out, shape, "nearest", "asymmetric")
	case plan.Resize:
		e.resize(in[0], out, shape, "linear", "half_pixel")
	default:
		return fmt.Errorf("%s: ONNX files are for inference, this kind is not exported", s.Kind)
	}
	return nil
}

func (e *exporter) affine(in, out string, a, b float64) {
	switch {
	case b == 0:
		e.node("Mul", []string{in, e.scalar(a)}, out)
	case a == 1:
		e.node("Add", []string{in, e.scalar(b)}, out)
	default:
		product := e.fresh()
		e.node("Mul", []string{in, e.scalar(a)}, product)
		e.node("Add", []string{product, e.scalar(b)}, out)
	}
}

// reshape keeps the order of elements that [N H W C] gives.
func (e *exporter) reshape(in, out string, from, to []int) {
	flat := func(shape []int) bool { return len(shape) != 4 || shape[1] == 1 && shape[2] == 1 }
	if flat(from) && flat(to) || slices.Equal(from, to) {
		e.node("Reshape", []string{in, e.list(there(to)...)}, out)
		return
	}
	in = e.turned(in, from, outward)
	if len(to) != 4 {
		e.node("Reshape", []string{in, e.list(to...)}, out)
		return
	}
	plain := e.fresh()
	e.node("Reshape", []string{in, e.list(to...)}, plain)
	e.node("Transpose", []string{plain}, out, "perm", inward)
}

func (e *exporter) resize(in, out string, shape []int, mode, coordinates string) {
	attributes := []any{"mode", mode, "coordinate_transformation_mode", coordinates}
	if mode == "nearest" {
		attributes = append(attributes, "nearest_mode", "floor")
	}
	e.node("Resize", []string{in, "", "", e.list(there(shape)...)}, out, attributes...)
}
