package onnx

import (
	"bytes"
	"testing"

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
