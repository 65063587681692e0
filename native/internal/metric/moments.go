// Package metric compares sets of pictures: the Frechet distance and the kernel
// distance between their features, for each emotion beside the same between
// real faces.
package metric

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// MaxDim bounds the width of a feature: a covariance of it has MaxDim^2 float64.
const MaxDim = 8192

const (
	// foldRows is how many rows wait until they enter the scatter matrix
	// together: one pass over its D^2 numbers costs as much for one row.
	foldRows = 256
	// foldColumns is the width of the blocks of which only those on and above
	// the diagonal are computed.
	foldColumns = 512
)

// Moments are the running mean and covariance of rows of D numbers, in
// float64. The order of the rows changes the last digits only.
//
// Method: rows are gathered in batches; a batch is centred on its own mean and
// joined by the update of Chan, Golub and LeVeque (1979), so that no large
// squares are subtracted from each other.
type Moments struct {
	dim     int
	n       int       // rows in mean and scatter
	mean    []float64 // [D]
	scatter []float64 // [D D], upper triangle: the sum of (x-mean)(x-mean)^T
	waiting []float64 // rows that are not yet in, at most foldRows of them
	scratch []float64 // [D]
}

// NewMoments returns the moments of no rows of dim numbers, 1 to MaxDim.
func NewMoments(dim int) (*Moments, error) {
	if dim < 1 || dim > MaxDim {
		return nil, fmt.Errorf("features of %d numbers: want 1 to %d", dim, MaxDim)
	}
	return &Moments{dim: dim, mean: make([]float64, dim), scatter: make([]float64, dim*dim), scratch: make([]float64, dim)}, nil
}

// MomentsOf returns the moments of rows, N*dim numbers.
func MomentsOf(rows []float32, dim int) (*Moments, error) {
	m, err := NewMoments(dim)
	if err != nil {
		return nil, err
	}
	return m, m.Add(rows)
}

// N is the number of rows so far.
func (m *Moments) N() int { return m.n + len(m.waiting)/m.dim }

// Dim is the width D of a row.
func (m *Moments) Dim() int { return m.dim }

var errNotFinite = errors.New("a feature is not finite")

// Add takes rows, N*D numbers, and keeps none of them. A row that is not finite
// is an error, and then none of them counts.
func (m *Moments) Add(rows []float32) error {
	if len(rows)%m.dim != 0 {
		return fmt.Errorf("%d numbers: want rows of %d", len(rows), m.dim)
	}
	for _, v := range rows {
		if v-v != 0 {
			return errNotFinite
		}
	}
	for _, v := range rows {
		m.waiting = append(m.waiting, float64(v))
		if len(m.waiting) == foldRows*m.dim {
			m.fold()
		}
	}
	return nil
}

// fold takes the waiting rows into mean and scatter.
func (m *Moments) fold() {
	rows := len(m.waiting) / m.dim
	if rows == 0 {
		return
	}
	d, x, mean := m.dim, m.waiting, m.scratch
	clear(mean)
	for at := 0; at < len(x); at += d {
		for j, v := range x[at : at+d] {
			mean[j] += v
		}
	}
	for j := range mean {
		mean[j] /= float64(rows)
	}
	for at := 0; at < len(x); at += d {
		for j := range mean {
			x[at+j] -= mean[j]
		}
	}
	for from := 0; from < d; from += foldColumns {
		to := min(from+foldColumns, d)
		left := blas64.General{Rows: rows, Cols: to, Stride: d, Data: x}
		right := blas64.General{Rows: rows, Cols: to - from, Stride: d, Data: x[from:]}
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, left, right, 1, blas64.General{Rows: to, Cols: to - from, Stride: d, Data: m.scatter[from:]})
	}
	all := float64(m.n + rows)
	for j := range mean {
		mean[j] -= m.mean[j] // the step between the two means
	}
	blas64.Syr(float64(m.n)*float64(rows)/all, blas64.Vector{N: d, Inc: 1, Data: mean}, m.sym())
	for j := range mean {
		m.mean[j] += mean[j] * float64(rows) / all
	}
	m.n += rows
	m.waiting = m.waiting[:0]
}

func (m *Moments) sym() blas64.Symmetric {
	return blas64.Symmetric{N: m.dim, Stride: m.dim, Data: m.scatter, Uplo: blas.Upper}
}

// Mean returns the mean of the rows, [D].
func (m *Moments) Mean() []float64 {
	m.fold()
	return append([]float64(nil), m.mean...)
}

// Covariance returns the unbiased covariance of at least two rows, [D D].
func (m *Moments) Covariance() (*mat.SymDense, error) {
	m.fold()
	if m.n < 2 {
		return nil, fmt.Errorf("covariance of %d pictures: want 2 at least", m.n)
	}
	c := mat.NewSymDense(m.dim, append([]float64(nil), m.scatter...))
	c.ScaleSym(1/float64(m.n-1), c)
	return c, nil
}
