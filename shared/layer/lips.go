package layer

import (
	"math"

	"mien/shared/face"
)

// How lips are brought to where the photo shows them and kept in shape.
const (
	partingReach = .45  // of a lip's thickness, how far the line between closed lips is looked for
	partingSteps = 12   // places on either side
	partingCost  = 30   // of luminance, 0 to 255, at the end of the reach: a line nearby is preferred
	cornerShare  = .5   // of the way of a corner of the inner lips that it takes from its neighbours
	roundness    = 1.05 // of an ellipse: how far lips part beside the middle
)

// outerLip are the mesh's points of the outer rims in the columns between the
// corners.
func upperRim(column int) int { return face.LipsOuter[(lipSize-column)%lipSize] }
func lowerRim(column int) int { return face.LipsOuter[column] }

// partLips moves the inner rims of closed lips to the line where the lips meet,
// the darkest between them: what lies on its far side would go with the wrong
// lip.
func (f *Face) partLips() {
	wide := f.at[face.LipsInner[lipSize/2]].sub(f.at[face.LipsInner[0]]).length()
	var raw [columns]float64 // photo pixels downwards
	for c := 1; c < columns-1; c++ {
		u, l := f.at[upperLip(c)], f.at[lowerLip(c)]
		if l.sub(u).length() > shutBelow*wide {
			continue
		}
		up, down := f.at[upperRim(c)].sub(u), f.at[lowerRim(c)].sub(l)
		middle, least := u.to(l, .5), math.Inf(1)
		way := down.sub(up).unit()
		for k := -partingSteps; k <= partingSteps; k++ {
			t := float64(k) / partingSteps
			reach := partingReach * down.length()
			if k < 0 {
				reach = partingReach * up.length()
			}
			p := middle.add(way.times(t * reach))
			if v := float64(luminance(sample(f.photo, p[0], p[1]))) + partingCost*t*t; v < least {
				least, raw[c] = v, t*reach
			}
		}
	}
	for c := 1; c < columns-1; c++ {
		a, b := raw[c-1], raw[c+1]
		off := max(min(a, raw[c]), min(max(a, raw[c]), b)) // the middle of the three
		way := f.at[lowerRim(c)].sub(f.at[upperRim(c)]).unit()
		for _, v := range [...]int{upperLip(c), lowerLip(c)} {
			f.at[v] = f.at[v].add(way.times(off))
		}
	}
}

// shapeLips keeps the opening of the lips round: no wider beside its middle than
// an ellipse is, its corners with what is next to them.
func (b *builder) shapeLips() {
	f := b.f
	grown := func(c int) float64 {
		u, l := upperLip(c), lowerLip(c)
		way := f.at[lowerRim(c)].sub(f.at[upperRim(c)]).unit()
		return b.to[l].sub(b.to[u]).dot(way) - f.at[l].sub(f.at[u]).dot(way)
	}
	first, last := f.at[upperLip(0)], f.at[upperLip(columns-1)]
	axis := last.sub(first)
	middle := grown(columns / 2)
	for c := 1; c < columns-1; c++ {
		u, l := upperLip(c), lowerLip(c)
		s := f.at[u].to(f.at[l], .5).sub(first).dot(axis) / max(axis.dot(axis), 1e-9)
		most := middle * roundness * math.Sqrt(max(1-(2*s-1)*(2*s-1), 0))
		over := grown(c) - max(most, 0)
		if middle <= 0 || over <= 0 {
			continue
		}
		way := b.to[l].sub(b.to[u]).unit()
		b.to[u], b.to[l] = b.to[u].add(way.times(over/2)), b.to[l].sub(way.times(over/2))
	}
	for _, c := range [...]int{0, columns - 1} {
		v, outer, near := upperLip(c), face.LipsOuter[0], 1
		if c > 0 {
			outer, near = face.LipsOuter[lipSize/2], c-1
		}
		move := b.to[outer].sub(f.at[outer])
		for _, n := range [...]int{upperLip(near), lowerLip(near)} {
			move = move.add(b.to[n].sub(f.at[n]).times(.5))
		}
		own := b.to[v].sub(f.at[v])
		b.to[v] = f.at[v].add(own.to(move.times(.5), cornerShare))
	}
}
