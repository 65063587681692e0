package rig

import (
	"math"

	"mien/shared/au"
)

// bend returns how many units of its motion an Action Unit makes at intensity v:
// v (1 + Curve v / 5).
func (r *Rig) bend(a int, v float64) float64 {
	return v * (1 + float64(r.parts.Curve[a])*v/au.Max)
}

// straighten is the inverse of bend, for units of motion not negative.
func (r *Rig) straighten(a int, units float64) float64 {
	c := float64(r.parts.Curve[a]) / au.Max
	if math.Abs(c) < 1e-6 {
		return units
	}
	return (math.Sqrt(max(1+4*c*units, 0)) - 1) / (2 * c)
}

// units returns the units of motion that a change of what is shown makes.
func (s *Subject) units(d *[2]au.Vector) (k [2][au.Count]float64) {
	for side := range 2 {
		for a, v := range d[side] {
			if v != 0 {
				shown := float64(s.shown[side][a])
				k[side][a] = s.rig.bend(a, shown+float64(v)) - s.rig.bend(a, shown)
			}
		}
	}
	return k
}
