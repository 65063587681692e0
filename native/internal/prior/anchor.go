package prior

// Between landmarks alone a spline stretches all skin alike. But a brow that rises
// draws up the skin under it, not the lid: below its fold the upper lid stays as it
// is, and the brow as high as it was, to its ends. A lid that closes draws down the
// skin above it, not the brow: that keeps its height. And an upper lip that goes down
// leaves the shadow under the nose where it is.

// folds are the upper lids' landmarks and those of the brow above.
var folds = [...]struct{ lid, brow int }{{37, 19}, {38, 20}, {43, 23}, {44, 24}}

// ends are the eyes' corners and the landmarks of the brow's ends above.
var ends = [...]struct{ corner, brow int }{{36, 18}, {39, 21}, {42, 22}, {45, 25}}

// philtrum are the landmarks of the nose's base and those of the upper lip below.
var philtrum = [...]struct{ nose, lip int }{{32, 50}, {33, 51}, {34, 52}}

const (
	platform = .4  // of the way from lid to brow lies the fold
	squeezed = .5  // the same at most, where the brow comes down
	overhang = .35 // of the way from brow to lid, and from nose to lip, belongs to brow and nose
	mostHang = 3   // and so many pixels of the 128 x 128 crop at most
	leastGap = 2   // from landmark to landmark, in pixels of the crop: less is an error
)

// anchors returns where the folds of the lids of a face with landmarks l, the lower
// edges of its brows, and the shadow of its nose are once these have moved.
func anchors(l, moved Landmarks) []point {
	places := make([]point, 0, 2*len(folds)+len(ends)+len(philtrum))
	gap := func(l Landmarks, above, below int) float32 { return max(l[below][1]-l[above][1], leastGap) }
	hang := func(above, below int) point {
		way := min(gap(l, above, below), gap(moved, above, below))
		return point{moved[above][0], moved[above][1] + min(overhang*way, mostHang)}
	}
	for _, f := range folds {
		fold := min(platform*gap(l, f.brow, f.lid), squeezed*gap(moved, f.brow, f.lid))
		places = append(places, point{moved[f.lid][0], moved[f.lid][1] - fold}, hang(f.brow, f.lid))
	}
	for _, e := range ends {
		places = append(places, hang(e.brow, e.corner))
	}
	for _, p := range philtrum {
		places = append(places, hang(p.nose, p.lip))
	}
	return places
}
