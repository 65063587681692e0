package kernel

import "fmt"

// Below these a direct convolution is at least as fast, on one of the variants: changing
// pixels costs for each channel of x and of y, the products for each pair of channels.
const (
	winogradChannels = 16      // of x and of y
	winogradPairs    = 16 * 32 // of channels
)

// winogradTiles returns how many tiles a convolution needs at least: their gain has to pay
// for packing weights that are new at every step, which takes half as long again, and for
// reading more of them where they do not fit the caches. On two cores 16 are enough for
// small weights, but these are two tasks, and a direct convolution can use eight cores.
func (s ConvShape) winogradTiles() int {
	if s.KH == 3 {
		return max(32, s.C*s.K>>13)
	}
	return max(32, s.C*s.K>>10)
}

// winograd returns the changes for a convolution by tiles, nil where there are none
// or the direct one is at least as fast.
func (s ConvShape) winograd() *transforms {
	switch {
	case s.C%8 != 0 || s.K%8 != 0 || s.KH != s.KW:
	case min(s.C, s.K) < winogradChannels || s.C*s.K < winogradPairs:
	case s.N*half(s.OH)*half(s.OW) < s.winogradTiles():
	case s.KH == 3 && s.S == 1:
		return current.three
	case s.KH == 4 && s.S == 2:
		return current.two
	}
	return nil
}

// half is n/2 rounded up.
func half(n int) int { return (n + 1) / 2 }

// phase describes a convolution by tiles. With a stride, the pixels at the same place
// modulo it make a picture that meets every stride-th tap alone.
func (s ConvShape) phase() phase {
	p := phase{to: lattice{s.N, s.OH, s.OW, s.K, 1, 0, 0}}
	for r := range s.S {
		for q := range s.S {
			p.from = append(p.from, lattice{s.N, s.H, s.W, s.C, s.S, r - s.P, q - s.P})
			p.taps = append(p.taps, [2]int{r, q})
		}
	}
	return p
}

// convWinograd is Conv by tiles.
func (w *Workspace) convWinograd(t *transforms, s ConvShape, after After) (run func(y, x, weights []float32), weights Packing) {
	p := s.phase()
	g := w.newWinograd(t, []phase{p}, half(s.OH), half(s.OW), after)
	run = func(y, x, weights []float32) { g.run(w, y, x, weights) }
	return run, Packing{"winograd", g.size(), w.packWinograd(g, s)}
}

// packWinograd prepares the packing of weights: in each place a packed matrix [all
// that is summed up, K].
func (w *Workspace) packWinograd(g *winograd, s ConvShape) func(dst, src []float32) {
	var from, to []float32
	task := func(lo, hi int) {
		a := w.areas.take()
		for i := lo; i < hi; i++ {
			tap := g.phases[0].taps[i/s.C]
			for j := 0; j < s.K; j += g.nr {
				cols := min(g.nr, s.K-j)
				for r := range g.Taps {
					a.src[r] = &from[(((tap[0]+r*s.S)*s.KW+tap[1])*s.C+i%s.C)*s.K+j]
				}
				for r := range g.Tile {
					a.dst[r] = &to[r*g.Tile*g.wstep+j*g.c+i*cols]
				}
				g.transforms.weights(&a.dst[0], g.wstep, &a.src[0], s.S*s.C*s.K, cols)
			}
		}
		w.areas.put(a)
	}
	return func(dst, src []float32) {
		from, to = src, dst
		w.loop(g.c, 8, task)
	}
}

// convInputWinograd is ConvInput by tiles: the pixels of x at the same place modulo
// the stride are a convolution of dy by the taps that meet them, turned around.
func (w *Workspace) convInputWinograd(t *transforms, s ConvShape, after After) (run func(dx, dy, weights []float32), weights Packing) {
	var phases []phase
	for r := range s.S {
		for q := range s.S {
			top, left := (r-s.P)%s.S, (q-s.P)%s.S // of x
			if top < 0 {
				top += s.S
			}
			if left < 0 {
				left += s.S
			}
			phases = append(phases, phase{
				from: []lattice{{s.N, s.OH, s.OW, s.K, 1, (top+s.P-r)/s.S - t.Taps + 1, (left+s.P-q)/s.S - t.Taps + 1}},
				to:   lattice{s.N, s.H, s.W, s.C, s.S, top, left},
				taps: [][2]int{{r, q}},
			})
		}
	}
	g := w.newWinograd(t, phases, half((s.H+s.S-1)/s.S), half((s.W+s.S-1)/s.S), after)
	run = func(dx, dy, weights []float32) { g.run(w, dx, dy, weights) }
	return run, Packing{fmt.Sprint("winograd input ", s.S), len(phases) * g.size(), w.turnWinograd(g, s)}
}

// turnWinograd is packWinograd for the adjoint: in each place the transposed matrix
// [K, C] of the taps from the last to the first, phase by phase.
func (w *Workspace) turnWinograd(g *winograd, s ConvShape) func(dst, src []float32) {
	places, panels := g.Tile*g.Tile, (s.C+g.nr-1)/g.nr
	w.areas.size = max(w.areas.size, places*odd(g.nr*s.K))
	step := odd(g.nr * s.K)
	var from, to []float32
	task := func(lo, hi int) {
		a := w.areas.take()
		for t := lo; t < hi; t++ {
			j, tap := t%panels*g.nr, g.phases[t/panels].taps[0]
			cols := min(g.nr, s.C-j)
			for i := range cols {
				for r := range g.Taps {
					y, x := tap[0]+(g.Taps-1-r)*s.S, tap[1]+(g.Taps-1)*s.S
					a.src[r] = &from[((y*s.KW+x)*s.C+j+i)*s.K]
				}
				for r := range g.Tile {
					a.dst[r] = &a.floats[r*g.Tile*step+i*s.K]
				}
				g.transforms.weights(&a.dst[0], step, &a.src[0], -s.S*s.C*s.K, s.K)
			}
			for p := range places {
				transpose(to[t/panels*g.size()+p*g.wstep+j*s.K:][:s.K*cols], cols, a.floats[p*step:], s.K, cols, s.K)
			}
		}
		w.areas.put(a)
	}
	return func(dst, src []float32) {
		from, to = src, dst
		w.loop(len(g.phases)*panels, 1, task)
	}
}
