package rigfit

import (
	"fmt"
	"math"
	"os"

	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/rig"
)

const points = rig.Points

// mesh is a value in space for each point, x, y and z.
type mesh [points][3]float64

// part is a shape of the file and how much of it an Action Unit takes.
type part struct {
	name  string
	share float64
	both  bool // a shape of each side, _L and _R
}

// recipes are what FACS says an Action Unit is, in the shapes of ICT-FaceKit (Li
// et al.: Learning Formation of Physically-Based Face Attributes, 2020).
var recipes = [au.Count][]part{
	{{"browInnerUp", 1, true}},
	{{"browOuterUp", 1, true}},
	{{"browDown", 1, true}},
	{{"eyeWide", 1, true}},
	{{"cheekRaiser", 1, true}, {"cheekSquint", 1, true}},
	{{"eyeSquint", 1, true}},
	{{"noseSneer", 1, true}},
	{{"mouthUpperUp", 1, true}},
	{{"mouthSmile", 1, true}},
	{{"mouthDimple", 1, true}},
	{{"mouthFrown", 1, true}},
	{{"mouthShrugLower", 1, false}, {"mouthShrugUpper", .4, false}},
	{{"mouthStretch", 1, true}},
	{{"mouthPress", 1, true}, {"mouthRollLower", .35, false}, {"mouthRollUpper", .35, false}},
	{{"mouthLowerDown", .7, true}, {"mouthUpperUp", .25, true}, {"jawOpen", .1, false}},
	{{"jawOpen", 1, false}},
	{{"eyeBlink", 1, true}},
}

// Shapes are what Action Units do to a mean face, at the points of the mesh.
type Shapes struct {
	rest   mesh // ICT-FaceKit's neutral face, cm, x to the picture's right, y up, z to the camera
	action [au.Count]mesh
	mirror [points]uint16
}

// maxShapes bounds the file, in bytes.
const maxShapes = 64 << 20

// ReadShapes reads a file of shapes: "neutral" [V 3], "quads" [Q 4] and
// "nearest468" [468], vertices of it, and "shape.NAME" [V 3] for each shape that
// an Action Unit takes.
func ReadShapes(file string) (*Shapes, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := model.DecodeUpTo(b, maxShapes)
	if err != nil {
		return nil, fmt.Errorf("read shapes %q: %w", file, err)
	}
	s, err := shapes(f)
	if err != nil {
		return nil, fmt.Errorf("read shapes %q: %w", file, err)
	}
	return s, nil
}

func shapes(f *model.File) (*Shapes, error) {
	neutral := f.Tensors["neutral"]
	if neutral == nil || len(neutral.Shape) != 2 || neutral.Shape[1] != 3 {
		return nil, fmt.Errorf(`no tensor "neutral" of vertices [V 3]`)
	}
	n := neutral.Shape[0]
	get := func(name string, want ...int) ([]float32, error) {
		t := f.Tensors[name]
		if t == nil {
			return nil, fmt.Errorf("no tensor %q", name)
		}
		if len(want) == 2 && want[0] < 0 && len(t.Shape) == 2 {
			want[0] = t.Shape[0]
		}
		if !t.Shape.Equal(want) {
			return nil, fmt.Errorf("tensor %q has shape %v, want %v", name, t.Shape, want)
		}
		return t.Data, nil
	}
	nearest, err := get("nearest468", points)
	if err != nil {
		return nil, err
	}
	quads, err := get("quads", -1, 4)
	if err != nil {
		return nil, err
	}
	vertex := func(v float32) (int, error) {
		if !(v >= 0 && v < float32(n)) {
			return 0, fmt.Errorf("vertex %g of %d", v, n)
		}
		return int(v), nil
	}
	// A point takes the mean of its vertex and those that share a face with it: one
	// vertex alone jumps from point to point.
	at := make(map[int]int, points)
	var near [points][]int
	for i, v := range nearest {
		k, err := vertex(v)
		if err != nil {
			return nil, err
		}
		at[k]++
		near[i] = append(near[i], k)
	}
	ring := make(map[int]map[int]bool, len(at))
	for q := 0; q+4 <= len(quads); q += 4 {
		for i := range 4 {
			a, err := vertex(quads[q+i])
			if err != nil {
				return nil, err
			}
			if at[a] == 0 {
				continue
			}
			if ring[a] == nil {
				ring[a] = map[int]bool{}
			}
			for j := range 4 {
				b, err := vertex(quads[q+j])
				if err != nil {
					return nil, err
				}
				if b != a {
					ring[a][b] = true
				}
			}
		}
	}
	sample := func(data []float32) (m mesh) {
		for i := range m {
			v := near[i][0]
			for c := range 3 {
				sum, weight := 0., 0.
				for _, b := range sorted(ring[v]) {
					sum += float64(data[3*b+c])
					weight++
				}
				m[i][c] = float64(data[3*v+c])
				if weight > 0 {
					m[i][c] = .5*m[i][c] + .5*sum/weight
				}
			}
		}
		return m
	}
	s := &Shapes{}
	for i := range s.rest { // the mean face is where the vertices are
		v := near[i][0]
		for c := range 3 {
			s.rest[i][c] = float64(neutral.Data[3*v+c])
		}
	}
	if s.mirror, err = mirrorOf(f, get); err != nil {
		return nil, err
	}
	s.rest = s.even(s.rest)
	for a, recipe := range recipes {
		for _, p := range recipe {
			names := []string{p.name}
			if p.both {
				names = []string{p.name + "_L", p.name + "_R"}
			}
			for _, name := range names {
				data, err := get("shape."+name, n, 3)
				if err != nil {
					return nil, err
				}
				m := sample(data)
				s.action[a].add(&m, p.share)
			}
		}
		s.action[a] = s.even(s.action[a])
	}
	return s, nil
}

