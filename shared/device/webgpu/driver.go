package webgpu

// driver is one GPU as this package uses it: the small part of WebGPU that
// compiled plans need. driver_native.go speaks to wgpu-native, driver_js.go to
// the browser; all else is the same for both.
//
// Sizes are in bytes. The first error is final: a driver whose method failed is
// good for close alone, and Device sees to it that nothing else is called.
type driver interface {
	adapter() Adapter

	// storage makes a buffer of zeros for kernels to read and write; write,
	// copies and kernels may touch it.
	storage(label string, size int64) (buffer, error)
	// uniform makes a buffer with the given contents that is never written
	// again.
	uniform(data []uint32) (buffer, error)
	// readback makes a buffer that copies may fill and fetch may read.
	readback(size int64) (buffer, error)
	release(b buffer)

	// pipeline compiles the entry point "main" of a WGSL text. Binding 0 of
	// group 0 is a uniform buffer; bindings 1 to len(writes) are storage
	// buffers, read-only where writes says false. A text that does not
	// validate gives an error that holds its line as "wgsl:LINE:COLUMN" or
	// ":LINE:COLUMN" (see place). As many goroutines as compilers says may
	// call it at a time.
	pipeline(label, text string, writes []bool) (pipeline, error)
	// bind makes the group of one dispatch: size bytes of params from offset
	// on at binding 0, then the storage buffers, each as a whole.
	bind(p pipeline, params buffer, offset, size int64, storage []buffer) (group, error)
	// sequence prepares a submission that can be repeated: all dispatches in
	// one compute pass, in order, then the copies.
	sequence(dispatches []dispatch, copies []transfer) (sequence, error)

	// write copies data into a storage buffer, before all later submissions.
	write(b buffer, data []uint32) error
	// submit encodes and submits a sequence; it does not wait.
	submit(s sequence) error
	// wait returns when all that was submitted has run.
	wait() error
	// fetch waits for what was submitted and copies a readback buffer from
	// its offset into dst.
	fetch(b buffer, offset int64, dst []float32) error

	close()
}

// Handles of a driver's own objects.
type (
	buffer   any
	pipeline any
	group    any
	sequence any
)

// dispatch runs a pipeline on a grid of workgroups.
type dispatch struct {
	pipeline pipeline
	group    group
	grid     [3]uint32
}

// transfer copies size bytes from the start of a buffer.
type transfer struct {
	from buffer
	to   buffer
	at   int64 // offset in to
	size int64
}

// Adapter describes a GPU, or a program that stands in for one.
type Adapter struct {
	Name     string // "NVIDIA H100", "llvmpipe (LLVM 15.0.6, 256 bits)"
	Backend  string // "Vulkan", "Metal", "D3D12", "browser"
	Kind     string // "discrete GPU", "integrated GPU", "software", "unknown"
	Driver   string // what the driver says of itself, may be empty
	Software bool   // runs on the processor: right, and slow

	MaxBinding int64 // bytes of the largest tensor
	MaxBuffer  int64
	MaxShared  int64 // bytes of memory that a workgroup shares
	MaxGroups  int64 // workgroups along one dimension of a grid
}

// What every WebGPU adapter has at least; kernels rely on no more.
const (
	maxStorage     = 8   // storage buffers of a pipeline
	maxInvocations = 256 // of a workgroup
	uniformAlign   = 256 // of a uniform binding's offset, in bytes
)
