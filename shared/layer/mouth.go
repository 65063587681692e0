package layer

import (
	"image"
	"math"
	"slices"

	"mien/shared/face"
)

// mouth is what the photo shows inside the lips, measured once.
type mouth struct {
	wide    float64          // between the corners of the inner lips, photo pixels
	visible float64          // 0 where the lips are closed, 1 where they are open
	split   [columns]float64 // part of the way from the upper lip to the lower where what moves with the jaw begins

	photo  *image.NRGBA // about the mouth, about as fine as the patch
	corner point        // of it in the photo
	scale  float64      // of its pixels by the photo's
	lip    [3]float32   // colour of the lower lip, 0 to 255
	skin   float32      // lightness of the skin about it
}

// The parts of the mouth.
const (
	lipPart    = .1   // of the opening is carried inwards by the lips, fading out
	lipOut     = .12  // of the opening, how far outside the margin lips end that part or close: meshes miss it by as much
	lipMost    = .03  // of the mouth's width, at most
	fadePart   = .06  // of the opening, between what stands with the skull and what moves with the jaw
	teethOnly  = .75  // of the way to the lower lip: teeth that end further down hide what moves with the jaw
	teethMore  = .3   // of the opening, how much longer such teeth may become
	teethLast  = .92  // of the way: where teeth end that reach the lower lip
	shutBelow  = .02  // of the mouth's width: lips less open show nothing inside
	openAbove  = .07  // lips more open show what is inside
	partedMost = .1   // lips less open show no other teeth than the upper ones
	sealed     = .012 // lips that were closed and part less stay closed
	lipSides   = 2    // columns at either side whose teeth end where those of most do
	splitOff   = .15  // of the way: how far from there others end
	splitSteps = 24   // places looked at from the upper lip to the lower
)

// measureMouth finds where the upper teeth end, column by column: at the
// darkest place between the lips if what is above is clearly lighter, else at
// the lower lip.
func (f *Face) measureMouth() mouth {
	var m mouth
	m.wide = f.at[face.LipsInner[lipSize/2]].sub(f.at[face.LipsInner[0]]).length()
	var open float64
	for c := 1; c < columns-1; c++ {
		open = max(open, f.at[lowerLip(c)].sub(f.at[upperLip(c)]).length())
	}
	m.visible = smooth(open, shutBelow*m.wide, openAbove*m.wide)
	var raw [columns]float64
	for c := range raw {
		raw[c] = f.teethEnd(f.at[upperLip(c)], f.at[lowerLip(c)])
	}
	// The corners are dark anyway, and no tooth ends far from where the others do.
	usual := raw[lipSides : columns-lipSides]
	sorted := slices.Sorted(slices.Values(usual))
	median := sorted[len(sorted)/2]
	for c := range raw {
		if c < lipSides || c >= columns-lipSides {
			raw[c] = median
		}
		raw[c] = min(max(raw[c], median-splitOff), median+splitOff)
	}
	for c := range raw { // the middle of three, then their mean
		a, b := raw[max(c-1, 0)], raw[min(c+1, columns-1)]
		m.split[c] = max(min(a, raw[c]), min(max(a, raw[c]), b))
	}
	for c := range m.split {
		m.split[c] = teethLast + (m.split[c]-teethLast)*smooth(open, partedMost*m.wide, 2*partedMost*m.wide)
	}
	raw = m.split
	for c := range raw {
		m.split[c] = (raw[max(c-1, 0)] + raw[c] + raw[min(c+1, columns-1)]) / 3
	}
	for _, v := range [...]int{17, 84, 314, 15, 86, 316} {
		c := sample(f.photo, f.at[v][0], f.at[v][1])
		for i := range m.lip {
			m.lip[i] += c[i] / 6
		}
	}
	for _, v := range [...]int{50, 280, 205, 425} {
		m.skin += luminance(sample(f.photo, f.at[v][0], f.at[v][1])) / 4
	}
	m.photo, m.corner, m.scale = aboutMouth(f.photo, &f.mesh)
	return m
}

