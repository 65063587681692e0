package main

import (
	"fmt"
	"os"

	"mien/shared/model"
)

// mix moves the weights of f by part towards those in the model file at path, which
// must be the same network: of two runs from the same start the mean keeps what
// both learnt (Wortsman et al., Model soups, ICML 2022).
func mix(f *model.File, path string, part float64) error {
	if part <= 0 || part >= 1 {
		return fmt.Errorf("mix: part %g, want more than 0 and less than 1", part)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	other, err := model.Decode(b)
	if err != nil {
		return fmt.Errorf("mix: %q: %w", path, err)
	}
	if len(f.Tensors) != len(other.Tensors) {
		return fmt.Errorf("mix: %q has %d tensors, want %d: take one of the same preset", path, len(other.Tensors), len(f.Tensors))
	}
	for name, t := range f.Tensors {
		o := other.Tensors[name]
		if o == nil || !o.Shape.Equal(t.Shape) {
			return fmt.Errorf("mix: %q has no tensor %q of shape %v: take one of the same preset", path, name, t.Shape)
		}
	}
	for name, t := range f.Tensors {
		for i, v := range other.Tensors[name].Data {
			t.Data[i] += float32(part) * (v - t.Data[i])
		}
	}
	return nil
}
