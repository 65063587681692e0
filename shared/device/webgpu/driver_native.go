//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

package webgpu

import (
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/oliverbestmann/webgpu/wgpu"
)

// backends are those that wgpu-native may use: Vulkan, Metal and Direct3D 12.
// OpenGL would list the same cards a second time.
const backends = wgpu.InstanceBackend(1<<0 | 1<<2 | 1<<3)

// compilers is how many pipelines are compiled at a time: the binding gathers
// errors per device, so that two at a time could take each other's.
const compilers = 1

func instance() *wgpu.Instance {
	// Errors come back from the calls; the log would tell them twice.
	wgpu.SetLogLevel(wgpu.LogLevelOff)
	return wgpu.CreateInstance(&wgpu.InstanceDescriptor{Backends: backends})
}

func listAdapters() ([]Adapter, error) {
	in := instance()
	if in == nil {
		return nil, nil
	}
	defer in.Release()
	var all []Adapter
	for _, a := range in.EnumerateAdapters(&wgpu.InstanceEnumerateAdapterOptons{Backends: backends}) {
		all = append(all, describe(a))
		a.Release()
	}
	return all, nil
}

var kinds = map[wgpu.AdapterType]string{
	wgpu.AdapterTypeDiscreteGPU: "discrete GPU", wgpu.AdapterTypeIntegratedGPU: "integrated GPU", wgpu.AdapterTypeCPU: "software",
}

var backendNames = map[wgpu.BackendType]string{
	wgpu.BackendTypeVulkan: "Vulkan", wgpu.BackendTypeMetal: "Metal", wgpu.BackendTypeD3D12: "Direct3D 12",
}

func describe(a *wgpu.Adapter) Adapter {
	info, limits := a.GetInfo(), a.GetLimits()
	kind, ok := kinds[info.AdapterType]
	if !ok {
		kind = "unknown"
	}
	return Adapter{
		Name: info.Device, Backend: backendNames[info.BackendType], Kind: kind, Driver: info.Description,
		Software:   info.AdapterType == wgpu.AdapterTypeCPU,
		MaxBinding: int64(limits.MaxStorageBufferBindingSize), MaxBuffer: int64(limits.MaxBufferSize),
		MaxShared: int64(limits.MaxComputeWorkgroupStorageSize), MaxGroups: int64(limits.MaxComputeWorkgroupsPerDimension),
	}
}

// native is the driver over wgpu-native. Its Try calls validate at once; only
// they are used, because the others end the process.
type native struct {
	about    Adapter
	instance *wgpu.Instance
	device   *wgpu.Device
	queue    *wgpu.Queue
}

func openDriver(n int) (driver, error) {
	in := instance()
	if in == nil {
		return nil, ErrNoAdapter
	}
	all := in.EnumerateAdapters(&wgpu.InstanceEnumerateAdapterOptons{Backends: backends})
	if len(all) == 0 {
		in.Release()
		return nil, ErrNoAdapter
	}
	defer func() {
		for _, a := range all {
			a.Release()
		}
	}()
	if n < 0 || n >= len(all) {
		in.Release()
		return nil, fmt.Errorf("adapter %d: this machine has %d, counted from 0", n, len(all))
	}
	d := &native{about: describe(all[n]), instance: in}
	limits := wgpu.DefaultLimits()
	has := all[n].GetLimits()
	limits.MaxStorageBufferBindingSize, limits.MaxBufferSize = has.MaxStorageBufferBindingSize, has.MaxBufferSize
	var err error
	d.device, err = all[n].RequestDevice(&wgpu.DeviceDescriptor{
		Label: "mien", RequiredLimits: &limits,
	})
	if err != nil {
		in.Release()
		return nil, fmt.Errorf("adapter %q: %w", d.about.Name, err)
	}
	d.queue = d.device.GetQueue()
	return d, nil
}

func (d *native) adapter() Adapter { return d.about }

func (d *native) make(label string, size int64, usage wgpu.BufferUsage) (buffer, error) {
	b, err := d.device.TryCreateBuffer(&wgpu.BufferDescriptor{Label: label, Size: uint64(size), Usage: usage})
	return b, d.check(err)
}

func (d *native) storage(label string, size int64) (buffer, error) {
	return d.make(label, size, wgpu.BufferUsageStorage|wgpu.BufferUsageCopyDst|wgpu.BufferUsageCopySrc)
}

func (d *native) uniform(data []uint32) (buffer, error) {
	b, err := d.make("parameters", int64(4*len(data)), wgpu.BufferUsageUniform|wgpu.BufferUsageCopyDst)
	if err != nil {
		return nil, err
	}
	return b, d.write(b, data)
}

func (d *native) readback(size int64) (buffer, error) {
	return d.make("readback", size, wgpu.BufferUsageMapRead|wgpu.BufferUsageCopyDst)
}

func (d *native) release(b buffer) {
	b.(*wgpu.Buffer).Destroy()
	b.(*wgpu.Buffer).Release()
}

// compiled is a pipeline with the layout of its bindings.
type compiled struct {
	pipeline *wgpu.ComputePipeline
	layout   *wgpu.BindGroupLayout
}

