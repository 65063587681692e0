package cpu

import (
	"os"
	"testing"

	"mien/shared/device/cpu/kernel"
	"mien/shared/model"
	"mien/shared/plan"
)

// TestChains wants every convolution with a norm of the shipped generator to run
// as the two jobs of a chain.
func TestChains(t *testing.T) {
	if !vectors() {
		t.Skip("no vector kernels: chains are NOT tested")
	}
	b, err := os.ReadFile("../../../weights/mien.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Plan()
	if err != nil {
		t.Fatal(err)
	}
	p = p.Simplify()
	schedule := p.Schedule()
	c := &program{plan: p, values: make([][]float32, len(p.Values)), pool: newPool()}
	c.kernels = kernel.NewWorkspace(c.pool.run)
	for i, v := range p.Values {
		c.values[i] = make([]float32, v.Shape.Numel())
	}
	norms, chains := 0, 0
	for _, g := range schedule.Groups {
		if !g.Head || len(g.Steps) < 10 {
			continue
		}
		norms++
		if c.fuseSIMD(g) != nil {
			chains++
			continue
		}
		var kinds []plan.Kind
		for _, i := range g.Steps {
			kinds = append(kinds, p.Steps[i].Kind)
		}
		t.Errorf("not a chain: %v", kinds)
	}
	if norms < 10 {
		t.Errorf("%d convolutions with a norm, want 12 in the shipped generator", norms)
	}
}
