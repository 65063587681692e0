package devicetest

import (
	"context"
	"errors"
	"math"
	"testing"

	"mien/shared/device"
	"mien/shared/device/ref"
	"mien/shared/plan"
)

// counted is a device that counts the runs of each program, in the order of
// their compilation.
type counted struct {
	device.Device
	runs []*int
}

type countedProgram struct {
	device.Program
	runs *int
}

func (d *counted) Compile(p *plan.Plan) (device.Program, error) {
	program, err := d.Device.Compile(p)
	d.runs = append(d.runs, new(int))
	return countedProgram{program, d.runs[len(d.runs)-1]}, err
}

func (p countedProgram) Run(ctx context.Context) error {
	*p.runs++
	return p.Program.Run(ctx)
}

// TestSplit runs random plans whole and split while inputs change: the same
// results (but for what lies between the parts, which is rounded to float32
// there), and the early part runs only when one of its inputs is another.
func TestSplit(t *testing.T) {
	splits := 0
	for seed := range uint64(28) {
		p, values := Chain(seed)
		if seed%7 == 0 { // states that steps write: nothing is split
			p, values = Net(1, 8)
		}
		inputs := p.Named(plan.Input)
		late := p.Values[inputs[1+int(seed)%(len(inputs)-1)]].Name // not x
		d := &counted{Device: ref.New()}
		whole, err := start(ref.New(), p, values)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := device.CompileSplit(d, p, late)
		if err != nil {
			t.Fatalf("chain %d: %v", seed, err)
		}
		for name, x := range values {
			if v := p.Find(name); p.Values[v].Role != plan.Const {
				if err := parts.Write(name, x); err != nil {
					t.Fatal(err)
				}
			}
		}
		// What changes before each run; "" writes x again as it is.
		early := []int{1, 1, 1, 2}
		for run, name := range []string{late, late, "", "x"} {
			x := append([]float32(nil), values["x"]...)
			if name == "" {
				name = "x"
			} else {
				x = append([]float32(nil), values[name]...)
				x[0] += .25 * float32(run+1)
			}
			ctx := context.Background()
			if err := errors.Join(whole.Write(name, x), parts.Write(name, x), whole.Run(ctx), parts.Run(ctx)); err != nil {
				t.Fatalf("chain %d: %v", seed, err)
			}
			for _, o := range p.Outputs {
				n := p.Values[o.Value].Shape.Numel()
				want, got := make([]float32, n), make([]float32, n)
				if err := errors.Join(whole.Read(o.Name, want), parts.Read(o.Name, got)); err != nil {
					t.Fatalf("chain %d: %v", seed, err)
				}
				for i := range want {
					if math.Abs(float64(got[i]-want[i])) > 1e-5 {
						t.Fatalf("chain %d, run %d: %s element %d is %g split, %g whole", seed, run, o.Name, i, got[i], want[i])
					}
				}
			}
			if len(d.runs) == 2 && name == late && *d.runs[0] != early[run] {
				t.Errorf("chain %d: after run %d the early part has run %d times, want %d", seed, run, *d.runs[0], early[run])
			}
		}
		if len(d.runs) == 2 {
			splits++
		}
		if err := errors.Join(whole.Close(), parts.Close()); err != nil {
			t.Error(err)
		}
	}
	if splits < 10 {
		t.Errorf("%d plans were split, want at least 10", splits)
	}
}
