package rig

import (
	"math"

	"mien/shared/au"
	"mien/shared/face"
)

const (
	ballRadius  = 1.2 // of an eye, cm
	lidFollow   = .5  // of the way that an iris goes up or down, the upper lid goes
	irisInside  = .9  // of the way from the middle of an eye to its corner an iris's middle may go
	mostGaze    = .6  // radians
	mostTurn    = .5  // radians, of the head
	headBehind  = -2. // of the axis of the head, z in cm
	headBelow   = -3. // y in cm
	jawHinge    = -1. // of the jaw's joints, y in cm: where AU26 turns about
	jawHingeFar = 2.  // z in cm
)

// Rigid is a motion of what does not bend, in the photo: a point p of a mesh
// goes to Turn p + Shift, x, y in photo pixels and z in the same unit.
type Rigid struct {
	Turn  [3][3]float64
	Shift [3]float64
}

// Apply returns where p goes.
func (t *Rigid) Apply(p [3]float64) [3]float64 {
	q := t.Shift
	for i, row := range t.Turn {
		q[i] += row[0]*p[0] + row[1]*p[1] + row[2]*p[2]
	}
	return q
}

// Jaw returns how a change moves the lower teeth and what is between them: a
// turn about the jaw's joints. Upper teeth stand still, with the skull.
func (s *Subject) Jaw(left, right au.Vector) Rigid {
	d := [2]au.Vector{s.within(Left, left), s.within(Right, right)}
	// The angle is what brings the chin down as far as AU26 does.
	const chin = 152
	var drop vec
	k := s.units(&d)
	for side := range 2 {
		drop = drop.add(s.rig.motion[au26][side][chin].times(k[side][au26]))
	}
	hinge := vec{0, jawHinge, jawHingeFar}
	arm := s.own[chin].sub(hinge)
	from := math.Atan2(arm[1], arm[2])
	to := math.Atan2(arm[1]+drop[1], arm[2]+drop[2]) // both in -pi to 0: the chin is below the joints
	sin, cos := math.Sincos(to - from)
	turn := [3][3]float64{{1, 0, 0}, {0, cos, sin}, {0, -sin, cos}}
	return s.pose.rigid(turn, hinge)
}

// rigid returns in the photo what is a turn about a point of the canonical frame.
func (p *Pose) rigid(turn [3][3]float64, about vec) Rigid {
	apply := func(q vec) vec {
		a := vec(p.Read(q)).sub(about)
		var b vec
		for i, row := range turn {
			b[i] = row[0]*a[0] + row[1]*a[1] + row[2]*a[2]
		}
		return p.Show(b.add(about))
	}
	origin := apply(vec{})
	t := Rigid{Shift: origin}
	for j := range 3 {
		var e vec
		e[j] = 1
		column := apply(e).sub(origin)
		for i := range 3 {
			t.Turn[i][j] = column[i]
		}
	}
	return t
}

// Turn turns a mesh of the subject, moved or not, about the middle of the head:
// yaw to the picture's right, pitch up, roll clockwise in the picture, radians,
// up to .5 each.
func (s *Subject) Turn(m face.Mesh, yaw, pitch, roll float64) face.Mesh {
	if yaw == 0 && pitch == 0 && roll == 0 {
		return m
	}
	t := s.pose.rigid(turned(bound(yaw, mostTurn), bound(pitch, mostTurn), bound(roll, mostTurn)), vec{0, headBelow, headBehind})
	for i, p := range m {
		for c, v := range t.Apply(wide(p)) {
			m[i][c] = float32(v)
		}
	}
	return m
}

// turned returns the rotation of a head by its angles; see Pose.Angles.
func turned(yaw, pitch, roll float64) [3][3]float64 {
	sy, cy := math.Sincos(yaw)
	sp, cp := math.Sincos(-pitch)
	sr, cr := math.Sincos(-roll)
	y := [3][3]float64{{cy, 0, sy}, {0, 1, 0}, {-sy, 0, cy}}
	x := [3][3]float64{{1, 0, 0}, {0, cp, -sp}, {0, sp, cp}}
	z := [3][3]float64{{cr, -sr, 0}, {sr, cr, 0}, {0, 0, 1}}
	return times(z, times(y, x))
}

func times(a, b [3][3]float64) (c [3][3]float64) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

func bound(v, most float64) float64 {
	if v-v != 0 {
		return 0
	}
	return min(max(v, -most), most)
}

// Gaze turns the eyes of a mesh of the subject, moved or not: yaw to the
// picture's right, pitch up, radians, up to .6 each. Irises go no further than
// the corners of their eye; the upper lid goes along.
func (s *Subject) Gaze(m face.Mesh, yaw, pitch float64) face.Mesh {
	yaw, pitch = bound(yaw, mostGaze), bound(pitch, mostGaze)
	if yaw == 0 && pitch == 0 {
		return m
	}
	by := s.pose.step(vec{ballRadius * math.Sin(yaw), ballRadius * math.Sin(pitch), 0})
	for e, iris := range [2][face.IrisPoints]int{face.RightIris, face.LeftIris} {
		pairs := &eyes[e]
		outer, inner := wide(m[pairs.outer]), wide(m[pairs.inner])
		middle, half := outer.add(inner).times(.5), inner.sub(outer).times(.5)
		width := half.length()
		if width < 1e-6 {
			continue
		}
		along := half.unit(vec{1, 0, 0})
		at := wide(m[iris[0]]).sub(middle).dot(along)
		step := by
		// The part of the step along the eye ends before its corner.
		go_ := step.dot(along)
		most := irisInside * width
		allowed := min(max(at+go_, -max(most, math.Abs(at))), max(most, math.Abs(at))) - at
		step = step.add(along.times(allowed - go_))
		for _, i := range iris {
			for c := range 3 {
				m[i][c] += float32(step[c])
			}
		}
		// The upper lid follows the iris up and down where the eye is open.
		upright := step.sub(along.times(step.dot(along))).times(lidFollow)
		for k, u := range pairs.upper {
			l := pairs.lower[k]
			gap := wide(m[u]).sub(wide(m[l]))
			share := upright
			// Not across the lower lid.
			if n := gap.length(); n < 1e-6 {
				continue
			} else if down := -share.dot(gap.times(1 / n)); down > .5*n {
				share = share.times(.5 * n / down)
			}
			for c := range 3 {
				m[u][c] += float32(share[c])
			}
		}
	}
	return m
}
