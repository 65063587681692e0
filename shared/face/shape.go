package face

import "math"

// ShapeNumbers is how many numbers a shape has: x, y and z of each point of a mesh.
const ShapeNumbers = 3 * MeshPoints

// Shape returns the mesh as the face's own form and expression, whatever its pose: moved,
// turned and scaled to lie as near as can be to a mean face in the points that
// expressions hardly move. x to the right, y down, z away from the camera, in half
// sides of the training frame, 0 in the middle of those points. A mesh without extent
// has the shape 0.
//
// Method: the similarity of least squares by Horn: Closed-form solution of absolute
// orientation using unit quaternions, JOSA A 4(4), 1987.
func (m *Mesh) Shape() [ShapeNumbers]float32 {
	var out [ShapeNumbers]float32
	var middle [3]float64
	for _, s := range stable {
		for k, v := range m[s.point] {
			middle[k] += float64(v) / float64(len(stable))
		}
	}
	from := func(i int) (p [3]float64) {
		for k, v := range m[i] {
			p[k] = float64(v) - middle[k]
		}
		return p
	}
	var c [3][3]float64 // of the mesh's points and the mean's
	var size float64
	for _, s := range stable {
		a := from(s.point)
		for j := range 3 {
			for k := range 3 {
				c[j][k] += a[j] * s.mean[k]
			}
			size += a[j] * a[j]
		}
	}
	turn := rotation(&c)
	var along float64
	for j := range 3 {
		for k := range 3 {
			along += turn[k][j] * c[j][k]
		}
	}
	scale := along / size
	if !(scale > 0 && scale < math.MaxFloat32) {
		return out
	}
	for i := range m {
		a := from(i)
		for k, row := range turn {
			out[3*i+k] = float32(scale * (row[0]*a[0] + row[1]*a[1] + row[2]*a[2]))
		}
	}
	return out
}

// rotation returns the rotation that brings points nearest to others of which c is the
// covariance, their own coordinates along its rows.
func rotation(c *[3][3]float64) [3][3]float64 {
	q := principal([4][4]float64{
		{c[0][0] + c[1][1] + c[2][2], c[1][2] - c[2][1], c[2][0] - c[0][2], c[0][1] - c[1][0]},
		{c[1][2] - c[2][1], c[0][0] - c[1][1] - c[2][2], c[0][1] + c[1][0], c[2][0] + c[0][2]},
		{c[2][0] - c[0][2], c[0][1] + c[1][0], c[1][1] - c[0][0] - c[2][2], c[1][2] + c[2][1]},
		{c[0][1] - c[1][0], c[2][0] + c[0][2], c[1][2] + c[2][1], c[2][2] - c[0][0] - c[1][1]},
	})
	w, x, y, z := q[0], q[1], q[2], q[3]
	return [3][3]float64{
		{w*w + x*x - y*y - z*z, 2 * (x*y - w*z), 2 * (x*z + w*y)},
		{2 * (x*y + w*z), w*w - x*x + y*y - z*z, 2 * (y*z - w*x)},
		{2 * (x*z - w*y), 2 * (y*z + w*x), w*w - x*x - y*y + z*z},
	}
}

// squarings is how often principal squares: eigenvalues a millionth apart are told
// apart.
const squarings = 26

// principal returns a unit eigenvector of the largest eigenvalue of a symmetric matrix:
// the largest column of a high power of it, shifted so that no eigenvalue is negative.
func principal(a [4][4]float64) [4]float64 {
	var norm float64
	for _, row := range a {
		for _, v := range row {
			norm += v * v
		}
	}
	for i := range a {
		a[i][i] += math.Sqrt(norm)
	}
	for range squarings {
		trace := a[0][0] + a[1][1] + a[2][2] + a[3][3]
		var b [4][4]float64
		for i := range b {
			for j := range b {
				for k := range b {
					b[i][j] += a[i][k] / trace * a[k][j] / trace
				}
			}
		}
		a = b
	}
	best := 0
	for i := range a {
		if a[i][i] > a[best][best] {
			best = i
		}
	}
	v := a[best]
	length := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2] + v[3]*v[3])
	for i := range v {
		v[i] /= length
	}
	return v
}

// stable are the points that expressions hardly move, of forehead, temples, nose and the
// eyes' corners, and where the mean of 12,819 faces (LFW, YTF) has them, made symmetric.
var stable = [...]struct {
	point int
	mean  [3]float64
}{
	{1, [3]float64{0.0000, 0.4973, -0.4609}},
	{4, [3]float64{0.0000, 0.4390, -0.4849}},
	{5, [3]float64{0.0000, 0.3621, -0.4561}},
	{6, [3]float64{0.0000, 0.1722, -0.2712}},
	{8, [3]float64{0.0000, 0.0369, -0.2256}},
	{9, [3]float64{0.0000, -0.0387, -0.2396}},
	{10, [3]float64{0.0000, -0.3380, -0.1664}},
	{21, [3]float64{-0.6082, -0.0800, 0.3322}},
	{33, [3]float64{-0.4067, 0.1278, 0.0252}},
	{54, [3]float64{-0.5490, -0.1806, 0.1931}},
	{67, [3]float64{-0.3200, -0.3101, -0.0748}},
	{69, [3]float64{-0.2828, -0.1922, -0.1417}},
	{103, [3]float64{-0.4570, -0.2590, 0.0493}},
	{108, [3]float64{-0.1501, -0.1961, -0.1921}},
	{109, [3]float64{-0.1726, -0.3336, -0.1469}},
	{127, [3]float64{-0.6513, 0.1670, 0.5939}},
	{133, [3]float64{-0.1633, 0.1412, -0.0350}},
	{151, [3]float64{0.0000, -0.1936, -0.2084}},
	{162, [3]float64{-0.6399, 0.0292, 0.4783}},
	{168, [3]float64{0.0000, 0.1023, -0.2206}},
	{195, [3]float64{0.0000, 0.2977, -0.3913}},
	{197, [3]float64{0.0000, 0.2371, -0.3287}},
	{234, [3]float64{-0.6464, 0.2992, 0.6454}},
	{251, [3]float64{0.6082, -0.0800, 0.3322}},
	{263, [3]float64{0.4067, 0.1278, 0.0252}},
	{284, [3]float64{0.5490, -0.1806, 0.1931}},
	{297, [3]float64{0.3200, -0.3101, -0.0748}},
	{299, [3]float64{0.2828, -0.1922, -0.1417}},
	{332, [3]float64{0.4570, -0.2590, 0.0493}},
	{337, [3]float64{0.1501, -0.1961, -0.1921}},
	{338, [3]float64{0.1726, -0.3336, -0.1469}},
	{356, [3]float64{0.6513, 0.1670, 0.5939}},
	{362, [3]float64{0.1633, 0.1412, -0.0350}},
	{389, [3]float64{0.6399, 0.0292, 0.4783}},
	{454, [3]float64{0.6464, 0.2992, 0.6454}},
}
