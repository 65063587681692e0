package kernel

import (
	"runtime"

	"mien/shared/device/cpu/simd"
)

func available() []variant {
	level := simd.Level()
	if level == 0 {
		return []variant{plain}
	}
	name := "simd128"
	if level == 2 {
		name = "simd128-fma"
	}
	return []variant{{name: name, mr: 4, nr: 8, unit: 8, sweep: simd.Block}, plain}
}

// ConvFinish prepares y = act(conv(x, w) + bias + more) in one job in C; nil where that
// does not run.
// A patch is KH pieces of KW*C floats that follow each other, so that no table
// of terms is needed.
func (w *Workspace) ConvFinish(s ConvShape, f Finish) func(y, x, weights []float32) {
	if current.sweep == nil {
		return nil
	}
	if f.Changes != nil && f.More == nil && f.Slopes == nil && simd.Fits(s.KH, s.KW, s.S, s.C, s.K) {
		return w.winograd(s, f)
	}
	m := s.photos()
	corners := s.corners(m)
	packed := make([]float32, simd.Packed(s.KH*s.KW*s.C, s.K))
	w.tables += len(corners) + len(packed)
	w.reserve(m.floats())
	j := &simd.Conv{
		Pixels: int32(s.N * s.OH * s.OW), Columns: int32(s.K),
		Runs: int32(s.KH), Len: int32(s.KW * s.C), Pitch: int32(m.pitch() * s.C),
		Corners: simd.At(corners), W: simd.At(packed), More: simd.At(f.More),
	}
	var bias, slopes []float32 // whole panels
	if f.Bias != nil {
		bias = make([]float32, simd.Packed(1, s.K))
		j.Bias = simd.At(bias)
	}
	if f.Active {
		slopes = f.slopes(simd.Packed(1, s.K))
		j.Slopes = simd.At(slopes)
	}
	j.Split()
	around := m.job()
	done := -1
	return func(y, x, weights []float32) {
		if f.Changes == nil || *f.Changes != done {
			simd.Pack(packed, weights, s.K)
			copy(bias, f.Bias)
			copy(slopes, f.Slopes)
			if f.Changes != nil {
				done = *f.Changes
			}
		}
		from := x
		if !m.none() {
			from = w.take()
			around.X, around.Y = simd.At(x), simd.At(from)
			around.Run()
		}
		j.X, j.Y = simd.At(from), simd.At(y)
		j.Run()
		runtime.KeepAlive(corners)
		runtime.KeepAlive(bias)
		runtime.KeepAlive(slopes)
		runtime.KeepAlive(f.More)
		runtime.KeepAlive(x)
		runtime.KeepAlive(y)
	}
}

// slopes returns n slopes, as they are for all channels alike.
func (f *Finish) slopes(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = f.Slope
	}
	return s
}

// job is what fills the margin in C.
func (m *margin) job() *simd.Margin {
	return &simd.Margin{
		Rows: int32(m.n * m.height()), Height: int32(m.height()), Top: int32(m.top), H: int32(m.h),
		Left: int32(m.left * m.c), Inner: int32(m.w * m.c), Right: int32(m.right * m.c),
	}
}

// winograd prepares ConvFinish by tiles of 2 x 2 pixels, for weights that are kept.
func (w *Workspace) winograd(s ConvShape, f Finish) func(y, x, weights []float32) {
	down, across := (s.OH+1)/2, (s.OW+1)/2
	m := newMargin(s.N, s.H, s.W, s.C, s.P, 2*down+2-s.P-s.H, 2*across+2-s.P-s.W)
	j := &simd.Winograd{
		Across: int32(across), Down: int32(down), C: int32(s.C), K: int32(s.K), Tiles: int32(s.N * down * across),
		Height: int32(m.height()), Pitch: int32(m.pitch() * s.C), OH: int32(s.OH), OW: int32(s.OW), Slope: f.Slope,
	}
	if f.Active {
		j.Active = 1
	}
	packed, bias := make([]float32, 16*s.C*s.K), make([]float32, len(f.Bias))
	w.tables += len(packed)
	skip := lines(m.floats())
	w.reserve(skip + j.Floats())
	around, done := m.job(), -1
	return func(y, x, weights []float32) {
		if *f.Changes != done {
			simd.PackWinograd(packed, weights, s.C, s.K)
			copy(bias, f.Bias)
			done = *f.Changes
		}
		buf, from := w.take(), x
		if !m.none() {
			from = buf
			around.X, around.Y = simd.At(x), simd.At(from)
			around.Run()
		}
		j.X, j.U, j.Y, j.Bias = simd.At(from), simd.At(packed), simd.At(y), 0
		if f.Bias != nil {
			j.Bias = simd.At(bias)
		}
		j.Run(buf[skip:])
		runtime.KeepAlive(x)
		runtime.KeepAlive(y)
	}
}
