package prior

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sort"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/mat"

	"mien/native/internal/dataset"
	"mien/shared/au"
)

const (
	regressors = au.Count + 6 // and the head's pose, also squared
	ridge      = 50           // against overfitting, in faces
	fitStiff   = 1e-3
	poseScale  = 1 / .15 // radians of a usual turn
	leastFaces = 500     // with landmarks
	beyond     = 24      // how far a landmark may lie outside of the picture, in pixels of the 128 x 128 crop
	flat       = 1e-3    // variance within people under which an AU says nothing
)

// ErrData says that faces are not enough to fit a prior on, or not of the kind.
var ErrData = errors.New("cannot fit a prior on these faces")

// Report tells what a prior was fitted on.
type Report struct {
	Faces  int // of people who are there more than once
	People int
	// Without counts faces left out: no landmarks, or some far outside of the
	// picture.
	Without int
	// Flat are the codes of Action Units that never vary within a person: their
	// shading is zero.
	Flat []string
}

// String is the report in one line.
func (r Report) String() string {
	s := fmt.Sprintf("%d faces of %d people who are there more than once", r.Faces, r.People)
	if r.Without > 0 {
		s += fmt.Sprintf("; %d left out: landmarks missing or outside of the picture", r.Without)
	}
	if len(r.Flat) > 0 {
		s += fmt.Sprintf("; AU %s never vary within a person and get no shading", strings.Join(r.Flat, ", "))
	}
	return s
}

