package layer

import (
	"math"

	"mien/shared/face"
)

// The parts of an eye's opening and surroundings that its rows take.
const (
	lashPart   = .7  // of the way to the next row of the mesh moves with the margin unstretched
	fringePart = .12 // of the opening is carried inwards by the lids, fading out
	corePart   = .28 // of the opening, from either lid, to the ball's middle
	cornerPart = .2  // of the way from a corner to the middle of the eye, to the ball's middle
	shadePart  = .35 // of the opening, how far a closing lid's shadow reaches
	upperDark  = .4  // how dark it is at the upper lid of a closed eye
	lowerDark  = .1  // and at the lower one
	lowerOut   = .15 // of the opening, how far outside the margin a closed lower lid ends: meshes miss it by as much
	overlap    = .06 // of the opening, how far a closed upper lid reaches over the lower one, fading out
)

// eye places the rows of an eye.
//
// The ball stays where it is in the photo. Where an opening grows, what comes
// to light above the old margin is the ball's lower part, mirrored at the middle
// of the iris: an iris that the lid cut off becomes round. The lids carry what
// lies next to their margins, lashes outside and the moist rim inside.
func (b *builder) eye(e int) {
	var from, rest, to [eyeSize]point // in the photo, with the head alone moved, with all
	for i, v := range eyes[e] {
		from[i], rest[i], to[i] = b.f.at[v], b.skull(v), b.to[v]
	}
	pupil := irises[e]
	iris, seen := b.f.at[pupil], b.skull(pupil)
	gaze := b.to[pupil].sub(seen)
	centre, restCentre := mean(from[:]), mean(rest[:])
	axis := from[eyeSize/2].sub(from[0]).unit()
	for i := range eyeSize {
		other := across(i)
		was, stood, is := from[other].sub(from[i]), rest[other].sub(rest[i]), to[other].sub(to[i])
		if isCorner(i) {
			was, stood = centre.sub(from[i]).times(2*cornerPart), restCentre.sub(rest[i]).times(2*cornerPart)
			is = mean(to[:]).sub(to[i]).times(2 * cornerPart)
		}
		opening, closed, grown := stood.length(), 0., 0.
		if !isCorner(i) && opening > 0 {
			closed = min(max(1-is.length()/opening, 0), 1)
			grown = max(-to[i].sub(rest[i]).dot(stood.unit()), 0) // away from the other lid
		}
		isUpper := i > eyeSize/2
		inwards, dark := -lowerOut, lowerDark
		if isUpper {
			inwards, dark = b.f.lashes[e][i], upperDark
		}
		margin := from[i].add(was.times(inwards * closed))
		b.put(eyes[e][i], to[i], margin, 1)

		n := b.f.at[around[e][i]].sub(from[i]).times(lashPart)
		lash := n
		if most := .8 * b.to[around[e][i]].sub(to[i]).length(); n.length() > most {
			lash = n.times(most / n.length())
		}
		b.put(eyeAt(e, lashRow, i), to[i].add(lash), from[i].add(n), 1)
		fringe := is.times(fringePart)
		if isUpper && fringe.length() < overlap*opening {
			fringe = stood.times(overlap)
		}
		b.put(eyeAt(e, fringeRow, i), to[i].add(fringe), margin.add(was.times(fringePart)), 0)

		// The ball as it is, giving way to what is behind it where that is seen.
		way := smooth(grown, 0, .05*opening)
		b.put(eyeAt(e, rimRow, i), rest[i].add(stood.times(fringePart*way)), from[i].add(was.times(fringePart*way)), 1-way)
		core, restCore := from[i].add(was.times(corePart)), rest[i].add(stood.times(corePart))
		if isCorner(i) {
			core, restCore = from[i].to(centre, cornerPart), rest[i].to(restCentre, cornerPart)
		}
		b.put(eyeAt(e, coreRow, i), restCore.add(gaze), core, 1)

		behind, behindFrom := rest[i], from[i]
		if isCorner(i) {
			behind = to[i]
		} else if grown > 0 {
			behind = to[i]
			behindFrom = from[i].add(was.times(fringePart))
			if isUpper {
				lowest := from[other].sub(was.times(fringePart))
				behindFrom = mirrored(from[i].add(to[i].sub(rest[i])), iris, axis, lowest)
				core = mirrored(core, iris, axis, lowest)
			}
		}
		b.put(eyeAt(e, behindRow, i), behind, behindFrom, 1)
		b.put(eyeAt(e, behindCore, i), restCore, core, 1)

		reach := stood.times(shadePart)
		if most := .5 * is.length(); reach.length() > most {
			reach = is.times(.5)
		}
		b.put(eyeAt(e, shadeRow, i), to[i], to[i], dark*closed)
		b.put(eyeAt(e, lightRow, i), to[i].add(reach), to[i], 0)
	}
}

// closed returns by which part of their opening the eyes close.
func (b *builder) closed() (part [2]float64) {
	for e := range eyes {
		var was, is float64
		for i := 1; i < eyeSize/2; i++ {
			u, l := eyes[e][across(i)], eyes[e][i]
			was += b.f.at[l].sub(b.f.at[u]).length()
			is += b.to[l].sub(b.to[u]).length()
		}
		if was > 0 {
			part[e] = min(max(1-is/was, 0), 1)
		}
	}
	return part
}

// irises are the middles of the irises, the person's right first.
var irises = [2]int{face.RightIris[0], face.LeftIris[0]}

// measureLashes returns, for the upper lids' vertices, where the line of the
// lashes lies: the darkest place near the margin, as a part of the opening
// inwards of it. It is what a closed eye shows.
func (f *Face) measureLashes() (lashes [2][eyeSize]float64) {
	const first, last, steps = -.12, .18, 16
	for e := range eyes {
		var raw [eyeSize]float64
		for i := eyeSize/2 + 1; i < eyeSize; i++ {
			p := f.at[eyes[e][i]]
			was := f.at[eyes[e][across(i)]].sub(p)
			least := math.Inf(1)
			for k := range steps {
				t := first + (last-first)*float64(k)/(steps-1)
				q := p.add(was.times(t))
				// Where all is as dark, as before an iris, the line is taken to be at the margin.
				l := float64(luminance(sample(f.photo, q[0], q[1]))) + 60*math.Abs(t)
				if l < least {
					least, raw[i] = l, t
				}
			}
		}
		raw[eyeSize/2], raw[0] = raw[eyeSize/2+1], raw[eyeSize-1]
		for i := eyeSize/2 + 1; i < eyeSize; i++ {
			lashes[e][i] = (raw[i-1] + 2*raw[i] + raw[(i+1)%eyeSize]) / 4
		}
	}
	return lashes
}

// mirrored returns p mirrored at the line through the middle of the iris along
// an axis, not further down than most.
func mirrored(p, iris, axis, most point) point {
	down := point{-axis[1], axis[0]}
	if down[1] < 0 {
		down = down.times(-1)
	}
	q := p.sub(down.times(2 * p.sub(iris).dot(down)))
	if over := q.sub(most).dot(down); over > 0 {
		q = q.sub(down.times(over))
	}
	return q
}