// teethEnd returns the part of the way from the upper lip to the lower at which
// the upper teeth end.
func (f *Face) teethEnd(upper, lower point) float64 {
	var light [splitSteps]float64
	for i := range light {
		p := upper.to(lower, (float64(i)+.5)/splitSteps)
		c := sample(f.photo, p[0], p[1])
		light[i] = float64(luminance(c))
	}
	darkest, lightest := splitSteps/6, 0.
	for i := darkest; i < splitSteps-1; i++ {
		if near := light[i-1] + light[i] + light[i+1]; near < light[darkest-1]+light[darkest]+light[darkest+1] {
			darkest = i
		}
	}
	for i := 1; i < darkest; i++ {
		lightest = max(lightest, light[i])
	}
	if light[darkest] < .8*lightest {
		return min((float64(darkest)+.5)/splitSteps, teethLast)
	}
	return teethLast
}

// lips places what is inside the lips.
func (b *builder) lips() {
	f := b.f
	middle := b.skull(upperLip(columns / 2))
	for c := range columns {
		u, l := upperLip(c), lowerLip(c)
		was := f.at[l].sub(f.at[u])
		restU, restL := b.skull(u), b.skull(l) // with the head alone moved
		stood := restL.sub(restU)
		down := stood.unit()

		b.put(mouthVertex(holeUpper, c), b.to[u], b.to[u], 1)
		b.put(mouthVertex(holeLower, c), b.to[l], b.to[l], 1)

		seen := f.mouth.visible
		if c == 0 || c == columns-1 {
			corner := restU
			if b.to[u].sub(corner).dot(corner.sub(middle)) > 0 { // it has moved outwards
				corner = b.to[u]
			}
			for row := upperTop; row <= lowerBottom; row++ {
				b.put(mouthVertex(row, c), corner, f.at[u], seen)
			}
			continue
		}
		split := f.mouth.split[c]
		from, at := f.at[u].add(was.times(split)), restU.add(stood.times(split))
		fade, fadeAt := was.times(fadePart), stood.times(fadePart)

		top := restU
		if b.to[u].sub(restU).dot(down) < 0 { // the lip has risen: more is seen
			top = b.to[u]
		}
		// Teeth that reach the lower lip go on behind it: a little more of them
		// comes to light, and the little below them is lip.
		reaches := smooth(split, teethOnly-.1, teethOnly)
		gap := b.to[l].sub(restL).dot(down)
		longer := stood.times(min(max(gap, 0)/max(stood.length(), 1e-6), teethMore) * reaches)
		b.put(mouthVertex(upperTop, c), top, f.at[u], seen)
		b.put(mouthVertex(upperSplit, c), at.add(longer), from, seen)
		b.put(mouthVertex(upperFade, c), at.add(longer).add(fadeAt), from.add(fade), 0)

		split0 := b.jaw(from, l).to(at.add(b.to[l].sub(restL)), reaches)
		bottom := b.jaw(f.at[l], l).to(b.to[l], reaches)
		if b.to[l].sub(bottom).dot(down) > 0 { // further down than the jaw
			bottom = b.to[l]
		}
		lower := seen * (1 - reaches*smooth(gap, 0, teethMore*stood.length()))
		b.put(mouthVertex(lowerFade, c), split0.sub(fadeAt), from.sub(fade), 0)
		b.put(mouthVertex(lowerSplit, c), split0, from, lower)
		b.put(mouthVertex(lowerBottom, c), bottom, f.at[l], lower)
	}
	for i := range lipSize {
		v, other := face.LipsInner[i], face.LipsInner[(lipSize-i)%lipSize]
		was, is := f.at[other].sub(f.at[v]), b.to[other].sub(b.to[v])
		inwards := func(step point, part float64) point {
			step = step.times(part)
			if most := lipMost * f.mouth.wide; step.length() > most {
				step = step.unit().times(most)
			}
			return step
		}
		change := 0.
		if was.length() > 0 {
			change = smooth(math.Abs(is.length()/was.length()-1), 0, .3)
		}
		margin := f.at[v].sub(inwards(was, lipOut*change))
		b.put(v, b.to[v], margin, 1)
		b.put(lipFringe(i), b.to[v].add(inwards(is, lipPart)), margin.add(inwards(was, lipPart)), 0)
	}
}

// seal closes lips that were closed and part by next to nothing.
func (b *builder) seal() {
	for c := 1; c < columns-1; c++ {
		u, l := upperLip(c), lowerLip(c)
		if b.f.at[l].sub(b.f.at[u]).length() < shutBelow*b.f.mouth.wide && b.to[l].sub(b.to[u]).length() < sealed*b.f.mouth.wide {
			b.to[u] = b.to[u].to(b.to[l], .5)
			b.to[l] = b.to[u]
		}
	}
}
