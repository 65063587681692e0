package kernel

import "fmt"

// ConvShape describes a convolution: x [N H W C], w [KH KW C K],
// y [N OH OW K], stride S, zero padding P on every side.
type ConvShape struct{ N, H, W, C, KH, KW, K, OH, OW, S, P int }

// margin is a copy of pictures [n h w c] with zeros around them.
type margin struct {
	n, h, w, c               int
	top, bottom, left, right int
	src, dst                 []float32
	task                     func(lo, hi int)
}

func newMargin(n, h, w, c, before, bottom, right int) *margin {
	m := &margin{n: n, h: h, w: w, c: c, top: before, left: before, bottom: max(bottom, 0), right: max(right, 0)}
	m.task = m.rows
	return m
}

func (m *margin) pitch() int  { return m.w + m.left + m.right }
func (m *margin) height() int { return m.h + m.top + m.bottom }
func (m *margin) floats() int { return m.n * m.height() * m.pitch() * m.c }

// none reports that the pictures serve as they are.
func (m *margin) none() bool { return m.floats() == m.n*m.h*m.w*m.c }

// at is where pixel (y, x) of picture n lies; both may be in the margin.
func (m *margin) at(n, y, x int) int32 {
	return int32(((n*m.height()+y+m.top)*m.pitch() + x + m.left) * m.c)
}

// fill returns the pictures with their margin, in dst unless none is needed.
func (m *margin) fill(w *Workspace, dst, src []float32) []float32 {
	if m.none() {
		return src
	}
	m.src, m.dst = src, dst[:m.floats()]
	w.loop(m.n*m.height(), 8, m.task)
	return m.dst
}

// rows writes rows lo to hi.
func (m *margin) rows(lo, hi int) {
	width := m.pitch() * m.c
	for i := lo; i < hi; i++ {
		row, y := m.dst[i*width:(i+1)*width], i%m.height()-m.top
		if y < 0 || y >= m.h {
			clear(row)
			continue
		}
		left, inner := m.left*m.c, m.w*m.c
		clear(row[:left])
		copy(row[left:], m.src[(i/m.height()*m.h+y)*inner:][:inner])
		clear(row[left+inner:])
	}
}

// photos is the margin of x that lets every patch lie inside.
func (s ConvShape) photos() *margin {
	return newMargin(s.N, s.H, s.W, s.C, s.P, (s.OH-1)*s.S+s.KH-s.P-s.H, (s.OW-1)*s.S+s.KW-s.P-s.W)
}

// corners is where the patch of each pixel of y begins in m.
func (s ConvShape) corners(m *margin) []int32 {
	var at []int32
	for n := range s.N {
		for i := range s.OH {
			for j := range s.OW {
				at = append(at, m.at(n, i*s.S-s.P, j*s.S-s.P))
			}
		}
	}
	return at
}

// patch is where each element (a, b, c) of a patch lies from its corner on.
func (s ConvShape) patch(m *margin) []int32 {
	var at []int32
	for a := range s.KH {
		for b := range s.KW {
			for c := range s.C {
				at = append(at, int32((a*m.pitch()+b)*s.C+c))
			}
		}
	}
	return at
}

// Conv prepares y = conv(x, w) with packed weights: a product of the patches of x
// by w. After, which may be nil, gets the pixels of y as they are done.
func (w *Workspace) Conv(s ConvShape, after After) (run func(y, x, weights []float32), weights Packing) {
	if t := s.winograd(); t != nil {
		return w.convWinograd(t, s, after)
	}
	m, k := s.photos(), s.KH*s.KW*s.C
	p := w.product(s.K, s.corners(m), steps(s.N*s.OH*s.OW, s.K), s.patch(m), deep, after)
	w.reserve(m.floats())
	run = func(y, x, weights []float32) { p.run(w, y, m.fill(w, w.take(), x), weights, nil) }
	if packed(s.K) {
		return run, Packing{}
	}
	return run, Packing{"conv", k * padded(s.K), w.pack(k, s.K)}
}

