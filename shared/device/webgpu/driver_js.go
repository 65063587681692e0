package webgpu

import (
	"errors"
	"fmt"
	"strings"
	"syscall/js"
	"time"
	"unsafe"
)

// Flags of the WebGPU specification: GPUBufferUsage, GPUShaderStage, GPUMapMode.
const (
	usageMapRead = 0x01
	usageCopySrc = 0x04
	usageCopyDst = 0x08
	usageUniform = 0x40
	usageStorage = 0x80
	stageCompute = 0x4
	modeRead     = 0x1
)

// compilers is how many pipelines are compiled at a time: browsers do that in
// other threads, and the stage goes on drawing.
const compilers = 4

// scopes are the kinds of errors that WebGPU tells apart. One scope of each is
// open all the time: check closes them, sees what they caught, and opens new
// ones, so that no call is outside and none waits for its own.
var scopes = []any{"validation", "out-of-memory", "internal"}

// programs are names of what stands in for a GPU: browsers before 2025 do not
// say isFallbackAdapter in info.
var programs = []string{"swiftshader", "llvmpipe", "lavapipe", "basic render", "software"}

func listAdapters() ([]Adapter, error) {
	a, err := requestAdapter()
	if err != nil {
		return nil, err
	}
	return []Adapter{describe(a)}, nil
}

// requestAdapter asks for the GPU that the browser holds for the fast one; a
// page never learns of others.
func requestAdapter() (adapter js.Value, err error) {
	defer caught(&err)
	navigator := js.Global().Get("navigator")
	if !navigator.Truthy() || !navigator.Get("gpu").Truthy() {
		return js.Undefined(), fmt.Errorf("%w: this browser has no WebGPU, or not on this page", ErrNoAdapter)
	}
	a, err := await(navigator.Get("gpu").Call("requestAdapter", map[string]any{"powerPreference": "high-performance"}), nil)
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrNoAdapter, err)
	}
	if !a.Truthy() {
		return a, ErrNoAdapter
	}
	return a, nil
}

func describe(a js.Value) Adapter {
	info, limits := a.Get("info"), a.Get("limits")
	part := func(name string) string {
		if !info.Truthy() || info.Get(name).Type() != js.TypeString {
			return ""
		}
		return info.Get(name).String()
	}
	d := Adapter{
		Name: part("description"), Backend: "browser", Kind: "unknown", Driver: strings.TrimSpace(part("vendor") + " " + part("architecture")),
		MaxBinding: int64(limits.Get("maxStorageBufferBindingSize").Float()), MaxBuffer: int64(limits.Get("maxBufferSize").Float()),
		MaxShared: int64(limits.Get("maxComputeWorkgroupStorageSize").Float()), MaxGroups: int64(limits.Get("maxComputeWorkgroupsPerDimension").Float()),
	}
	if d.Name == "" {
		d.Name = d.Driver
	}
	if d.Name == "" {
		d.Name = "GPU"
	}
	d.Software = a.Get("isFallbackAdapter").Truthy() || info.Truthy() && info.Get("isFallbackAdapter").Truthy()
	for _, p := range programs {
		d.Software = d.Software || strings.Contains(strings.ToLower(d.Name+" "+d.Driver), p)
	}
	if d.Software {
		d.Kind = "software"
	}
	return d
}

// web is a driver over the browser's WebGPU. Its calls never fail by
// themselves: errors arrive in scopes, which sequence, wait and fetch check.
type web struct {
	about  Adapter
	device js.Value
	queue  js.Value
	gone   chan struct{} // closed when the device is lost
	lost   js.Func
	bytes  js.Value // Uint8Array on the way from Go to the GPU; grows
}

func openDriver(n int) (d driver, err error) {
	defer caught(&err)
	if n != 0 {
		return nil, fmt.Errorf("adapter %d: a browser shows one, 0", n)
	}
	a, err := requestAdapter()
	if err != nil {
		return nil, err
	}
	w := &web{about: describe(a), gone: make(chan struct{})}
	w.device, err = await(a.Call("requestDevice", map[string]any{
		"label":          "mien",
		"requiredLimits": map[string]any{"maxStorageBufferBindingSize": w.about.MaxBinding, "maxBufferSize": w.about.MaxBuffer},
	}), nil)
	if err != nil {
		return nil, fmt.Errorf("adapter %q: %w", w.about.Name, err)
	}
	w.queue = w.device.Get("queue")
	w.lost = js.FuncOf(func(js.Value, []js.Value) any { close(w.gone); return nil })
	w.device.Get("lost").Call("then", w.lost)
	w.open()
	return w, nil
}

func (d *web) adapter() Adapter { return d.about }

func (d *web) open() {
	for _, s := range scopes {
		d.device.Call("pushErrorScope", s)
	}
}

// check waits for the calls so far, and for the promises in more, and returns
// the first error among them.
func (d *web) check(more ...any) (err error) {
	defer caught(&err)
	promises := more
	for range scopes {
		promises = append(promises, d.device.Call("popErrorScope"))
	}
	d.open()
	all, err := await(js.Global().Get("Promise").Call("all", promises), d.gone)
	if err != nil {
		return d.orLost(err)
	}
	for i := len(more); i < len(promises); i++ {
		if e := all.Index(i); e.Truthy() {
			return errors.New(message(e))
		}
	}
	return nil
}

// mourning is how long after an error a lost device takes to say so.
const mourning = 2 * time.Second

// orLost tells the loss of the device from other errors: what it was doing
// fails first, with an error of its own.
func (d *web) orLost(err error) error {
	select {
	case <-d.gone:
	case <-time.After(mourning):
	}
	select {
	case <-d.gone:
		return fmt.Errorf("%w: %w", ErrLost, err)
	default:
		return err
	}
}

