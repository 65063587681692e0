package rigfit

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"mien/shared/au"
	"mien/shared/rig"
)

const (
	directions = 40  // of identity
	leastNoise = .03 // cm
	deepNoise  = 1.5 // z is seen less well than x and y
	size       = 3 * points
)

// identities returns the directions in which people differ at rest, each of one
// standard deviation, and what neither they nor expression explain.
//
// What two pictures of one person have in common is the person: the covariance
// between people is the mean product of two pictures, in which expressions,
// poses and errors of each cancel. Its largest eigenvectors are the directions.
func identities(all []*sample, people [][]*sample, rest *mesh, action *[au.Count]mesh, shapes *Shapes) ([][points][3]float32, [points][3]float32) {
	residual := func(s *sample) []float64 {
		y := s.at
		y.add(rest, -1)
		for a, v := range s.labels {
			y.add(&action[a], -float64(v))
		}
		out := make([]float64, size)
		for i, p := range y {
			copy(out[3*i:], p[:])
		}
		return out
	}
	mean := make([]float64, size)
	for _, s := range all {
		for i, v := range residual(s) {
			mean[i] += v / float64(len(all))
		}
	}
	common := mat.NewSymDense(size, nil)
	var weight float64
	within := make([]float64, size)
	var counted float64
	for _, faces := range people {
		if len(faces) < 2 {
			continue
		}
		faces = faces[:min(len(faces), atOnce)]
		n := float64(len(faces))
		w := 1 / (n - 1) // so that a person counts n times, not n squared
		sum := make([]float64, size)
		rows := make([][]float64, len(faces))
		for k, s := range faces {
			rows[k] = residual(s)
			for i := range rows[k] {
				rows[k][i] -= mean[i]
				sum[i] += rows[k][i]
			}
		}
		// The sum over pairs k != l of r_k r_l' is that of the sum less each own.
		rank(common, w, sum)
		for _, r := range rows {
			rank(common, -w, r)
		}
		weight += w * n * (n - 1)
		for _, r := range rows {
			for i, v := range r {
				d := v - sum[i]/n
				within[i] += d * d
			}
		}
		counted += n - 1
	}
	// Symmetric: a mirrored face is a face.
	at := func(i, j int) float64 {
		sign := 1.
		if (i%3 == 0) != (j%3 == 0) {
			sign = -1
		}
		mi, mj := 3*int(shapes.mirror[i/3])+i%3, 3*int(shapes.mirror[j/3])+j%3
		return (common.At(i, j) + sign*common.At(mi, mj)) / (2 * weight)
	}
	c := mat.NewSymDense(size, nil)
	for i := range size {
		for j := i; j < size; j++ {
			c.SetSym(i, j, at(i, j))
		}
	}
	vectors, values := leading(c, directions)
	out := make([][points][3]float32, 0, directions)
	explained := make([]float64, size)
	for k, v := range values {
		if v <= 0 {
			break
		}
		var d [points][3]float32
		s := math.Sqrt(v)
		for i := range size {
			d[i/3][i%3] = float32(s * vectors[k][i])
			explained[i] += v * vectors[k][i] * vectors[k][i]
		}
		out = append(out, d)
	}
	var noise [points][3]float32
	for i := range size {
		left := max(c.At(i, i)-explained[i], 0)
		v := math.Sqrt(within[i]/counted + left)
		noise[i/3][i%3] = float32(max(v, leastNoise))
	}
	return out, noise
}

// unexplained returns what is left of meshes when a rig is fitted to them, of
// some of the faces.
func unexplained(ctx context.Context, r *rig.Rig, all []*sample) (noise [points][3]float32, err error) {
	const some = 1500
	n := min(len(all), some)
	left := make([]mesh, n)
	err = parallel(ctx, n, func(k int) {
		at, model := r.Subject(*all[k*len(all)/n].mesh).Explained()
		for i := range points {
			for c := range 3 {
				d := at[i][c] - model[i][c]
				left[k][i][c] = d * d
			}
		}
	})
	mirror := r.Parts().Mirror
	for i := range points {
		for c := range 3 {
			var sum float64
			for k := range left {
				sum += left[k][i][c] + left[k][mirror[i]][c]
			}
			noise[i][c] = float32(max(math.Sqrt(sum/float64(2*n)), leastNoise))
		}
	}
	return noise, err
}

// rank adds w v v' to m.
func rank(m *mat.SymDense, w float64, v []float64) {
	blas64.Syr(w, blas64.Vector{N: len(v), Inc: 1, Data: v}, m.RawSymmetric())
}

// leading returns the n largest eigenvalues and their vectors of a symmetric
// matrix, by iterating a subspace.
func leading(c *mat.SymDense, n int) (vectors [][]float64, values []float64) {
	d := c.SymmetricDim()
	const more, rounds = 12, 12
	k := n + more
	q := mat.NewDense(d, k, nil)
	seed := uint64(1)
	for i := range d {
		for j := range k {
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			q.Set(i, j, float64(seed>>11)/(1<<53)-.5)
		}
	}
	var y mat.Dense
	for range rounds {
		y.Mul(c, q)
		orthonormal(&y)
		q.Copy(&y)
	}
	y.Mul(c, q)
	var small mat.Dense
	small.Mul(q.T(), &y)
	sym := mat.NewSymDense(k, nil)
	for i := range k {
		for j := i; j < k; j++ {
			sym.SetSym(i, j, (small.At(i, j)+small.At(j, i))/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(sym, true) {
		panic("rigfit: eigenvalues of a small symmetric matrix")
	}
	var inner, outer mat.Dense
	eigen.VectorsTo(&inner)
	outer.Mul(q, &inner)
	all := eigen.Values(nil)
	for j := k - 1; j >= k-n; j-- { // they rise
		v := mat.Col(nil, j, &outer)
		most := 0
		for i := range v {
			if math.Abs(v[i]) > math.Abs(v[most]) {
				most = i
			}
		}
		if v[most] < 0 { // a sign of its own, for the same bytes each time
			for i := range v {
				v[i] = -v[i]
			}
		}
		vectors, values = append(vectors, v), append(values, all[j])
	}
	return vectors, values
}

// orthonormal makes the columns of m orthonormal, by Gram and Schmidt, twice.
func orthonormal(m *mat.Dense) {
	r, c := m.Dims()
	col := make([][]float64, c)
	for j := range c {
		col[j] = mat.Col(nil, j, m)
	}
	dot := func(a, b []float64) (s float64) {
		for i, v := range a {
			s += v * b[i]
		}
		return s
	}
	for j := range c {
		for range 2 {
			for k := range j {
				s := dot(col[j], col[k])
				for i := range r {
					col[j][i] -= s * col[k][i]
				}
			}
		}
		n := math.Sqrt(dot(col[j], col[j]))
		for i := range r {
			col[j][i] /= max(n, 1e-300)
		}
	}
	for j := range c {
		m.SetCol(j, col[j])
	}
}
