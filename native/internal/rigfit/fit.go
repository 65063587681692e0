// Package rigfit fits the rig: what each Action Unit does to a mesh, from FACS
// shapes and from meshes of labelled faces, and how people differ at rest.
package rigfit

import (
	"context"
	"errors"
	"fmt"
	"math"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/rig"
)

// ErrData says that faces are not enough to fit a rig on, or not of the kind.
var ErrData = errors.New("cannot fit a rig on these faces")

const (
	leastFaces = 500
	steepest   = .6 // radians that a head may be turned for its mesh to be learnt from
	poseTurns  = 4
	noiseTurns = 3
	shapeUnit  = .28 // of a shape, about what one unit of intensity is
	atOnce     = 10  // pictures of a person at most, so that no one is learnt from alone
)

// Report tells what a rig was fitted on.
type Report struct {
	Faces   int // with a mesh, not turned aside
	People  int // who are there more than once
	Without int // no mesh, or turned aside
	// Gain is how much of a shape one unit of intensity is; Agree the cosine of
	// the shape and what the data alone says.
	Gain, Agree [au.Count]float64
	// Read is the correlation of what the rig reads in the meshes of the
	// validation people with their labels, Heard how many those are.
	Read  [au.Count]float64
	Heard int
	Folds int // pictures that folds were learnt from
}

// String is the report as lines.
func (r Report) String() string {
	s := fmt.Sprintf("%d faces, %d people more than once; %d left out: no mesh, or turned aside\n", r.Faces, r.People, r.Without)
	s += fmt.Sprintf("folds of %d pictures; read back in %d validation faces\n", r.Folds, r.Heard)
	s += "AU  shapes per unit  cosine with the data  r of reading\n"
	for a, u := range au.Units {
		s += fmt.Sprintf("%s  %15.3f  %20.2f  %12.2f\n", u.Code, r.Gain[a], r.Agree[a], r.Read[a])
	}
	return s
}

// sample is a face to learn from.
type sample struct {
	index  int // in the source
	mesh   *face.Mesh
	labels au.Vector
	who    string
	pose   rig.Pose
	at     mesh // in the canonical frame
	turn   [2]float64
}

// Set is what a rig is fitted on.
type Set interface {
	dataset.Source
	// Identity says who face i is.
	Identity(i int) string
	// Mesh returns the mesh of face i in pixels of the 128 x 128 crop; false where
	// none was found.
	Mesh(i int) (face.Mesh, bool)
}

// Fit fits a rig to the faces of train that have a mesh. validation is only read
// back, nil for none; triangles of points say where the skin is seen for folds,
// none for a rig without. progress may be nil.
func Fit(ctx context.Context, shapes *Shapes, train, validation Set, triangles [][3]uint16, progress func(stage string, done, total int)) (*rig.Rig, Report, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	var report Report
	all := gather(train)
	report.Without = train.Len() - len(all)
	if len(all) < leastFaces {
		return nil, report, fmt.Errorf("%w: %d of %d have a mesh, want at least %d", ErrData, len(all), train.Len(), leastFaces)
	}
	p := rig.Parts{Mirror: shapes.mirror}
	p.Still = still(&shapes.rest, &shapes.action, shapeUnit)
	mean := shapes.rest
	for turn := range poseTurns {
		if err := place(ctx, all, &mean, &p.Still); err != nil {
			return nil, report, err
		}
		mean = average(all, shapes)
		progress("place", turn+1, poseTurns)
	}
	all = frontal(all)
	report.Without = train.Len() - len(all)
	report.Faces = len(all)
	people := group(all)
	for _, faces := range people {
		if len(faces) > 1 {
			report.People++
		}
	}
	if report.People < 2 {
		return nil, report, fmt.Errorf("%w: nobody is there twice, so expressions cannot be told from people", ErrData)
	}
	m := regress(all, people, shapes)
	action := m.actions(shapes, &report)
	for a := range au.Count {
		p.Usual[a] = float32(min(max(m.mean[a], .05), au.Max))
	}
	rest := m.rest(all, &action)
	rest = shapes.even(rest)
	for i := range points {
		for c := range 3 {
			p.Rest[i][c] = float32(rest[i][c])
		}
	}
	p.Motion, p.Curve = sides(&action, &rest), curves
	p.Still = still(&rest, &action, 1)
	progress("people", 0, 1)
	p.Identity, p.Noise = identities(all, people, &rest, &action, shapes)
	progress("people", 1, 1)
	if len(triangles) > 0 {
		shown := func(done, total int) { progress("folds", done, total) }
		var err error
		p.Folds, report.Folds, err = folds(ctx, train, people, &p.Rest, shapes, triangles, shown)
		if err != nil {
			return nil, report, fmt.Errorf("fit folds: %w", err)
		}
	}
	r, err := rig.New(p)
	if err != nil {
		return nil, report, fmt.Errorf("fit a rig: %w", err)
	}
	for turn := range noiseTurns {
		if p.Noise, err = unexplained(ctx, r, all); err != nil {
			return nil, report, err
		}
		if r, err = rig.New(p); err != nil {
			return nil, report, fmt.Errorf("fit a rig: %w", err)
		}
		progress("noise", turn+1, noiseTurns)
	}
	if validation != nil {
		report.Heard, report.Read = readBack(r, validation)
	}
	return r, report, nil
}

