package kernel

import (
	"runtime"

	"mien/shared/device/cpu/simd"
)

// DepthwiseFinish prepares y = act(conv(x, w) + bias + more), a depthwise convolution, in
// one job in C; nil where that does not run.
func (w *Workspace) DepthwiseFinish(s ConvShape, f Finish) func(y, x, weights []float32) {
	if current.sweep == nil || s.KH != s.KW {
		return nil
	}
	left, right := s.inner()
	j := &simd.Depthwise{
		Rows: int32(s.N * s.OH), OH: int32(s.OH), OW: int32(s.OW), H: int32(s.H), W: int32(s.W), C: int32(s.C),
		K: int32(s.KH), Stride: int32(s.S), Pad: int32(s.P), Left: int32(left), Right: int32(right),
		Bias: simd.At(f.Bias), More: simd.At(f.More), Slopes: simd.At(f.Slopes),
	}
	var slopes []float32
	if f.Active && f.Slopes == nil {
		slopes = f.slopes(s.C)
		j.Slopes = simd.At(slopes)
	}
	return func(y, x, weights []float32) {
		j.X, j.Taps, j.Y = simd.At(x), simd.At(weights), simd.At(y)
		j.Run()
		runtime.KeepAlive(x)
		runtime.KeepAlive(weights)
		runtime.KeepAlive(y)
		runtime.KeepAlive(slopes)
		runtime.KeepAlive(f)
	}
}

// maxPoolSIMD prepares MaxPool in C, or nil.
func (w *Workspace) maxPoolSIMD(s ConvShape) func(y, x []float32) {
	if current.sweep == nil {
		return nil
	}
	j := &simd.Pool{
		Rows: int32(s.N * s.OH), OH: int32(s.OH), OW: int32(s.OW), H: int32(s.H), W: int32(s.W), C: int32(s.C),
		K: int32(s.KH), Stride: int32(s.S),
	}
	return func(y, x []float32) {
		j.X, j.Y = simd.At(x), simd.At(y)
		j.Run()
		runtime.KeepAlive(x)
		runtime.KeepAlive(y)
	}
}
