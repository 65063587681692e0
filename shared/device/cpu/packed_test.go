package cpu

import (
	"context"
	"slices"
	"testing"

	"mien/shared/plan"
	"mien/shared/tensor"
)

// TestPackedWeightsFollow changes weights between runs, by the host and through
// a step that computes others from them, and wants what a new program gives.
func TestPackedWeightsFollow(t *testing.T) {
	w := tensor.Shape{3, 3, 5, 70}
	p := &plan.Plan{Version: plan.Version,
		Values: []plan.Value{
			{Name: "x", Role: plan.Input, Shape: tensor.Shape{1, 4, 4, 5}}, {Name: "w", Role: plan.State, Shape: w},
			{Role: plan.Temp, Shape: w}, {Role: plan.Temp, Shape: tensor.Shape{1, 4, 4, 70}}, {Role: plan.Temp, Shape: tensor.Shape{1, 4, 4, 70}},
			{Role: plan.Temp, Shape: tensor.Shape{1, 4, 4, 5}},
		},
		Steps: []plan.Step{
			{Kind: plan.Affine, In: []int{1}, Out: []int{2}, Floats: []float64{2, 1}},
			{Kind: plan.Conv, In: []int{0, 1}, Out: []int{3}, Ints: []int{1, 1}},
			{Kind: plan.Conv, In: []int{0, 2}, Out: []int{4}, Ints: []int{1, 1}},
			{Kind: plan.ConvInput, In: []int{4, 1}, Out: []int{5}, Ints: []int{1, 1, 4, 4}},
		},
		Outputs: []plan.Output{{Name: "direct", Value: 3}, {Name: "computed", Value: 4}, {Name: "input", Value: 5}},
	}
	values := map[string][]float32{"x": make([]float32, 80), "w": make([]float32, w.Numel())}
	for i := range values["x"] {
		values["x"][i] = float32(i%7) - 3
	}
	program, err := New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for i := range values["w"] {
			values["w"][i] = float32((i*(round+1))%11) - 5
		}
		want := outputs(t, p, values)
		for name, x := range values {
			if err := program.Write(name, x); err != nil {
				t.Fatal(err)
			}
		}
		if err := program.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		for i, o := range p.Outputs {
			got := make([]float32, len(want[i]))
			if err := program.Read(o.Name, got); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want[i]) {
				t.Errorf("round %d: output %q is not what a new program gives", round, o.Name)
			}
		}
	}
}
