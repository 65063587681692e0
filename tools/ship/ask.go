package main

import (
	"fmt"

	"mien/shared/au"
	"mien/shared/model"
)

// told is the weight of a generator by which it is told the change, [17 K].
const told = "gen.code1.w"

// most is how much more an Action Unit may be asked for: training asks for up to
// au.Max, sliders seldom for more than half of that.
const most = 1.5

// askMore makes the generator in f take a change of an Action Unit for factor
// times as much: a generator falls short, and by how much mien eval says. Factors
// lie in 1 to most; those that are 0 are not touched.
func askMore(f *model.File, factors au.Vector) error {
	w, ok := f.Tensors[told]
	if !ok || len(w.Data)%au.Count != 0 {
		return fmt.Errorf("ask more: %q is not a weight of %d rows: only a generator by changes can be asked for more", told, au.Count)
	}
	wide := len(w.Data) / au.Count
	for i, by := range factors {
		if by == 0 {
			continue
		}
		if by < 1 || by > most {
			return fmt.Errorf("ask more: %g times AU%s, want 1 to %g", by, au.Units[i].Code, most)
		}
		for k := range wide {
			w.Data[i*wide+k] *= by
		}
	}
	return nil
}
