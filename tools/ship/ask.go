package main

import (
	"fmt"

	"mien/shared/au"
	"mien/shared/model"
)

// told is the weight of a generator by which it is told the change, [17 K].
const told = "gen.code1.w"

// Bounds of a factor: training asks for up to au.Max, sliders seldom for more than
// half of that.
const (
	least = .6
	most  = 1.5
)

// ask makes the generator in f take a change of an Action Unit for factor times as
// much: a generator falls short or goes too far, and by how much mien eval says.
// Factors lie in least to most; those that are 0 are not touched.
func ask(f *model.File, factors au.Vector) error {
	w, ok := f.Tensors[told]
	if !ok || len(w.Data)%au.Count != 0 {
		return fmt.Errorf("ask: %q is not a weight of %d rows: only a generator by changes can be asked for more or less", told, au.Count)
	}
	wide := len(w.Data) / au.Count
	for i, by := range factors {
		if by == 0 {
			continue
		}
		if by < least || by > most {
			return fmt.Errorf("ask: %g times AU%s, want %g to %g", by, au.Units[i].Code, least, most)
		}
		for k := range wide {
			w.Data[i*wide+k] *= by
		}
	}
	return nil
}
