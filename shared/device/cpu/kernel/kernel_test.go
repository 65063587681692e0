package kernel

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"mien/shared/tensor"
)

var shapes = []ConvShape{
	{N: 2, H: 9, W: 8, C: 3, KH: 3, KW: 3, K: 7, S: 1, P: 1},
	{N: 1, H: 31, W: 9, C: 31, KH: 1, KW: 1, K: 33, S: 1, P: 0},
	{N: 3, H: 16, W: 16, C: 14, KH: 4, KW: 4, K: 40, S: 2, P: 1},
	{N: 2, H: 13, W: 14, C: 5, KH: 5, KW: 5, K: 2, S: 1, P: 2},
	{N: 1, H: 22, W: 22, C: 4, KH: 6, KW: 6, K: 9, S: 3, P: 0},
	{N: 2, H: 10, W: 11, C: 8, KH: 7, KW: 7, K: 1, S: 1, P: 3},
	{N: 1, H: 8, W: 8, C: 64, KH: 3, KW: 3, K: 32, S: 1, P: 1},
	{N: 1, H: 9, W: 7, C: 3, KH: 2, KW: 2, K: 5, S: 3, P: 1},
	{N: 2, H: 6, W: 5, C: 40, KH: 3, KW: 3, K: 48, S: 2, P: 1},
	{N: 2, H: 47, W: 51, C: 3, KH: 3, KW: 3, K: 7, S: 1, P: 1}, // sums in shards
	{N: 1, H: 96, W: 96, C: 4, KH: 4, KW: 4, K: 24, S: 1, P: 1},
	{N: 1, H: 7, W: 7, C: 2, KH: 4, KW: 4, K: 3, S: 2, P: 0},
}

func (s ConvShape) sized() ConvShape {
	s.OH, s.OW = (s.H+2*s.P-s.KH)/s.S+1, (s.W+2*s.P-s.KW)/s.S+1
	return s
}

// each visits every product of a convolution.
func (s ConvShape) each(f func(x, w, y int)) {
	for n := range s.N {
		for i := range s.OH {
			for j := range s.OW {
				for a := range s.KH {
					for b := range s.KW {
						r, q := i*s.S+a-s.P, j*s.S+b-s.P
						if r < 0 || r >= s.H || q < 0 || q >= s.W {
							continue
						}
						for c := range s.C {
							for k := range s.K {
								f(((n*s.H+r)*s.W+q)*s.C+c, ((a*s.KW+b)*s.C+c)*s.K+k, ((n*s.OH+i)*s.OW+j)*s.K+k)
							}
						}
					}
				}
			}
		}
	}
}

func random(n int, key uint64) []float32 {
	r := tensor.NewRand(1, 1, key, 0)
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Normal()
	}
	return x
}

// guard is what lies around results and must stay.
const guard = 12345

// guarded runs f on a result of n floats with guards around it, filled with
// rubbish before.
func guarded(t *testing.T, n int, f func(dst []float32)) []float32 {
	t.Helper()
	b := make([]float32, n+32)
	for i := range b {
		b[i] = guard
	}
	f(b[16 : 16+n : 16+n])
	for i := range 16 {
		if b[i] != guard || b[16+n+i] != guard {
			t.Fatal("wrote beyond the result")
		}
	}
	return b[16 : 16+n]
}

// prepare returns a workspace that spreads over goroutines.
func prepare() *Workspace {
	return NewWorkspace(func(n, grain int, body func(lo, hi int)) {
		if runtime.GOMAXPROCS(0) == 1 {
			body(0, n)
			return
		}
		var wait sync.WaitGroup
		for lo := 0; lo < n; lo += grain {
			wait.Go(func() { body(lo, min(lo+grain, n)) })
		}
		wait.Wait()
	})
}

// ready packs weights at each call.
func ready(run func(y, x, weights []float32), weights Packing) func(y, x, w []float32) {
	if weights.Fill == nil {
		return run
	}
	packed := make([]float32, weights.Floats)
	return func(y, x, w []float32) {
		weights.Fill(packed, w)
		run(y, x, packed)
	}
}

func convolution(s ConvShape) func(y, x, w []float32) { return ready(prepare().Conv(s, nil)) }

func inputGradient(s ConvShape) func(dx, dy, w []float32) { return ready(prepare().ConvInput(s, nil)) }

