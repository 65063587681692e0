package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"mien/shared/device/cpu"
	"mien/shared/device/ref"
	"mien/shared/plan"
)

// TestStepsEqualTheReference runs a whole training step on the CPU, with its
// groups, shards and packed weights, and in plain float64 loops. The first
// moments after one step are the gradients, up to a factor. A bias before a norm
// has the gradient zero, of which only roundings are left: differences count
// beside the layer's largest gradient.
func TestStepsEqualTheReference(t *testing.T) {
	for _, preset := range []string{"tiny", "tiny-wgan", "reader-tiny"} {
		fast, err := NewDrill(context.Background(), cpu.New(), preset, 2)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := NewDrill(context.Background(), ref.New(), preset, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []*Drill{fast, exact} {
			if err := d.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		p := fast.engine.full.plan
		read := func(d *Drill, name string, n int) []float32 {
			x := make([]float32, n)
			if err := d.engine.full.program.Read(name, x); err != nil {
				t.Fatal(err)
			}
			return x
		}
		for _, o := range p.Outputs {
			n := p.Values[o.Value].Shape.Numel()
			if off, most := difference(read(fast, o.Name, n), read(exact, o.Name, n)); off > 1e-4*most {
				t.Errorf("%s: output %q differs by %.2g of %.2g", preset, o.Name, off, most)
			}
		}
		scale, offs := map[string]float64{}, map[string][]float64{} // per layer, and its units
		for _, i := range p.Named(plan.State) {
			v := p.Values[i]
			if strings.HasPrefix(v.Name, "m/") {
				x, y := read(fast, v.Name, v.Shape.Numel()), read(exact, v.Name, v.Shape.Numel())
				_, most := difference(x, y)
				layer, units := v.Name[:strings.LastIndex(v.Name, ".")], v.Shape[len(v.Shape)-1]
				scale[layer] = max(scale[layer], most)
				for len(offs[layer]) < units {
					offs[layer] = append(offs[layer], 0)
				}
				for i := range x {
					off := &offs[layer][i%units]
					*off = max(*off, math.Abs(float64(x[i]-y[i])))
				}
			}
		}
		for layer, off := range offs {
			slices.Sort(off)
			worst, next := off[len(off)-1], off[max(len(off)-2, 0)]
			if worst > 1e-2*scale[layer] || next > 1e-3*scale[layer] {
				t.Errorf("%s: gradients of %q differ by %.2g and %.2g of %.2g", preset, layer, worst, next, scale[layer])
			}
		}
		checked := len(offs)
		if checked < 9 {
			t.Errorf("%s: gradients of %d layers compared: the test tests nothing", preset, checked)
		}
		if err := fast.Close(); err != nil {
			t.Error(err)
		}
	}
}

// difference returns the largest difference of x from y, and y's largest element.
func difference(x, y []float32) (off, most float64) {
	for i := range x {
		off = max(off, math.Abs(float64(x[i]-y[i])))
		most = max(most, math.Abs(float64(y[i])))
	}
	return off, most
}
