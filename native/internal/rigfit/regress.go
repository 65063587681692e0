package rigfit

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"mien/shared/au"
)

const (
	turns      = 4 // regressors beside Action Units: pitch, its square, yaw's, their product's absolute
	regressors = au.Count + turns
	// between is how much differences between people say beside those within.
	between = .25
)

// faith is how far labels are believed against a shape: the weight of a shape,
// in multiples of what the labels vary. Labels of AU01, 07, 10, 14, 20 and 23
// are poor, and the shape leads.
var faith = [au.Count]float64{6, .6, .8, 1, .8, 5, 1, 4, .25, 6, 1.5, .6, 6, 8, .25, .4, .5}

// usualGain is how much of a shape a unit of intensity is where labels cannot
// say: intensity 5 is 1 to 1.6 shapes.
var usualGain = [au.Count]float64{.40, .32, .45, .26, .28, .26, .28, .28, .28, .32, .45, .28, .34, .34, .28, .2, .24}

const leastGain, mostGain = .22, .6

// curves bend what an intensity moves: see rig.Parts.Curve. Smiles and parted
// lips grow slower towards 5, which the labels do not reach; AU26 beside AU25
// hardly drops a jaw, by itself and at 5 it opens the mouth.
var curves = [au.Count]float32{8: -.2, 14: -.2, 15: .9}

// moments are the sums of a regression of meshes, made symmetric, on labels.
type moments struct {
	xx   [regressors][regressors]float64
	xy   [regressors]mesh
	mean [regressors]float64
	y    mesh // mean
}

func regressor(s *sample) (x [regressors]float64) {
	for a, v := range s.labels {
		x[a] = float64(v)
	}
	x[au.Count], x[au.Count+1], x[au.Count+2], x[au.Count+3] = s.turn[1], s.turn[1]*s.turn[1], s.turn[0]*s.turn[0], math.Abs(s.turn[0])
	return x
}

// regress sums what differs within people and, for less, between them.
func regress(all []*sample, people [][]*sample, shapes *Shapes) *moments {
	m := &moments{}
	n := float64(len(all))
	for _, s := range all {
		for j, v := range regressor(s) {
			m.mean[j] += v / n
		}
		m.y.add(&s.at, 1/n)
	}
	m.y = shapes.even(m.y)
	for _, faces := range people {
		var mx [regressors]float64
		var my mesh
		k := float64(len(faces))
		for _, s := range faces {
			for j, v := range regressor(s) {
				mx[j] += v / k
			}
			my.add(&s.at, 1/k)
		}
		my = shapes.even(my)
		within := min(1, atOnce/k)
		if len(faces) > 1 {
			for _, s := range faces {
				x := regressor(s)
				for j := range x {
					x[j] -= mx[j]
				}
				y := shapes.even(s.at)
				y.add(&my, -1)
				m.sum(&x, &y, within)
			}
		}
		for j := range mx {
			mx[j] -= m.mean[j]
		}
		my.add(&m.y, -1)
		m.sum(&mx, &my, between)
	}
	return m
}

func (m *moments) sum(x *[regressors]float64, y *mesh, weight float64) {
	for i, v := range x {
		for j, w := range x {
			m.xx[i][j] += weight * v * w
		}
		if v != 0 {
			m.xy[i].add(y, weight*v)
		}
	}
}

