package train

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/device/ref"
	"mien/shared/plan"
)

// TestStepsEqualTheReference runs a whole training step on the CPU, with its
// groups, shards and packed weights, and in plain float64 loops. A step whose rounding
// falls on the other side of a kink, as ReLU's at 0, differs there: so it is a fault only
// if it is one with photos moved a little, too.
func TestStepsEqualTheReference(t *testing.T) {
	for _, preset := range []string{"tiny", "tiny-wgan", "reader-tiny"} {
		var faults []string
		for _, by := range []float32{0, 1e-5, -1e-5} {
			if faults = stepFaults(t, preset, by); len(faults) == 0 {
				break
			}
			t.Logf("photos moved by %g of themselves: %s", by, strings.Join(faults, "; "))
		}
		if len(faults) > 0 {
			t.Errorf("%s: however photos are moved, the CPU's step is not the reference's", preset)
		}
	}
}

// stepFaults compares outputs and gradients of a preset's step, its photos moved by that
// part of themselves. The first moments after one step are the gradients, up to a factor.
// A bias before a norm has the gradient zero, of which only roundings are left:
// differences count beside the layer's largest gradient.
func stepFaults(t *testing.T, preset string, by float32) (faults []string) {
	run := func(d device.Device) *Drill {
		drill, err := NewDrill(context.Background(), d, preset, 2)
		if err != nil {
			t.Fatal(err)
		}
		photos := drill.in["photo"]
		for i := range photos {
			photos[i] *= 1 + by
		}
		if err := drill.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		return drill
	}
	fast, exact := run(cpu.New()), run(ref.New())
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
			faults = append(faults, fmt.Sprintf("output %q differs by %.2g of %.2g", o.Name, off, most))
		}
	}
	scale, offs := map[string]float64{}, map[string]float64{} // per layer
	for _, i := range p.Named(plan.State) {
		v := p.Values[i]
		if strings.HasPrefix(v.Name, "m/") {
			off, most := difference(read(fast, v.Name, v.Shape.Numel()), read(exact, v.Name, v.Shape.Numel()))
			layer := v.Name[:strings.LastIndex(v.Name, ".")]
			scale[layer], offs[layer] = max(scale[layer], most), max(offs[layer], off)
		}
	}
	for layer, off := range offs {
		if off > 1e-3*scale[layer] {
			faults = append(faults, fmt.Sprintf("gradients of %q differ by %.2g of %.2g", layer, off, scale[layer]))
		}
	}
	if checked := len(offs); checked < 9 {
		t.Errorf("%s: gradients of %d layers compared: the test tests nothing", preset, checked)
	}
	if err := fast.Close(); err != nil {
		t.Error(err)
	}
	return faults
}

// difference returns the largest difference of x from y, and y's largest element.
func difference(x, y []float32) (off, most float64) {
	for i := range x {
		off = max(off, math.Abs(float64(x[i]-y[i])))
		most = max(most, math.Abs(float64(y[i])))
	}
	return off, most
}
