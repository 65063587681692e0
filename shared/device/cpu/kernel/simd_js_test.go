package kernel

import (
	"fmt"
	"testing"
)

// TestConvFinish compares convolutions in C, and by Winograd where that fits, with
// their definition: with bias, picture and rectifier and without, kept weights that change
// once, odd sizes, several pictures, no padding.
func TestConvFinish(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		more := []ConvShape{
			{N: 1, H: 8, W: 8, C: 128, KH: 3, KW: 3, K: 32, S: 1, P: 1},
			{N: 2, H: 9, W: 7, C: 24, KH: 3, KW: 3, K: 24, S: 1, P: 1},
			{N: 3, H: 31, W: 5, C: 28, KH: 3, KW: 3, K: 16, S: 1, P: 0},
			{N: 1, H: 1, W: 1, C: 32, KH: 3, KW: 3, K: 16, S: 1, P: 1},
			{N: 1, H: 16, W: 17, C: 96, KH: 3, KW: 3, K: 48, S: 1, P: 1}, // two bands
			{N: 1, H: 6, W: 6, C: 32, KH: 3, KW: 3, K: 16, S: 1, P: 2},
		}
		for _, s := range append(more, shapes...) {
			s = s.sized()
			x, w, bias, slopes := random(s.N*s.H*s.W*s.C, 1), random(s.KH*s.KW*s.C*s.K, 2), random(s.K, 3), random(s.K, 4)
			n, changes := s.N*s.OH*s.OW*s.K, 0
			picture := random(n, 5)
			sums := make([]float64, n)
			s.each(func(i, j, k int) { sums[k] += float64(x[i]) * float64(w[j]) })
			for _, f := range []Finish{{}, {Changes: &changes}, {Bias: bias, Active: true, Slope: .2, Changes: &changes}, {Active: true, Changes: &changes},
				{More: picture, Changes: &changes}, {Bias: bias, More: picture, Active: true, Slopes: slopes, Changes: &changes}, {Active: true, Slopes: slopes}} {
				ws := prepare()
				run := ws.ConvFinish(s, f)
				if run == nil {
					t.Skip("plain Go has none")
				}
				for range 2 {
					want := f.of(sums, s.K)
					compare(t, fmt.Sprintf("%+v %+v", s, f), guarded(t, n, func(d []float32) { run(d, x, w) }), want)
					for i := range w {
						w[i] = -w[i]
					}
					for i := range sums {
						sums[i] = -sums[i]
					}
					changes++
				}
			}
		}
	})
}

// of finishes sums of rows of k.
func (f *Finish) of(sums []float64, k int) []float64 {
	y := append([]float64(nil), sums...)
	for i := range y {
		if f.Bias != nil {
			y[i] += float64(f.Bias[i%k])
		}
		if f.More != nil {
			y[i] += float64(f.More[i])
		}
		if f.Active && y[i] < 0 {
			if f.Slopes != nil {
				y[i] *= float64(f.Slopes[i%k])
			} else {
				y[i] *= float64(f.Slope)
			}
		}
	}
	return y
}

// TestDepthwiseFinish does the same for depthwise convolutions.
func TestDepthwiseFinish(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, d := range windowShapes {
			s := ConvShape{N: d[0], H: d[1], W: d[2], C: d[3], KH: d[4], KW: d[4], K: d[3], S: d[5], P: d[6]}.sized()
			x, w, sums := depthwiseCase(s)
			bias, slopes, picture := random(s.C, 3), random(s.C, 4), random(len(sums), 5)
			for _, f := range []Finish{{}, {Bias: bias}, {Active: true, Slope: .2}, {More: picture, Active: true}, {Bias: bias, More: picture, Active: true, Slopes: slopes}} {
				run := prepare().DepthwiseFinish(s, f)
				if run == nil {
					t.Skip("plain Go has none")
				}
				compare(t, fmt.Sprintf("%+v %+v", s, f), guarded(t, len(sums), func(y []float32) { run(y, x, w) }), f.of(sums, s.C))
			}
		}
	})
}

// TestConvInputKept does the same for the adjoint, on every shape, for weights that
// change once.
func TestConvInputKept(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, s := range shapes {
			s = s.sized()
			w, dy := random(s.KH*s.KW*s.C*s.K, 2), random(s.N*s.OH*s.OW*s.K, 3)
			want := make([]float64, s.N*s.H*s.W*s.C)
			s.each(func(i, j, k int) { want[i] += float64(dy[k]) * float64(w[j]) })
			changes := 0
			run := prepare().ConvInputKept(s, &changes)
			if run == nil {
				t.Skip("plain Go has none")
			}
			for range 2 {
				compare(t, fmt.Sprintf("%+v", s), guarded(t, len(want), func(d []float32) { run(d, dy, w) }), want)
				for i := range w {
					w[i] = -w[i]
				}
				for i := range want {
					want[i] = -want[i]
				}
				changes++
			}
		}
	})
}
