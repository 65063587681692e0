package edit

import (
	"slices"

	"mien/shared/tensor"
)

// A brow that rises draws out what lies under it. Skin has more of itself folded there
// than a warp knows of: what the warp draws long are the brow's own hair and the shadow of
// the socket, and they come out as a thick brow. So what is stretched above the eyes is
// lightened, towards the skin that it stretches over. A lid that closes draws out the same
// from below: likewise. Lips that press together draw out what lies under the nose, and its
// shadow comes out as a dark spot: likewise, towards the skin beside it, which over a
// moustache is as dark.

const (
	// thinned is the part of what is stretched that is lightened above the eyes and on their
	// lids. All of it takes thin brows away: they are stretched themselves.
	thinned = .45

	// unshaded is that part under the nose.
	unshaded = .8

	// above the lids' edge, softly, and below the hair: in half frames from the middle.
	lidsFrom, lidsTo = -.34, -.4 // upper lids lie at -.33, brows at -.5
	hairFrom, hairTo = -.65, -.75

	// on the lids, closed ones, too, and up to the brows
	closedFrom, closedTo = -.2, -.26
	browsFrom, browsTo   = -.44, -.52

	// sunken is how far what comes down from above a lid is lid, in half frames: a third of
	// an eye's height.
	sunken = .02

	// under the tip of the nose, which lies at .02, above the lips' edge, and no wider than
	// the mouth: nostrils lie at .12 to .16 and .14 to either side.
	noseFrom, noseTo = .08, .14
	lipsFrom, lipsTo = .28, .36
	wideFrom, wideTo = .16, .24

	// rise is over how far a stretch is measured, either way; about a brow's thickness.
	rise = 1. / 24

	// The skin is looked for from a place upwards, up to the forehead, or to both sides,
	// in looks of so far.
	looks = 6
	look  = .08
)

// thin lightens what the field, of the crop [1 S S 3], stretches upwards above the eyes
// and downwards on their lids and under the nose. It adds to the shade; it comes after
// light, which would take most of it from the dark.
func (f Field) thin(crop *tensor.Tensor) {
	cast, photo := cast(crop.Data, crop.Shape[1]), Field{Size: crop.Shape[1]}
	light := func(x, y float32) float32 {
		at := photo.locate(x, y)
		return (at.read(crop.Data, 3, 0) + at.read(crop.Data, 3, 1) + at.read(crop.Data, 3, 2) + 3) / 6
	}
	for i := range f.Size * f.Size {
		x, y := (2*float32(i%f.Size)+1)/float32(f.Size)-1, (2*float32(i/f.Size)+1)/float32(f.Size)-1
		lift, upper := f.Warp[2*i+1], y < 0
		amount := underNose(x, y)
		if lift > 0 {
			amount = overEyes(y)
		} else if upper {
			amount = onLids(y, -lift)
		}
		if amount == 0 || lift == 0 {
			continue
		}
		if amount *= f.stretch(x, y); amount == 0 {
			continue
		}
		x, y = x+f.Warp[2*i], y+f.Warp[2*i+1]
		var way [looks]float32
		for k := range way {
			if upper {
				way[k] = light(x, y-look*float32(k))
			} else {
				way[k] = light(x+look*(float32(k)-(looks-1)/2.), y)
			}
		}
		here := light(x, y)
		slices.Sort(way[:])
		skin := (way[looks-2] + way[looks-3]) / 2 // no hair, and no highlight alone
		if more := amount * (skin - here); more > 0 {
			for c := range 3 {
				f.Shade[3*i+c] = min(f.Shade[3*i+c]+2*more*cast[c], 1)
			}
		}
	}
}

// overEyes, onLids and underNose are which part of what is stretched is lightened there.
func overEyes(y float32) float32 {
	return thinned * part(y, lidsFrom, lidsTo) * part(y, hairTo, hairFrom)
}

func onLids(y, drop float32) float32 {
	lids := thinned * part(y, closedFrom, closedTo) * part(y, browsTo, browsFrom)
	still := min(lids, overEyes(y)) // so that there is no edge between what sinks and what rises
	return still + (lids-still)*part(drop, 0, sunken)
}

func underNose(x, y float32) float32 {
	return unshaded * part(y, noseFrom, noseTo) * part(y, lipsTo, lipsFrom) * part(max(x, -x), wideTo, wideFrom)
}

// stretch is how far the field draws the photo out in height around (x, y): 0 where not,
// near to 1 where a line becomes an area.
func (f Field) stretch(x, y float32) float32 {
	above, below := f.locate(x, y-rise), f.locate(x, y+rise)
	return min(max((above.read(f.Warp, 2, 1)-below.read(f.Warp, 2, 1))/(2*rise), 0), 1)
}

// part rises from 0 at from to 1 at to, and stays there; from may be above to.
func part(y, from, to float32) float32 { return min(max((y-from)/(to-from), 0), 1) }
