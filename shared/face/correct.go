package face

// corrections turns what the fit leaves over into what the fit got wrong. Row
// 4m+2s+c is coordinate c (x, y) of side s (left, right) of marks[m]: where the
// cascade ended minus where the fitted frame puts the point, in pixels of the
// 128-pixel frame. Columns are the true frame as the fitted one sees it: shift
// in x and y (pixels), growth and turn (1/64). The last row is constant.
//
// A head turned aside leaves mouth and eyes over on opposite sides, an open
// mouth leaves its corners low: a similarity cannot follow, but the pattern says
// how the training set's frame, fitted to 24 landmarks, lies. Least squares
// (ridge 30) on 1500 training crops (lfw, gen, ytf) and their mirror images;
// on 500 crops left out the eyes within 3 pixels rise from 83% to 87%.
var corrections = [4*len(marks) + 1][4]float64{
	{0.082, 0.078, 0.191, -0.257},
	{-0.157, 0.005, 0.218, -0.035},
	{0.082, -0.078, -0.191, -0.257},
	{0.157, 0.005, 0.218, 0.035},
	{0.023, 0.240, 0.157, 0.144},
	{0.044, -0.024, -0.356, -0.358},
	{0.023, -0.240, -0.157, 0.144},
	{-0.044, -0.024, -0.356, 0.358},
	{0.191, -0.082, -0.298, -0.263},
	{-0.241, 0.090, 0.082, 0.480},
	{0.191, 0.082, 0.298, -0.263},
	{0.241, 0.090, 0.082, -0.480},
	{-0.000, 0.080, 0.575, 0.000},
}

// maxLeftover bounds what a stray point may add, in pixels.
const maxLeftover = 6

// correct returns the frame with the corrections for the fitted pairs applied.
func correct(frame Frame, pairs []pair) Frame {
	inv, err := frame.Inverse()
	if err != nil {
		return frame
	}
	var sum [4]float64
	add := func(row int, leftover float64) {
		for i, k := range corrections[row] {
			sum[i] += k * min(max(leftover, -maxLeftover), maxLeftover)
		}
	}
	for i, p := range pairs {
		u, v := inv.Photo(p.x, p.y)
		add(2*i, (u-p.u)/framePerPixel)
		add(2*i+1, (v-p.v)/framePerPixel)
	}
	add(len(corrections)-1, 1)
	for i := range sum {
		sum[i] *= framePerPixel
	}
	return Frame{[6]float64{1 + sum[2], -sum[3], sum[0], sum[3], 1 + sum[2], sum[1]}}.Then(frame)
}
