package rig

import "math"

// vec is a point or a step in the canonical frame, in centimetres: x to the
// picture's right, y up, z towards the camera.
type vec [3]float64

func (a vec) add(b vec) vec       { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec) sub(b vec) vec       { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec) times(k float64) vec { return vec{k * a[0], k * a[1], k * a[2]} }
func (a vec) dot(b vec) float64   { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec) length() float64     { return math.Sqrt(a.dot(a)) }

// unit returns the direction of a, or other where a has none.
func (a vec) unit(other vec) vec {
	if n := a.length(); n > 1e-9 {
		return a.times(1 / n)
	}
	return other
}

func wide(p [3]float32) vec { return vec{float64(p[0]), float64(p[1]), float64(p[2])} }

// smooth rises from 0 at from to 1 at to, flat at both ends.
func smooth(x, from, to float64) float64 {
	t := min(max((x-from)/(to-from), 0), 1)
	return t * t * (3 - 2*t)
}
