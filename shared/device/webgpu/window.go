package webgpu

import "mien/shared/plan"

// depthwise lowers a depthwise convolution: each invocation makes one element.
func depthwise(l *lowered, s plan.Step) error {
	x, w, y := l.shape(s.In[0]), l.shape(s.In[1]), l.shape(s.Out[0])
	l.add(fixed("depthwise.wgsl", writes(reads(s.In...), s.Out[0]), line(ceil(y.Numel(), block)),
		y.Numel(), y[3], x[1], x[2], y[1], y[2], w[0], w[1], s.Ints[0], s.Ints[1]))
	return nil
}

// maxPool lowers the maxima of windows likewise.
func maxPool(l *lowered, s plan.Step) error {
	x, y := l.shape(s.In[0]), l.shape(s.Out[0])
	l.add(fixed("maxpool.wgsl", writes(reads(s.In[0]), s.Out[0]), line(ceil(y.Numel(), block)),
		y.Numel(), y[3], x[1], x[2], y[1], y[2], s.Ints[0], s.Ints[1]))
	return nil
}
