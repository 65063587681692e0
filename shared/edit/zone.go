package edit

import "mien/shared/au"

// A network that is to please a reader shades whatever the reader looks at: a nose that is
// in shadow says as much to it of a dropped jaw as the jaw does, and people see another
// light. So an Action Unit shades where its muscle folds the skin, and elsewhere only if
// readers see much less of it without that.

// Zone is a part of the face that light falls on.
type Zone int

// The zones, from above. They fade into each other.
const (
	Brows  Zone = iota // and the forehead, down to the lids' folds
	Eyes               // lids and bags
	Nose               // from its root to its tip
	Cheeks             // to either side of it, as far as the lips
	Mouth              // and chin
	Zones
)

// Folds is how much AU06 shades under the eyes, where raised cheeks are lifted and not
// shaded: photos and networks give it the folds of a smile, which alone are dark crescents
// around a mouth that does not smile.
const Folds = .3

// Shades is how much an Action Unit may shade a zone, in parts of MostShade: where FACS
// (2002) has it change the skin, and where readers see clearly less of it without. Which
// zones are worth what to each, weights/README.md has.
var Shades = shades(map[string][Zones]float32{
	"01": {Brows: 1, Eyes: 1, Nose: 1, Mouth: 1},
	"02": {Brows: 1, Eyes: 1, Cheeks: 1},
	"04": {Brows: 1, Eyes: 1, Nose: 1, Cheeks: 1},
	"05": {Brows: 1, Eyes: 1, Nose: 1, Cheeks: 1, Mouth: 1},
	"06": {Brows: 1, Eyes: 1, Nose: 1, Cheeks: Folds, Mouth: Folds},
	"07": {Brows: 1, Eyes: 1, Nose: 1, Cheeks: 1},
	"09": {Brows: 1, Eyes: 1, Nose: 1, Cheeks: 1, Mouth: .5},
	"10": {Brows: 1, Cheeks: 1, Mouth: 1},
	"12": {Cheeks: 1, Mouth: 1},
	"14": {Nose: 1, Cheeks: 1, Mouth: 1},
	"15": {Nose: 1, Cheeks: 1, Mouth: 1},
	"17": {Cheeks: 1, Mouth: 1},
	"20": {Cheeks: 1, Mouth: 1},
	"23": {Brows: 1, Eyes: 1, Nose: 1, Cheeks: 1, Mouth: 1},
	"25": {Cheeks: 1, Mouth: 1},
	"26": {Cheeks: .5, Mouth: 1},
	"45": {Brows: .5, Eyes: 1, Cheeks: 1},
})

func shades(of map[string][Zones]float32) (v [Zones]au.Vector) {
	for code, zones := range of {
		for z, part := range zones {
			v[z][au.Index(code)] = part
		}
	}
	return v
}

// The zones' edges, in half frames from the middle: upper lids lie at -.33, lower ones at
// -.27, the nose's tip at .02, its wings at .14 to either side, the lips' edge at .28.
const (
	foldsFrom, foldsTo   = -.34, -.42
	cheeksFrom, cheeksTo = -.21, -.09
	mouthZone, mouthAll  = .14, .24
	rootFrom, rootTo     = -.38, -.28
	tipFrom, tipTo       = .14, .06
	wingFrom, wingTo     = .24, .12
)

// ZonesAt is how much each zone has of a place of the frame, -1 to 1; their sum is 1.
func ZonesAt(x, y float32) (of [Zones]float32) {
	over, under, low := part(y, foldsFrom, foldsTo), part(y, cheeksFrom, cheeksTo), part(y, mouthZone, mouthAll)
	nose := wings(x) * part(y, rootFrom, rootTo) * part(y, tipFrom, tipTo)
	rest := 1 - nose
	return [Zones]float32{Brows: rest * over, Eyes: rest * (1 - over) * (1 - under), Nose: nose, Cheeks: rest * under * (1 - low), Mouth: rest * low}
}

// wings is how much of the way across, x, the nose has.
func wings(x float32) float32 { return part(max(x, -x), wingFrom, wingTo) }
