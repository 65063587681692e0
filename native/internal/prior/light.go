package prior

const (
	brightest = 1.2 // the most that shading is multiplied by: teeth are lighter than skin
	steady    = .5  // the part of a shadow that falls on all alike: multiplied whole, folds in dark skin go unseen
)

// lit is the shading shade of a place whose colour has the part seen, -1 to 1, where
// skin is the light of the cheeks, 0 to 1. Light multiplies what it falls on: what
// lightens skin leaves a brow, an iris or a side in shadow nearly as dark as it was, and
// skin keeps its colour.
func lit(shade, seen, skin float32) float32 {
	part := min(max((seen+1)/2, 0)/max(skin, .1), brightest)
	if shade < 0 {
		part = steady + (1-steady)*part
	}
	return shade * part
}

// light is the mean of a colour's parts.
func light(colour [3]float32) float32 { return (colour[0] + colour[1] + colour[2]) / 3 }
