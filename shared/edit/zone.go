package edit

import "mien/shared/au"

// A network that is to please a reader shades whatever the reader looks at: noses that are
// lit for raised brows and cheeks in shadow for closed eyes say as much to it as brows and
// lids, and people see another light. So every Action Unit shades where its muscle folds
// the skin, and nowhere else.

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

// Shades is how much an Action Unit may shade a zone, in parts of MostShade (FACS, 2002: in
// which parts of the face each changes the skin).
var Shades = shades(map[string][Zones]float32{
	"01": {Brows: 1}, // frontalis: furrows across the forehead
	"02": {Brows: 1},
	"04": {Brows: 1, Eyes: 1, Nose: .5},                      // corrugator, procerus: frown, root of the nose
	"05": {Brows: .5, Eyes: 1},                               // the lid's fold goes
	"06": {Eyes: 1, Cheeks: Folds, Mouth: Folds},             // orbicularis oculi: bags, crow's feet
	"07": {Eyes: 1},                                          // lids alone
	"09": {Brows: 1, Eyes: 1, Nose: 1, Cheeks: 1, Mouth: .5}, // wrinkles up to the root of the nose
	"10": {Cheeks: 1, Mouth: 1},                              // the fold from nose to mouth
	"12": {Cheeks: 1, Mouth: 1},
	"14": {Cheeks: 1, Mouth: 1},
	"15": {Mouth: 1},
	"17": {Mouth: 1},
	"20": {Cheeks: 1, Mouth: 1},
	"23": {Mouth: 1},
	"25": {Mouth: 1},
	"26": {Cheeks: .5, Mouth: 1}, // cheeks that grow long
	"45": {Brows: .5, Eyes: 1},
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
	nose := part(max(x, -x), wingFrom, wingTo) * part(y, rootFrom, rootTo) * part(y, tipFrom, tipTo)
	rest := 1 - nose
	return [Zones]float32{Brows: rest * over, Eyes: rest * (1 - over) * (1 - under), Nose: nose, Cheeks: rest * under * (1 - low), Mouth: rest * low}
}
