package main

import (
	"encoding/binary"
	"fmt"
	"slices"

	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
	"mien/tools/mediapipe/tflite"
)

// Operators of TensorFlow Lite by their public numbers.
const (
	opAdd          = 0
	opConcat       = 2
	opConv         = 3
	opDepthwise    = 4
	opDequantize   = 6
	opMaxPool      = 17
	opMul          = 18
	opRelu         = 19
	opReshape      = 22
	opCustom       = 32
	opPad          = 34
	opStridedSlice = 45
	opPrelu        = 54
)

// network turns one TensorFlow Lite graph into a plan. Tensors of half precision
// become constants; their dequantizing takes no step.
type network struct {
	*builder
	model      *tflite.ModelT
	graph      *tflite.GraphT
	values     map[int32]int       // tensors -> values of the plan
	transforms map[int32]transform // tensors that are matrices made from points
	bias       map[int][]float32   // values -> what is still to be added to their channels
}

// convert returns the plan of the network in b, whose input is called photo.
// outputs are the names of the graph's outputs and what they shall be called.
// An output is flattened behind its batch unless it has more than one row.
func convert(b []byte, outputs []port) (*plan.Plan, error) {
	m := tflite.GetRootAsModel(b, 0).UnPack()
	if m.Version != 3 || len(m.Graphs) != 1 || len(m.Graphs[0].Inputs) != 1 {
		return nil, fmt.Errorf("model of version %d with %d graphs, want version 3 with one graph of one input", m.Version, len(m.Graphs))
	}
	n := &network{builder: newBuilder(), model: m, graph: m.Graphs[0], values: map[int32]int{}, transforms: map[int32]transform{}, bias: map[int][]float32{}}
	in := n.graph.Inputs[0]
	n.values[in] = n.input("photo", ints(n.graph.Tensors[in].Shape)...)
	for i, o := range n.graph.Operators {
		n.operator(o)
		if n.err != nil {
			return nil, fmt.Errorf("operator %d: %w", i, n.err)
		}
	}
	for _, want := range outputs {
		i := slices.IndexFunc(n.graph.Outputs, func(t int32) bool { return n.graph.Tensors[t].Name == want.from })
		if i < 0 {
			return nil, fmt.Errorf("no output %q", want.from)
		}
		n.output(want.name, n.reshape(n.values[n.graph.Outputs[i]], want.shape...))
	}
	if len(n.graph.Outputs) != len(outputs) {
		return nil, fmt.Errorf("%d outputs, want %d", len(n.graph.Outputs), len(outputs))
	}
	return n.finish()
}

// port is an output: its tensor's name, and name and shape in the plan.
type port struct {
	from, name string
	shape      []int
}

func ints(x []int32) tensor.Shape {
	y := make(tensor.Shape, len(x))
	for i, v := range x {
		y[i] = int(v)
	}
	return y
}

// data returns the contents of a constant tensor, of half precision seen through
// its dequantizing, or nil.
func (n *network) data(t int32) []float32 {
	for _, o := range n.graph.Operators {
		if n.code(o) == opDequantize && o.Outputs[0] == t {
			t = o.Inputs[0]
			break
		}
	}
	b := n.model.Buffers[n.graph.Tensors[t].Buffer].Data
	var x []float32
	switch kind := n.graph.Tensors[t].Type; {
	case len(b) == 0:
		return nil
	case kind == tflite.TensorTypeFLOAT16:
		for ; len(b) >= 2; b = b[2:] {
			x = append(x, model.FromHalf(binary.LittleEndian.Uint16(b)))
		}
	case kind == tflite.TensorTypeINT32:
		for ; len(b) >= 4; b = b[4:] {
			x = append(x, float32(int32(binary.LittleEndian.Uint32(b))))
		}
	default:
		n.fail("constant %q of type %v", n.graph.Tensors[t].Name, kind)
	}
	if want := ints(n.graph.Tensors[t].Shape).Numel(); len(x) != want {
		n.fail("constant %q has %d elements, want %d", n.graph.Tensors[t].Name, len(x), want)
	}
	return x
}

func (n *network) code(o *tflite.OperatorT) int32 {
	c := n.model.Codes[o.Code]
	return max(c.Code, int32(c.OldCode))
}

