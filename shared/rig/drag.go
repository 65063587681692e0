package rig

import (
	"errors"
	"fmt"
	"math"

	"mien/shared/au"
	"mien/shared/face"
)

const (
	dragTurns = 4    // of linearising
	dragProbe = .25  // intensity by which motions are tried
	dragFew   = .02  // cm^2 that a unit of intensity must be worth
	dragCalm  = .002 // the same for its square
	maxDrags  = 64
)

// Drag asks for a point of the mesh to be at X, Y, photo pixels.
type Drag struct {
	Point int
	X, Y  float64
}

// Solve returns the change of Action Units that brings points nearest to where
// they were dragged: least squares within bounds, few Action Units rather than
// many. One point on one half asks for that half alone unless both is set.
func (s *Subject) Solve(drags []Drag, both bool) (left, right au.Vector, err error) {
	if n := len(drags); n < 1 || n > maxDrags {
		return left, right, fmt.Errorf("%d points dragged, want 1 to %d", n, maxDrags)
	}
	for _, d := range drags {
		if d.Point < 0 || d.Point >= Points {
			return left, right, fmt.Errorf("point %d dragged, want 0 to %d", d.Point, Points-1)
		}
		if !(math.Abs(d.X) < 1e6 && math.Abs(d.Y) < 1e6) {
			return left, right, errors.New("a point is dragged out of the picture")
		}
	}
	n := 2 * au.Count
	if both {
		n = au.Count
	}
	change := make([]float64, n)
	vectors := func(x []float64) (l, r au.Vector) {
		for a := range au.Count {
			l[a], r[a] = float32(x[a]), float32(x[a])
			if !both {
				r[a] = float32(x[au.Count+a])
			}
		}
		return l, r
	}
	rows := 2 * len(drags)
	at := func(x []float64, out []float64) {
		l, r := vectors(x)
		m := s.Move(l, r)
		s.read(&m, drags, out)
	}
	here, there := make([]float64, rows), make([]float64, rows)
	slope := make([]float64, rows*n)
	normal, target := make([]float64, n*n), make([]float64, n)
	for range dragTurns {
		at(change, here)
		for k := range n {
			was := change[k]
			change[k] = was + dragProbe
			at(change, there)
			change[k] = was
			for i := range rows {
				slope[i*n+k] = (there[i] - here[i]) / dragProbe
			}
		}
		// Least of |want - here - slope (x - change)|^2 + calm |x|^2 + few |x|_1.
		for j := range n {
			target[j] = 0
			for i := range rows {
				want := drags[i/2].X
				if i%2 == 1 {
					want = drags[i/2].Y
				}
				off := want*s.step - here[i]
				for k := range n {
					off += slope[i*n+k] * change[k]
				}
				target[j] += slope[i*n+j] * off
			}
			for k := range n {
				var sum float64
				for i := range rows {
					sum += slope[i*n+j] * slope[i*n+k]
				}
				normal[j*n+k] = sum
			}
			normal[j*n+j] += dragCalm
		}
		sparse(normal, target, change, func(k int) (lo, hi float64) {
			if both {
				return -float64(max(s.shown[0][k], s.shown[1][k])), au.Max
			}
			return -float64(s.shown[k/au.Count][k%au.Count]), au.Max
		})
	}
	left, right = vectors(change)
	return left, right, nil
}

// read writes where the dragged points are, in cm of the face.
func (s *Subject) read(m *face.Mesh, drags []Drag, out []float64) {
	for i, d := range drags {
		out[2*i], out[2*i+1] = float64(m[d.Point][0])*s.step, float64(m[d.Point][1])*s.step
	}
}

// sparse is bounded with a price of dragFew on |x|: what goes up and what goes
// down are unknowns of their own.
func sparse(normal, target, x []float64, bounds func(k int) (lo, hi float64)) {
	n := len(x)
	slope := make([]float64, n)
	copy(slope, target)
	for k, v := range x {
		for j := range slope {
			slope[j] -= normal[k*n+j] * v
		}
	}
	for range sweeps {
		var moved float64
		for k := range x {
			lo, hi := bounds(k)
			free := x[k] + slope[k]/normal[k*n+k]
			price := dragFew / normal[k*n+k]
			v := min(max(math.Copysign(max(math.Abs(free)-price, 0), free), lo), hi)
			d := v - x[k]
			if d == 0 {
				continue
			}
			x[k] = v
			for j, w := range normal[k*n : k*n+n] {
				slope[j] -= w * d
			}
			moved = max(moved, math.Abs(d))
		}
		if moved < settled {
			return
		}
	}
}
