package metric

import (
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"mien/shared/tensor"
)

// draw returns n rows of dim normal numbers times scale plus shift, those from
// the column zero on all 0.
func draw(seed uint64, n, dim, zero int, scale, shift float32) []float32 {
	r := tensor.NewRand(seed, 1, 0, 0)
	x := make([]float32, n*dim)
	for i := range x {
		if i%dim < zero {
			x[i] = r.Normal()*scale + shift
		}
	}
	return x
}

func moments(t testing.TB, rows []float32, dim int) *Moments {
	t.Helper()
	m, err := MomentsOf(rows, dim)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func distance(t testing.TB, a, b []float32, dim int) float64 {
	t.Helper()
	d, err := Frechet(moments(t, a, dim), moments(t, b, dim))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wantClose(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %g, want %g", what, got, want)
	}
}

func TestMomentsAreThoseOfTheDefinition(t *testing.T) {
	const n, dim = 700, 9
	x := draw(1, n, dim, dim, 3, 1000)
	m, err := NewMoments(dim)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < n; at += 7 { // in parts that do not fit what is folded
		if err := m.Add(x[at*dim : (at+7)*dim]); err != nil {
			t.Fatal(err)
		}
	}
	c, err := m.Covariance()
	if err != nil || m.N() != n {
		t.Fatal(m.N(), err)
	}
	var mean [dim]float64
	for i, v := range x {
		mean[i%dim] += float64(v) / n
	}
	for a := range dim {
		wantClose(t, "mean", m.Mean()[a], mean[a], 1e-9)
		for b := range dim {
			want := 0.
			for i := range n {
				want += (float64(x[i*dim+a]) - mean[a]) * (float64(x[i*dim+b]) - mean[b]) / (n - 1)
			}
			wantClose(t, "covariance", c.At(a, b), want, 1e-9)
		}
	}
}

// The closed forms: of a set moved and stretched the distance is
// |shift|^2 + (stretch-1)^2 tr(S), of sets in spaces at right angles
// |m1-m2|^2 + tr(S1) + tr(S2).
func TestFrechetClosedForms(t *testing.T) {
	for _, size := range [][2]int{{500, 20}, {50, 96}, {2, 7}, {300, 1}, {97, 96}} { // rows, dimensions
		n, dim := size[0], size[1]
		x := draw(2, n, dim, dim, 1, .3)
		trace := 0.
		c, err := moments(t, x, dim).Covariance()
		if err != nil {
			t.Fatal(err)
		}
		trace = mat.Trace(c)
		moved := make([]float32, len(x))
		meanSquare := 0.
		for i := range x {
			moved[i] = 2*x[i] + .5
		}
		for _, v := range moments(t, x, dim).Mean() {
			meanSquare += (v + .5) * (v + .5)
		}
		scale := trace * float64(1+dim)
		wantClose(t, "itself", distance(t, x, x, dim), 0, 1e-12*scale)
		wantClose(t, "moved and stretched", distance(t, x, moved, dim), meanSquare+trace, 1e-6*scale)
	}
	const n, dim = 40, 64
	left, right := draw(3, n, dim, dim/2, 1, 0), make([]float32, n*dim)
	for i, v := range draw(4, n, dim, dim/2, 2, 0) {
		right[(i/dim)*dim+dim-1-i%dim] = v
	}
	want := 0.
	a, b := moments(t, left, dim), moments(t, right, dim)
	for i, v := range a.Mean() {
		want += (v - b.Mean()[i]) * (v - b.Mean()[i])
	}
	for _, m := range []*Moments{a, b} {
		c, _ := m.Covariance()
		want += mat.Trace(c)
	}
	wantClose(t, "at right angles", distance(t, left, right, dim), want, 1e-6)
}

// With fewer rows than dimensions the trace of the root is the sum of the
// singular values of the N x N products of centred rows.
func TestFrechetOfFewRows(t *testing.T) {
	const n, dim = 30, 128
	x, y := draw(5, n, dim, dim, 1, 0), draw(6, n, dim, dim, 1.5, .1)
	a, b := moments(t, x, dim), moments(t, y, dim)
	centred := func(rows []float32, m *Moments) *mat.Dense {
		c := mat.NewDense(n, dim, nil)
		for i := range n {
			for j := range dim {
				c.Set(i, j, (float64(rows[i*dim+j])-m.Mean()[j])/math.Sqrt(n-1))
			}
		}
		return c
	}
	var p mat.Dense
	p.Mul(centred(x, a), centred(y, b).T())
	var svd mat.SVD
	if !svd.Factorize(&p, mat.SVDNone) {
		t.Fatal("no singular values")
	}
	want := 0.
	for _, v := range svd.Values(nil) {
		want -= 2 * v
	}
	for i, m := range []*Moments{a, b} {
		c, _ := m.Covariance()
		want += mat.Trace(c)
		if i == 0 {
			for j, v := range a.Mean() {
				want += (v - b.Mean()[j]) * (v - b.Mean()[j])
			}
		}
	}
	got, back := distance(t, x, y, dim), distance(t, y, x, dim)
	wantClose(t, "few rows", got, want, 1e-5*want)
	wantClose(t, "the other way round", back, got, 1e-9*got)
}

// Constant pictures, one picture twice, and rank 0 have a distance too.
func TestFrechetOfNothing(t *testing.T) {
	flat := make([]float32, 5*8)
	x := draw(7, 30, 8, 8, 1, 0)
	if d := distance(t, flat, flat, 8); d != 0 {
		t.Errorf("constant against itself: %g", d)
	}
	if d := distance(t, flat, x, 8); !(d > 0) {
		t.Errorf("constant against noise: %g", d)
	}
	if _, err := Frechet(moments(t, flat[:8], 8), moments(t, x, 8)); err == nil {
		t.Error("one picture has no covariance, but no error")
	}
	if _, err := Frechet(moments(t, flat, 8), moments(t, flat, 4)); err == nil {
		t.Error("different widths, but no error")
	}
	if _, err := MomentsOf([]float32{1, float32(math.NaN())}, 2); err == nil {
		t.Error("NaN taken")
	}
	if _, err := MomentsOf(make([]float32, 3), 2); err == nil {
		t.Error("one and a half rows taken")
	}
}

func TestKID(t *testing.T) {
	const dim = 16
	x, y := draw(8, 600, dim, dim, 1, 0), draw(9, 400, dim, dim, 1, 0)
	same, e, err := KID(x, y, dim, 1)
	if err != nil || math.Abs(same) > 6*e || !(e > 0) {
		t.Errorf("one distribution: %g +- %g, %v", same, e, err)
	}
	// The standard error is that of means over independent sets, within a third.
	var means, errs []float64
	for seed := range uint64(24) {
		m, e, err := KID(draw(100+seed, 80, dim, dim, 1, 0), draw(200+seed, 80, dim, dim, 1, .5), dim, seed)
		if err != nil {
			t.Fatal(err)
		}
		means, errs = append(means, m), append(errs, e)
	}
	if ratio := stat.Mean(errs, nil) / stat.StdDev(means, nil); ratio < .66 || ratio > 1.5 {
		t.Errorf("standard error is %.2f of the deviation of independent estimates", ratio)
	}
	far, e, err := KID(x, draw(10, 300, dim, dim, 1, .7), dim, 1)
	if err != nil || far < 5*e || far < .5 {
		t.Errorf("moved: %g +- %g, %v", far, e, err)
	}
	// two rows each, by hand: k(x,x') + k(y,y') - mean of k(x,y) twice
	k := func(v float64) float64 { return (v + 1) * (v + 1) * (v + 1) }
	two := func(v ...float64) blas64.General { return blas64.General{Rows: 2, Cols: 1, Stride: 1, Data: v} }
	want := k(2) + k(-3) - 2*(k(3)+k(-1)+k(6)+k(-2))/4
	wantClose(t, "by hand", discrepancy(two(1, 2), two(3, -1)), want, 1e-9)
	if _, _, err := KID(x[:dim], y, dim, 1); err == nil {
		t.Error("one picture: no error")
	}
}

// BenchmarkFrechet is 10^4 features of 2048 numbers against as many: the promise
// is three minutes on two cores.
func BenchmarkFrechet(b *testing.B) {
	const n, dim = 10_000, 2048
	x, y := draw(1, n, dim, dim, 1, 0), draw(2, n, dim, dim, 1.1, .1)
	for b.Loop() {
		began := time.Now()
		d := distance(b, x, y, dim)
		b.ReportMetric(time.Since(began).Seconds(), "s/distance")
		b.ReportMetric(d, "distance")
	}
}
