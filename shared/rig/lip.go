package rig

import (
	"errors"
	"math"

	"mien/shared/au"
)

const (
	lipReach = 1.8 // cm from the inner rim, how far what closes lips is felt
	lowerLip = .65 // of what lips are brought together or apart is the lower lip's
)

// parting are the Action Units that part lips.
var parting = [...]int{au10, au12, au25, au26}

// follower is a point that goes with the lips' rim where rules move it.
type follower struct {
	point int
	lower bool
	pair  [2]int     // of lips, -1 for a corner
	part  [2]float64 // of what the rule moves each
}

// measureLips finds which points follow which pairs of the rim.
func (r *Rig) measureLips() error {
	line := make([]vec, 0, 11) // between the lips, from the picture's left
	line = append(line, r.rest[lipEnds[0]])
	for _, p := range lips {
		line = append(line, r.rest[p[0]].add(r.rest[p[1]]).times(.5))
	}
	line = append(line, r.rest[lipEnds[1]])
	for i := 1; i < len(line); i++ {
		if line[i][0]-line[i-1][0] < 1e-3 {
			return errors.New("rest: the lips' rim does not run from left to right")
		}
	}
	rim := map[int]bool{lipEnds[0]: true, lipEnds[1]: true}
	for _, p := range lips {
		rim[p[0]], rim[p[1]] = true, true
	}
	for i, p := range r.rest {
		if rim[i] || p[0] <= line[0][0] || p[0] >= line[len(line)-1][0] {
			continue
		}
		j := 1
		for line[j][0] < p[0] {
			j++
		}
		t := (p[0] - line[j-1][0]) / (line[j][0] - line[j-1][0])
		middle := line[j-1].times(1 - t).add(line[j].times(t))
		away := p.sub(middle)
		fade := 1 - smooth(away.length(), .2*lipReach, lipReach)
		if fade <= 0 {
			continue
		}
		f := follower{point: i, lower: away[1] < 0, pair: [2]int{j - 2, j - 1}, part: [2]float64{fade * (1 - t), fade * t}}
		if f.pair[1] == len(lips) {
			f.pair[1] = -1
		}
		r.follow = append(r.follow, f)
	}
	return nil
}

func (s *Subject) measureLips() {
	for k, p := range lips {
		s.lipsOpen[k] = s.at[p[0]].sub(s.at[p[1]])[1]
	}
	// A mouth that is open further than the fit explains is parted by AU25.
	const closed = .4 // cm, of lips that are not seen to part
	middle := s.lipsOpen[4]
	for side := range 2 {
		var explained float64
		for _, a := range parting {
			explained += max(0, 2*s.unitsShown(a, side)*s.parts(a, side, 4))
		}
		gain := 2 * s.parts(au25, side, 4)
		if more := middle - explained - closed; more > 0 && gain > .01 {
			units := s.unitsShown(au25, side) + more/gain
			s.shown[side][au25] = float32(min(s.rig.straighten(au25, units), au.Max))
		}
	}
	for k := range lips {
		for side := range 2 {
			for _, a := range parting {
				s.lipsParts[k] += max(0, s.unitsShown(a, side)*s.parts(a, side, k))
			}
		}
	}
}

// unitsShown returns the units of motion of an Action Unit in the photo.
func (s *Subject) unitsShown(a, side int) float64 {
	return s.rig.bend(a, float64(s.shown[side][a]))
}

// parts returns how far a unit of motion on one side parts a pair, cm.
func (s *Subject) parts(a, side, pair int) float64 {
	p := lips[pair]
	return s.rig.motion[a][side][p[0]][1] - s.rig.motion[a][side][p[1]][1]
}

// lips keeps what by does to the lips within the rules: they never cross, and a
// mouth that is closed stays so until an Action Unit of parting opens it.
func (s *Subject) lips(units *[2][au.Count]float64, by *[Points]vec) {
	var change [len(lips)][2]vec // of the upper and the lower rim, by rule
	any := false
	for k, p := range lips {
		var open, close, back float64
		for side := range 2 {
			for a, v := range units[side] {
				g := s.parts(a, side, k) * v
				switch {
				case v == 0 || a == au05 || a == au07 || a == au45:
				case v < 0 && isParting(a):
					back -= min(g, 0)
				case isParting(a):
					open += max(g, 0)
				default:
					close += min(g, 0)
				}
			}
		}
		now := s.lipsOpen[k]
		kept := 1.
		if parts := s.lipsParts[k]; parts > 1e-6 {
			kept -= min(back/parts, 1)
		}
		least := min(now, 0)
		want := max(least, max(now, 0)*kept+min(now, 0)+open+close)
		gap := s.at[p[0]].add(by[p[0]]).sub(s.at[p[1]]).sub(by[p[1]])
		is := gap[1]
		if math.Abs(want-is) < 1e-9 {
			continue
		}
		more := vec{0, want - is, 0}
		if is > .02 && want < is { // closing: along the line between them
			more = gap.times(want/is - 1)
		}
		change[k] = [2]vec{more.times(1 - lowerLip), more.times(-lowerLip)}
		any = true
		by[p[0]], by[p[1]] = by[p[0]].add(change[k][0]), by[p[1]].add(change[k][1])
	}
	if !any {
		return
	}
	for _, f := range s.rig.follow {
		rim := 0
		if f.lower {
			rim = 1
		}
		for j, k := range f.pair {
			if k >= 0 {
				by[f.point] = by[f.point].add(change[k][rim].times(f.part[j]))
			}
		}
	}
}

func isParting(a int) bool {
	for _, p := range parting {
		if a == p {
			return true
		}
	}
	return false
}
