package rig

import (
	"mien/shared/au"
	"mien/shared/face"
)

const (
	fitTurns = 5 // of pose and shape in turn
	// alike is how many coordinates of a mesh err together: the networks that
	// see a mesh err in a few ways, not in every point by itself.
	alike = 12
	// sided is the standard deviation of the difference between the halves of an
	// expression, in intensity.
	sided = .5
	// price is how much of its mean intensity's improbability an expression pays:
	// all of it would leave small ones unseen.
	price = .3
	// farthest is how many standard deviations from the mean a person may be.
	farthest = 3.5
)

// Subject is the face of one photo: its pose, the person at rest and the
// expression that is in it already. It never changes: any number of goroutines
// may use it.
type Subject struct {
	rig       *Rig
	mesh      face.Mesh
	pose      Pose
	at        [Points]vec // of mesh, in the canonical frame
	model     [Points]vec // what the fit says of it
	own       [Points]vec // the fitted person without expression
	shown     [2]au.Vector
	lidsOpen  [2][7]lidGap
	lipsOpen  [9]float64 // cm, signed
	lipsParts [9]float64 // what the reading explains of it, cm
	step      float64    // canonical cm of one photo pixel
}

// Subject fits pose, identity and expression to a mesh: the most probable by
// Gaussian noise and identity, intensities exponential by how usual they are,
// not negative, nearly alike on both sides.
func (r *Rig) Subject(m face.Mesh) *Subject {
	s := &Subject{rig: r, mesh: m, own: r.rest}
	x := make([]float64, r.unknowns)
	target := make([]float64, r.unknowns)
	model := r.rest
	for range fitTurns {
		s.pose = fitPose(&model, &m, &r.parts.Still)
		s.pose.canonical(&m, &s.at)
		r.project(&s.at, target)
		r.solve(x, target)
		model = r.rest
		for k, d := range r.design {
			if x[k] != 0 {
				for i := range model {
					model[i] = model[i].add(d[i].times(x[k]))
				}
			}
		}
	}
	n := len(r.parts.Identity)
	s.model = model
	for k := range n {
		for i := range s.own {
			s.own[i] = s.own[i].add(r.design[k][i].times(x[k]))
		}
	}
	for a := range au.Count {
		s.shown[Left][a] = float32(r.straighten(a, x[n+a]))
		s.shown[Right][a] = float32(r.straighten(a, x[n+au.Count+a]))
	}
	s.step = 1 / s.pose.Scale
	s.measureLids()
	s.measureLips()
	return s
}

// Reading returns the intensities, 0 to au.Max, that the mesh shows on the
// picture's left and right half of the face.
func (s *Subject) Reading() (left, right au.Vector) { return s.shown[Left], s.shown[Right] }

// Pose returns where the head is.
func (s *Subject) Pose() Pose { return s.pose }

// Explained returns the skin in the canonical frame, cm: as the photo's mesh has
// it, and as identity and expression explain it.
func (s *Subject) Explained() (at, model [Points][3]float64) {
	for i := range at {
		at[i], model[i] = s.at[i], s.model[i]
	}
	return at, model
}

// Mesh returns the photo's mesh.
func (s *Subject) Mesh() face.Mesh { return s.mesh }

// Rest returns the person's own face at rest, in the photo: all that Reading
// says taken back.
func (s *Subject) Rest() face.Mesh {
	return s.Move(au.Vector{}.Sub(s.shown[Left]), au.Vector{}.Sub(s.shown[Right]))
}

// prepare lays out the unknowns of a fit and their normal equations, which are
// the same for every mesh.
func (r *Rig) prepare() {
	people := len(r.parts.Identity)
	r.unknowns = people + 2*au.Count
	r.design = make([][Points]vec, r.unknowns)
	for k := range people {
		for i := range Points {
			r.design[k][i] = wide(r.parts.Identity[k][i])
		}
	}
	for a := range au.Count {
		r.design[people+a], r.design[people+au.Count+a] = r.motion[a][Left], r.motion[a][Right]
	}
	n := r.unknowns
	r.normal = make([]float64, n*n)
	for j := range n {
		for k := range j + 1 {
			var sum float64
			for i := range Points {
				w := r.weight(i)
				a, b := &r.design[j][i], &r.design[k][i]
				sum += w[0]*a[0]*b[0] + w[1]*a[1]*b[1] + w[2]*a[2]*b[2]
			}
			r.normal[j*n+k], r.normal[k*n+j] = sum, sum
		}
	}
	for k := range people {
		r.normal[k*n+k]++ // a standard Gaussian
	}
	for a := range au.Count {
		l, o := people+a, people+au.Count+a
		const w = 1 / (sided * sided)
		r.normal[l*n+l] += w
		r.normal[o*n+o] += w
		r.normal[l*n+o] -= w
		r.normal[o*n+l] -= w
	}
}

// weight returns how much a point's coordinates say.
func (r *Rig) weight(i int) vec {
	n := wide(r.parts.Noise[i])
	return vec{1 / (alike * n[0] * n[0]), 1 / (alike * n[1] * n[1]), 1 / (alike * n[2] * n[2])}
}

// project writes the right side of the normal equations of a mesh that lies in
// the canonical frame.
func (r *Rig) project(at *[Points]vec, target []float64) {
	var off [Points]vec
	for i := range off {
		w, d := r.weight(i), at[i].sub(r.rest[i])
		off[i] = vec{w[0] * d[0], w[1] * d[1], w[2] * d[2]}
	}
	people := len(r.parts.Identity)
	for k := range r.design {
		var sum float64
		for i := range off {
			sum += off[i].dot(r.design[k][i])
		}
		if k >= people {
			sum -= price / (2 * float64(r.parts.Usual[(k-people)%au.Count])) // of each half
		}
		target[k] = sum
	}
}

// solve improves x, the unknowns of a fit, within their bounds.
func (r *Rig) solve(x, target []float64) {
	people := len(r.parts.Identity)
	bounded(r.normal, target, x, func(k int) (lo, hi float64) {
		if k < people {
			return -farthest, farthest
		}
		return 0, r.bend((k-people)%au.Count, au.Max)
	})
}