// mirrorOf pairs the points of the two halves: those nearest to each other's
// mirror image in the mean mesh, in the order of their distance.
func mirrorOf(f *model.File, get func(string, ...int) ([]float32, error)) (pair [points]uint16, err error) {
	data, err := get("canonical468", points, 3)
	if err != nil {
		return pair, err
	}
	return pairs(func(i int) [3]float64 {
		return [3]float64{float64(data[3*i]), float64(data[3*i+1]), float64(data[3*i+2])}
	}), nil
}

func pairs(at func(i int) [3]float64) (pair [points]uint16) {
	// Parts of the mesh that are known to be pairs help where points are dense.
	const none = math.MaxUint16
	for i := range pair {
		pair[i] = none
	}
	set := func(a, b int) { pair[a], pair[b] = uint16(b), uint16(a) }
	for k := range face.RightEye {
		set(face.RightEye[k], face.LeftEye[k])
	}
	for k := range face.RightBrow {
		set(face.RightBrow[k], face.LeftBrow[k])
	}
	for k := range 11 { // both run from one corner to the other along the lower lip
		set(face.LipsOuter[k], face.LipsOuter[10-k])
		set(face.LipsInner[k], face.LipsInner[10-k])
	}
	for k := range 9 {
		set(face.LipsOuter[11+k], face.LipsOuter[19-k])
		set(face.LipsInner[11+k], face.LipsInner[19-k])
	}
	for k := range face.Oval {
		set(face.Oval[k], face.Oval[(36-k)%36])
	}
	type candidate struct {
		d    float64
		i, j int
	}
	var all []candidate
	for i := range points {
		for j := range i + 1 {
			a, b := at(i), at(j)
			dx, dy, dz := a[0]+b[0], a[1]-b[1], a[2]-b[2]
			all = append(all, candidate{dx*dx + dy*dy + dz*dz, i, j})
		}
	}
	sortBy(all, func(a, b candidate) bool {
		if a.d != b.d {
			return a.d < b.d
		}
		return a.i*points+a.j < b.i*points+b.j
	})
	for _, c := range all {
		if pair[c.i] == none && pair[c.j] == none {
			set(c.i, c.j)
		}
	}
	return pair
}

// even returns m made symmetric.
func (s *Shapes) even(m mesh) (out mesh) {
	for i := range m {
		o := m[s.mirror[i]]
		out[i] = [3]float64{(m[i][0] - o[0]) / 2, (m[i][1] + o[1]) / 2, (m[i][2] + o[2]) / 2}
	}
	return out
}

func (m *mesh) add(o *mesh, k float64) {
	for i := range m {
		for c := range 3 {
			m[i][c] += k * o[i][c]
		}
	}
}
