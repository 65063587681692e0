package onnx

import (
	"bytes"
	"testing"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/model"
)

// TestPaintersAreExported, transposed convolutions and all: what the file must
// hold for a runtime to paint the same.
func TestPaintersAreExported(t *testing.T) {
	n := net.Painter{Arch: net.C}
	f, err := n.Export(model.Info{Preset: "e6"}, n.Start(1))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Export(f)
	if err != nil {
		t.Fatal(err)
	}
	for op, want := range map[string]int{"ConvTranspose": 4, "output_padding": 4, "target": 1} {
		if got := bytes.Count(b, []byte(op)); got < want {
			t.Errorf("%d of %q, want %d", got, op, want)
		}
	}
}

// TestWindowsAreExported wants a depthwise convolution, a maximum and a rectifier
// with its own slopes under ONNX's names.
func TestWindowsAreExported(t *testing.T) {
	g := graph.New()
	x, w, a := g.Input("photo", 1, 8, 8, 3), g.State("w", 3, 3, 3, 1), g.State("a", 1, 1, 1, 3)
	p, err := g.Lower(map[string]graph.Node{"au": g.MaxPool(g.PRelu(g.Depthwise(x, w, 1, 1), a), 2, 2)})
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Pack(model.Info{Kind: model.KindReader, Size: 8}, p, map[string][]float32{"w": make([]float32, 27), "a": make([]float32, 3)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Export(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Conv", "group", "PRelu", "MaxPool", "kernel_shape"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no %q", want)
		}
	}
	// The weights as [C 1 KH KW].
	if shape := []byte{8, 3, 8, 1, 8, 3, 8, 3}; !bytes.Contains(b, shape) {
		t.Errorf("no tensor [3 1 3 3]")
	}
}