func (d *native) pipeline(label, text string, writes []bool) (pipeline, error) {
	module, err := d.device.TryCreateShaderModule(&wgpu.ShaderModuleDescriptor{Label: label, WGSLSource: &wgpu.ShaderSourceWGSL{Code: text}})
	if err != nil {
		return nil, d.check(err)
	}
	defer module.Release()
	entries := []wgpu.BindGroupLayoutEntry{{Visibility: wgpu.ShaderStageCompute, Buffer: wgpu.BufferBindingLayout{Type: wgpu.BufferBindingTypeUniform}}}
	for i, write := range writes {
		kind := wgpu.BufferBindingTypeReadOnlyStorage
		if write {
			kind = wgpu.BufferBindingTypeStorage
		}
		entries = append(entries, wgpu.BindGroupLayoutEntry{Binding: uint32(i + 1), Visibility: wgpu.ShaderStageCompute, Buffer: wgpu.BufferBindingLayout{Type: kind}})
	}
	c := &compiled{}
	if c.layout, err = d.device.TryCreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: label, Entries: entries}); err != nil {
		return nil, d.check(err)
	}
	layout, err := d.device.TryCreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{Label: label, BindGroupLayouts: []*wgpu.BindGroupLayout{c.layout}})
	if err != nil {
		return nil, d.check(err)
	}
	defer layout.Release()
	c.pipeline, err = d.device.TryCreateComputePipeline(&wgpu.ComputePipelineDescriptor{
		Label: label, Layout: layout, Compute: wgpu.ProgrammableStageDescriptor{Module: module, EntryPoint: "main"},
	})
	return c, d.check(err)
}

func (d *native) bind(p pipeline, params buffer, offset, size int64, storage []buffer) (group, error) {
	entries := []wgpu.BindGroupEntry{{Buffer: params.(*wgpu.Buffer), Offset: uint64(offset), Size: uint64(size)}}
	for i, b := range storage {
		entries = append(entries, wgpu.BindGroupEntry{Binding: uint32(i + 1), Buffer: b.(*wgpu.Buffer), Size: wgpu.WholeSize})
	}
	g, err := d.device.TryCreateBindGroup(&wgpu.BindGroupDescriptor{Layout: p.(*compiled).layout, Entries: entries})
	return g, d.check(err)
}

// recorded is a sequence: wgpu's command buffers serve once, so that it is
// encoded anew for each submission.
type recorded struct {
	dispatches []dispatch
	copies     []transfer
}

func (d *native) sequence(dispatches []dispatch, copies []transfer) (sequence, error) {
	return &recorded{dispatches, copies}, nil
}

func (d *native) write(b buffer, data []uint32) error {
	return d.check(d.queue.TryWriteBuffer(b.(*wgpu.Buffer), 0, wgpu.ToBytes(data)))
}

func (d *native) submit(s sequence) error {
	r := s.(*recorded)
	encoder, err := d.device.TryCreateCommandEncoder(nil)
	if err != nil {
		return d.check(err)
	}
	defer encoder.Release()
	if len(r.dispatches) > 0 {
		pass := encoder.BeginComputePass(nil)
		var last *compiled
		for i := range r.dispatches {
			c := &r.dispatches[i]
			if p := c.pipeline.(*compiled); p != last {
				pass.SetPipeline(p.pipeline)
				last = p
			}
			pass.SetBindGroup(0, c.group.(*wgpu.BindGroup), nil)
			pass.DispatchWorkgroups(c.grid[0], c.grid[1], c.grid[2])
		}
		err := pass.TryEnd()
		pass.Release()
		if err != nil {
			return d.check(err)
		}
	}
	for _, c := range r.copies {
		if err := encoder.TryCopyBufferToBuffer(c.from.(*wgpu.Buffer), 0, c.to.(*wgpu.Buffer), uint64(c.at), uint64(c.size)); err != nil {
			return d.check(err)
		}
	}
	commands, err := encoder.TryFinish(nil)
	if err != nil {
		return d.check(err)
	}
	defer commands.Release()
	d.queue.Submit(commands)
	return nil
}

func (d *native) wait() error {
	d.device.Poll(true, nil)
	return nil
}

func (d *native) fetch(b buffer, offset int64, dst []float32) error {
	source, size := b.(*wgpu.Buffer), uint64(4*len(dst))
	done := wgpu.MapAsyncStatus(0)
	if err := source.TryMapAsync(wgpu.MapModeRead, uint64(offset), size, func(s wgpu.MapAsyncStatus) { done = s }); err != nil {
		return d.check(err)
	}
	d.device.Poll(true, nil)
	if done != wgpu.MapAsyncStatusSuccess {
		return d.check(fmt.Errorf("read back %d bytes: %v", size, done))
	}
	data := source.GetMappedRange(uint(offset), uint(size))
	copy(dst, unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(data))), len(dst)))
	return d.check(source.TryUnmap())
}

// check tells the loss of the device from other errors, by wgpu's message: the
// binding's own callback for it (v1.33.4) hands C a pointer that Go forbids.
//
// The binding keeps the object that caught an error in a sync.Pool, error and
// all, so that later calls, on other devices too, would report it again: two
// collections empty the pool.
func (d *native) check(err error) error {
	if err == nil {
		return nil
	}
	runtime.GC()
	runtime.GC()
	if strings.Contains(strings.ToLower(err.Error()), "lost") {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return err
}

func (d *native) close() {
	d.queue.Release()
	d.device.Release()
	d.instance.Release()
}
