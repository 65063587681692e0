//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

package webgpu

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"mien/shared/device/devicetest"
	"mien/shared/device/ref"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// open returns the first GPU, or skips.
func open(t testing.TB, options ...Option) *Device {
	t.Helper()
	all, err := Adapters()
	if err == nil && len(all) == 0 {
		err = ErrNoAdapter
	}
	if err != nil {
		t.Skipf("NO WEBGPU ADAPTER (%v): GPU kernels are not tested here; install mesa-vulkan-drivers and libvulkan1", err)
	}
	d, err := Open(0, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestDevice(t *testing.T) { devicetest.RunSome(t, open(t), 4) }

// tileCases are products of odd shapes and of such whose operands are read four
// at a time.
var tileCases = []devicetest.Case{
	{Kind: plan.Conv, In: []tensor.Shape{{1, 9, 11, 5}, {3, 3, 5, 33}}, Ints: []int{1, 1}, Tolerance: 2e-6},
	{Kind: plan.Conv, In: []tensor.Shape{{2, 16, 9, 16}, {4, 4, 16, 36}}, Ints: []int{2, 1}, Tolerance: 2e-6},
	{Kind: plan.ConvInput, In: []tensor.Shape{{2, 8, 5, 32}, {4, 4, 7, 32}}, Ints: []int{2, 1, 16, 10}, Tolerance: 2e-6},
	{Kind: plan.ConvWeight, In: []tensor.Shape{{1, 9, 11, 5}, {1, 9, 11, 33}}, Ints: []int{1, 1, 3, 3}, Tolerance: 2e-6},
	{Kind: plan.ConvWeight, In: []tensor.Shape{{2, 6, 32, 16}, {2, 3, 16, 36}}, Ints: []int{2, 1, 4, 4}, Tolerance: 2e-6},
	{Kind: plan.MatMul, In: []tensor.Shape{{33, 130}, {130, 65}}, Ints: []int{0, 0}, Tolerance: 2e-6},
	{Kind: plan.MatMul, In: []tensor.Shape{{130, 36}, {68, 130}}, Ints: []int{1, 1}, Tolerance: 2e-6},
}

// TestEveryTile runs products of odd shapes with each tile, and cut in parts:
// the table's own are too small to choose most of them.
func TestEveryTile(t *testing.T) {
	for i, x := range tiles {
		d := open(t)
		d.choice.tile = x
		if d.choice.parts = 1; i%2 == 1 {
			d.choice.parts = 3
		}
		for _, c := range tileCases {
			if err := c.Check(d, 1); err != nil {
				t.Errorf("%v in %d parts: %v: %v", x, d.choice.parts, c, err)
			}
		}
	}
}

// TestErrorsNameFileAndLine gives the compiler a text with a mistake in the
// second of its parts; the device is good for nothing afterwards.
func TestErrorsNameFileAndLine(t *testing.T) {
	d := open(t)
	c := fixed("move.wgsl", nil, [3]uint32{1, 1, 1})
	c.text.add("wgsl/wrong.wgsl", "// a comment\nfn wrong() -> f32 { return 1u; }")
	err := d.use(func(driver) error { _, err := d.pipeline(c); return err })
	if err == nil || !strings.Contains(err.Error(), "wgsl/wrong.wgsl:2:") {
		t.Errorf("error %v, want wgsl/wrong.wgsl:2", err)
	}
	if _, err := d.Compile(chained()); err == nil {
		t.Error("a device compiles after its first error")
	}
	if _, err := open(t).Compile(chained()); err != nil {
		t.Errorf("another device meets the error of the first: %v", err)
	}
	if _, err := Open(99); err == nil {
		t.Error("adapter 99 was opened")
	}
}

// TestHalfWeights holds generators with half weights to a thousandth.
func TestHalfWeights(t *testing.T) {
	p := chained()
	var results [2][]float32
	var bytes [2]int64
	for i, options := range [][]Option{nil, {WithHalf}} {
		program, err := open(t, options...).Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, 256)
		for j := range x {
			x[j] = float32(j%5) - 2
		}
		results[i] = make([]float32, 512)
		if err := program.Write("x", x); err != nil {
			t.Fatal(err)
		}
		if err := program.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := program.Read("y", results[i]); err != nil {
			t.Fatal(err)
		}
		bytes[i] = program.Bytes()
	}
	differs := false
	for i, want := range results[0] {
		got := results[1][i]
		if e := math.Abs(float64(got - want)); e > .05 { // 36 products of up to 6.2 with weights good to 2^-11
			t.Fatalf("element %d is %g, want %g", i, got, want)
		}
		differs = differs || got != want
	}
	if want := bytes[0] - 2*3*3*4*8; bytes[1] != want || !differs {
		t.Errorf("%d bytes with half weights, want %d; results differ: %v", bytes[1], want, differs)
	}
}

// TestClosedProgramsRefuse closes twice, then runs.
func TestClosedProgramsRefuse(t *testing.T) {
	program, err := open(t).Compile(chained())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(program.Close(), program.Close()); err != nil {
		t.Error(err)
	}
	x := make([]float32, 256)
	for what, err := range map[string]error{"run": program.Run(context.Background()), "write": program.Write("x", x), "read": program.Read("y", make([]float32, 512))} {
		if !errors.Is(err, errClosed) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

// TestSoak trains a small net for 4,000 steps as a run does, with what is
// written and read each step, and wants memory to stay flat.
func TestSoak(t *testing.T) {
	d := open(t)
	p, values := devicetest.Net(1, 8)
	program, err := d.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range values {
		if err := program.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	loss, ok, state := make([]float32, 1), make([]float32, 1), make([]float32, len(values["w2"]))
	const steps, settled = 4000, 1000
	var before, first int64
	for i := range steps {
		for _, err := range []error{
			program.Write("x", values["x"]), program.Write("hyper", values["hyper"]), program.Run(context.Background()),
			program.Read("loss", loss), program.Read("ok", ok),
		} {
			if err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
		}
		if ok[0] != 1 {
			t.Fatalf("step %d: not finite", i)
		}
		if i%100 == 0 {
			if err := program.Read("w2", state); err != nil {
				t.Fatal(err)
			}
		}
		if i == settled {
			before, first = resident(t), program.Bytes()
		}
	}
	if grown := resident(t) - before; grown > 8<<20 || program.Bytes() != first {
		t.Errorf("%d steps made the process grow by %d KiB, the program from %d to %d bytes", steps-settled, grown>>10, first, program.Bytes())
	} else {
		t.Logf("%d steps: process grew by %d KiB, program holds %d bytes", steps-settled, grown>>10, first)
	}
	// The reference after as many steps is too slow; the loss must have sunk.
	r, err := ref.New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	start := make([]float32, 1)
	for name, x := range values {
		if err := r.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := r.Read("loss", start); err != nil {
		t.Fatal(err)
	}
	if !(loss[0] < start[0]/2) {
		t.Errorf("loss %g after %d steps, %g at first", loss[0], steps, start[0])
	}
}

// resident is the process's memory in bytes, 0 where it cannot be known.
func resident(t *testing.T) int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, err := strconv.ParseInt(string(bytes.Fields(b)[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// BenchmarkConv reports GFLOP/s of products on the first adapter; the shapes
// are those of a small generator, so that software can finish them.
func BenchmarkConv(b *testing.B) {
	x, w := tensor.Shape{2, 32, 32, 32}, tensor.Shape{3, 3, 32, 32}
	for _, c := range []devicetest.Case{
		{Kind: plan.Conv, In: []tensor.Shape{x, w}, Ints: []int{1, 1}},
		{Kind: plan.ConvInput, In: []tensor.Shape{x, w}, Ints: []int{1, 1, 32, 32}},
		{Kind: plan.ConvWeight, In: []tensor.Shape{x, x}, Ints: []int{1, 1, 3, 3}},
		{Kind: plan.MatMul, In: []tensor.Shape{{256, 256}, {256, 256}}, Ints: []int{0, 0}},
	} {
		b.Run(string(c.Kind), func(b *testing.B) {
			d := open(b)
			p, _, err := c.Plan(1)
			if err != nil {
				b.Fatal(err)
			}
			compiled, err := d.Compile(p)
			if err != nil {
				b.Fatal(err)
			}
			defer compiled.Close()
			for b.Loop() {
				if err := errors.Join(compiled.Run(context.Background()), compiled.(*program).Wait()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(p.FLOPs())*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

// TestAverageFollowsAdam runs Adam and the average of its weights, which are
// one call, against the reference: three steps, the second not finite.
func TestAverageFollowsAdam(t *testing.T) {
	n := tensor.Shape{37}
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Role: plan.Input, Name: "g", Shape: n}, {Role: plan.Input, Name: "hyper", Shape: []int{4}}, {Role: plan.Input, Name: "ok", Shape: []int{1}},
		{Role: plan.Input, Name: "decay", Shape: []int{1}}, {Role: plan.State, Name: "w", Shape: n}, {Role: plan.State, Name: "m", Shape: n},
		{Role: plan.State, Name: "v", Shape: n}, {Role: plan.State, Name: "average", Shape: n},
	}, Steps: []plan.Step{
		{Kind: plan.Adam, Floats: []float64{.5, .9, 1e-6}, In: []int{0, 1, 2, 4, 5, 6}, Out: []int{4, 5, 6}},
		{Kind: plan.Blend, In: []int{7, 4, 3, 2}, Out: []int{7}},
	}}
	gpu, err := open(t).Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	if n := gpu.(*program).Dispatches(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	slow, err := ref.New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []float32{1, 0, 1} {
		g := make([]float32, n.Numel())
		for i := range g {
			g[i] = float32(i%7)*.3 - 1
		}
		for _, x := range []interface {
			Write(string, []float32) error
			Run(context.Context) error
		}{gpu, slow} {
			if err := errors.Join(x.Write("g", g), x.Write("hyper", []float32{.1, .5, .1, .01}), x.Write("ok", []float32{flag}),
				x.Write("decay", []float32{.7}), x.Run(context.Background())); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"w", "m", "v", "average"} {
			got, want := make([]float32, n.Numel()), make([]float32, n.Numel())
			if err := errors.Join(gpu.Read(name, got), slow.Read(name, want)); err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if math.Abs(float64(got[i]-want[i])) > 2e-6 {
					t.Fatalf("%s: element %d is %g, want %g", name, i, got[i], want[i])
				}
			}
		}
	}
}
