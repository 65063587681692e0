package webgpu

import "mien/shared/plan"

// blocked lowers the kinds that move or add blocks of pixels: the parameters
// are the factor and the extents of the result, of which each invocation
// makes one element.
func blocked(file string) lowering {
	return func(l *lowered, s plan.Step) error {
		y := l.shape(s.Out[0])
		l.add(fixed(file, writes(reads(s.In[0]), s.Out[0]), line(ceil(y.Numel(), block)), y.Numel(), s.Ints[0], y[1], y[2], y[3]))
		return nil
	}
}

// resized lowers Resize and its adjoint.
func resized(file string) lowering {
	return func(l *lowered, s plan.Step) error {
		x, y := l.shape(s.In[0]), l.shape(s.Out[0])
		c := sampled(file, writes(reads(s.In[0]), s.Out[0]), line(ceil(y.Numel(), block)), y.Numel(), y[3], x[1], x[2], y[1], y[2])
		l.add(c)
		return nil
	}
}

// sampled is fixed with the functions that find places between pixels.
func sampled(file string, b []bound, grid [3]uint32, params ...int) *call {
	c := fixed(file, b, grid, params...)
	c.text.file("tap.wgsl")
	return c
}

func warp(l *lowered, s plan.Step) error {
	x, y := l.shape(s.In[0]), l.shape(s.Out[0])
	l.add(sampled("warp.wgsl", writes(reads(s.In...), s.Out[0]), line(ceil(y.Numel(), block)), y.Numel(), y[3], x[1], x[2], y[1], y[2]))
	return nil
}

func warpFlow(l *lowered, s plan.Step) error {
	x, f := l.shape(s.In[0]), l.shape(s.In[1])
	n := f[0] * f[1] * f[2]
	l.add(sampled("warpflow.wgsl", writes(reads(s.In...), s.Out[0]), line(ceil(n, block)), n, x[3], x[1], x[2], f[1], f[2]))
	return nil
}

// Warp's adjoint adds what each pixel of the flow gives to the four pixels
// that it read. Without atomic additions, whose order is anyone's: a first
// kernel finds the bounds of where each patch of warpPatch pixels of the flow
// points, a second takes one pixel of the image each and goes through the
// patches whose bounds meet its own workgroup's patch, in order.
const warpPatch = 64 // invocations too

func warpInput(l *lowered, s plan.Step) error {
	g, f, x := s.In[0], s.In[1], s.Out[0]
	fs, xs := l.shape(f), l.shape(x)
	patches := ceil(fs[1]*fs[2], warpPatch)
	bounds := l.scratch(4 * fs[0] * patches)
	params := []int{fs[0] * patches, patches, xs[3], xs[1], xs[2], fs[1], fs[2]}
	grid := line(fs[0] * ceil(xs[1], 8) * ceil(xs[2], 8))
	l.add(
		sampled("warpbounds.wgsl", writes(reads(f), bounds), line(ceil(fs[0]*patches, block)), params...),
		sampled("warpinput.wgsl", writes(reads(g, f, bounds), x), grid, append(params, fs[0])...),
	)
	return nil
}