// Fit measures the shading on faces of people who are in source more than once
// and have landmarks. Only differences within a person count: between people
// one would learn beards and caps. Its memory does not grow with the number of
// faces. What cannot be fitted wraps ErrData. progress may be nil.
func Fit(ctx context.Context, source dataset.Source, progress func(done, total int)) (*Prior, Report, error) {
	people, mean, report, err := group(source)
	if err != nil {
		return nil, report, err
	}
	read, err := reader(mean)
	if err != nil {
		return nil, report, err
	}
	workers := runtime.GOMAXPROCS(0)
	sums := make([]*moments, workers)
	g, ctx := errgroup.WithContext(ctx)
	var done atomic.Int64
	for w := range workers {
		sums[w] = newMoments()
		g.Go(func() error {
			one := newMoments()
			for i := w; i < len(people); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				for _, face := range people[i] {
					a, t, err := read(source, face)
					if err != nil {
						return fmt.Errorf("face %d: %w", face, err)
					}
					sums[w].add(a, t, 1)
					one.sum(a, t)
				}
				n := float32(len(people[i]))
				a, t := one.mean(n)
				sums[w].add(a, t, -n)
				if n := done.Add(int64(len(people[i]))); progress != nil {
					progress(int(n), report.Faces)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, report, fmt.Errorf("fit the prior: %w", err)
	}
	for _, m := range sums[1:] {
		sums[0].join(m)
	}
	for i, u := range au.Units {
		if sums[0].aa[i*regressors+i] < flat*float64(report.Faces) {
			report.Flat = append(report.Flat, u.Code)
		}
	}
	maps, err := sums[0].solve()
	if err != nil {
		return nil, report, fmt.Errorf("fit the prior: %w", err)
	}
	return &Prior{mean: mean, shading: finish(maps)}, report, nil
}

// sound reports whether landmarks are numbers near the picture.
func sound(l *Landmarks) bool {
	for _, p := range l {
		for _, v := range p {
			if !(v > -beyond && v < 127+beyond) {
				return false
			}
		}
	}
	return true
}

// group returns the faces of every person who is there more than once, and the
// mean shape of all faces, made symmetric.
func group(source dataset.Source) (people [][]int, mean Landmarks, report Report, err error) {
	byName := map[string][]int{}
	var sum [68][2]float64
	total := 0
	for i := range source.Len() {
		_, _, l, who, err := source.Sample(i)
		if err != nil {
			return nil, mean, report, fmt.Errorf("fit the prior: face %d: %w", i, err)
		}
		if l == nil || !sound(l) {
			report.Without++
			continue
		}
		total++
		byName[who] = append(byName[who], i)
		for k, p := range l {
			sum[k][0] += float64(p[0])
			sum[k][1] += float64(p[1])
		}
	}
	if total < leastFaces {
		return nil, mean, report, fmt.Errorf("%w: %d have their landmarks in the picture, want at least %d", ErrData, total, leastFaces)
	}
	for k, s := range sum {
		mean[k] = [2]float32{float32(s[0] / float64(total)), float32(s[1] / float64(total))}
	}
	mirror := dataset.FlipLandmarks(mean)
	for k := range mean {
		for c := range 2 {
			mean[k][c] = (mean[k][c] + mirror[k][c]) / 2
		}
	}
	names := make([]string, 0, len(byName))
	for who, faces := range byName {
		if len(faces) > 1 {
			names = append(names, who)
			report.Faces += len(faces)
		}
	}
	if report.People = len(names); report.People == 0 {
		return nil, mean, report, fmt.Errorf("%w: nobody is there twice, so expressions cannot be told from people", ErrData)
	}
	sort.Strings(names)
	for _, who := range names {
		people = append(people, byName[who])
	}
	return people, mean, report, nil
}

// reader returns a function that reads a face as regressors and as its picture
// carried to the mean shape, normalised by its mean and spread.
func reader(mean Landmarks) (func(dataset.Source, int) (a, t []float32, err error), error) {
	q := controls(mean)
	n := len(q)
	var inverse mat.Dense
	if err := inverse.Inverse(system(q, fitStiff)); err != nil {
		if _, poor := err.(mat.Condition); !poor {
			return nil, fmt.Errorf("fit the prior: mean shape: %w", err)
		}
	}
	basis := mat.NewDense(side*side, n+3, nil)
	for i := range side * side {
		u, v := centre(i%side, side), centre(i/side, side)
		for j, p := range q {
			dx, dy := u-p[0], v-p[1]
			basis.Set(i, j, bend(dx*dx+dy*dy))
		}
		basis.Set(i, n, 1)
		basis.Set(i, n+1, u)
		basis.Set(i, n+2, v)
	}
	var product mat.Dense
	product.Mul(basis, &inverse)
	weights := make([]float32, side*side*n) // of each control point in each place
	for i := range side * side {
		for j := range n {
			weights[i*n+j] = float32(product.At(i, j))
		}
	}
	return func(source dataset.Source, face int) ([]float32, []float32, error) {
		img, labels, l, _, err := source.Sample(face)
		if err != nil {
			return nil, nil, err
		}
		if l == nil {
			return nil, nil, errors.New("landmarks are gone")
		}
		x := make([]float32, len(img))
		dataset.Fill(x, img)
		c := controls(*l)
		t := make([]float32, side*side*3)
		for i := range side * side {
			var u, v float32
			for j, w := range weights[i*n : (i+1)*n] {
				u += w * float32(c[j][0])
				v += w * float32(c[j][1])
			}
			sample(x, source.Size(), 3, u, v, t[3*i:3*i+3])
		}
		normalise(t)
		a := make([]float32, regressors)
		copy(a, labels[:])
		if posed, ok := source.(dataset.Posed); ok {
			if r, ok := posed.Pose(face); ok {
				rx, ry, rz := r[0]*poseScale, r[1]*poseScale, r[2]*poseScale
				copy(a[au.Count:], []float32{rx, ry, rz, rx * rx, ry * ry, rx * ry})
			}
		}
		return a, t, nil
	}, nil
}

// normalise takes each channel's mean away and divides by the spread.
func normalise(t []float32) {
	s := max(spread(t), 1e-3)
	var mean [3]float32
	for i, v := range t {
		mean[i%3] += v / float32(len(t)/3)
	}
	for i := range t {
		t[i] = (t[i] - mean[i%3]) / s
	}
}

// moments are the sums that a regression needs, however many faces there are.
type moments struct {
	aa []float64 // [regressors regressors]
	at []float32 // [regressors side*side*3]
	a  []float32
	t  []float32
}

func newMoments() *moments {
	const n = side * side * 3
	return &moments{make([]float64, regressors*regressors), make([]float32, regressors*n), make([]float32, regressors), make([]float32, n)}
}

// add counts a face, weight times.
func (m *moments) add(a, t []float32, weight float32) {
	for i, v := range a {
		for j, w := range a {
			m.aa[i*regressors+j] += float64(weight) * float64(v) * float64(w)
		}
		if f := weight * v; f != 0 {
			row := m.at[i*len(t) : (i+1)*len(t)]
			for k, x := range t {
				row[k] += f * x
			}
		}
	}
}

// sum adds to the person's sums; mean returns their means and clears them.
func (m *moments) sum(a, t []float32) {
	for i, v := range a {
		m.a[i] += v
	}
	for i, v := range t {
		m.t[i] += v
	}
}

func (m *moments) mean(n float32) (a, t []float32) {
	a, t = make([]float32, len(m.a)), make([]float32, len(m.t))
	for i, v := range m.a {
		a[i] = v / n
	}
	for i, v := range m.t {
		t[i] = v / n
	}
	clear(m.a)
	clear(m.t)
	return a, t
}

func (m *moments) join(o *moments) {
	for i, v := range o.aa {
		m.aa[i] += v
	}
	for i, v := range o.at {
		m.at[i] += v
	}
}

// solve returns the ridge regression's maps of the Action Units, [17 side side 3].
func (m *moments) solve() ([]float32, error) {
	sym := mat.NewSymDense(regressors, nil)
	for i := range regressors {
		for j := i; j < regressors; j++ {
			sym.SetSym(i, j, m.aa[i*regressors+j])
		}
		sym.SetSym(i, i, m.aa[i*regressors+i]+ridge)
	}
	var chol mat.Cholesky
	if !chol.Factorize(sym) {
		return nil, errors.New("regression is singular")
	}
	var inverse mat.SymDense
	if err := chol.InverseTo(&inverse); err != nil {
		return nil, fmt.Errorf("regression: %w", err)
	}
	n := side * side * 3
	out := make([]float32, au.Count*n)
	for i := range au.Count {
		for j := range regressors {
			w := float32(inverse.At(i, j))
			for k, v := range m.at[j*n : (j+1)*n] {
				out[i*n+k] += w * v
			}
		}
	}
	return out, nil
}

// finish keeps of the maps what is fine, symmetric and on the face.
func finish(maps []float32) []float32 {
	const n = side * side * 3
	out := make([]float32, len(maps))
	for i := 0; i < len(maps); i += n {
		low := blur(blur(maps[i : i+n]))
		for y := range side {
			for x := range side {
				for c := range 3 {
					at, other := (y*side+x)*3+c, (y*side+side-1-x)*3+c
					v := (maps[i+at] - low[at] + maps[i+other] - low[other]) / 2
					out[i+at] = v * oval(x, y)
				}
			}
		}
	}
	return out
}

// oval is 1 on the face and fades to 0 around it.
func oval(x, y int) float32 {
	u, v := (centre(x, side)*64)/38, (centre(y, side)*64-2)/50
	return float32(1 / (1 + math.Exp(-8*(1-u*u-v*v))))
}

// blur is the mean over 13 x 13 pixels of a map [side side 3], the border repeated.
func blur(m []float32) []float32 {
	const reach = 6
	pass := func(m []float32, step, across int) []float32 {
		out := make([]float32, len(m))
		for line := range side {
			for i := range side {
				for c := range 3 {
					var s float32
					for k := -reach; k <= reach; k++ {
						s += m[(line*across+min(max(i+k, 0), side-1)*step)*3+c]
					}
					out[(line*across+i*step)*3+c] = s / (2*reach + 1)
				}
			}
		}
		return out
	}
	return pass(pass(m, 1, side), side, 1)
}
