package main

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"

	"mien/shared/plan"
	"mien/tools/mediapipe/tflite"
)

// halves are numbers as the bytes of a tensor of half precision: 0, 1 and -2.
func halves(x ...float32) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, map[float32]uint16{0: 0, 1: 0x3c00, -2: 0xc000}[v])
	}
	return b
}

// small is a network of a depthwise convolution of 3 x 3 with stride 2 and a
// convolution by one pixel: x [1 4 4 1] to y [1 2 2 1].
func small() *tflite.ModelT {
	tensor := func(name string, buffer uint32, kind tflite.TensorType, shape ...int32) *tflite.TensorT {
		return &tflite.TensorT{Name: name, Buffer: buffer, Type: kind, Shape: shape}
	}
	const f32, f16 = tflite.TensorTypeFLOAT32, tflite.TensorTypeFLOAT16
	return &tflite.ModelT{
		Version: 3,
		Codes:   []*tflite.OperatorCodeT{{OldCode: opDepthwise}, {OldCode: opConv}, {OldCode: opDequantize}},
		Buffers: []*tflite.BufferT{{}, {Data: halves(0, 0, 0, 0, 1, 0, 0, 0, 1)}, {Data: halves(1)}, {Data: halves(-2)}, {Data: halves(1)}},
		Graphs: []*tflite.GraphT{{
			Tensors: []*tflite.TensorT{
				tensor("x", 0, f32, 1, 4, 4, 1), tensor("taps", 1, f16, 1, 3, 3, 1), tensor("shift", 2, f16, 1), tensor("d", 0, f32, 1, 2, 2, 1),
				tensor("w", 3, f16, 1, 1, 1, 1), tensor("bias", 4, f16, 1), tensor("y", 0, f32, 1, 2, 2, 1), tensor("wide", 0, f32, 1, 1, 1, 1),
			},
			Inputs: []int32{0}, Outputs: []int32{6},
			Operators: []*tflite.OperatorT{
				{Code: 2, Inputs: []int32{4}, Outputs: []int32{7}},
				{Code: 0, Inputs: []int32{0, 1, 2}, Outputs: []int32{3}, Options: &tflite.OptionsT{Type: tflite.OptionsDepthwiseConv2DOptions,
					Value: &tflite.DepthwiseConv2DOptionsT{StrideW: 2, StrideH: 2, DepthMultiplier: 1, DilationW: 1, DilationH: 1}}},
				{Code: 1, Inputs: []int32{3, 7, 5}, Outputs: []int32{6}, Options: &tflite.OptionsT{Type: tflite.OptionsConv2DOptions,
					Value: &tflite.Conv2DOptionsT{Padding: tflite.PaddingVALID, StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1}}},
			},
		}},
	}
}

func convertModel(m *tflite.ModelT) (*plan.Plan, error) {
	b := flatbuffers.NewBuilder(0)
	b.Finish(m.Pack(b))
	return convert(b.FinishedBytes(), []port{{"y", "y", []int{1, 4}}})
}

