package webgpu

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"mien/shared/plan"
)

var errClosed = errors.New("program or device is closed")

// echo bounds, in bytes, the outputs that every run copies to where the host
// can read them: scalars and fields, so that a training step's losses come
// back in one piece. What is larger is copied when somebody reads it.
const echo = 1 << 20

// program is a compiled plan.
type program struct {
	device  *Device
	plan    *plan.Plan
	lowered *lowered

	buffers  []buffer // as lowered.sizes
	params   buffer
	sequence sequence
	bytes    int64

	echoes   map[int]int64 // per value, its offset in the echo, in bytes
	echo     buffer        // nil where no output is small enough
	host     []float32     // what the echo held after the last run
	fresh    bool          // host is of the last run
	inFlight bool

	large     buffer // for reading what has no echo; grows
	largeSize int64

	encoding time.Duration
	runs     int
	closed   bool
}

// build makes buffers, pipelines and bindings.
func (c *program) build(d driver) error {
	l := c.lowered
	for i, n := range l.sizes {
		b, err := d.storage(fmt.Sprint("values ", i), int64(4*n))
		if err != nil {
			return err
		}
		c.buffers = append(c.buffers, b)
		c.bytes += int64(4 * n)
	}
	for i, v := range c.plan.Values {
		if v.Role == plan.Const && l.place[i] >= 0 {
			if err := d.write(c.buffers[l.place[i]], c.contents(i, v.Data)); err != nil {
				return err
			}
		}
	}
	var params []uint32
	var calls []*call
	for _, n := range l.nodes {
		for _, call := range n.calls {
			calls = append(calls, call)
			params = append(params, padded(call.params)...)
		}
	}
	if len(calls) == 0 {
		return c.echoOutputs(d, nil)
	}
	var err error
	if c.params, err = d.uniform(params); err != nil {
		return err
	}
	c.bytes += int64(4 * len(params))
	if err := c.device.prepare(calls...); err != nil {
		return err
	}
	var dispatches []dispatch
	at := int64(0)
	for _, call := range calls {
		p, err := c.device.pipeline(call)
		if err != nil {
			return err
		}
		storage := make([]buffer, len(call.bound))
		for i, b := range call.bound {
			storage[i] = c.buffers[l.place[b.value]]
		}
		size := int64(4 * len(padded(call.params)))
		g, err := d.bind(p, c.params, at, size, storage)
		if err != nil {
			return fmt.Errorf("kernel %s: %w", call.label, err)
		}
		at += size
		dispatches = append(dispatches, dispatch{p, g, call.grid})
	}
	return c.echoOutputs(d, dispatches)
}

// padded fills parameters up to what a uniform binding's offset must divide
// by.
func padded(params []uint32) []uint32 {
	const words = uniformAlign / 4
	return append(params[:len(params):len(params)], make([]uint32, (words-len(params)%words)%words)...)
}

// echoOutputs prepares the copies of small outputs and the whole submission.
// Inputs and states are not echoed: they may be written after a run, and must
// then read as written.
func (c *program) echoOutputs(d driver, dispatches []dispatch) error {
	c.echoes = map[int]int64{}
	var copies []transfer
	size := int64(0)
	for _, o := range c.plan.Outputs {
		v := c.lowered.alias[o.Value]
		n := int64(4 * c.lowered.values[v].size)
		role := c.lowered.values[v].role
		if _, done := c.echoes[v]; done || size+n > echo || role == plan.Input || role == plan.State {
			continue
		}
		c.echoes[v] = size
		copies = append(copies, transfer{from: c.buffers[c.lowered.place[v]], at: size, size: n})
		size += (n + 15) / 16 * 16
	}
	var err error
	if size > 0 {
		if c.echo, err = d.readback(size); err != nil {
			return err
		}
		for i := range copies {
			copies[i].to = c.echo
		}
		c.host = make([]float32, size/4)
		c.bytes += size
	}
	c.sequence, err = d.sequence(dispatches, copies)
	return err
}

// contents returns data as a value's buffer holds it.
func (c *program) contents(v int, data []float32) []uint32 {
	if c.lowered.values[v].half {
		return packHalf(data)
	}
	return bits(data)
}

// bits reinterprets floats, without a copy.
func bits(x []float32) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

