package cpu

import (
	"testing"

	"mien/shared/device/devicetest"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// TestPadsAreFolded wants a network without the zeros that its strides read, and with
// those that add channels; its results are compared with the reference elsewhere.
func TestPadsAreFolded(t *testing.T) {
	p, _ := devicetest.Blaze(1, 32, 16, 32, 3, 3)
	count := func(p *plan.Plan) (around, channels int) {
		for _, s := range p.Steps {
			switch {
			case s.Kind != plan.Pad:
			case s.Ints[0] == 3:
				channels++
			default:
				around++
			}
		}
		return around, channels
	}
	if around, channels := count(p); around != 6 || channels != 1 {
		t.Fatalf("the network has %d pads of rows and columns and %d of channels, want 6 and 1", around, channels)
	}
	if around, channels := count(foldPads(p)); around != 0 || channels != 1 {
		t.Errorf("%d pads of rows and columns and %d of channels are left, want 0 and 1", around, channels)
	}
}

// TestPadsThatAreReadStay keeps zeros that an output shows, that are more above than to
// the left, or that a second step reads.
func TestPadsThatAreReadStay(t *testing.T) {
	value := func(role plan.Role, name string, shape ...int) plan.Value {
		return plan.Value{Role: role, Name: name, Shape: tensor.Shape(shape)}
	}
	base := func(before int) *plan.Plan {
		h := 8 + before + 1
		return &plan.Plan{Version: plan.Version,
			Values: []plan.Value{
				value(plan.Input, "x", 1, 8, 8, 4), value(plan.State, "w", 3, 3, 4, 1),
				value(plan.Temp, "", 1, h, 8, 4), value(plan.Temp, "", 1, h, 9, 4), value(plan.Temp, "", 1, (h-3)/2+1, 4, 4),
			},
			Steps: []plan.Step{
				{Kind: plan.Pad, In: []int{0}, Out: []int{2}, Ints: []int{1, before, 1}},
				{Kind: plan.Pad, In: []int{2}, Out: []int{3}, Ints: []int{2, 0, 1}},
				{Kind: plan.Depthwise, In: []int{3, 1}, Out: []int{4}, Ints: []int{2, 0}},
			},
			Outputs: []plan.Output{{Name: "y", Value: 4}},
		}
	}
	shown := base(0)
	shown.Outputs = append(shown.Outputs, plan.Output{Name: "padded", Value: 3})
	twice := base(0)
	twice.Values = append(twice.Values, value(plan.Temp, "", 1, 9, 9, 4))
	twice.Steps = append(twice.Steps, plan.Step{Kind: plan.Tanh, In: []int{3}, Out: []int{5}})
	twice.Outputs = append(twice.Outputs, plan.Output{Name: "z", Value: 5})
	for _, c := range []struct {
		what string
		plan *plan.Plan
		left int
	}{{"plain", base(0), 0}, {"higher", base(1), 2}, {"shown", shown, 2}, {"read twice", twice, 2}} {
		if err := c.plan.Validate(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		left := 0
		for _, s := range foldPads(c.plan).Steps {
			if s.Kind == plan.Pad {
				left++
			}
		}
		if left != c.left {
			t.Errorf("%s: %d pads are left, want %d", c.what, left, c.left)
		}
	}
}
