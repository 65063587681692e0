package rig

import (
	"math"
	"os"
	"strings"
	"testing"

	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/model"
)

// shipped returns the rig of this version.
func shipped(t testing.TB) *Rig {
	t.Helper()
	b, err := os.ReadFile("../../weights/rig.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// head is a face as a rig sees it in a photo, 12 pixels a centimetre, turned,
// with the irises in the middle of the eyes.
func head(r *Rig, yaw, pitch, roll float64, of ...float64) face.Mesh {
	p := Pose{Scale: 12, Turn: turned(yaw, pitch, roll), Shift: [3]float64{300, -310, 5}}
	skin := r.rest
	for k, v := range of {
		for i := range skin {
			skin[i] = skin[i].add(r.design[k][i].times(v))
		}
	}
	return show(&p, &skin)
}

func show(p *Pose, skin *[Points]vec) (m face.Mesh) {
	for i, q := range skin {
		for c, v := range p.Show(q) {
			m[i][c] = float32(v)
		}
	}
	for e, iris := range [2][face.IrisPoints]int{face.RightIris, face.LeftIris} {
		o, i := wide(m[eyes[e].outer]), wide(m[eyes[e].inner])
		for k, j := range iris {
			at := o.add(i).times(.5)
			if k > 0 {
				at[(k-1)%2] += 5 * float64(1-(k-1)/2*2)
			}
			m[j] = [3]float32{float32(at[0]), float32(at[1]), float32(at[2])}
		}
	}
	return m
}

// one is a change of one Action Unit.
func one(a int, v float32) (x au.Vector) {
	x[a] = v
	return x
}

// openness is the opening of an eye over its width, in the picture.
func openness(m *face.Mesh, e int) float64 {
	p := &eyes[e]
	return far(m, p.upper[3], p.lower[3]) / far(m, p.outer, p.inner)
}

// gape is the opening of the mouth over its width.
func gape(m *face.Mesh) float64 { return far(m, 13, 14) / far(m, 61, 291) }

func far(m *face.Mesh, i, j int) float64 {
	return math.Hypot(float64(m[i][0]-m[j][0]), float64(m[i][1]-m[j][1]))
}

var turns = [][3]float64{{}, {.4, 0, 0}, {-.5, .2, .3}, {.1, -.3, -.4}}

func TestNothingAskedMovesNothing(t *testing.T) {
	r := shipped(t)
	m := head(r, .3, .1, .2)
	s := r.Subject(m)
	if s.Move(au.Vector{}, au.Vector{}) != m || s.Turn(m, 0, 0, 0) != m || s.Gaze(m, 0, 0) != m {
		t.Error("a mesh that nothing is asked of moved")
	}
	nan := float32(math.NaN())
	if s.Move(one(0, nan), one(3, nan)) != m {
		t.Error("a change that is no number moved the mesh")
	}
}

func TestPose(t *testing.T) {
	r := shipped(t)
	for _, a := range turns {
		m := head(r, a[0], a[1], a[2])
		p := r.Pose(&m)
		yaw, pitch, roll := p.Angles()
		want := Pose{Turn: turned(a[0], a[1], a[2])}
		wy, wp, wr := want.Angles()
		if math.Abs(p.Scale-12) > .01 || math.Abs(yaw-wy)+math.Abs(pitch-wp)+math.Abs(roll-wr) > .001 {
			t.Errorf("turned by %v: scale %.3f, angles %.3f %.3f %.3f, want 12, %.3f %.3f %.3f", a, p.Scale, yaw, pitch, roll, wy, wp, wr)
		}
		for _, q := range [][3]float64{{1, 2, 3}, {-4, 0, 9}} {
			back := p.Read(p.Show(q))
			if (vec(back)).sub(q).length() > 1e-9 {
				t.Errorf("%v is read as %v", q, back)
			}
		}
	}
	// The directions, by themselves.
	p := Pose{Scale: 1, Turn: turned(.3, 0, 0)}
	if at := p.Show([3]float64{0, 0, 1}); at[0] < .2 {
		t.Errorf("yaw to the picture's right looks to %v", at)
	}
	p.Turn = turned(0, .3, 0)
	if at := p.Show([3]float64{0, 0, 1}); at[1] > -.2 {
		t.Errorf("pitch up looks to %v, y points down", at)
	}
	p.Turn = turned(0, 0, .3)
	if at := p.Show([3]float64{0, 1, 0}); at[0] < .2 {
		t.Errorf("a head rolled clockwise has its top at %v", at)
	}
}

func TestBlinkClosesEveryEye(t *testing.T) {
	r := shipped(t)
	for _, a := range turns {
		for _, first := range []float32{-3, 0, 3, 5} { // wide, narrow
			s := r.Subject(head(r, a[0], a[1], a[2]))
			m := s.Move(one(au05, max(first, 0)).Add(one(au07, max(-first, 0))), au.Vector{})
			s = r.Subject(m)
			m = s.Move(one(au45, 5), one(au45, 5))
			for e := range 2 {
				if o := openness(&m, e); o > .01 {
					t.Errorf("turned by %v, eye %d: opening %.3f of its width after AU45 by 5", a, e, o)
				}
			}
			was := s.Mesh()
			for _, i := range append(face.RightIris[:], face.LeftIris[:]...) {
				if m[i] != was[i] {
					t.Fatalf("iris point %d moved with the lids", i)
				}
			}
		}
	}
}

// TestLidsNeverCross asks for everything at once.
func TestLidsNeverCross(t *testing.T) {
	r := shipped(t)
	s := r.Subject(head(r, .2, .1, 0))
	rng := uint64(7)
	for range 300 {
		var l, o au.Vector
		for a := range l {
			for _, v := range []*au.Vector{&l, &o} {
				rng = rng*6364136223846793005 + 1442695040888963407
				v[a] = float32(rng>>40)/(1<<24)*10 - 5
			}
		}
		m := s.Move(l, o)
		var at [Points]vec
		s.pose.canonical(&m, &at)
		for e := range eyes {
			for k, u := range eyes[e].upper {
				if gap := at[u].sub(at[eyes[e].lower[k]]).dot(s.lidsOpen[e][k].up); gap < -1e-3 {
					t.Fatalf("eye %d, pair %d: lids cross by %.3f cm at %v | %v", e, k, -gap, l, o)
				}
			}
		}
		for k, p := range lips {
			least := min(s.lipsOpen[k], 0)
			if gap := at[p[0]].sub(at[p[1]])[1]; gap < least-1e-3 {
				t.Fatalf("lips cross by %.3f cm at pair %d, %v | %v", least-gap, k, l, o)
			}
		}
	}
}

func TestJawOpensTheMouth(t *testing.T) {
	r := shipped(t)
	for _, a := range turns[:2] {
		m := r.Subject(head(r, a[0], a[1], a[2])).Move(one(au26, 5), one(au26, 5))
		if g := gape(&m); g < .5 {
			t.Errorf("turned by %v: AU26 by 5 opens the mouth by %.2f of its width, want at least .5", a, g)
		}
	}
}

// shut returns a head whose lips touch.
func shut(r *Rig) face.Mesh {
	skin := r.rest
	for _, p := range lips {
		m := skin[p[0]].add(skin[p[1]]).times(.5)
		skin[p[0]], skin[p[1]] = m, m
	}
	return show(&Pose{Scale: 12, Turn: turned(0, 0, 0), Shift: [3]float64{300, -310, 5}}, &skin)
}

func TestClosedMouthStaysClosed(t *testing.T) {
	r := shipped(t)
	s := r.Subject(shut(r))
	for a, u := range au.Units {
		m := s.Move(one(a, 5), one(a, 5))
		g := gape(&m)
		if !isParting(a) && g > .01 {
			t.Errorf("AU%s by 5 opens a closed mouth by %.3f of its width", u.Code, g)
		}
		if (a == au25 || a == au26) && g < .1 {
			t.Errorf("AU%s by 5 opens a closed mouth by only %.3f of its width", u.Code, g)
		}
	}
}

func TestOneSideAlone(t *testing.T) {
	r := shipped(t)
	s := r.Subject(head(r, 0, 0, 0))
	was := s.Mesh()
	for a, u := range au.Units {
		for side := range 2 {
			d := [2]au.Vector{}
			d[side][a] = 4
			m := s.Move(d[Left], d[Right])
			var moved [2]float64 // squares, of the points beyond the seam
			for i, p := range r.rest {
				half := Left
				if p[0] > 0 {
					half = Right
				}
				if math.Abs(p[0]) < 1 {
					continue
				}
				v := wide(m[i]).sub(wide(was[i]))
				moved[half] += v.dot(v)
			}
			if own, other := math.Sqrt(moved[side]), math.Sqrt(moved[1-side]); other > .1*own || own == 0 {
				t.Errorf("AU%s on side %d: moves its half by %.3f, the other by %.3f", u.Code, side, own, other)
			}
		}
	}
}

// TestTakenBackIsRest moves a face, and has the moved face taken back.
func TestTakenBackIsRest(t *testing.T) {
	r := shipped(t)
	for _, d := range []au.Vector{one(au12, 3).Add(one(au06, 2)), one(au26, 4).Add(one(au25, 2)), one(1, 3)} {
		m := r.Subject(head(r, .1, 0, 0)).Move(d, d)
		s := r.Subject(m)
		left, right := s.Reading()
		for a, v := range d {
			if got := (left[a] + right[a]) / 2; v > 2.5 && math.Abs(float64(got-v)) > 1.5 {
				t.Errorf("AU%s moved by %g is read as %.2f", au.Units[a].Code, v, got)
			}
		}
		rest := s.Rest()
		least := one(0, -5)
		for a := range least {
			least[a] = -5
		}
		if s.Move(least, least) != rest {
			t.Error("taking back more than is shown goes beyond rest")
		}
		again := r.Subject(rest)
		l, o := again.Reading()
		for _, a := range []int{au06, au12, au25, au26} {
			if l[a] > 1 || o[a] > 1 {
				t.Errorf("%v taken back: AU%s is still read as %.2f, %.2f", d, au.Units[a].Code, l[a], o[a])
			}
		}
	}
}

func TestFileHoldsTheRig(t *testing.T) {
	r := shipped(t)
	b, err := r.Pack("a licence", "a source").Encode()
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	m := head(r, .1, .1, 0)
	d := one(au12, 2).Add(one(au26, 1))
	if again.Subject(m).Move(d, d) != r.Subject(m).Move(d, d) {
		t.Error("a rig that was written moves a face otherwise")
	}
}

func TestLoadRefuses(t *testing.T) {
	r := shipped(t)
	for want, change := range map[string]func(f *model.File){
		"mien.kind":     func(f *model.File) { f.Meta[keyKind] = "cat" },
		"action units":  func(f *model.File) { f.Meta[keyAUs] = "01 02" },
		`no tensor`:     func(f *model.File) { delete(f.Tensors, "motion") },
		"has shape":     func(f *model.File) { f.Tensors["rest"].Shape = []int{3, Points} },
		"know 8":        func(f *model.File) { f.Tensors["more"] = f.Tensors["rest"] },
		"rest point 7":  func(f *model.File) { f.Tensors["rest"].Data[3*7] = 1e9 },
		"unit 01":       func(f *model.File) { f.Tensors["motion"].Data[5] = 11 },
		"identity 1":    func(f *model.File) { f.Tensors["identity"].Data[3*Points+9] = -11 },
		"noise":         func(f *model.File) { f.Tensors["noise"].Data[3] = 0 },
		"pose weight":   func(f *model.File) { f.Tensors["still"].Data[3] = -1 },
		"want at least": func(f *model.File) { clear(f.Tensors["still"].Data) },
		"intensity":     func(f *model.File) { f.Tensors["usual"].Data[3] = 0 },
		"curve":         func(f *model.File) { f.Tensors["curve"].Data[3] = -1 },
		"whole number":  func(f *model.File) { f.Tensors["mirror"].Data[3] = 1.5 },
		"its pair":      func(f *model.File) { f.Tensors["mirror"].Data[33] = 5 },
		"eyes": func(f *model.File) {
			copy(f.Tensors["rest"].Data[3*159:3*160], f.Tensors["rest"].Data[3*145:])
			shutEyes(f)
		},
		"left to right": func(f *model.File) { f.Tensors["rest"].Data[3*13] = 3 },
	} {
		f := r.Pack("", "")
		delete(f.Tensors, "folds")
		change(f)
		if _, err := Load(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// shutEyes brings the lids of a rest mesh together.
func shutEyes(f *model.File) {
	d := f.Tensors["rest"].Data
	for _, e := range eyes {
		for k, u := range e.upper {
			copy(d[3*u:3*u+3], d[3*e.lower[k]:3*e.lower[k]+3])
		}
	}
}

func FuzzLoad(f *testing.F) {
	r := shipped(f)
	b, err := r.Pack("", "").EncodeHalf()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, uint32(9000), byte(3))
	f.Fuzz(func(t *testing.T, b []byte, at uint32, to byte) {
		if len(b) > 0 {
			b = append([]byte(nil), b...)
			b[int(at)%len(b)] = to
		}
		file, err := model.Decode(b)
		if err != nil {
			return
		}
		r, err := Load(file)
		if err != nil {
			return
		}
		m := head(r, .2, 0, 0)
		s := r.Subject(m)
		for i, p := range s.Move(one(au26, 5), one(au45, 5)) {
			for _, v := range p {
				if v-v != 0 {
					t.Fatalf("point %d at %v", i, p)
				}
			}
		}
	})
}
