package main

import (
	"context"
	"testing"

	"mien/shared/device/ref"
	"mien/shared/plan"
)

// runPlan runs a plan of one input and one output.
func runPlan(t *testing.T, p *plan.Plan, x []float32) []float32 {
	t.Helper()
	program, err := ref.New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if err := program.Write(p.Values[p.Named(plan.Input)[0]].Name, x); err != nil {
		t.Fatal(err)
	}
	if err := program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	y := make([]float32, p.Values[p.Outputs[0].Value].Shape.Numel())
	if err := program.Read(p.Outputs[0].Name, y); err != nil {
		t.Fatal(err)
	}
	return y
}
