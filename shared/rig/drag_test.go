package rig

import (
	"math"
	"testing"

	"mien/shared/au"
)

func TestSolveFindsWhatMoves(t *testing.T) {
	r := shipped(t)
	s := r.Subject(head(r, 0, 0, 0))
	for _, a := range []int{au.Index("02"), au12, au.Index("15")} {
		want := s.Move(one(a, 2), one(a, 2))
		var drags []Drag
		points := []int{61, 291, 40, 270}
		if a == 1 {
			points = []int{105, 334, 70, 300}
		}
		for _, p := range points {
			drags = append(drags, Drag{p, float64(want[p][0]), float64(want[p][1])})
		}
		l, o, err := s.Solve(drags, true)
		if err != nil {
			t.Fatal(err)
		}
		if l != o {
			t.Error("both sides differ")
		}
		m := s.Move(l, o)
		var asked, off float64
		for _, d := range drags {
			asked += math.Hypot(float64(want[d.Point][0]-s.mesh[d.Point][0]), float64(want[d.Point][1]-s.mesh[d.Point][1]))
			off += math.Hypot(float64(m[d.Point][0])-d.X, float64(m[d.Point][1])-d.Y)
		}
		if off > .3*asked {
			t.Errorf("AU%s: points are %.2f pixels from where they were dragged, by %.2f", au.Units[a].Code, off, asked)
		}
		count := 0
		for _, v := range l {
			if v != 0 {
				count++
			}
		}
		if count > 5 {
			t.Errorf("AU%s: %d Action Units for one: %v", au.Units[a].Code, count, l)
		}
	}
}

func TestSolveOneSide(t *testing.T) {
	r := shipped(t)
	s := r.Subject(head(r, 0, 0, 0))
	want := s.Move(one(au12, 3), au.Vector{})
	l, o, err := s.Solve([]Drag{{61, float64(want[61][0]), float64(want[61][1])}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if l.IsZero() || !o.IsZero() {
		t.Errorf("a corner of the picture's left half dragged: left %v, right %v", l, o)
	}
}

func TestSolveRefuses(t *testing.T) {
	s := shipped(t).Subject(head(shipped(t), 0, 0, 0))
	for what, d := range map[string][]Drag{
		"none": nil, "many": make([]Drag, maxDrags+1), "point": {{Points, 0, 0}}, "negative": {{-1, 0, 0}},
		"far": {{3, 1e9, 0}}, "nan": {{3, math.NaN(), 0}},
	} {
		if _, _, err := s.Solve(d, true); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestGazeStaysInTheEye(t *testing.T) {
	r := shipped(t)
	s := r.Subject(head(r, .2, 0, 0))
	m := s.Mesh()
	right := s.Gaze(m, .3, 0)
	up := s.Gaze(m, 0, .3)
	far := s.Gaze(m, 9, 0)
	for e, i := range []int{468, 473} {
		if right[i][0] <= m[i][0] || up[i][1] >= m[i][1] {
			t.Errorf("iris at %v looks right from %v, up from %v", m[i], right[i], up[i])
		}
		p := &eyes[e]
		lo, hi := min(m[p.outer][0], m[p.inner][0]), max(m[p.outer][0], m[p.inner][0])
		if x := far[i][0]; x < lo || x > hi {
			t.Errorf("iris at %.1f, its eye ends at %.1f and %.1f", x, lo, hi)
		}
	}
}

func TestTurnTurnsTheHead(t *testing.T) {
	r := shipped(t)
	s := r.Subject(head(r, .1, 0, 0))
	m := s.Turn(s.Mesh(), .2, .1, -.15)
	p := r.Pose(&m)
	was := s.pose
	y0, p0, _ := was.Angles()
	y1, p1, _ := p.Angles()
	if y1-y0 < .15 || p1-p0 < .05 || math.Abs(p.Scale-was.Scale) > .02 {
		t.Errorf("yaw %.2f to %.2f, pitch %.2f to %.2f, scale %.2f to %.2f", y0, y1, p0, p1, was.Scale, p.Scale)
	}
}

func TestJawCarriesTheChin(t *testing.T) {
	r := shipped(t)
	s := r.Subject(head(r, .2, .1, .1))
	still := s.Jaw(au.Vector{}, au.Vector{})
	at := [3]float64(wide(s.mesh[152]))
	if v := vec(still.Apply(at)).sub(at).length(); v > 1e-6 {
		t.Errorf("a jaw that nothing is asked of moves the chin by %g pixels", v)
	}
	d := one(au26, 4)
	jaw := s.Jaw(d, d)
	m := s.Move(d, d)
	want, got := wide(m[152]).sub(at), vec(jaw.Apply(at)).sub(at)
	if got.sub(want).length() > .35*want.length() {
		t.Errorf("the chin goes by %.1f, the jaw carries it by %.1f", want, got)
	}
}

func BenchmarkSubject(b *testing.B) {
	r := shipped(b)
	m := head(r, .2, 0, 0, 1, -1, .5)
	b.ReportAllocs()
	for range b.N {
		r.Subject(m)
	}
}

func BenchmarkMove(b *testing.B) {
	r := shipped(b)
	s := r.Subject(head(r, .2, 0, 0))
	d := one(au12, 2).Add(one(au26, 2)).Add(one(au45, 2))
	b.ReportAllocs()
	for range b.N {
		s.Move(d, d)
	}
}