// actions returns what a unit of each Action Unit moves: ridge regression,
// pulled to the shapes, and only where the shape or its neighbours move.
func (m *moments) actions(shapes *Shapes, report *Report) (action [au.Count]mesh) {
	free := m.solve(func(a int) float64 { return .02 * m.xx[a][a] }, nil)
	var led [regressors]mesh
	for a := range au.Count {
		var on, size, other float64
		for i, s := range shapes.action[a] {
			f := free[a][i]
			for c, weight := range [3]float64{1, 1, .05} {
				on += weight * s[c] * f[c]
				size += weight * s[c] * s[c]
				other += weight * f[c] * f[c]
			}
		}
		gain := on / size
		if math.Sqrt(size*other) > 0 {
			report.Agree[a] = on / math.Sqrt(size*other)
		}
		// The labels' say in the amplitude goes by how far they are believed; they
		// are noisy, which makes a slope too flat.
		const dilution = 1.15
		k := faith[a] / 4
		gain = (dilution*gain + k*usualGain[a]) / (1 + k)
		least := leastGain
		if c := float64(curves[a]); c > 0 {
			least /= 1 + c
		}
		gain = min(max(gain, least), mostGain)
		report.Gain[a] = gain
		led[a].add(&shapes.action[a], gain)
	}
	full := m.solve(func(a int) float64 { return faith[a] * m.xx[a][a] }, &led)
	for a := range au.Count {
		mask := reach(&shapes.rest, &shapes.action[a], 1)
		for i := range points {
			for c := range 3 {
				s := led[a][i][c]
				action[a][i][c] = s + mask[i]*(full[a][i][c]-s)
			}
		}
		// As much of the shape as was settled, whatever the data added.
		along, size := 0., 0.
		for i, s := range shapes.action[a] {
			for c := range 2 {
				along += s[c] * action[a][i][c]
				size += s[c] * s[c]
			}
		}
		k := min(max(report.Gain[a]*size/along, .7), 2)
		for i := range points {
			for c := range 3 {
				action[a][i][c] *= k
			}
		}
	}
	return action
}

// solve returns (xx + L)^-1 (xy + L led), L the diagonal of price.
func (m *moments) solve(price func(a int) float64, led *[regressors]mesh) (out [regressors]mesh) {
	sym := mat.NewSymDense(regressors, nil)
	for i := range regressors {
		for j := i; j < regressors; j++ {
			sym.SetSym(i, j, m.xx[i][j])
		}
	}
	right := mat.NewDense(regressors, 3*points, nil)
	for a := range regressors {
		lambda := 1e-6*m.xx[a][a] + 1e-9
		if a < au.Count {
			lambda += price(a)
		}
		sym.SetSym(a, a, sym.At(a, a)+lambda)
		for i := range points {
			for c := range 3 {
				v := m.xy[a][i][c]
				if led != nil {
					v += lambda * led[a][i][c]
				}
				right.Set(a, 3*i+c, v)
			}
		}
	}
	var chol mat.Cholesky
	chol.Factorize(sym) // positive definite by lambda
	var x mat.Dense
	if err := chol.SolveTo(&x, right); err != nil {
		if _, poor := err.(mat.Condition); !poor {
			panic(err)
		}
	}
	for a := range regressors {
		for i := range points {
			for c := range 3 {
				out[a][i][c] = x.At(a, 3*i+c)
			}
		}
	}
	return out
}

// reach is 1 where a shape moves points or those near to them, in cm, and 0 far
// from that.
func reach(rest, shape *mesh, near float64) (mask [points]float64) {
	var most float64
	var size [points]float64
	for i, p := range shape {
		size[i] = math.Sqrt(p[0]*p[0] + p[1]*p[1] + p[2]*p[2])
		most = max(most, size[i])
	}
	for i := range mask {
		var v float64
		for j := range size {
			dx, dy, dz := rest[i][0]-rest[j][0], rest[i][1]-rest[j][1], rest[i][2]-rest[j][2]
			v = max(v, size[j]*math.Exp(-(dx*dx+dy*dy+dz*dz)/(near*near)))
		}
		t := min(max((v/most-.04)/.16, 0), 1)
		mask[i] = t * t * (3 - 2*t)
	}
	return mask
}

// rest returns the mean face without expression: what is left at labels of 0.
func (m *moments) rest(all []*sample, action *[au.Count]mesh) mesh {
	rest := m.y
	for a := range action {
		rest.add(&action[a], -m.mean[a])
	}
	return rest
}
