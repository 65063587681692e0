package synth

import (
	"math"

	"mien/native/internal/dataset"
	"mien/native/internal/prior"
	"mien/shared/au"
	"mien/shared/tensor"
)

func flip(l [68][2]float32) [68][2]float32 { return dataset.FlipLandmarks(l) }

// depth is how far the landmarks stand out of the head's axis of turning, in
// pixels of the crop: a turned head shifts them by this times the yaw.
func depth(i int) float32 {
	switch {
	case i < 17:
		d := float32(i-8) / 8
		return 2 - 8*d*d
	case i < 27:
		return 3
	case i < 31:
		return 4 + 2.2*float32(i-27)
	case i < 36:
		return 6.5
	case i < 48:
		return 2
	}
	return 5
}

// Landmarks returns where the 68 points lie when the person shows v.
func (id Identity) Landmarks(v au.Vector) [68][2]float32 {
	l := prior.Move(id.rest, v)
	for i := range l {
		l[i][0] += id.yaw * depth(i)
	}
	return l
}

// drawing is one picture being made.
type drawing struct {
	*canvas
	id   Identity
	v    au.Vector
	l    [68]point
	rest [68]point // the same person, neutral

	outline []point // of the head
}

// at returns landmarks by number.
func (d *drawing) at(from, to int) []point { return d.l[from : to+1] }

// on returns how active an Action Unit is, 0 to 1.
func (d *drawing) on(code string) float32 { return min(max(d.v[au.Index(code)]/au.Max, 0), 1) }

// Render draws the person showing v (intensities 0 to 5) at size x size
// pixels. It returns RGB bytes [S S 3] and the landmarks in pixel-index
// coordinates of the 128 x 128 crop.
func Render(id Identity, v au.Vector, size int) ([]uint8, [68][2]float32) {
	l := id.Landmarks(v)
	d := &drawing{canvas: newCanvas(size), id: id, v: v}
	neutral := id.Landmarks(au.Vector{})
	for i := range l {
		d.l[i], d.rest[i] = l[i], neutral[i]
	}
	d.backdrop()
	d.head()
	d.within(d.outline, d.folds)
	d.nose()
	d.mouth()
	for side := range 2 {
		d.eye(side)
		d.eyebrow(side)
	}
	d.frown()
	d.hair()
	if id.glasses {
		d.spectacles()
	}
	return d.bytes(), l
}

// bytes ends the drawing: exposure and grain.
func (d *drawing) bytes() []uint8 {
	out := make([]uint8, len(d.pix))
	r := tensor.NewRand(d.id.grainSeed, streamGrain, 0, 0)
	for i := 0; i < len(out); i += 3 {
		var n float32
		if d.id.grain > 0 {
			n = d.id.grain * 2 * (r.Float32() + r.Float32() - 1)
		}
		for c := range 3 {
			out[i+c] = uint8(min(max((d.pix[i+c]*d.id.gain+n)*255+.5, 0), 255))
		}
	}
	return out
}

// backdrop paints the background, the hair behind the head, neck and clothes.
func (d *drawing) backdrop() {
	id := d.id
	for y := range d.size {
		c := id.back.mix(id.back2, float32(y)/float32(d.size))
		for x := range d.size {
			copy(d.pix[(y*d.size+x)*3:], c[:])
		}
	}
	left, right := d.l[2][0], d.l[14][0]
	if id.long > 0 {
		w := 5 + 6*id.long
		d.fill(smooth([]point{{left - w, 130}, {left - w - 2, 80}, {left - w, 30}, {30, 0}, {63.5, -10}, {97, 0}, {right + w, 30}, {right + w + 2, 80}, {right + w, 130}}), id.hair.times(.8), 1)
	}
	shade := id.skin.times(.68)
	d.fill([]point{{41, 95}, {86, 95}, {88, 140}, {39, 140}}, shade, 1)
	d.fill(smooth([]point{{-10, 140}, {5, 126}, {36, 120}, {63.5, 128}, {91, 120}, {122, 126}, {137, 140}}), id.cloth, 1)
}