func TestConvert(t *testing.T) {
	p, err := convertModel(small())
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, s := range p.Steps {
		kinds = append(kinds, string(s.Kind))
	}
	// Zeros below and to the right alone; the first bias is part of the second.
	if got := strings.Join(kinds, " "); got != "pad pad depthwise conv add reshape" {
		t.Errorf("steps %s", got)
	}
	var x []float32
	for i := range 16 {
		x = append(x, float32(i))
	}
	// (x[2i+1,2j+1] + x[2i+2,2j+2] + 1) * -2 + 1
	want := []float32{(5+10+1)*-2 + 1, (7+0+1)*-2 + 1, (13+0+1)*-2 + 1, (15+0+1)*-2 + 1}
	if got := runPlan(t, p, x); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestConvertRefuses(t *testing.T) {
	depthwise := func(m *tflite.ModelT) *tflite.DepthwiseConv2DOptionsT {
		return m.Graphs[0].Operators[1].Options.Value.(*tflite.DepthwiseConv2DOptionsT)
	}
	conv := func(m *tflite.ModelT) *tflite.Conv2DOptionsT {
		return m.Graphs[0].Operators[2].Options.Value.(*tflite.Conv2DOptionsT)
	}
	for _, c := range []struct {
		want   string
		change func(m *tflite.ModelT)
	}{
		{"version 2", func(m *tflite.ModelT) { m.Version = 2 }},
		{"2 graphs", func(m *tflite.ModelT) { m.Graphs = append(m.Graphs, m.Graphs[0]) }},
		{"one graph of one input", func(m *tflite.ModelT) { m.Graphs[0].Inputs = []int32{0, 1} }},
		{`no output "y"`, func(m *tflite.ModelT) { m.Graphs[0].Tensors[6].Name = "z" }},
		{"2 outputs", func(m *tflite.ModelT) { m.Graphs[0].Outputs = []int32{6, 3} }},
		{"activation RELU", func(m *tflite.ModelT) { conv(m).Activation = tflite.ActivationRELU }},
		{"not supported", func(m *tflite.ModelT) { conv(m).DilationW = 2 }},
		{"not supported", func(m *tflite.ModelT) { depthwise(m).DepthMultiplier = 2 }},
		{"not supported", func(m *tflite.ModelT) { depthwise(m).StrideW = 1 }},
		{`"y" has shape`, func(m *tflite.ModelT) { m.Graphs[0].Tensors[6].Shape[1] = 3 }},
		{"nothing has written", func(m *tflite.ModelT) { m.Graphs[0].Operators[2].Inputs[0] = 7 }},
		{"operator 99 is not known", func(m *tflite.ModelT) { m.Codes[1].OldCode = 99 }},
		{"has 1 elements, want 9", func(m *tflite.ModelT) { m.Buffers[1].Data = halves(1) }},
		{"of type INT64", func(m *tflite.ModelT) { m.Graphs[0].Tensors[1].Type = tflite.TensorTypeINT64 }},
		{"a bias of 0 for 1 channels", func(m *tflite.ModelT) { m.Buffers[2].Data = nil }},
		{"custom operator", func(m *tflite.ModelT) { m.Codes[0].OldCode, m.Codes[0].Custom = opCustom, "Other" }},
	} {
		m := small()
		c.change(m)
		if _, err := convertModel(m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one that says %q", err, c.want)
		}
	}
}

// TestSame compares the zeros around a picture with TensorFlow's rule.
func TestSame(t *testing.T) {
	for _, c := range []struct{ extent, k, stride, before, out int }{{8, 3, 1, 1, 8}, {8, 3, 2, 0, 4}, {7, 3, 2, 1, 4}, {128, 5, 2, 1, 64}, {8, 2, 2, 0, 4}} {
		n := &network{builder: newBuilder()}
		x := n.input("x", 1, c.extent, c.extent, 1)
		y, pad := n.same(x, tflite.PaddingSAME, c.k, c.stride)
		// A convolution whose only weight is its window's first one says where that begins.
		w := make([]float32, c.k*c.k)
		w[0] = 1
		n.output("y", n.step(plan.Conv, []int{c.stride, pad}, nil, y, n.constant("w", w, c.k, c.k, 1, 1)))
		p, err := n.finish()
		if err != nil {
			t.Fatal(err)
		}
		photo := make([]float32, c.extent*c.extent)
		for i := range photo {
			photo[i] = float32(i + 1)
		}
		got := runPlan(t, p, photo)
		want := float32(1) // the first pixel
		if c.before > 0 {
			want = 0 // a zero before it
		}
		if side := int(math.Sqrt(float64(len(got)))); side != c.out || got[0] != want {
			t.Errorf("%+v: %d pixels a side, the first %g, want %d and %g", c, side, got[0], c.out, want)
		}
	}
}
