package kernel

import (
	"runtime"

	"mien/shared/device/cpu/simd"
)

// inputPhase is one of the products of ConvInput as a convolution of dy: by the
// part of the kernel that these pixels of x meet, turned around.
type inputPhase struct {
	job           simd.Conv
	r, q, na, nb  int // the part's first tap, and how many it has each way
	corners, outs []int32
	packed        []float32
}

// ConvInputKept prepares ConvInput in C for weights that seldom change, as those of
// a transposed convolution in a page; nil where that does not run, or where changes
// is: see Finish.
func (w *Workspace) ConvInputKept(s ConvShape, changes *int) func(dx, dy, weights []float32) {
	if current.sweep == nil || changes == nil {
		return nil
	}
	before := max(0, (s.KH-1-s.P+s.S-1)/s.S, (s.KW-1-s.P+s.S-1)/s.S)
	m := newMargin(s.N, s.OH, s.OW, s.K, before, (s.H-1+s.P)/s.S-s.OH+1, (s.W-1+s.P)/s.S-s.OW+1)
	w.reserve(m.floats())
	var phases []*inputPhase
	empty := false
	for r := range s.S {
		for q := range s.S {
			p := &inputPhase{r: r, q: q, na: (s.KH - r + s.S - 1) / s.S, nb: (s.KW - q + s.S - 1) / s.S}
			if p.na <= 0 || p.nb <= 0 {
				empty = true
				continue
			}
			for i := range s.N {
				for y := ((r-s.P)%s.S + s.S) % s.S; y < s.H; y += s.S {
					for x := ((q-s.P)%s.S + s.S) % s.S; x < s.W; x += s.S {
						p.corners = append(p.corners, m.at(i, (y+s.P-r)/s.S-p.na+1, (x+s.P-q)/s.S-p.nb+1))
						p.outs = append(p.outs, int32(((i*s.H+y)*s.W+x)*s.C))
					}
				}
			}
			if len(p.outs) == 0 {
				continue
			}
			p.packed = make([]float32, simd.Packed(p.na*p.nb*s.K, s.C))
			w.tables += 2*len(p.outs) + len(p.packed)
			p.job = simd.Conv{
				Pixels: int32(len(p.outs)), Columns: int32(s.C), Runs: int32(p.na), Len: int32(p.nb * s.K), Pitch: int32(m.pitch() * s.K),
				Corners: simd.At(p.corners), Outs: simd.At(p.outs), W: simd.At(p.packed),
			}
			p.job.Split()
			phases = append(phases, p)
		}
	}
	around, done := m.job(), -1
	return func(dx, dy, weights []float32) {
		if *changes != done {
			for _, p := range phases {
				p.pack(s, weights)
			}
			done = *changes
		}
		from := dy
		if !m.none() {
			from = w.take()
			around.X, around.Y = simd.At(dy), simd.At(from)
			around.Run()
		}
		if empty { // a stride beyond the kernel leaves pixels that nothing read
			clear(dx)
		}
		for _, p := range phases {
			p.job.X, p.job.Y = simd.At(from), simd.At(dx)
			p.job.Run()
		}
		runtime.KeepAlive(dx)
		runtime.KeepAlive(dy)
	}
}

// pack writes the part of the weights [KH KW C K] as a matrix [taps*K C], the last
// tap first, in panels.
func (p *inputPhase) pack(s ConvShape, weights []float32) {
	matrix := make([]float32, p.na*p.nb*s.K*s.C)
	at := 0
	for a := p.na - 1; a >= 0; a-- {
		for b := p.nb - 1; b >= 0; b-- {
			tap := weights[((p.r+a*s.S)*s.KW+p.q+b*s.S)*s.C*s.K:]
			for k := range s.K {
				for c := range s.C {
					matrix[at] = tap[c*s.K+k]
					at++
				}
			}
		}
	}
	simd.Pack(p.packed, matrix, s.C)
}
