package rig

import (
	"errors"
	"math"

	"mien/shared/au"
)

const (
	upperPart  = .9  // of a blink's way is the upper lid's
	squintPart = .25 // of a squint's is: most of it comes from below
	widenPart  = .85 // of a widening is
	squintMost = 1. / 3
	// squashed is the part of an opening that brows, cheeks and nose leave.
	squashed = .4
	// wider and narrower bound how far rows beside the margins follow an eye that
	// is larger or smaller than the mean one.
	wider, narrower = 1.4, .5
)

// lidGap is a pair of the margins in the photo.
type lidGap struct {
	open float64 // cm, along up
	rest float64 // of the person at rest
	up   vec     // from the lower to the upper lid
}

// measureLids measures the rest mesh's eyes.
func (r *Rig) measureLids() error {
	for e, pairs := range eyes {
		for k := range pairs.upper {
			u, l := pairs.upper[k], pairs.lower[k]
			r.opening[e] += r.rest[u].sub(r.rest[l]).length() / 7
			r.blink[e] += r.motion[au45][e][u].length() / 7
		}
		if r.opening[e] < .05 || r.blink[e] < 1e-3 {
			return errors.New("rest: eyes that are closed, or that AU45 does not move")
		}
	}
	return nil
}

func (s *Subject) measureLids() {
	for e, pairs := range eyes {
		across := s.at[pairs.inner].sub(s.at[pairs.outer])
		for k := range pairs.upper {
			u, l := pairs.upper[k], pairs.lower[k]
			rest := s.own[u].sub(s.own[l])
			up := s.rig.rest[u].sub(s.rig.rest[l])
			// Where the lids are apart in the photo, the line between them is theirs.
			if gap := s.at[u].sub(s.at[l]); gap[1] > .25*up[1] {
				up = gap
			}
			up = up.unit(vec{0, 1, 0})
			// Straight across would not close.
			a := across.unit(vec{1, 0, 0})
			if side := up.dot(a); math.Abs(side) > .9 {
				up = vec{0, 1, 0}
			}
			s.lidsOpen[e][k] = lidGap{open: s.at[u].sub(s.at[l]).dot(up), rest: max(rest.dot(up), 0), up: up}
		}
	}
}

// closed is the part of an opening that AU45 closes at intensity v, 0 to 1:
// all of it at au.Max.
func closed(v float64) float64 {
	t := 1 - min(max(v/au.Max, 0), 1)
	return 1 - t*t
}

// lids moves the lids of both eyes: margins by rule, rows about them with the
// margins. by holds what the other Action Units move.
func (s *Subject) lids(d *[2]au.Vector, by *[Points]vec) {
	r := s.rig
	for e := range eyes {
		pairs := &eyes[e]
		widen, squint, blink := float64(d[e][au05]), float64(d[e][au07]), float64(d[e][au45])
		shown := &s.shown[e]
		var open float64
		for k := range pairs.upper {
			open += max(s.lidsOpen[e][k].open, 0) / 7
		}
		size := min(max(open/r.opening[e], narrower), wider)
		var blinked float64 // what the blink moves the upper margin down, mean, cm
		for k := range pairs.upper {
			u, l := pairs.upper[k], pairs.lower[k]
			g := s.lidsOpen[e][k]
			now := max(g.open, 0)
			rest := g.rest
			gap := s.at[u].add(by[u]).sub(s.at[l]).sub(by[l])
			upper, lower := by[u], by[l] // steps

			// What brows, cheeks and nose do to the opening is bounded.
			was := gap.dot(g.up)
			is := min(max(was, squashed*now), max(now, rest))
			if is != was {
				upper, lower = upper.add(g.up.times((is-was)/2)), lower.sub(g.up.times((is-was)/2))
			}
			move := func(to, part float64) float64 { // of the upper lid
				by := to - is
				upper, lower = upper.add(g.up.times(part*by)), lower.sub(g.up.times((1-part)*by))
				is = to
				return part * by
			}
			if widen > 0 {
				m := r.motion[au05][e][u].sub(r.motion[au05][e][l]).dot(g.up)
				move(is+widen*size*max(m, 0), widenPart)
			} else if widen < 0 {
				move(toward(is, min(is, rest), widen, shown[au05]), widenPart)
			}
			if squint > 0 {
				move(is*(1-squintMost*squint/au.Max), squintPart)
			} else if squint < 0 {
				move(toward(is, max(is, rest), squint, shown[au07]), squintPart)
			}
			if blink > 0 {
				blinked -= move(is*(1-closed(blink)), upperPart) / 7
			} else if blink < 0 {
				blinked -= move(toward(is, max(is, rest), blink, shown[au45]), upperPart) / 7
			}
			if blink >= au.Max {
				// Closed exactly, across as well as along.
				rest := s.at[u].add(upper).sub(s.at[l]).sub(lower)
				upper, lower = upper.sub(rest.times(upperPart)), lower.add(rest.times(1-upperPart))
			}
			by[u], by[l] = upper, lower
		}
		for i := range by {
			if isMargin[i] {
				continue
			}
			for c := range 3 {
				by[i][c] += size * (widen*r.motion[au05][e][i][c] + squint*r.motion[au07][e][i][c])
				by[i][c] += blinked / r.blink[e] * r.motion[au45][e][i][c]
			}
		}
	}
}

// toward returns the way from is to rest that taking back by change, negative,
// of what is shown goes.
func toward(is, rest, change float64, shown float32) float64 {
	if shown <= 0 {
		return is
	}
	return is + (rest-is)*min(-change/float64(shown), 1)
}

// isMargin says which points are margins of lids.
var isMargin = func() (is [Points]bool) {
	for _, e := range eyes {
		for k := range e.upper {
			is[e.upper[k]], is[e.lower[k]] = true, true
		}
	}
	return is
}()