func (c *program) Write(name string, data []float32) error {
	i := c.plan.Find(name)
	if i < 0 || c.plan.Values[i].Role == plan.Const {
		return fmt.Errorf("write %q: no input or state of that name", name)
	}
	if n := c.plan.Values[i].Shape.Numel(); len(data) != n {
		return fmt.Errorf("write %q: %d elements, want %d", name, len(data), n)
	}
	if c.closed {
		return fmt.Errorf("write %q: %w", name, errClosed)
	}
	err := c.device.use(func(d driver) error { return d.write(c.buffers[c.lowered.place[i]], bits(data)) })
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	return nil
}

func (c *program) Read(name string, dst []float32) error {
	i := c.plan.Output(name)
	if i < 0 {
		if i = c.plan.Find(name); i < 0 || c.plan.Values[i].Role != plan.State {
			return fmt.Errorf("read %q: no output or state of that name", name)
		}
	}
	if n := c.plan.Values[i].Shape.Numel(); len(dst) != n {
		return fmt.Errorf("read %q: room for %d elements, want %d", name, len(dst), n)
	}
	if c.closed {
		return fmt.Errorf("read %q: %w", name, errClosed)
	}
	if err := c.device.use(func(d driver) error { return c.read(d, c.lowered.alias[i], dst) }); err != nil {
		return fmt.Errorf("read %q: %w", name, err)
	}
	return nil
}

// read copies a value from the echo of the last run, or from its buffer.
func (c *program) read(d driver, v int, dst []float32) error {
	if at, ok := c.echoes[v]; ok && c.runs > 0 {
		if !c.fresh {
			if err := d.fetch(c.echo, 0, c.host); err != nil {
				return err
			}
			c.fresh, c.inFlight = true, false
		}
		copy(dst, c.host[at/4:])
		return nil
	}
	size := int64(4 * len(dst))
	if size > c.largeSize {
		if c.large != nil {
			d.release(c.large)
			c.bytes -= c.largeSize
		}
		var err error
		if c.large, err = d.readback(size); err != nil {
			return err
		}
		c.largeSize = size
		c.bytes += size
	}
	s, err := d.sequence(nil, []transfer{{c.buffers[c.lowered.place[v]], c.large, 0, size}})
	if err != nil {
		return err
	}
	if err := d.submit(s); err != nil {
		return err
	}
	c.inFlight = false
	return d.fetch(c.large, 0, dst)
}

// Run submits every step and returns while they run; Read waits for them. At
// most one run is in flight: the next waits for it first. A cancelled context
// stops before the submission, never within.
func (c *program) Run(ctx context.Context) error {
	if c.closed {
		return fmt.Errorf("run: %w", errClosed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.device.use(func(d driver) error {
		if c.inFlight {
			if err := d.wait(); err != nil {
				return fmt.Errorf("run: %w", err)
			}
		}
		began := time.Now()
		if err := d.submit(c.sequence); err != nil {
			return fmt.Errorf("run: %w", err)
		}
		c.encoding += time.Since(began)
		c.runs++
		c.inFlight, c.fresh = true, false
		return nil
	})
}

// Wait returns when the last run is done.
func (c *program) Wait() error {
	return c.device.use(func(d driver) error {
		c.inFlight = false
		return d.wait()
	})
}

// Encoding is how long the runs so far took to encode and submit, on average.
func (c *program) Encoding() time.Duration { return c.encoding / time.Duration(max(c.runs, 1)) }

// Dispatches is the number of kernels that a run calls.
func (c *program) Dispatches() int {
	n := 0
	for _, node := range c.lowered.nodes {
		n += len(node.calls)
	}
	return n
}

func (c *program) Bytes() int64 { return c.bytes }

// Close releases the program's memory; the pipelines stay with the device.
func (c *program) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	err := c.device.use(func(d driver) error {
		if err := d.wait(); err != nil {
			return err
		}
		for _, b := range append(c.buffers, c.params, c.echo, c.large) {
			if b != nil {
				d.release(b)
			}
		}
		return nil
	})
	c.buffers, c.sequence, c.host, c.bytes = nil, nil, nil, 0
	if errors.Is(err, errClosed) {
		return nil
	}
	return err
}
