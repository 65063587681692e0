package metric

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// Frechet returns the distance between the normal distributions of two sets,
// in squared units of the features (Dowson and Landau, 1982; Heusel et al.,
// 2017, section 3):
//
//	|m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^(1/2))
//
// Each set needs two rows; fewer rows than dimensions are well defined, but
// small sets look further apart than they are, so that only distances between
// sets of equal sizes compare.
//
// Method: S1 S2 is not symmetric and its square root may come out complex. With
// S = F^T F the trace is that of ((F1 F2^T)(F1 F2^T)^T)^(1/2), the sum of the
// singular values of F1 F2^T: real, not negative, and without the loss of half
// the digits in the root of a squared matrix's eigenvalues. F is a Cholesky
// factor with pivots (Higham, 1990), which ends where what is left is below
// rounding, so that eigenvalues that rounding made negative count as 0.
func Frechet(a, b *Moments) (float64, error) {
	if a.dim != b.dim {
		return 0, fmt.Errorf("distance of features of %d and %d numbers: want the same", a.dim, b.dim)
	}
	sum := 0.
	for i, v := range a.Mean() {
		d := v - b.mean1(i)
		sum += d * d
	}
	f1, t1, err := a.factor()
	if err != nil {
		return 0, err
	}
	f2, t2, err := b.factor()
	if err != nil {
		return 0, err
	}
	root := nuclear(f1, f2)
	return max(sum+t1+t2-2*root, 0), nil
}

// mean1 is the mean of feature i; waiting rows count.
func (m *Moments) mean1(i int) float64 {
	m.fold()
	return m.mean[i]
}

// factor returns F [R D] with F^T F the covariance, of rank R, and its trace.
func (m *Moments) factor() (blas64.General, float64, error) {
	c, err := m.Covariance()
	if err != nil {
		return blas64.General{}, 0, err
	}
	trace := mat.Trace(c)
	u, pivots := c.RawSymmetric(), make([]int, m.dim)
	_, rank, _ := lapack64.Pstrf(u, pivots, -1, make([]float64, 2*m.dim))
	f := blas64.General{Rows: rank, Cols: m.dim, Stride: m.dim, Data: make([]float64, rank*m.dim)}
	for i := range rank {
		for j := i; j < m.dim; j++ {
			f.Data[i*m.dim+pivots[j]] = u.Data[i*u.Stride+j]
		}
	}
	return f, trace, nil
}

// nuclear returns the sum of the singular values of f1 f2^T.
func nuclear(f1, f2 blas64.General) float64 {
	if f1.Rows == 0 || f2.Rows == 0 {
		return 0
	}
	p := blas64.General{Rows: f1.Rows, Cols: f2.Rows, Stride: f2.Rows, Data: make([]float64, f1.Rows*f2.Rows)}
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, f1, f2, 0, p)
	s, none := make([]float64, min(p.Rows, p.Cols)), blas64.General{Rows: 1, Cols: 1, Stride: 1, Data: make([]float64, 1)}
	work := make([]float64, 1)
	lapack64.Gesvd(lapack.SVDNone, lapack.SVDNone, p, none, none, s, work, -1)
	work = make([]float64, int(work[0]))
	if !lapack64.Gesvd(lapack.SVDNone, lapack.SVDNone, p, none, none, s, work, len(work)) {
		panic("metric: singular values of a finite matrix do not converge")
	}
	sum := 0.
	for _, v := range s {
		sum += v
	}
	return sum
}