// operator adds the steps of one operator.
func (n *network) operator(o *tflite.OperatorT) {
	code := n.code(o)
	if code == opDequantize {
		return // data looks through it
	}
	var options any
	if o.Options != nil {
		options = o.Options.Value
	}
	_, isTransform := n.transforms[o.Inputs[0]]
	x, result := 0, 0
	if !isTransform && code != opConv {
		x = n.value(o.Inputs[0])
	}
	switch code {
	case opConv:
		p := options.(*tflite.Conv2DOptionsT)
		n.plain(p.Activation, p.DilationW == 1 && p.DilationH == 1 && p.StrideW == p.StrideH)
		result = n.conv(o, p.Padding, int(p.StrideH))
	case opDepthwise:
		p := options.(*tflite.DepthwiseConv2DOptionsT)
		n.plain(p.Activation, p.DilationW == 1 && p.DilationH == 1 && p.StrideW == p.StrideH && p.DepthMultiplier == 1)
		result = n.depthwise(x, o, p.Padding, int(p.StrideH))
	case opMaxPool:
		p := options.(*tflite.Pool2DOptionsT)
		k, s := int(p.FilterHeight), int(p.StrideH)
		shape := n.shape(x)
		// A maximum among zeros around the picture would not be one of its pixels.
		even := shape[1]%k == 0 && shape[2]%k == 0
		n.plain(p.Activation, p.StrideW == p.StrideH && p.FilterWidth == p.FilterHeight && k == s && even)
		result = n.step(plan.MaxPool, []int{k, s}, nil, x)
	case opAdd:
		n.plain(options.(*tflite.AddOptionsT).Activation, true)
		result = n.step(plan.Add, nil, nil, x, n.value(o.Inputs[1]))
	case opConcat:
		p := options.(*tflite.ConcatenationOptionsT)
		n.plain(p.Activation, true)
		var in []int
		for _, t := range o.Inputs {
			in = append(in, n.value(t))
		}
		result = n.step(plan.Concat, []int{int(p.Axis)}, nil, in...)
	case opRelu:
		result = n.step(plan.LeakyRelu, nil, []float64{0}, x)
	case opPrelu:
		c := n.shape(x)[3]
		result = n.step(plan.PRelu, nil, nil, x, n.weights(o.Inputs[1], 1, 1, 1, c))
	case opPad:
		result = x
		for axis, p := range pairs(n.data(o.Inputs[1])) {
			result = n.pad(result, axis, p[0], p[1])
		}
	case opReshape:
		result = n.reshape(x, ints(n.graph.Tensors[o.Outputs[0]].Shape)...)
	case opStridedSlice:
		if !n.graphShape(o.Inputs[0]).Equal(n.graphShape(o.Outputs[0])) {
			n.fail("a slice that leaves something out")
		}
		result = x
	case opMul:
		if isTransform {
			n.scaleTransform(o)
			return
		}
		k := n.data(o.Inputs[1])
		if len(k) == 0 || slices.Min(k) != slices.Max(k) {
			n.fail("a product with %q, want one number", n.graph.Tensors[o.Inputs[1]].Name)
			return
		}
		result = n.affine(x, float64(k[0]), 0)
	case opCustom:
		n.custom(o)
		return
	default:
		n.fail("operator %d is not known", code)
		return
	}
	n.put(o.Outputs[0], result)
}

// value returns what an earlier operator made.
func (n *network) value(t int32) int {
	v, ok := n.values[t]
	if !ok {
		return n.fail("reads %q, which nothing has written", n.graph.Tensors[t].Name)
	}
	if b := n.bias[v]; b != nil {
		v = n.step(plan.Add, nil, nil, v, n.constant(fmt.Sprintf("bias.%d", v), b, 1, 1, 1, len(b)))
	}
	return v
}

// put notes that a tensor is a value of the plan, of equal shape.
func (n *network) put(t int32, v int) {
	if want := n.graphShape(t); n.err == nil && !n.shape(v).Equal(want) {
		n.fail("%q has shape %v, want %v", n.graph.Tensors[t].Name, n.shape(v), want)
	}
	n.values[t] = v
}

func (n *network) graphShape(t int32) tensor.Shape { return ints(n.graph.Tensors[t].Shape) }

// plain refuses fused activations and what else no plan step does.
func (n *network) plain(a tflite.Activation, rest bool) {
	if a != tflite.ActivationNONE || !rest {
		n.fail("options that are not supported, activation %v among them", a)
	}
}

