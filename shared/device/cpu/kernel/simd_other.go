//go:build !js

package kernel

// ConvFinish is for WebAssembly; here it returns nil.
func (w *Workspace) ConvFinish(ConvShape, Finish) func(y, x, weights []float32) { return nil }

// ConvInputKept is for WebAssembly; here it returns nil.
func (w *Workspace) ConvInputKept(ConvShape, *int) func(dx, dy, weights []float32) { return nil }
