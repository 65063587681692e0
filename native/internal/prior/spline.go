package prior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// fixed are places at the frame's border, in normalised coordinates, that a
// spline leaves where they are, so that only the face moves.
var fixed = func() (p [][2]float64) {
	for i := range 7 {
		for _, v := range [...]float64{-1, -.85, 1} {
			p = append(p, [2]float64{float64(i)/3 - 1, v})
		}
	}
	for _, u := range [...]float64{-1, 1} {
		for i := range 6 {
			p = append(p, [2]float64{u, -.7 + .3*float64(i)})
		}
	}
	return p
}()

// controls returns the control points of a face: its landmarks and fixed.
func controls(l Landmarks) [][2]float64 {
	q := make([][2]float64, 0, len(l)+len(fixed))
	return append(append(q, placed(l[:])...), fixed...)
}

// placed returns points of the 128 x 128 crop in normalised coordinates.
func placed(l []point) [][2]float64 {
	q := make([][2]float64, len(l))
	for i, p := range l {
		q[i] = [2]float64{(float64(p[0])+.5)/64 - 1, (float64(p[1])+.5)/64 - 1}
	}
	return q
}

// bend is the thin plate's radial function of a squared distance.
func bend(r2 float64) float64 { return r2 * math.Log(r2+1e-6) }

// system is the spline's matrix: bending, softened by stiffness so that noisy
// landmarks do not crumple the plate, and an affine part.
//
// Method: Bookstein, Principal warps (IEEE PAMI 11, 1989).
func system(q [][2]float64, stiffness float64) *mat.Dense {
	n := len(q)
	m := mat.NewDense(n+3, n+3, nil)
	for i, a := range q {
		for j := range i {
			dx, dy := a[0]-q[j][0], a[1]-q[j][1]
			v := bend(dx*dx + dy*dy)
			m.Set(i, j, v)
			m.Set(j, i, v)
		}
		m.Set(i, i, stiffness)
		for k, v := range [3]float64{1, a[0], a[1]} {
			m.Set(i, n+k, v)
			m.Set(n+k, i, v)
		}
	}
	return m
}

// spline is a smooth map of the frame with several values at each place.
type spline struct {
	q [][2]float64
	w []float64 // [n+3 values]
	n int       // values
}

// bendTo fits the spline with the given values [n values] at q.
func bendTo(q [][2]float64, values []float64, stiffness float64) (*spline, error) {
	k := len(values) / len(q)
	b := mat.NewDense(len(q)+3, k, nil)
	for i := range q {
		b.SetRow(i, values[i*k:(i+1)*k])
	}
	var lu mat.LU
	lu.Factorize(system(q, stiffness))
	var w mat.Dense
	if err := lu.SolveTo(&w, false, b); err != nil {
		if _, poor := err.(mat.Condition); !poor { // a poor condition still solves well enough
			return nil, fmt.Errorf("thin-plate spline through %d points: %w", len(q), err)
		}
	}
	for _, v := range w.RawMatrix().Data {
		if v-v != 0 {
			return nil, fmt.Errorf("thin-plate spline through %d points: not finite", len(q))
		}
	}
	return &spline{q, w.RawMatrix().Data, k}, nil
}

// at writes the values at (u, v) to out.
func (s *spline) at(u, v float64, out []float64) {
	clear(out)
	add := func(i int, a float64) {
		for c, w := range s.w[i*s.n : (i+1)*s.n] {
			out[c] += a * w
		}
	}
	for i, p := range s.q {
		dx, dy := u-p[0], v-p[1]
		add(i, bend(dx*dx+dy*dy))
	}
	n := len(s.q)
	add(n, 1)
	add(n+1, u)
	add(n+2, v)
}

// centre is the normalised coordinate of pixel i of n.
func centre(i, n int) float64 { return (2*float64(i)+1)/float64(n) - 1 }

// sample reads a map [n n channels] bilinearly at (u, v), the border repeated.
func sample(m []float32, n, channels int, u, v float32, out []float32) {
	top := float32(n - 1)
	x := min(max((u+1)*float32(n)/2-.5, 0), top)
	y := min(max((v+1)*float32(n)/2-.5, 0), top)
	x0, y0 := min(int(x), n-2), min(int(y), n-2)
	ax, ay := x-float32(x0), y-float32(y0)
	a := m[(y0*n+x0)*channels:]
	b := m[((y0+1)*n+x0)*channels:]
	for c := range out {
		up := a[c] + (a[c+channels]-a[c])*ax
		low := b[c] + (b[c+channels]-b[c])*ax
		out[c] = up + (low-up)*ay
	}
}