func (d *web) make(label string, size int64, usage int) (b buffer, err error) {
	defer caught(&err)
	return d.device.Call("createBuffer", map[string]any{"label": label, "size": size, "usage": usage}), nil
}

func (d *web) storage(label string, size int64) (buffer, error) {
	return d.make(label, size, usageStorage|usageCopyDst|usageCopySrc)
}

func (d *web) uniform(data []uint32) (buffer, error) {
	b, err := d.make("parameters", int64(4*len(data)), usageUniform|usageCopyDst)
	if err != nil {
		return nil, err
	}
	return b, d.write(b, data)
}

func (d *web) readback(size int64) (buffer, error) {
	return d.make("readback", size, usageMapRead|usageCopyDst)
}

func (d *web) release(b buffer) { b.(js.Value).Call("destroy") }

// compiled is a pipeline with the layout of its bindings.
type compiled struct{ pipeline, layout js.Value }

func (d *web) pipeline(label, text string, writes []bool) (p pipeline, err error) {
	defer caught(&err)
	module := d.device.Call("createShaderModule", map[string]any{"label": label, "code": text})
	kinds := []string{"uniform"}
	for _, write := range writes {
		if write {
			kinds = append(kinds, "storage")
		} else {
			kinds = append(kinds, "read-only-storage")
		}
	}
	var entries []any
	for i, kind := range kinds {
		entries = append(entries, map[string]any{"binding": i, "visibility": stageCompute, "buffer": map[string]any{"type": kind}})
	}
	c := &compiled{layout: d.device.Call("createBindGroupLayout", map[string]any{"label": label, "entries": entries})}
	layout := d.device.Call("createPipelineLayout", map[string]any{"label": label, "bindGroupLayouts": []any{c.layout}})
	c.pipeline, err = await(d.device.Call("createComputePipelineAsync", map[string]any{
		"label": label, "layout": layout, "compute": map[string]any{"module": module, "entryPoint": "main"},
	}), d.gone)
	if err != nil {
		return nil, d.explain(module, err)
	}
	return c, nil
}

// explain puts the first error that the compiler found, with its line, in the
// place of what the pipeline says of it.
func (d *web) explain(module js.Value, err error) error {
	info, bad := await(module.Call("getCompilationInfo"), d.gone)
	if bad != nil {
		return err
	}
	all := info.Get("messages")
	for i := range all.Length() {
		if m := all.Index(i); m.Get("type").String() == "error" {
			return fmt.Errorf("wgsl:%d:%d: %s", m.Get("lineNum").Int(), m.Get("linePos").Int(), m.Get("message").String())
		}
	}
	return err
}

func (d *web) bind(p pipeline, params buffer, offset, size int64, storage []buffer) (g group, err error) {
	defer caught(&err)
	entries := []any{map[string]any{"binding": 0, "resource": map[string]any{"buffer": params, "offset": offset, "size": size}}}
	for i, b := range storage {
		entries = append(entries, map[string]any{"binding": i + 1, "resource": map[string]any{"buffer": b}})
	}
	return d.device.Call("createBindGroup", map[string]any{"layout": p.(*compiled).layout, "entries": entries}), nil
}

// recorded is a sequence: command buffers serve once, so that it is encoded
// anew for each submission.
type recorded struct {
	dispatches []dispatch
	copies     []transfer
}

// sequence also checks what was made before: buffers, bindings, contents.
func (d *web) sequence(dispatches []dispatch, copies []transfer) (sequence, error) {
	return &recorded{dispatches, copies}, d.check()
}

func (d *web) write(b buffer, data []uint32) (err error) {
	defer caught(&err)
	if len(data) == 0 {
		return nil
	}
	size := 4 * len(data)
	if d.bytes.IsUndefined() || d.bytes.Length() < size {
		d.bytes = js.Global().Get("Uint8Array").New(size)
	}
	js.CopyBytesToJS(d.bytes, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), size))
	d.queue.Call("writeBuffer", b, 0, d.bytes, 0, size)
	return nil
}

func (d *web) submit(s sequence) (err error) {
	defer caught(&err)
	r := s.(*recorded)
	encoder := d.device.Call("createCommandEncoder")
	if len(r.dispatches) > 0 {
		pass := encoder.Call("beginComputePass")
		var last *compiled
		for i := range r.dispatches {
			c := &r.dispatches[i]
			if p := c.pipeline.(*compiled); p != last {
				pass.Call("setPipeline", p.pipeline)
				last = p
			}
			pass.Call("setBindGroup", 0, c.group)
			pass.Call("dispatchWorkgroups", c.grid[0], c.grid[1], c.grid[2])
		}
		pass.Call("end")
	}
	for _, c := range r.copies {
		encoder.Call("copyBufferToBuffer", c.from, 0, c.to, c.at, c.size)
	}
	d.queue.Call("submit", []any{encoder.Call("finish")})
	return nil
}

func (d *web) wait() (err error) {
	defer caught(&err)
	return d.check(d.queue.Call("onSubmittedWorkDone"))
}

func (d *web) fetch(b buffer, offset int64, dst []float32) (err error) {
	defer caught(&err)
	if len(dst) == 0 {
		return nil
	}
	source, size := b.(js.Value), 4*len(dst)
	if err := d.check(source.Call("mapAsync", modeRead, offset, size)); err != nil {
		return err
	}
	data := js.Global().Get("Uint8Array").New(source.Call("getMappedRange", offset, size))
	js.CopyBytesToGo(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), size), data)
	source.Call("unmap")
	return nil
}

// close also ends the promise of the device's loss.
func (d *web) close() { d.device.Call("destroy") }
