package cpu

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"

	"mien/shared/device/devicetest"
	"mien/shared/plan"
)

func TestDevice(t *testing.T) { devicetest.Run(t, New()) }

// TestTimedDevice holds programs that measure to the same.
func TestTimedDevice(t *testing.T) {
	p, _ := devicetest.Net(1, 8)
	program, err := New(WithTimes).Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	times := program.(interface{ Times() []StepTime }).Times()
	var sum int64
	seen := map[plan.Kind]int{}
	for _, s := range times {
		sum += s.Nanoseconds
		for _, k := range s.Kinds {
			seen[k]++
		}
	}
	for _, s := range p.Steps {
		seen[s.Kind]--
	}
	for k, n := range seen {
		if n != 0 {
			t.Errorf("%s: %+d times measured", k, n)
		}
	}
	if sum <= 0 {
		t.Error("no time passed")
	}
	plain, err := New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := plain.(interface{ Times() []StepTime }); ok {
		t.Error("a program that does not measure has times")
	}
}

func TestEveryKindCompiles(t *testing.T) {
	for _, k := range plan.Kinds {
		if compilers[k] == nil {
			t.Errorf("%s: no compiler", k)
		}
	}
}

// TestSameBits runs every case and a net with 1, 2 and 4 processors.
func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	check := func(what string, p *plan.Plan, values map[string][]float32) {
		var want [][]float32
		for _, n := range []int{1, 2, 4} {
			runtime.GOMAXPROCS(n)
			got := outputs(t, p, values)
			if want == nil {
				want = got
				continue
			}
			for i := range got {
				for j := range got[i] {
					if math.Float32bits(got[i][j]) != math.Float32bits(want[i][j]) {
						t.Errorf("%s: output %d, element %d: %g with %d processors, %g with 1", what, i, j, got[i][j], n, want[i][j])
						return
					}
				}
			}
		}
	}
	for i, c := range devicetest.Cases {
		p, values, err := c.Plan(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		check(c.String(), p, values)
	}
	p, values := devicetest.Net(2, 32)
	check("net", p, values)
	p, values = devicetest.Blaze(1, 64, 24, 48, 3, 3)
	check("blaze", p, values)
	for seed := range uint64(20) {
		p, values := devicetest.Chain(seed)
		check(fmt.Sprint("chain ", seed), p, values)
	}
}

func outputs(t *testing.T, p *plan.Plan, values map[string][]float32) [][]float32 {
	t.Helper()
	program, err := New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range values {
		if err := program.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var out [][]float32
	for _, o := range p.Outputs {
		x := make([]float32, p.Values[o.Value].Shape.Numel())
		if err := program.Read(o.Name, x); err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// TestRunAllocatesNothing covers every kind in turn, with sizes that are split
// among goroutines.
func TestRunAllocatesNothing(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	largest := map[plan.Kind]devicetest.Case{}
	for _, c := range devicetest.Cases {
		if b, ok := largest[c.Kind]; !ok || c.In[0].Numel() > b.In[0].Numel() {
			largest[c.Kind] = c
		}
	}
	type work struct {
		p      *plan.Plan
		values map[string][]float32
	}
	cases := map[string]work{}
	for k, c := range largest {
		p, values, err := c.Plan(1)
		if err != nil {
			t.Fatal(err)
		}
		cases[string(k)] = work{p, values}
	}
	for seed := range uint64(5) {
		p, values := devicetest.Chain(seed)
		cases[fmt.Sprint("chain ", seed)] = work{p, values}
	}
	for k, c := range cases {
		p, values := c.p, c.values
		program, err := New().Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		for name, x := range values {
			if err := program.Write(name, x); err != nil {
				t.Fatal(err)
			}
		}
		ctx := context.Background()
		// AllocsPerRun would set GOMAXPROCS to 1, so allocations are counted
		// by hand. The runtime makes up to 64 goroutines for each processor
		// before it finds dead ones to use again: the best batch counts.
		const runs, batches = 20, 10
		least := math.Inf(1)
		for range batches {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				if err := program.Run(ctx); err != nil {
					t.Fatal(err)
				}
			}
			runtime.ReadMemStats(&after)
			if least = min(least, float64(after.Mallocs-before.Mallocs)/runs); least < .2 {
				break
			}
		}
		if least >= .2 {
			t.Errorf("%s: %.1f allocations per run", k, least)
		}
	}
}

// TestApproximations holds the bounds that exp32 and tanh32 state.
func TestApproximations(t *testing.T) {
	var worstExp, worstTanh, worstRelative float64
	for b := uint32(0); b < 0x42b00000; b += 997 { // 0 to 88
		for _, x := range []float32{math.Float32frombits(b), -math.Float32frombits(b)} {
			if x > -87.3 {
				want := math.Exp(float64(x))
				worstExp = max(worstExp, math.Abs(float64(exp32(x))/want-1))
			}
			want := math.Tanh(float64(x))
			e := math.Abs(float64(tanh32(x)) - want)
			worstTanh = max(worstTanh, e)
			if x != 0 && b > 0x00800000 {
				worstRelative = max(worstRelative, e/math.Abs(want))
			}
		}
	}
	t.Logf("largest errors: exp %.3g relative, tanh %.3g absolute, %.3g relative", worstExp, worstTanh, worstRelative)
	if worstExp > 2e-7 || worstTanh > 2e-7 || worstRelative > 4e-7 {
		t.Error("an approximation is worse than stated")
	}
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range [][2]float32{{exp32(inf), inf}, {exp32(-inf), 0}, {exp32(0), 1}, {tanh32(inf), 1}, {tanh32(-inf), -1}, {tanh32(0), 0}} {
		if c[0] != c[1] {
			t.Errorf("%g, want %g", c[0], c[1])
		}
	}
	if exp32(nan) == exp32(nan) || tanh32(nan) == tanh32(nan) {
		t.Error("NaN became a number")
	}
	for _, x := range []float32{88.3, 88.5, 88.7, 88.72} {
		if e := math.Abs(float64(exp32(x))/math.Exp(float64(x)) - 1); e > 2e-6 {
			t.Errorf("exp %g: error %g", x, e)
		}
	}
}