// head paints ears, the face and the light on it.
func (d *drawing) head() {
	id := d.id
	for _, p := range []point{between(d.l[0], d.l[1], .6), between(d.l[16], d.l[15], .6)} {
		d.fill(oval(p, 4.5, 9), id.skin.times(.86), 1)
		d.glow(p, 2, 5, -.18)
	}
	outline := smooth(d.at(0, 16))
	a, b := d.l[0], d.l[16]
	cx, rx := (a[0]+b[0])/2, (b[0]-a[0])/2
	for i := 1; i < 24; i++ { // the skull, from the right temple to the left
		s, c := math.Sincos(math.Pi * float64(i) / 24)
		t := (1 - float32(c)) / 2
		outline = append(outline, point{cx + rx*float32(c), b[1] + (a[1]-b[1])*t - 46*float32(s)})
	}
	d.outline = outline
	d.fill(outline, id.skin, 1)
	d.within(outline, func() {
		k := id.light
		d.glow(point{63.5 - 45*k[0], 62}, 26, 60, -.3*max(k[0], -k[0]))
		d.glow(point{63.5 + 30*k[0], 50 + 18*k[1]}, 28, 34, .12)
		d.glow(point{cx - rx, 70}, 8, 40, -.2)
		d.glow(point{cx + rx, 70}, 8, 40, -.2)
		d.glow(point{d.l[8][0], d.l[8][1] + 2}, 28, 5, -.18)
		for _, side := range [2]int{0, 1} { // eye sockets
			e := d.eyeCentre(side)
			d.glow(e.add(0, -4), 9, 5, -.12)
		}
		blush := id.skin.mix(colour{.85, .3, .3}, .5)
		d.tint(point{38, 70}, 9, 8, blush, .18)
		d.tint(point{89, 70}, 9, 8, blush, .18)
		if id.stubble > 0 {
			dark := id.hair.mix(id.skin, .4)
			mouth := d.l[66]
			d.tint(point{mouth[0], 108}, 30, 11, dark, .5*id.stubble)
			d.tint(point{mouth[0], (d.l[33][1] + d.l[51][1]) / 2}, 12, 3, dark, .45*id.stubble)
		}
	})
}

// hair paints the hair over the forehead and the temples.
func (d *drawing) hair() {
	id := d.id
	a, b := d.l[0], d.l[16]
	line := 2 + id.hairline - 4
	left, right := line+max(id.fringe, 0), line+max(-id.fringe, 0)
	inner := []point{{a[0] - 1, 50}, {a[0] + 3, 34}, {a[0] + 12, left + 8}, {46, left}, {63.5, line}, {81, right}, {b[0] - 12, right + 8}, {b[0] - 3, 34}, {b[0] + 1, 50}}
	outer := []point{{b[0] + 4, 52}, {b[0] + 6, 25}, {100, -12}, {63.5, -30}, {27, -12}, {a[0] - 6, 25}, {a[0] - 4, 52}}
	shape := append(smooth(inner), smooth(outer)...)
	d.fill(shape, id.hair, 1)
	d.within(shape, func() {
		d.glow(point{63.5 + 25*id.light[0], 2}, 22, 7, .35)
	})
}

func (d *drawing) spectacles() {
	dark := colour{.12, .12, .14}
	for side := range 2 {
		e := d.rest[36+6*side : 42+6*side]
		c := between(e[0], e[3], .5)
		for _, p := range [][]point{oval(c.add(0, 1), 13, 10)} {
			d.fill(ribbon(append(p, p[0]), 1.6, false), dark, .9)
		}
		out := d.l[16*side]
		d.stroke([]point{c.add(float32(2*side-1)*13, -1), out}, 1.6, dark, .8)
	}
	d.stroke([]point{d.rest[27].add(-8, 1), d.rest[27].add(0, -1), d.rest[27].add(8, 1)}, 1.8, dark, .9)
}
