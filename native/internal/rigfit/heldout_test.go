package rigfit

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/rig"
	"mien/weights"
)

// privateData is where the private faces lie, from this folder.
const privateData = "../../../../shared/data"

// truthDepth brings the depth of the held-out truth, which is in the unit of the
// network's input, to pixels of the crop.
const truthDepth = .7

func shipped(t testing.TB) *rig.Rig {
	t.Helper()
	b, err := weights.Shipped(model.KindRig)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rig.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// held returns the held-out faces with their meshes, or skips.
func held(t *testing.T) []*sample {
	t.Helper()
	meshFolder, faces := filepath.Join(privateData, "mesh"), filepath.Join(privateData, "test_faces")
	if _, err := os.Stat(filepath.Join(meshFolder, "heldout.safetensors")); err != nil {
		t.Skip("the private held-out faces are not there: ", err)
	}
	d, err := dataset.Open(context.Background(), faces, dataset.Options{Size: PictureSize, Memory: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	table := OpenMeshes(faces, meshFolder)
	all := gather(table.With(d.Train))
	if err := table.Err(); err != nil || len(all) < 500 {
		t.Fatalf("%d held-out meshes, %v", len(all), err)
	}
	for _, s := range all {
		for i := range s.mesh {
			s.mesh[i][2] *= truthDepth
		}
	}
	return all
}

func span(m *face.Mesh, i, j int) float64 {
	return math.Hypot(float64(m[i][0]-m[j][0]), float64(m[i][1]-m[j][1]))
}

func only(code string, v float32) (x au.Vector) {
	x[au.Index(code)] = v
	return x
}

// TestHeldOutFaces asks real faces that the fit never saw for what geometry alone
// can promise.
func TestHeldOutFaces(t *testing.T) {
	r := shipped(t)
	var eyes, closed, mouths, open, sides, apart int
	for _, s := range held(t) {
		subject := r.Subject(*s.mesh)
		blink := subject.Move(only("45", 5), only("45", 5))
		for _, e := range [][4]int{{159, 145, 33, 133}, {386, 374, 263, 362}} {
			if span(s.mesh, e[0], e[1]) < .1*span(s.mesh, e[2], e[3]) {
				continue // closed already
			}
			eyes++
			if span(&blink, e[0], e[1]) <= .08*span(&blink, e[2], e[3]) {
				closed++
			}
		}
		drop := subject.Move(only("26", 5), only("26", 5))
		mouths++
		if span(&drop, 13, 14) >= .5*span(&drop, 61, 291) {
			open++
		}
		pose := subject.Pose()
		for _, half := range []struct{ left, right, own, other float32 }{{1, 0, 0, 0}, {0, 1, 0, 0}} {
			d := only("12", 3).Add(only("02", 3)).Add(only("45", 3))
			var l, o au.Vector
			if half.left > 0 {
				l = d
			} else {
				o = d
			}
			m := subject.Move(l, o)
			var moved [2]float64
			rest := r.Rest()
			for i := range points {
				if math.Abs(float64(rest[i][0])) < 1 {
					continue
				}
				side := rig.Left
				if rest[i][0] > 0 {
					side = rig.Right
				}
				for c := range 3 {
					v := float64(m[i][c]-s.mesh[i][c]) / pose.Scale
					moved[side] += v * v
				}
			}
			own, other := math.Sqrt(moved[rig.Left]), math.Sqrt(moved[rig.Right])
			if half.right > 0 {
				own, other = other, own
			}
			sides++
			if other < .1*own {
				apart++
			}
		}
	}
	t.Logf("AU45 by 5 closes %d of %d open eyes to .08 of their width; AU26 by 5 opens %d of %d mouths by .5; one side alone leaves the other in %d of %d", closed, eyes, open, mouths, apart, sides)
	if float64(closed) < .98*float64(eyes) {
		t.Errorf("AU45 by 5 closes %d of %d eyes, want 98%%", closed, eyes)
	}
	if float64(open) < .98*float64(mouths) {
		t.Errorf("AU26 by 5 opens %d of %d mouths by half of their width, want 98%%", open, mouths)
	}
	if apart != sides {
		t.Errorf("one side alone moves the other by a tenth or more in %d of %d", sides-apart, sides)
	}
}

// TestAnotherPicture moves one picture of a person to the labels of another, and
// looks how much nearer its mesh comes. Labels and poses are noisy: a linear
// regression on the same labels comes no nearer than a fifth (lips).
func TestAnotherPicture(t *testing.T) {
	r := shipped(t)
	all := held(t)
	rows := map[string][]int{
		"lips":  append(append([]int{}, face.LipsOuter[:]...), face.LipsInner[:]...),
		"lids":  append(append([]int{}, face.RightEye[:]...), face.LeftEye[:]...),
		"brows": append(append([]int{}, face.RightBrow[:]...), face.LeftBrow[:]...),
		"jaw":   {152, 148, 377, 176, 400, 149, 378, 150, 379, 136, 365, 172, 397, 199, 175, 200, 18},
	}
	gaps := map[string][2]int{"mouth's opening": {13, 14}, "left eye's opening": {159, 145}, "right eye's opening": {386, 374}}
	people := map[string][]*sample{}
	subjects := map[*sample]*rig.Subject{}
	for _, s := range all {
		people[s.who] = append(people[s.who], s)
		subjects[s] = r.Subject(*s.mesh)
	}
	names := make([]string, 0, len(people))
	for who := range people {
		names = append(names, who)
	}
	sort.Strings(names)
	was, is := map[string]float64{}, map[string]float64{}
	pairs := 0
	still := r.Parts().Still
	for _, who := range names {
		for _, from := range people[who] {
			for _, to := range people[who] {
				if from == to {
					continue
				}
				p, q := subjects[from].Pose(), subjects[to].Pose()
				y0, p0, _ := p.Angles()
				y1, p1, _ := q.Angles()
				if math.Abs(y0-y1) > .2 || math.Abs(p0-p1) > .2 || math.Abs(y0) > .6 {
					continue
				}
				pairs++
				left, right := subjects[from].Reading()
				moved := subjects[from].Move(to.labels.Sub(left), to.labels.Sub(right))
				var model [points][3]float32
				place := func(m *face.Mesh, p *rig.Pose, i int) [3]float64 {
					return p.Read([3]float64{float64(m[i][0]), float64(m[i][1]), float64(m[i][2])})
				}
				for i := range model {
					for c, v := range place(from.mesh, &p, i) {
						model[i][c] = float32(v)
					}
				}
				q = rig.FitPose(&model, to.mesh, &still)
				for name, row := range rows {
					for _, i := range row {
						want, a, b := place(to.mesh, &q, i), place(from.mesh, &p, i), place(&moved, &p, i)
						was[name] += math.Hypot(a[0]-want[0], a[1]-want[1]) / float64(len(row))
						is[name] += math.Hypot(b[0]-want[0], b[1]-want[1]) / float64(len(row))
					}
				}
				for name, g := range gaps {
					gap := func(m *face.Mesh, p *rig.Pose) float64 { return place(m, p, g[0])[1] - place(m, p, g[1])[1] }
					was[name] += math.Abs(gap(from.mesh, &p) - gap(to.mesh, &q))
					is[name] += math.Abs(gap(&moved, &p) - gap(to.mesh, &q))
				}
			}
		}
	}
	for _, w := range []struct {
		name string
		most float64 // of the distance before
	}{{"lips", .85}, {"lids", 1.04}, {"brows", 1}, {"jaw", 1}, {"mouth's opening", .75}, {"left eye's opening", 1}, {"right eye's opening", 1}} {
		part := is[w.name] / was[w.name]
		t.Logf("%s: %.3f cm to %.3f (%+.0f%%), %d pairs", w.name, was[w.name]/float64(pairs), is[w.name]/float64(pairs), 100*(part-1), pairs)
		if part > w.most {
			t.Errorf("%s: %.2f of the distance is left, want at most %.2f", w.name, part, w.most)
		}
	}
}