// ConvWeight prepares dw, the adjoint of Conv in w: the transposed patches of
// x by dy.
func (w *Workspace) ConvWeight(s ConvShape) func(dw, x, dy []float32) {
	if t := s.winograd(); t != nil {
		return w.convWeightWinograd(t, s)
	}
	m, pixels := s.photos(), s.N*s.OH*s.OW
	p := w.product(s.K, s.patch(m), steps(s.KH*s.KW*s.C, s.K), s.corners(m), shallow, nil)
	picture := lines(p.shard())
	panels := picture + lines(m.floats())
	if packed(s.K) {
		w.reserve(panels)
		return func(dw, x, dy []float32) {
			buf := w.take()
			p.run(w, dw, m.fill(w, buf[picture:], x), dy, buf)
		}
	}
	w.reserve(panels + pixels*padded(s.K))
	pack := w.pack(pixels, s.K)
	return func(dw, x, dy []float32) {
		buf := w.take()
		pack(buf[panels:], dy)
		p.run(w, dw, m.fill(w, buf[picture:], x), buf[panels:], buf)
	}
}

// ConvInput prepares dx, the adjoint of Conv in x, with packed weights. Pixels of
// x at the same place modulo the stride meet the same part of the kernel: each
// such phase is a product of patches of dy by that part, turned around. After,
// which may be nil, gets the pixels of x as they are done; only with stride 1 are
// they done in order.
func (w *Workspace) ConvInput(s ConvShape, after After) (run func(dx, dy, weights []float32), weights Packing) {
	if t := s.winograd(); t != nil {
		return w.convInputWinograd(t, s, after)
	}
	before := max(0, (s.KH-1-s.P+s.S-1)/s.S, (s.KW-1-s.P+s.S-1)/s.S)
	m := newMargin(s.N, s.OH, s.OW, s.K, before, (s.H-1+s.P)/s.S-s.OH+1, (s.W-1+s.P)/s.S-s.OW+1)
	type phase struct {
		*product
		weights int // where its weights begin
	}
	var phases []phase
	var turned []turn
	empty := false
	for r := range s.S {
		for q := range s.S {
			var rows, outs, terms []int32
			for i := range s.N {
				for y := ((r-s.P)%s.S + s.S) % s.S; y < s.H; y += s.S {
					for x := ((q-s.P)%s.S + s.S) % s.S; x < s.W; x += s.S {
						rows = append(rows, m.at(i, (y+s.P-r)/s.S, (x+s.P-q)/s.S))
						outs = append(outs, int32(((i*s.H+y)*s.W+x)*s.C))
					}
				}
			}
			first := len(turned)
			for a := r; a < s.KH; a += s.S {
				for b := q; b < s.KW; b += s.S {
					turned = append(turned, turn{tap: a*s.KW + b, first: first})
					for k := range s.K {
						terms = append(terms, int32(k-((a-r)/s.S*m.pitch()+(b-q)/s.S)*s.K))
					}
				}
			}
			for t := range turned[first:] {
				turned[first+t].taps = len(turned) - first
			}
			empty = empty || len(terms) == 0
			if len(terms) > 0 && len(rows) > 0 {
				phases = append(phases, phase{w.product(s.C, rows, outs, terms, deep, after), first * s.K * padded(s.C)})
			}
		}
	}
	w.reserve(m.floats())
	run = func(dx, dy, weights []float32) {
		dy = m.fill(w, w.take(), dy)
		if empty { // a stride beyond the kernel leaves pixels that nothing read
			clear(dx)
		}
		for _, p := range phases {
			p.run(w, dx, dy, weights[p.weights:], nil)
		}
	}
	return run, Packing{fmt.Sprint("input ", s.S), s.KH * s.KW * s.K * padded(s.C), w.turn(s, turned)}
}

// turn is one tap of a kernel, and its phase: where that begins among all taps
// and how many it has.
type turn struct{ tap, first, taps int }

// turn prepares the packing of the weights of ConvInput: of each tap the
// transposed matrix, phase by phase.
func (w *Workspace) turn(s ConvShape, taps []turn) func(dst, src []float32) {
	nr, size := current.nr, s.K*padded(s.C)
	var from, to []float32
	panels := (s.C + nr - 1) / nr
	task := func(lo, hi int) {
		for t := lo; t < hi; t++ {
			at, j := t/panels, t%panels*nr
			tap := taps[at]
			cols := min(nr, s.C-j)
			width, k := padded(cols), tap.taps*s.K
			panel := to[tap.first*size+j*k:]
			transpose(panel[(at-tap.first)*s.K*width:][:s.K*width], width, from[(tap.tap*s.C+j)*s.K:], s.K, cols, s.K)
		}
	}
	return func(dst, src []float32) {
		from, to = src, dst
		w.loop(len(taps)*panels, 1, task)
	}
}
