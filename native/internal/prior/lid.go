package prior

// A brow that rises draws up the skin under it, not the lid: below its fold the
// upper lid stays as it is. A lid that closes draws down the skin above it, not the
// brow: that keeps its height. Between the landmarks of lid and brow alone a spline
// would stretch lashes, shadow and the brow's lower half with the skin.

// folds are the upper lids' landmarks and those of the brow above.
var folds = [...]struct{ lid, brow int }{{37, 19}, {38, 20}, {43, 23}, {44, 24}}

const (
	platform = .4  // of the way from lid to brow lies the fold
	squeezed = .5  // the same at most, where the brow comes down
	hairy    = .35 // of the way from brow to lid ends the brow
	mostHair = 3   // and so many pixels of the 128 x 128 crop below its landmark at most
	leastGap = 2   // from lid to brow, in pixels of the crop: less is a landmark's error
)

// lidFolds returns where the folds of a face with landmarks l, and the lower edges of
// its brows, are once these have moved.
func lidFolds(l, moved Landmarks) []point {
	places := make([]point, 0, 2*len(folds))
	for _, f := range folds {
		lid, brow := moved[f.lid], moved[f.brow]
		gap, now := max(l[f.lid][1]-l[f.brow][1], leastGap), max(lid[1]-brow[1], leastGap)
		places = append(places,
			point{lid[0], lid[1] - min(platform*gap, squeezed*now)},
			point{brow[0], brow[1] + min(hairy*min(gap, now), mostHair)})
	}
	return places
}
