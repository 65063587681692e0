package rig

import (
	"mien/shared/au"
	"mien/shared/face"
)

// most is the intensity beyond which nothing moves further.
const most = 6

// Move changes the Action Units of the picture's left and right half of the
// face by left and right, -au.Max to au.Max, and returns the mesh that the
// photo would then have. Taking back ends at the person's own rest. No change
// returns the mesh as it is.
func (s *Subject) Move(left, right au.Vector) face.Mesh {
	d := [2]au.Vector{s.within(Left, left), s.within(Right, right)}
	m := s.mesh
	if d[Left].IsZero() && d[Right].IsZero() {
		return m
	}
	var by [Points]vec
	k := s.units(&d)
	s.rig.sum(&k, &by)
	s.lips(&k, &by)
	s.lids(&d, &by)
	for i, b := range by {
		if b == (vec{}) {
			continue
		}
		b = s.pose.step(b)
		for c := range 3 {
			m[i][c] += float32(b[c])
		}
	}
	return m
}

// within bounds a change of one side: down to what the photo shows, up to what
// a face can do.
func (s *Subject) within(side int, d au.Vector) au.Vector {
	for a, v := range d {
		shown := s.shown[side][a]
		if v-v != 0 {
			v = 0
		}
		d[a] = min(max(v, -shown, -au.Max), min(most-shown, au.Max))
	}
	return d
}

// sum writes what units of motion move, but for those of lids.
func (r *Rig) sum(units *[2][au.Count]float64, by *[Points]vec) {
	for side := range 2 {
		for a, k := range units[side] {
			if k == 0 || a == au05 || a == au07 || a == au45 {
				continue // the lids have rules
			}
			for i := range by {
				m := &r.motion[a][side][i]
				by[i][0] += k * m[0]
				by[i][1] += k * m[1]
				by[i][2] += k * m[2]
			}
		}
	}
}
