// Package synth draws cartoon faces with exactly known Action Units, from
// nothing but a number: data for the first training run, for tests, and for
// the expressions that photographs are short of.
package synth

import (
	"mien/native/internal/prior"
	"mien/shared/tensor"
)

// Identity is what makes a person: everything in a picture that is not
// expression. Lengths are factors or pixels of the 128 x 128 crop.
type Identity struct {
	rest [68][2]float32 // landmarks of the neutral face, seen from the front

	skin, hair, lips, iris, cloth, back, back2 colour

	brow      float32 // thickness of the brows
	hairline  float32 // height of the forehead
	fringe    float32 // how far the fringe comes down on one side
	long      float32 // length of the hair beside the face, 0 short
	stubble   float32 // 0 to 1
	lashes    float32 // 0 to 1
	glasses   bool
	gaze      point
	light     point // direction that light comes from, -1 to 1
	yaw       float32
	crease    float32 // how deep folds show
	gain      float32
	grain     float32
	grainSeed uint64
}

// Streams of random numbers.
const (
	streamFace tensor.Stream = iota + 0x5f4c
	streamGrain
	streamChange
)

var (
	skins = []colour{{.96, .80, .69}, {.92, .73, .60}, {.87, .66, .50}, {.76, .55, .40}, {.62, .43, .31}, {.48, .32, .23}, {.36, .24, .18}}
	hairs = []colour{{.09, .07, .06}, {.20, .13, .09}, {.36, .23, .14}, {.55, .38, .22}, {.80, .66, .42}, {.58, .26, .13}, {.62, .61, .60}}
	irids = []colour{{.25, .15, .08}, {.38, .25, .12}, {.30, .42, .30}, {.30, .45, .62}, {.42, .47, .50}}
)

// Face returns the person of a seed.
func Face(seed uint64) Identity {
	r := tensor.NewRand(seed, streamFace, 0, 0)
	skin := r.Float32() * float32(len(skins)-1)
	id := Identity{
		skin: skins[int(skin)].mix(skins[int(skin)+1], skin-float32(int(skin))),
		hair: hairs[r.Intn(len(hairs))].mix(hairs[r.Intn(len(hairs))], .3*r.Float32()),
		iris: irids[r.Intn(len(irids))],
		brow: r.Range(2.4, 4.8), hairline: r.Range(7, 17), fringe: r.Range(-3, 12),
		lashes: r.Float32(), crease: r.Range(.6, 1.2), gain: r.Range(.82, 1.1), grain: r.Range(.002, .015), grainSeed: seed,
		gaze: point{r.Range(-1.4, 1.4), r.Range(-.5, .6)}, light: point{r.Range(-1, 1), r.Range(-.6, .6)}, yaw: .45 * r.Normal(),
	}
	if r.Float32() < .45 {
		id.long = r.Range(.4, 1)
	} else if r.Float32() < .5 {
		id.stubble = r.Float32()
	}
	id.glasses = r.Float32() < .08
	id.lips = id.skin.mix(colour{.72, .28, .28}, r.Range(.3, .75))
	for _, c := range []*colour{&id.cloth, &id.back, &id.back2} {
		grey := r.Range(.1, .85)
		for k := range c {
			c[k] = grey + r.Range(-.15, .15)
		}
	}
	id.back2 = id.back.mix(id.back2, r.Range(.1, .6))
	id.rest = build(r)
	return id
}

// build draws the landmarks of a neutral face.
func build(r *tensor.Rand) [68][2]float32 {
	n := func(deviation float32) float32 { return min(max(deviation*r.Normal(), -2*deviation), 2*deviation) }
	width, jaw, chin := 1+n(.04), 1+n(.06), n(2.5)
	browUp, browSlope := n(1.8), n(1.2)
	noseWide, noseLong := 1+n(.09), n(2)
	mouthWide, mouthDown, lipUp, lipLow := 1+n(.07), n(1.6), 1.1+n(.22), 1.1+n(.22)
	eyeWide, eyeOpen, apart, tilt := 1.06+n(.05), 1.12+n(.1), n(.9), n(.5)
	gape := max(n(.5), 0)
	l := prior.Neutral
	for i := range l {
		x, y := l[i][0]-63.5, l[i][1]
		side := float32(1)
		if x < 0 {
			side = -1
		}
		switch {
		case i < 17:
			low := min(max((y-60)/50, 0), 1)
			x *= width * (1 + (jaw-1)*low)
			y += chin * low
		case i < 27:
			y -= browUp + browSlope*(side*x-20)/16
			x += side * apart
		case i < 36:
			x *= noseWide
			y += noseLong * min(max((y-43)/25, 0), 1)
		case i < 48:
			cx, cy := 63.5+side*19.4, float32(44.4)
			x = (x+63.5-cx)*eyeWide + cx - 63.5 + side*apart
			y = (y-cy)*eyeOpen + cy - tilt*(side*x-19.4)/8
		default:
			x *= mouthWide
			const middle = 86.2
			if i < 60 {
				if y < middle-.3 {
					y = middle + (y-middle)*lipUp
				} else if y > middle+.3 {
					y = middle + (y-middle)*lipLow
				}
			} else if i > 64 {
				y += gape
			}
			y += mouthDown + .4*noseLong
			if i >= 55 && i < 60 {
				y += gape
			}
		}
		l[i] = [2]float32{63.5 + x, y}
	}
	return l
}

// Mirror returns the person as seen in a mirror.
func (id Identity) Mirror() Identity {
	id.rest = flip(id.rest)
	id.gaze[0], id.light[0], id.yaw = -id.gaze[0], -id.light[0], -id.yaw
	return id
}

// Symmetric returns the person facing the viewer in even light, all that
// differs between left and right removed.
func (id Identity) Symmetric() Identity {
	id.gaze[0], id.light[0], id.yaw, id.fringe, id.grain = 0, 0, 0, 0, 0
	return id
}
