package face

// maxLeftover bounds what a stray point may add, in normalised coordinates.
const maxLeftover = 6 * framePerPixel

// Frame returns the frame of the face that a mesh is of: where the labelled faces of
// the training set have theirs. Method: the similarity from the mean places of some
// points to those in the mesh, then a linear correction by what it leaves over, because
// a head turned aside or an open mouth moves the points and not the frame. A mesh
// without area has a frame without area.
func (m *Mesh) Frame() Frame {
	var pairs [len(framePoints)]pair
	for i, p := range framePoints {
		pairs[i] = pair{frameMean[i][0], frameMean[i][1], float64(m[p][0]), float64(m[p][1]), 1}
	}
	frame := fit(pairs[:])
	inv, err := frame.Inverse()
	if err != nil {
		return frame
	}
	change := frameGain[len(frameGain)-1]
	for i, p := range framePoints {
		u, v := inv.Photo(pairs[i].x, pairs[i].y)
		depth := float64(m[p][2]) / frame.Scale()
		for c, left := range [3]float64{u - frameMean[i][0], v - frameMean[i][1], depth - frameMean[i][2]} {
			left = min(max(left, -maxLeftover), maxLeftover)
			for k, gain := range frameGain[3*i+c] {
				change[k] += gain * left
			}
		}
	}
	return Frame{[6]float64{1 + change[2], -change[3], change[0], change[3], 1 + change[2], change[1]}}.Then(frame)
}