// weights is a constant tensor in the given shape.
func (n *network) weights(t int32, shape ...int) int {
	x := n.data(t)
	if x == nil {
		return n.fail("%q is no constant", n.graph.Tensors[t].Name)
	}
	return n.constant(n.name(t), x, shape...)
}

// name is a constant's name: that of the tensor of half precision.
func (n *network) name(t int32) string {
	for _, o := range n.graph.Operators {
		if n.code(o) == opDequantize && o.Outputs[0] == t {
			return n.graph.Tensors[o.Inputs[0]].Name
		}
	}
	return n.graph.Tensors[t].Name
}

// same returns x with zeros around it, as many as TensorFlow's padding SAME adds
// for windows of k and stride s: to every side, which convolutions do
// themselves (pad), or one more after than before.
func (n *network) same(x int, padding tflite.Padding, k, s int) (padded, pad int) {
	if padding == tflite.PaddingVALID {
		return x, 0
	}
	before, after := [2]int{}, [2]int{}
	for d := range 2 {
		extent := n.shape(x)[1+d]
		total := max(((extent+s-1)/s-1)*s+k-extent, 0)
		before[d], after[d] = total/2, total-total/2
	}
	if before == after && before[0] == before[1] {
		return x, before[0]
	}
	for d := range 2 {
		x = n.pad(x, 1+d, before[d], after[d])
	}
	return x, 0
}

// conv adds a convolution and its bias; where one window covers all, a matrix
// product.
func (n *network) conv(o *tflite.OperatorT, padding tflite.Padding, stride int) int {
	s := n.graphShape(o.Inputs[1]) // K KH KW C
	k, kh, kw, c := s[0], s[1], s[2], s[3]
	w, bias := n.data(o.Inputs[1]), n.data(o.Inputs[2])
	if n.err != nil || kh != kw || len(w) == 0 || len(bias) != k {
		return n.fail("a convolution by %v", s)
	}
	x, name := n.values[o.Inputs[0]], n.name(o.Inputs[1])
	before := n.bias[x]
	if before == nil || kh != 1 {
		x = n.value(o.Inputs[0])
	} else { // sum_c w[c,k] (x[c] + before[c]), and no border, which has no bias
		for i := range k {
			sum := float64(bias[i])
			for j, v := range before {
				sum += float64(v) * float64(w[i*c+j])
			}
			bias[i] = float32(sum)
		}
	}
	turned := make([]float32, len(w)) // KH KW C K
	for i := range k {
		for j := range kh * kw * c {
			turned[j*k+i] = w[i*kh*kw*c+j]
		}
	}
	if in := n.shape(x); padding == tflite.PaddingVALID && kh > 1 && in[1] == kh && in[2] == kw {
		y := n.matmul(n.reshape(x, 1, kh*kw*c), n.constant(name, turned, kh*kw*c, k))
		return n.reshape(n.step(plan.Add, nil, nil, y, n.constant(n.name(o.Inputs[2]), bias, 1, k)), 1, 1, 1, k)
	}
	x, pad := n.same(x, padding, kh, stride)
	y := n.step(plan.Conv, []int{stride, pad}, nil, x, n.constant(name, turned, kh, kw, c, k))
	return n.step(plan.Add, nil, nil, y, n.constant(n.name(o.Inputs[2]), bias, 1, 1, 1, k))
}

// depthwise adds a depthwise convolution. Its bias is left to who reads the result:
// a convolution by one pixel takes it into its own.
func (n *network) depthwise(x int, o *tflite.OperatorT, padding tflite.Padding, stride int) int {
	s := n.graphShape(o.Inputs[1]) // 1 KH KW C
	kh, kw, c := s[1], s[2], s[3]
	if kh != kw {
		return n.fail("a depthwise convolution by %v", s)
	}
	x, pad := n.same(x, padding, kh, stride)
	y := n.step(plan.Depthwise, []int{stride, pad}, nil, x, n.weights(o.Inputs[1], kh, kw, c, 1))
	if n.bias[y] = n.data(o.Inputs[2]); len(n.bias[y]) != c {
		return n.fail("a bias of %d for %d channels", len(n.bias[y]), c)
	}
	return y
}

// pairs reads [N 2] numbers.
func pairs(x []float32) [][2]int {
	var p [][2]int
	for ; len(x) >= 2; x = x[2:] {
		p = append(p, [2]int{int(x[0]), int(x[1])})
	}
	return p
}
