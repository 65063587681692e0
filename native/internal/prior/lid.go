package prior

// A brow that rises draws up the skin under it, not the lid: below its fold the
// upper lid stays as it is. Between the landmarks of lid and brow alone a spline
// would stretch lashes and shadow with the skin.

// folds are the upper lids' landmarks and those of the brow above.
var folds = [...]struct{ lid, brow int }{{37, 19}, {38, 20}, {43, 23}, {44, 24}}

const (
	platform = .4 // of the way from lid to brow lies the fold
	squeezed = .5 // the same at most, where the brow comes down
	leastGap = 2  // from lid to brow, in pixels of the 128 x 128 crop: less is a landmark's error
)

// lidFolds returns where the folds of a face with landmarks l are once these have
// moved.
func lidFolds(l, moved Landmarks) []point {
	places := make([]point, len(folds))
	for i, f := range folds {
		gap, now := l[f.lid][1]-l[f.brow][1], moved[f.lid][1]-moved[f.brow][1]
		gap, now = max(gap, leastGap), max(now, leastGap)
		places[i] = point{moved[f.lid][0], moved[f.lid][1] - min(platform*gap, squeezed*now)}
	}
	return places
}
