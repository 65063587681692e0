// Package webgpu runs plans on a GPU through WebGPU: natively over Vulkan,
// Metal or Direct3D 12, in a page over the browser's own. Both run the same
// kernels, which lie in wgsl/.
//
// Compile lowers a plan to calls of kernels (lower.go), joins elementwise
// steps to chains and to the convolutions that feed them (chain.go), lets
// values that never live at the same time share a buffer (memory.go), and
// builds pipelines and bindings once. Run is then one submission.
package webgpu

import (
	"errors"
	"fmt"
	"sync"

	"mien/shared/device"
	"mien/shared/plan"
)

// ErrNoAdapter says that no GPU answers.
var ErrNoAdapter = errors.New("no GPU adapter answers")

// ErrLost says that the GPU is gone: unplugged, reset, or taken away by the
// system. Programs on it, and their states, are gone too.
var ErrLost = errors.New("the GPU was lost")

// Adapters lists the GPUs of this machine; Open takes an index of this list. A
// build that cannot ask gives an error that says why.
func Adapters() ([]Adapter, error) { return listAdapters() }

// Device compiles plans for one GPU. It may be used by several goroutines.
type Device struct {
	driver driver
	choice choice

	mu        sync.Mutex
	failed    error               // the first error of the driver
	pipelines map[string]pipeline // by text
}

// Option changes what Open returns.
type Option func(*Device)

// WithHalf stores constant weights of convolutions and matrix products as half
// floats: half the memory and bandwidth, all sums still in float32. Meant for
// generators; 1e-3 of relative error in the weights.
func WithHalf(d *Device) { d.choice.half = true }

// Open returns the n-th adapter of Adapters as a device.
func Open(n int, options ...Option) (*Device, error) {
	d, err := openDriver(n)
	if err != nil {
		return nil, fmt.Errorf("open GPU: %w", err)
	}
	return newDevice(d, options...), nil
}

func newDevice(driver driver, options ...Option) *Device {
	d := &Device{driver: driver, pipelines: map[string]pipeline{}}
	for _, o := range options {
		o(d)
	}
	return d
}

// Name is "webgpu" and the adapter's.
func (d *Device) Name() string {
	a := d.driver.adapter()
	return fmt.Sprintf("webgpu %s (%s)", a.Name, a.Backend)
}

// Adapter describes the GPU.
func (d *Device) Adapter() Adapter { return d.driver.adapter() }

// Close releases the GPU; programs on it are closed first.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil || !errors.Is(d.failed, errClosed) {
		d.failed = errClosed
		d.driver.close()
	}
	return nil
}

// use calls f with the driver to itself, unless an earlier call failed: a
// driver's first error is its last.
func (d *Device) use(f func(driver) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed != nil {
		return d.failed
	}
	if d.failed = f(d.driver); d.failed != nil {
		return d.failed
	}
	return nil
}

// Compile checks p, builds its kernels and allocates its memory. A value that
// the adapter cannot bind as a whole is refused.
func (d *Device) Compile(p *plan.Plan) (device.Program, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	l, err := lower(p, d.choice)
	if err != nil {
		return nil, err
	}
	if err := l.check(d.Adapter()); err != nil {
		return nil, err
	}
	c := &program{device: d, plan: p, lowered: l}
	if err := d.use(c.build); err != nil {
		return nil, fmt.Errorf("compile for %s: %w", d.Name(), err)
	}
	return c, nil
}

// Pipelines is how many kernels were compiled so far.
func (d *Device) Pipelines() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.pipelines)
}

// prepare compiles the pipelines that calls need and that are not there yet,
// as many at a time as the driver takes. It is called under the device's lock.
func (d *Device) prepare(calls ...*call) error {
	wanted := map[string]*call{}
	for _, c := range calls {
		if text := c.text.String(); d.pipelines[text] == nil {
			wanted[text] = c
		}
	}
	var mu sync.Mutex // guards pipelines and failed
	var failed error
	var all sync.WaitGroup
	turns := make(chan struct{}, compilers)
	for text, c := range wanted {
		turns <- struct{}{}
		all.Go(func() {
			p, err := d.driver.pipeline(c.label, text, c.writes())
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				d.pipelines[text] = p
			} else if failed == nil {
				failed = fmt.Errorf("kernel %s: %w", c.label, c.text.place(err))
			}
			<-turns
		})
	}
	all.Wait()
	return failed
}

// pipeline returns the pipeline of a call, compiled at its first use. It is
// called under the device's lock.
func (d *Device) pipeline(c *call) (pipeline, error) {
	if err := d.prepare(c); err != nil {
		return nil, err
	}
	return d.pipelines[c.text.String()], nil
}
