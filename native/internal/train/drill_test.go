package train

import (
	"context"
	"runtime"
	"testing"

	"mien/shared/device/cpu"
)

// TestStepsAllocateNothing wants a training step to make no garbage, and a
// program to hold what it says.
func TestStepsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	var before, after runtime.MemStats
	for _, preset := range []string{"tiny", "tiny-wgan", "reader-tiny"} {
		d, err := NewDrill(ctx, cpu.New(), preset, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Run(ctx); err != nil {
			t.Fatal(err)
		}
		program := d.engine.full.program
		if n := testing.AllocsPerRun(5, func() {
			if err := program.Run(ctx); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: a step makes %g allocations", preset, n)
		}
		runtime.GC()
		runtime.ReadMemStats(&before)
		p, err := cpu.New().Compile(d.engine.full.plan)
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		held, said := float64(after.HeapAlloc-before.HeapAlloc), float64(p.Bytes())
		if held < .9*said || held > 1.1*said {
			t.Errorf("%s: a program of %.0f bytes holds %.0f", preset, said, held)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
