package metric

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"mien/shared/tensor"
)

// Of KID: Subsets draws of at most SubsetSize pictures of each set, and of half
// the smaller set. Binkowski et al. draw 100 of 1,000; these give the same mean,
// with a standard error that is reported, in a hundredth of the time.
const (
	Subsets    = 50
	SubsetSize = 200
	leastKID   = 4
)

const streamSubset tensor.Stream = 0x7a1d

// KID returns the kernel distance between two sets of rows of dim numbers, 4 at
// least each: 0 on average where both are drawn from one distribution, whatever
// their sizes, and so now and then negative. With it comes its standard error.
// Subsets are a function of the seed.
//
// Method: the squared maximum mean discrepancy under the kernel
// (x.y/D + 1)^3, unbiased, mean over subsets (Binkowski et al.: Demystifying MMD
// GANs, 2018, section 4; Gretton et al., 2012, lemma 6). The standard error is
// the deviation over subsets of n out of N times sqrt(n/(N-n)): subsets overlap,
// so that over sqrt(Subsets) it would shrink with drawing more of the same
// (Politis and Romano, 1994).
func KID(a, b []float32, dim int, seed uint64) (mean, stderr float64, err error) {
	if dim < 1 || len(a)%dim != 0 || len(b)%dim != 0 {
		return 0, 0, fmt.Errorf("features of %d and %d numbers: want rows of %d", len(a), len(b), dim)
	}
	na, nb := len(a)/dim, len(b)/dim
	all := min(na, nb)
	if all < leastKID {
		return 0, 0, fmt.Errorf("kernel distance of %d and %d pictures: want %d at least", na, nb, leastKID)
	}
	n := min(all/2, SubsetSize)
	x, y := newRows(n, dim), newRows(n, dim)
	var sum, squares float64
	for s := range Subsets {
		pick(x, a, tensor.NewRand(seed, streamSubset, uint64(s), 0))
		pick(y, b, tensor.NewRand(seed, streamSubset, uint64(s), 1))
		d := discrepancy(x, y)
		sum += d
		squares += d * d
	}
	mean = sum / Subsets
	variance := max(squares/Subsets-mean*mean, 0) * Subsets / (Subsets - 1)
	return mean, math.Sqrt(variance * float64(n) / float64(all-n)), nil
}

// discrepancy is the unbiased estimate from as many rows of each set.
func discrepancy(x, y blas64.General) float64 {
	n := x.Rows
	k := blas64.General{Rows: n, Cols: n, Stride: n, Data: make([]float64, n*n)}
	pairs := float64(n * (n - 1))
	return (kernels(k, x, x, true)+kernels(k, y, y, true))/pairs - 2*kernels(k, x, y, false)/float64(n*n)
}

func newRows(n, dim int) blas64.General {
	return blas64.General{Rows: n, Cols: dim, Stride: dim, Data: make([]float64, n*dim)}
}

// pick fills dst with different rows of src, drawn at random.
func pick(dst blas64.General, src []float32, r *tensor.Rand) {
	order := make([]int, len(src)/dst.Cols)
	for i := range order {
		order[i] = i
	}
	for i := range dst.Rows { // the first steps of a Fisher-Yates shuffle
		j := i + r.Intn(len(order)-i)
		order[i], order[j] = order[j], order[i]
		for c, v := range src[order[i]*dst.Cols:][:dst.Cols] {
			dst.Data[i*dst.Stride+c] = float64(v)
		}
	}
}

// kernels sums (x.y/D + 1)^3 over all pairs of rows; of a set with itself,
// without each row's pair with itself.
func kernels(k, x, y blas64.General, itself bool) float64 {
	blas64.Gemm(blas.NoTrans, blas.Trans, 1/float64(x.Cols), x, y, 0, k)
	sum := 0.
	for i := range k.Rows {
		for j := range k.Cols {
			if itself && i == j {
				continue
			}
			v := k.Data[i*k.Stride+j] + 1
			sum += v * v * v
		}
	}
	return sum
}
