package kernel

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"mien/shared/device/cpu/kernel/basis"
)

// tiled are shapes that run by tiles, forward and both gradients.
var tiled = []ConvShape{
	{N: 2, H: 16, W: 16, C: 32, KH: 3, KW: 3, K: 40, S: 1, P: 1},
	{N: 5, H: 9, W: 7, C: 64, KH: 3, KW: 3, K: 24, S: 1, P: 1}, // tiles that reach out on all sides
	{N: 3, H: 11, W: 12, C: 40, KH: 3, KW: 3, K: 24, S: 1, P: 0},
	{N: 2, H: 9, W: 11, C: 16, KH: 3, KW: 3, K: 136, S: 1, P: 2}, // two runs of channels
	{N: 17, H: 4, W: 4, C: 136, KH: 3, KW: 3, K: 16, S: 1, P: 1},
	{N: 1, H: 47, W: 51, C: 24, KH: 3, KW: 3, K: 24, S: 1, P: 1}, // sums in shards
	{N: 2, H: 32, W: 32, C: 32, KH: 4, KW: 4, K: 24, S: 2, P: 1}, // two lattices in a block
	{N: 4, H: 19, W: 17, C: 72, KH: 4, KW: 4, K: 16, S: 2, P: 1},
	{N: 4, H: 18, W: 21, C: 16, KH: 4, KW: 4, K: 136, S: 2, P: 0},
	{N: 8, H: 9, W: 8, C: 24, KH: 4, KW: 4, K: 32, S: 2, P: 2},
}

// TestTiled holds that they run by tiles in those variants that have them; what
// TestConvolutions finds of them is then about these.
func TestTiled(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, s := range tiled {
			if got, want := s.sized().winograd() != nil, current.three != nil; got != want {
				t.Errorf("%+v: by tiles is %v, want %v", s, got, want)
			}
		}
	})
}

// TestBasis holds that the matrices are those of a convolution: for each two inputs,
// pixel i and tap j, the sum over places is 1 in pixel i-j of the result and else 0.
func TestBasis(t *testing.T) {
	for _, f := range []basis.Form{basis.Three, basis.Two} {
		for i := range f.Tile {
			for j := range f.Taps {
				for y, line := range f.Result {
					sum := float32(0)
					for p := range f.Tile {
						sum += line[p] * f.Pixels[p][i] * f.Weights[p][j]
					}
					if (sum == 1) != (y == i-j) || sum != 0 && sum != 1 {
						t.Errorf("F(2,%d): pixel %d by tap %d gives %g in result %d", f.Taps, i, j, sum, y)
					}
				}
			}
		}
	}
}

// TestChanges compares the changes in assembly with those in Go.
func TestChanges(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, f := range []struct{ got, want *transforms }{{current.three, plainThree}, {current.two, plainTwo}} {
			if f.got == nil {
				t.Skip("no changes of its own")
			}
			for _, c := range []struct {
				name      string
				got, want change
				p, q      int
			}{
				{"pixels", f.got.pixels, f.want.pixels, f.want.Tile, f.want.Tile},
				{"weights", f.got.weights, f.want.weights, f.want.Tile, f.want.Taps},
				{"result", f.got.result, f.want.result, 2, f.want.Tile},
				{"spread", f.got.spread, f.want.spread, f.want.Tile, 2},
				{"gather", f.got.gather, f.want.gather, f.want.Taps, f.want.Tile},
			} {
				for _, n := range []int{8, 16, 24, 40, 64} {
					src := random(c.q*c.q*n, 7)
					run := func(f change) []float32 {
						return guarded(t, c.p*c.p*n, func(d []float32) {
							var to, from [4]*float32
							for i := range c.p {
								to[i] = &d[i*c.p*n]
							}
							for i := range c.q {
								from[i] = &src[(i*c.q+c.q-1)*n] // backwards
							}
							f(&to[0], n, &from[0], -n, n)
						})
					}
					want := make([]float64, c.p*c.p*n)
					for i, v := range run(c.want) {
						want[i] = float64(v)
					}
					compare(t, fmt.Sprint("F(2,", f.want.Taps, ") ", c.name, n), run(c.got), want)
				}
			}
		}
	})
}

// TestTiledInOrder holds that what follows gets each pixel once, complete.
func TestTiledInOrder(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, s := range tiled {
			s = s.sized()
			x, w, y := random(s.N*s.H*s.W*s.C, 1), random(s.KH*s.KW*s.C*s.K, 2), make([]float32, s.N*s.OH*s.OW*s.K)
			follow := func(n, width int, prepare func(After) (func(y, x, w []float32), Packing), dst, src []float32) {
				var lock sync.Mutex
				early, seen := make([]float32, len(dst)), make([]int, n)
				ready(prepare(func(lo, hi int) {
					lock.Lock()
					defer lock.Unlock()
					copy(early[lo*width:hi*width], dst[lo*width:hi*width])
					for i := lo; i < hi; i++ {
						seen[i]++
					}
				}))(dst, src, w)
				if i := slices.IndexFunc(seen, func(n int) bool { return n != 1 }); i >= 0 {
					t.Errorf("%+v: pixel %d of %d was given %d times", s, i, n, seen[i])
				}
				if !slices.Equal(early, dst) {
					t.Errorf("%+v: a pixel was given before it was complete", s)
				}
			}
			follow(s.N*s.OH*s.OW, s.K, func(a After) (func(y, x, w []float32), Packing) { return prepare().Conv(s, a) }, y, x)
			if s.S == 1 {
				follow(s.N*s.H*s.W, s.C, func(a After) (func(y, x, w []float32), Packing) { return prepare().ConvInput(s, a) }, x, slices.Clone(y))
			}
		}
	})
}

func TestTiledSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, s := range tiled {
		sameBits(t, s.sized())
	}
}
