package kernel

import (
	"fmt"
	"testing"
)

// windowShapes are N H W C, k, stride, pad.
var windowShapes = [][7]int{
	{1, 7, 8, 1, 3, 1, 1}, {2, 8, 9, 7, 3, 2, 1}, {1, 9, 31, 8, 3, 1, 1}, {1, 31, 9, 9, 3, 2, 0}, {1, 6, 7, 12, 3, 1, 1},
	{1, 13, 12, 16, 3, 1, 1}, {1, 13, 12, 16, 3, 2, 1}, {2, 7, 8, 24, 3, 1, 0}, {1, 9, 8, 28, 3, 2, 1}, {1, 8, 8, 31, 3, 1, 1},
	{1, 7, 8, 1, 5, 1, 2}, {2, 8, 9, 7, 5, 2, 2}, {1, 9, 31, 8, 5, 1, 2}, {1, 31, 9, 9, 5, 2, 0}, {1, 6, 7, 12, 5, 1, 2},
	{1, 13, 12, 16, 5, 1, 2}, {1, 13, 12, 16, 5, 2, 2}, {2, 7, 8, 24, 5, 1, 0}, {1, 9, 8, 28, 5, 2, 2}, {1, 8, 8, 42, 5, 1, 2},
	{1, 3, 3, 128, 3, 1, 1}, {1, 1, 1, 16, 3, 1, 1}, {1, 2, 1, 40, 5, 2, 2}, {1, 3, 2, 16, 3, 1, 5}, // smaller than the window; far outside
	{1, 9, 8, 16, 1, 1, 0}, {1, 9, 8, 33, 7, 1, 3}, {1, 9, 8, 20, 2, 2, 0}, {1, 12, 11, 16, 3, 3, 1}, {1, 50, 40, 16, 3, 1, 1},
}

// depthwiseCase makes the operands of a depthwise convolution, and its sums.
func depthwiseCase(s ConvShape) (x, w []float32, sums []float64) {
	x, w, sums = random(s.N*s.H*s.W*s.C, 1), random(s.KH*s.KW*s.C, 2), make([]float64, s.N*s.OH*s.OW*s.C)
	one := s
	one.C, one.K = 1, 1
	for c := range s.C {
		one.each(func(i, j, k int) { sums[k*s.C+c] += float64(x[i*s.C+c]) * float64(w[j*s.C+c]) })
	}
	return x, w, sums
}

// TestDepthwise compares with the sums in float64, with a bias and without, and wants
// every pixel handed on once.
func TestDepthwise(t *testing.T) {
	for _, d := range windowShapes {
		s := ConvShape{N: d[0], H: d[1], W: d[2], C: d[3], KH: d[4], KW: d[4], K: d[3], S: d[5], P: d[6]}.sized()
		x, w, want := depthwiseCase(s)
		bias := random(s.C, 3)
		biased := make([]float64, len(want))
		for i := range want {
			biased[i] = want[i] + float64(bias[i%s.C])
		}
		eachVariant(t, func(t *testing.T) {
			run := prepare().Depthwise(s, nil)
			compare(t, fmt.Sprintf("depthwise %+v", s), guarded(t, len(want), func(y []float32) { run(y, x, w, nil) }), want)
			seen := make([]int, s.N*s.OH*s.OW)
			run = prepare().Depthwise(s, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					seen[i]++
				}
			})
			compare(t, fmt.Sprintf("with bias %+v", s), guarded(t, len(want), func(y []float32) { run(y, x, w, bias) }), biased)
			for i, n := range seen {
				if n != 1 {
					t.Fatalf("%+v: pixel %d was handed on %d times", s, i, n)
				}
			}
		})
	}
}

func TestMaxPool(t *testing.T) {
	for _, d := range windowShapes {
		s := ConvShape{N: d[0], H: d[1], W: d[2], C: d[3], KH: d[4], KW: d[4], K: d[3], S: d[5]}
		if d[4] == 3 { // those of 2 x 2 have a kernel
			s.KH, s.KW = 2, 2
		}
		if s.H < s.KH || s.W < s.KW {
			continue
		}
		s = s.sized()
		x := random(s.N*s.H*s.W*s.C, 1)
		want := make([]float64, s.N*s.OH*s.OW*s.C)
		for i := range want {
			want[i] = -1e9
		}
		one := s
		one.C, one.K = 1, 1
		for c := range s.C {
			one.each(func(i, _, k int) { want[k*s.C+c] = max(want[k*s.C+c], float64(x[i*s.C+c])) })
		}
		eachVariant(t, func(t *testing.T) {
			compare(t, fmt.Sprintf("%+v", s), guarded(t, len(want), func(y []float32) { prepare().MaxPool(s)(y, x) }), want)
		})
	}
}