func compare(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i := range want {
		if math.Abs(float64(got[i])-want[i]) > 1e-4*(1+math.Abs(want[i])) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

func eachVariant(t *testing.T, f func(t *testing.T)) {
	old := Variant()
	defer SetVariant(old)
	for _, name := range Variants() {
		if err := SetVariant(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, f)
	}
}

func TestConvolutions(t *testing.T) {
	for _, s := range slices.Concat(shapes, tiled) {
		s = s.sized()
		x, w, dy := random(s.N*s.H*s.W*s.C, 1), random(s.KH*s.KW*s.C*s.K, 2), random(s.N*s.OH*s.OW*s.K, 3)
		wantY, wantX, wantW := make([]float64, len(dy)), make([]float64, len(x)), make([]float64, len(w))
		s.each(func(i, j, k int) {
			wantY[k] += float64(x[i]) * float64(w[j])
			wantX[i] += float64(dy[k]) * float64(w[j])
			wantW[j] += float64(dy[k]) * float64(x[i])
		})
		name := fmt.Sprintf("%+v", s)
		eachVariant(t, func(t *testing.T) {
			compare(t, "conv "+name, guarded(t, len(dy), func(d []float32) { convolution(s)(d, x, w) }), wantY)
			compare(t, "input "+name, guarded(t, len(x), func(d []float32) { inputGradient(s)(d, dy, w) }), wantX)
			compare(t, "weight "+name, guarded(t, len(w), func(d []float32) { prepare().ConvWeight(s)(d, x, dy) }), wantW)
		})
	}
}

func TestMatMul(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, d := range [][3]int{{1, 1, 1}, {7, 9, 8}, {31, 33, 300}, {100, 64, 17}, {1, 128, 600}} {
			m, n, k := d[0], d[1], d[2]
			a, b := random(m*k, 4), random(k*n, 5)
			for _, ta := range []bool{false, true} {
				for _, tb := range []bool{false, true} {
					want := make([]float64, m*n)
					for i := range m {
						for j := range n {
							for p := range k {
								x, y := a[i*k+p], b[p*n+j]
								if ta {
									x = a[p*m+i]
								}
								if tb {
									y = b[j*k+p]
								}
								want[i*n+j] += float64(x) * float64(y)
							}
						}
					}
					compare(t, fmt.Sprint(d, ta, tb), guarded(t, m*n, func(c []float32) { ready(prepare().MatMul(m, n, k, ta, tb))(c, a, b) }), want)
				}
			}
		}
	})
}

func TestSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	sameBits(t, ConvShape{N: 3, H: 16, W: 16, C: 14, KH: 4, KW: 4, K: 40, S: 2, P: 1}.sized())
}

// sameBits runs a convolution and its gradients with 1, 2 and 4 processors.
func sameBits(t *testing.T, s ConvShape) {
	t.Helper()
	x, w, dy := random(s.N*s.H*s.W*s.C, 1), random(s.KH*s.KW*s.C*s.K, 2), random(s.N*s.OH*s.OW*s.K, 3)
	compute := func() []float32 {
		y, dx, dw := make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w))
		convolution(s)(y, x, w)
		inputGradient(s)(dx, dy, w)
		prepare().ConvWeight(s)(dw, x, dy)
		return append(append(y, dx...), dw...)
	}
	runtime.GOMAXPROCS(1)
	want := compute()
	for _, n := range []int{2, 4} {
		runtime.GOMAXPROCS(n)
		for i, v := range compute() {
			if v != want[i] {
				t.Fatalf("GOMAXPROCS %d: element %d is %g, was %g", n, i, v, want[i])
			}
		}
	}
}

func BenchmarkConv(b *testing.B) {
	for _, s := range []ConvShape{
		{N: 8, H: 32, W: 32, C: 128, KH: 3, KW: 3, K: 128, S: 1, P: 1},
		{N: 8, H: 64, W: 64, C: 64, KH: 4, KW: 4, K: 128, S: 2, P: 1},
		{N: 16, H: 16, W: 16, C: 128, KH: 3, KW: 3, K: 128, S: 1, P: 1},
		{N: 16, H: 64, W: 64, C: 48, KH: 3, KW: 3, K: 24, S: 1, P: 1},
	} {
		s = s.sized()
		x, w, dy := random(s.N*s.H*s.W*s.C, 1), random(s.KH*s.KW*s.C*s.K, 2), random(s.N*s.OH*s.OW*s.K, 3)
		flop := 2 * float64(s.N*s.OH*s.OW*s.K) * float64(s.KH*s.KW*s.C)
		ws := prepare()
		conv, input, weight := ready(ws.Conv(s, nil)), ready(ws.ConvInput(s, nil)), ws.ConvWeight(s)
		for _, k := range []struct {
			name string
			run  func()
		}{
			{"forward", func() { conv(dy, x, w) }},
			{"input", func() { input(x, dy, w) }},
			{"weight", func() { weight(w, x, dy) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%d_%d_%d_k%d", k.name, s.H, s.W, s.C, s.K, s.KH), func(b *testing.B) {
				for b.Loop() {
					k.run()
				}
				b.ReportMetric(flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func TestTranspose(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, d := range [][4]int{{1, 1, 1, 1}, {7, 9, 8, 9}, {8, 8, 8, 8}, {8, 16, 8, 20}, {9, 31, 16, 33}, {31, 24, 32, 24}, {32, 64, 32, 64}} {
			n, count, stride, pitch := d[0], d[1], d[2], d[3]
			src := random(n*pitch, 8)
			want := make([]float32, count*stride)
			for c := range n {
				for q := range count {
					want[q*stride+c] = src[c*pitch+q]
				}
			}
			got := guarded(t, len(want), func(dst []float32) { transpose(dst, stride, src, pitch, n, count) })
			if !slices.Equal(got, want) {
				t.Errorf("%d x %d in lines of %d to lines of %d: not the transpose", n, count, pitch, stride)
			}
		}
	})
}
