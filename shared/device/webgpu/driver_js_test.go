package webgpu

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mien/shared/device/devicetest"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// These tests run in a browser: native/internal/browsertest builds and starts
// them there, with -short.

// open returns the browser's GPU, or skips.
func open(t testing.TB, options ...Option) *Device {
	t.Helper()
	d, err := Open(0, options...)
	if errors.Is(err, ErrNoAdapter) {
		t.Skipf("NO WEBGPU ADAPTER (%v): the browser's driver is not tested here", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// handful is a small case of some kinds, one for each way in which kernels
// differ; a software adapter compiles a tiled one for a second or more.
func handful() []devicetest.Case {
	wanted := map[plan.Kind]bool{plan.Conv: true, plan.MatMul: true, plan.SumTo: true, plan.Warp: true, plan.Resize: true,
		plan.Concat: true, plan.Tanh: true, plan.Div: true, plan.Adam: true, plan.Finite: true}
	var few []devicetest.Case
	for _, c := range devicetest.Cases {
		if n := c.In[0].Numel(); wanted[c.Kind] && n > 20 && n < 5000 {
			few = append(few, c)
			delete(wanted, c.Kind)
		}
	}
	return few
}

func TestHandful(t *testing.T) {
	d := open(t)
	t.Logf("%s %+v", d.Name(), d.Adapter())
	few := handful()
	if len(few) != 10 {
		t.Errorf("%d cases, want 10", len(few))
	}
	for i, c := range few {
		t.Run(string(c.Kind), func(t *testing.T) {
			if err := c.Check(d, uint64(i)); err != nil {
				t.Errorf("%v: %v", c, err)
			}
		})
	}
}

func TestDevice(t *testing.T) {
	if testing.Short() {
		t.Skip("the whole table takes minutes on a software adapter")
	}
	devicetest.Run(t, open(t))
}

func TestErrorsNameFileAndLine(t *testing.T) {
	d := open(t)
	bad := &text{}
	bad.file("math.wgsl")
	bad.add("wgsl/broken.wgsl", "@compute @workgroup_size(1)\nfn main() {\n\tlet x: u32 = 1.5;\n}")
	_, err := d.pipeline(&call{label: "broken", text: bad})
	if err == nil || !strings.Contains(err.Error(), "wgsl/broken.wgsl:3:") {
		t.Errorf("error %v, want wgsl/broken.wgsl:3: in it", err)
	}
}

// double is the plan y = 2 x for n elements.
func double(n int) *plan.Plan {
	return &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Name: "x", Role: plan.Input, Shape: tensor.Shape{n}}, {Role: plan.Temp, Shape: tensor.Shape{n}},
	}, Steps: []plan.Step{{Kind: plan.Affine, In: []int{0}, Out: []int{1}, Floats: []float64{2, 0}}}, Outputs: []plan.Output{{Name: "y", Value: 1}}}
}

// TestErrorsArrive binds more than the adapter allows: the browser tells later,
// and nothing may be taken for done before.
func TestErrorsArrive(t *testing.T) {
	d := open(t)
	if _, err := d.driver.storage("too large", d.Adapter().MaxBuffer*2); err != nil {
		t.Fatal(err)
	}
	if _, err := d.driver.sequence(nil, nil); err == nil {
		t.Error("a buffer beyond the adapter's limit is no error")
	}
}

func TestLoss(t *testing.T) {
	d := open(t)
	p, err := d.Compile(double(8))
	if err != nil {
		t.Fatal(err)
	}
	x, y := []float32{1, 2, 3, 4, 5, 6, 7, 8}, make([]float32, 8)
	run := func() error {
		if err := p.Write("x", x); err != nil {
			return err
		}
		if err := p.Run(context.Background()); err != nil {
			return err
		}
		return p.Read("y", y)
	}
	if err := run(); err != nil || y[7] != 16 {
		t.Fatalf("2*8 is %g, error %v", y[7], err)
	}
	d.driver.(*web).device.Call("destroy")
	if err := run(); !errors.Is(err, ErrLost) {
		t.Errorf("error %v after the device is destroyed, want ErrLost", err)
	}
	if _, err := d.Compile(double(8)); !errors.Is(err, ErrLost) {
		t.Errorf("error %v of Compile, want ErrLost", err)
	}
}
