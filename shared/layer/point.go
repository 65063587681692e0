package layer

import "math"

// point is a place in the photo, or a step in it, in its pixels.
type point [2]float64

func (p point) add(q point) point     { return point{p[0] + q[0], p[1] + q[1]} }
func (p point) sub(q point) point     { return point{p[0] - q[0], p[1] - q[1]} }
func (p point) times(k float64) point { return point{k * p[0], k * p[1]} }
func (p point) dot(q point) float64   { return p[0]*q[0] + p[1]*q[1] }
func (p point) length() float64       { return math.Hypot(p[0], p[1]) }

// to returns the point that is part t of the way from p to q.
func (p point) to(q point, t float64) point { return p.add(q.sub(p).times(t)) }

// unit returns the direction of p, 0 for a step of no length.
func (p point) unit() point {
	if n := p.length(); n > 0 {
		return p.times(1 / n)
	}
	return point{}
}

// smooth rises from 0 at from to 1 at to, flat at both ends; where these are the
// same it is a step behind them.
func smooth(x, from, to float64) float64 {
	if from == to {
		if x > from {
			return 1
		}
		return 0
	}
	t := min(max((x-from)/(to-from), 0), 1)
	return t * t * (3 - 2*t)
}

func mean(ps []point) point {
	var s point
	for _, p := range ps {
		s = s.add(p)
	}
	return s.times(1 / float64(len(ps)))
}
