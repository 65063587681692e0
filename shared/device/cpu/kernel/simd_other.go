//go:build !js

package kernel

// ConvFinish is for WebAssembly; here it returns nil.
func (w *Workspace) ConvFinish(ConvShape, Finish) func(y, x, weights []float32) { return nil }

// ConvInputKept is for WebAssembly; here it returns nil.
func (w *Workspace) ConvInputKept(ConvShape, *int) func(dx, dy, weights []float32) { return nil }

// DepthwiseFinish is for WebAssembly; here it returns nil.
func (w *Workspace) DepthwiseFinish(ConvShape, Finish) func(y, x, weights []float32) { return nil }

// maxPoolSIMD is for WebAssembly; here it returns nil.
func (w *Workspace) maxPoolSIMD(ConvShape) func(y, x []float32) { return nil }
