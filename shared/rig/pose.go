package rig

import (
	"math"

	"mien/shared/face"
)

// Pose is where a head is in a photo: a point p of the canonical frame is seen
// at Shift + Scale * Turn p, y and z then turned around (a photo's y points
// down, its z away from the camera).
type Pose struct {
	Scale float64       // photo pixels in a centimetre
	Turn  [3][3]float64 // a rotation
	Shift [3]float64
}

// turn returns Turn a.
func (p *Pose) turn(a vec) vec {
	var b vec
	for i, row := range p.Turn {
		b[i] = row[0]*a[0] + row[1]*a[1] + row[2]*a[2]
	}
	return b
}

// back returns the inverse of turn.
func (p *Pose) back(a vec) vec {
	var b vec
	for i := range b {
		b[i] = p.Turn[0][i]*a[0] + p.Turn[1][i]*a[1] + p.Turn[2][i]*a[2]
	}
	return b
}

// Show returns where a point of the canonical frame is seen in the photo.
func (p *Pose) Show(a [3]float64) [3]float64 {
	b := vec(p.Shift).add(p.turn(a).times(p.Scale))
	return [3]float64{b[0], -b[1], -b[2]}
}

// Read is the inverse of Show.
func (p *Pose) Read(a [3]float64) [3]float64 {
	return p.back(vec{a[0], -a[1], -a[2]}.sub(p.Shift).times(1 / p.Scale))
}

// step returns what a step in the canonical frame is in the photo.
func (p *Pose) step(a vec) vec {
	b := p.turn(a).times(p.Scale)
	return vec{b[0], -b[1], -b[2]}
}

// canonical returns the skin of a mesh in the canonical frame.
func (p *Pose) canonical(m *face.Mesh, out *[Points]vec) {
	for i := range out {
		out[i] = p.Read([3]float64(wide(m[i])))
	}
}

// Angles returns how the head is turned, radians: yaw to the picture's right,
// pitch up, roll clockwise in the picture.
func (p *Pose) Angles() (yaw, pitch, roll float64) {
	f := p.Turn // its third column is where the face looks
	yaw = math.Atan2(f[0][2], f[2][2])
	pitch = math.Asin(min(max(f[1][2], -1), 1))
	roll = -math.Atan2(f[1][0], f[1][1])
	return yaw, pitch, roll
}

// Pose finds the pose of a mesh from the points that no expression moves.
func (r *Rig) Pose(m *face.Mesh) Pose { return FitPose(&r.parts.Rest, m, &r.parts.Still) }

// FitPose finds the similarity that brings model nearest to the skin of a mesh,
// each point weighted: weighted least squares, by Horn: Closed-form solution of
// absolute orientation using unit quaternions (1987).
func FitPose(model *[Points][3]float32, m *face.Mesh, weight *[Points]float32) Pose {
	var from [Points]vec
	for i, p := range model {
		from[i] = wide(p)
	}
	return fitPose(&from, m, weight)
}

func fitPose(from *[Points]vec, m *face.Mesh, weight *[Points]float32) Pose {
	var ca, cb vec
	var sum float64
	to := func(i int) vec { return vec{float64(m[i][0]), -float64(m[i][1]), -float64(m[i][2])} }
	for i, w := range weight {
		ca, cb, sum = ca.add(from[i].times(float64(w))), cb.add(to(i).times(float64(w))), sum+float64(w)
	}
	ca, cb = ca.times(1/sum), cb.times(1/sum)
	var cov [3][3]float64 // of from and to
	var size float64
	for i, w := range weight {
		if w == 0 {
			continue
		}
		a, b := from[i].sub(ca), to(i).sub(cb)
		for j := range 3 {
			for k := range 3 {
				cov[j][k] += float64(w) * a[j] * b[k]
			}
		}
		size += float64(w) * a.dot(a)
	}
	p := Pose{Turn: rotation(&cov)}
	var along float64
	for j := range 3 {
		for k := range 3 {
			along += p.Turn[k][j] * cov[j][k]
		}
	}
	p.Scale = along / size
	if !(p.Scale > 1e-9 && p.Scale < 1e9) { // a mesh without extent
		p.Scale = 1e-9
	}
	p.Shift = cb.sub(p.turn(ca).times(p.Scale))
	return p
}

// rotation returns the rotation that turns the first side of a covariance
// nearest to the second.
func rotation(s *[3][3]float64) [3][3]float64 {
	q := largest(&[4][4]float64{
		{s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]},
		{s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]},
		{s[2][0] - s[0][2], s[0][1] + s[1][0], s[1][1] - s[0][0] - s[2][2], s[1][2] + s[2][1]},
		{s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], s[2][2] - s[0][0] - s[1][1]},
	})
	w, x, y, z := q[0], q[1], q[2], q[3]
	return [3][3]float64{
		{w*w + x*x - y*y - z*z, 2 * (x*y - w*z), 2 * (x*z + w*y)},
		{2 * (x*y + w*z), w*w - x*x + y*y - z*z, 2 * (y*z - w*x)},
		{2 * (x*z - w*y), 2 * (y*z + w*x), w*w - x*x - y*y + z*z},
	}
}

// largest returns the unit eigenvector of a symmetric matrix's largest
// eigenvalue, by Jacobi's rotations.
func largest(m *[4][4]float64) [4]float64 {
	a := *m
	v := [4][4]float64{{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}}
	for range 12 { // sweeps; it converges quadratically
		for p := range 3 {
			for q := p + 1; q < 4; q++ {
				if math.Abs(a[p][q]) <= 1e-15*(math.Abs(a[p][p])+math.Abs(a[q][q])) {
					continue
				}
				theta := (a[q][q] - a[p][p]) / (2 * a[p][q])
				t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
				if theta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(t*t+1)
				s := t * c
				for k := range 4 {
					a[k][p], a[k][q] = c*a[k][p]-s*a[k][q], s*a[k][p]+c*a[k][q]
				}
				for k := range 4 {
					a[p][k], a[q][k] = c*a[p][k]-s*a[q][k], s*a[p][k]+c*a[q][k]
					v[k][p], v[k][q] = c*v[k][p]-s*v[k][q], s*v[k][p]+c*v[k][q]
				}
			}
		}
	}
	best := 0
	for i := range 4 {
		if a[i][i] > a[best][best] {
			best = i
		}
	}
	return [4]float64{v[0][best], v[1][best], v[2][best], v[3][best]}
}
