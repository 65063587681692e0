package main

import (
	"os"
	"path/filepath"
	"testing"

	"mien/shared/model"
)

// TestMix mixes the shipped generator with one of which a weight is 2 larger, and
// refuses what is no such network.
func TestMix(t *testing.T) {
	write := func(name string, f *model.File) string {
		b, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other := shipped(t, model.KindGenerator)
	other.Tensors[told].Data[5] += 2
	path := write("other", other)
	f := shipped(t, model.KindGenerator)
	was := append([]float32(nil), f.Tensors[told].Data...)
	if err := mix(f, path, .25); err != nil {
		t.Fatal(err)
	}
	for i, v := range f.Tensors[told].Data {
		want := was[i]
		if i == 5 {
			want += .5
		}
		if d := v - want; d > 1e-5 || d < -1e-5 {
			t.Fatalf("weight %d is %g, want %g", i, v, want)
		}
	}
	if mix(f, write("reader", shipped(t, model.KindReader)), .5) == nil || mix(f, path, 1) == nil || mix(f, path+"x", .5) == nil {
		t.Error("another network, all of the other or no file is taken")
	}
}