// gather returns the faces that have a mesh and labels.
func gather(set Set) []*sample {
	var all []*sample
	for i := range set.Len() {
		m, ok := set.Mesh(i)
		if !ok {
			continue
		}
		all = append(all, &sample{index: i, mesh: &m, labels: set.Labels(i), who: set.Identity(i)})
	}
	return all
}

// place brings meshes into the canonical frame of a mean face.
func place(ctx context.Context, all []*sample, mean *mesh, weight *[points]float32) error {
	var model [points][3]float32
	for i, p := range mean {
		model[i] = [3]float32{float32(p[0]), float32(p[1]), float32(p[2])}
	}
	return parallel(ctx, len(all), func(k int) {
		s := all[k]
		s.pose = rig.FitPose(&model, s.mesh, weight)
		for i := range s.at {
			q := s.mesh[i]
			s.at[i] = s.pose.Read([3]float64{float64(q[0]), float64(q[1]), float64(q[2])})
		}
		yaw, pitch, _ := s.pose.Angles()
		s.turn = [2]float64{yaw, pitch}
	})
}

// frontal returns the faces that are not turned aside.
func frontal(all []*sample) []*sample {
	var kept []*sample
	for _, s := range all {
		if math.Abs(s.turn[0]) < steepest && math.Abs(s.turn[1]) < steepest {
			kept = append(kept, s)
		}
	}
	return kept
}

// average returns the mean mesh, symmetric, in the place and size of the shapes'.
func average(all []*sample, shapes *Shapes) mesh {
	var sum mesh
	n := 0.
	for _, s := range all {
		if math.Abs(s.turn[0]) < steepest && math.Abs(s.turn[1]) < steepest {
			sum.add(&s.at, 1)
			n++
		}
	}
	for i := range sum {
		for c := range 3 {
			sum[i][c] /= max(n, 1)
		}
	}
	return shapes.even(sum)
}

// group returns the faces of each person, in the order of their first.
func group(all []*sample) [][]*sample {
	at := map[string]int{}
	var people [][]*sample
	for _, s := range all {
		k, ok := at[s.who]
		if !ok {
			k = len(people)
			at[s.who] = k
			people = append(people, nil)
		}
		people[k] = append(people[k], s)
	}
	return people
}

// still returns how much a point says of the head's pose: little where Action
// Units move it, nothing near the eyes, which follow the gaze.
func still(rest *mesh, action *[au.Count]mesh, unit float64) (w [points]float32) {
	const (
		usual  = 2    // intensity
		calm   = .12  // cm
		gaze   = 1.0  // cm about the margins of lids
		around = .35  // of the weight elsewhere, under the eyes' rows
		low    = -1.5 // y, cm: what is below is the jaw's
	)
	margin := append(face.RightEye[:], face.LeftEye[:]...)
	for i := range w {
		var moved float64
		for a := range action {
			p := action[a][i]
			moved += usual * usual * unit * unit * (p[0]*p[0] + p[1]*p[1] + p[2]*p[2])
		}
		v := math.Exp(-moved / (calm * calm))
		for _, e := range margin {
			dx, dy := rest[i][0]-rest[e][0], rest[i][1]-rest[e][1]
			if dx*dx+dy*dy < gaze*gaze {
				v = 0
			}
		}
		if rest[i][1] < low {
			v = 0
		}
		w[i] = float32(v)
	}
	return w
}

// sides divides what Action Units move between the halves of the face, smoothly
// over the midline.
func sides(action *[au.Count]mesh, rest *mesh) (m [au.Count][2][points][3]float32) {
	const seam = .7 // cm to either side
	for a := range action {
		for i := range points {
			t := min(max((rest[i][0]+seam)/(2*seam), 0), 1)
			right := t * t * (3 - 2*t)
			for c := range 3 {
				m[a][rig.Left][i][c] = float32((1 - right) * action[a][i][c])
				m[a][rig.Right][i][c] = float32(right * action[a][i][c])
			}
		}
	}
	return m
}
