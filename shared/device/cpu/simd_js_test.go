package cpu

import (
	"fmt"
	"math"
	"testing"

	"mien/shared/device/cpu/simd"
	"mien/shared/device/devicetest"
)

// TestSameBitsForAnyNumberOfThreads runs every case and a net with one thread
// and with all that were lent, many times: what one run in a thousand gets wrong
// should show.
func TestSameBitsForAnyNumberOfThreads(t *testing.T) {
	most := simd.Threads()
	if most < 2 {
		t.Skip("one thread: the page's threads are NOT tested here; set MIEN_THREADS=2")
	}
	defer simd.SetThreads(most)
	p, values := devicetest.Net(2, 64)
	plans := map[string]func() [][]float32{"net": func() [][]float32 { return outputs(t, p, values) }}
	blaze, with := devicetest.Blaze(1, 64, 24, 48, 3, 3)
	plans["blaze"] = func() [][]float32 { return outputs(t, blaze, with) }
	for i, c := range devicetest.Cases {
		p, values, err := c.Plan(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		plans[fmt.Sprint(i, c)] = func() [][]float32 { return outputs(t, p, values) }
	}
	for name, run := range plans {
		simd.SetThreads(1)
		want := run()
		simd.SetThreads(most)
		for range 10 {
			for i, got := range run() {
				for j, v := range got {
					if math.Float32bits(v) != math.Float32bits(want[i][j]) {
						t.Fatalf("%s: output %d, element %d: %g with %d threads, %g with 1", name, i, j, v, most, want[i][j])
					}
				}
			}
		}
	}
}
