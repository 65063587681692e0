package eval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"strings"
	"testing"

	"mien/native/internal/dataset"
	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/native/internal/synth"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/weights"
)

// TestScoresAreTheirDefinitions makes faces that move by half of what is asked
// and drag every other AU along by a tenth of that.
func TestScoresAreTheirDefinitions(t *testing.T) {
	var own judged
	for k := range own.slope {
		own.slope[k], own.r[k] = .8, .9
	}
	var results []*result
	for f := range 3 {
		r := &result{still: f, background: .01, cycle: .02, sharp: [2]float64{100, 90}}
		for k := range au.Count {
			for s := range Sweep {
				moved := .5 * Reach * float64(s) / (Sweep - 1)
				for j := range au.Count {
					r.read[k][s][j] = float32(f) // the face's own expression
					if j == k {
						r.read[k][s][j] += float32(moved)
					} else {
						r.read[k][s][j] += float32(moved / 10)
					}
				}
			}
		}
		results = append(results, r)
	}
	var r Report
	r.add(results, own)
	if len(r.Scores) != au.Count || r.Still != 2 || math.Abs(r.Background-.1) > 1e-9 || math.Abs(r.Sharpness-.9) > 1e-9 || math.Abs(r.Cycle-.02) > 1e-9 {
		t.Errorf("%d scores, still %d, background %g, sharpness %g", len(r.Scores), r.Still, r.Background, r.Sharpness)
	}
	for _, s := range r.Scores {
		if math.Abs(s.Gain-.625) > 1e-4 || math.Abs(s.R-1) > 1e-4 || math.Abs(s.Leakage-.1) > 1e-4 || s.JudgeR != .9 ||
			math.Abs(s.MSE-.44297) > 1e-4 { // .375^2 times the mean square change, 3.15
			t.Errorf("%+v: want gain .625, r 1, leakage .1, mse .443", s)
		}
	}
}

func TestJudgeShipped(t *testing.T) {
	faces, err := synth.NewSource(64, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Device: cpu.New(), Judge: shipped(t, model.KindReader), Faces: twins{faces}, Edit: 2, Embedder: untaught(t)}
	subject := Generator(shipped(t, model.KindGenerator), o.Device)
	r, err := Judge(context.Background(), subject, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Still != 0 || r.Background > .03 || r.Cycle == 0 || r.Cycle > .1 || !(r.Sharpness > .3 && r.Sharpness < 3) || len(r.Scores) != au.Count {
		t.Errorf("still %d, background %g, cycle %g, sharpness %g", r.Still, r.Background, r.Cycle, r.Sharpness)
	}
	if i := r.Identity; i == nil || i.Pairs != 4 || i.Accuracy < .5 || !(i.Cosine > .5 && i.Cosine < 1) || i.Distance == 0 || i.Embedder == "" {
		t.Errorf("identity %+v", i)
	}
	prior := r
	prior.Name = "prior"
	var table, markdown bytes.Buffer
	Table(&table, r, prior)
	Markdown(&markdown, r, prior)
	if !strings.Contains(table.String(), "prior gain") || !strings.Contains(markdown.String(), "| 45 |") {
		t.Errorf("tables without AU45 or the prior:\n%s\n%s", table.String(), markdown.String())
	}
	b, err := Sheet(context.Background(), subject, o, 1)
	if err != nil {
		t.Fatal(err)
	}
	if sheet, err := png.Decode(bytes.NewReader(b)); err != nil || sheet.Bounds().Dx() != 64*21 || sheet.Bounds().Dy() != 64*2 {
		t.Errorf("contact sheet %v, %v: want 21 columns and 2 rows of 64 pixels", sheet.Bounds(), err)
	}
	o.Edit = 1
	if _, err := Judge(context.Background(), subject, o); err == nil {
		t.Error("one face is enough")
	}
	o.Edit = 2
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Judge(stopped, subject, o); err == nil {
		t.Error("a cancelled evaluation goes on")
	}
}

// TestTogether has all faces move by half of what is asked, as a judge of slope .8 reads
// it.
func TestTogether(t *testing.T) {
	var own judged
	var made []transfer
	for f := range 4 {
		var m transfer
		for k := range au.Count {
			own.slope[k] = .8
			m.asked[k] = float32(f) - 1
			m.moved[k] = .4 * m.asked[k]
		}
		made = append(made, m)
	}
	got := together(made, own)
	if math.Abs(got.Gain-.5) > 1e-6 || math.Abs(got.MSE-.25*6/4) > 1e-6 { // asked for -1, 0, 1 and 2
		t.Errorf("gain %g and mse %g, want .5 and .375", got.Gain, got.MSE)
	}
}

// TestRealism: one worker and two see the same; too few faces are no set.
func TestRealism(t *testing.T) {
	judge, f := shipped(t, model.KindReader), shipped(t, model.KindGenerator)
	measure := func(faces, workers int) (r Report, err error) {
		o := Options{Device: cpu.New(), Judge: judge}
		if o.Faces, err = synth.NewSource(64, faces, 1); err != nil {
			t.Fatal(err)
		}
		var benches []*bench
		for range workers {
			b, err := newBench(context.Background(), Generator(f, o.Device), o)
			if err != nil {
				t.Fatal(err)
			}
			defer b.close()
			benches = append(benches, b)
		}
		err = realism(context.Background(), benches, o, judged{}, &r)
		return r, err
	}
	one, err := measure(2*leastSet, 1)
	if err != nil {
		t.Fatal(err)
	}
	two, err := measure(2*leastSet, 2)
	if err != nil {
		t.Fatal(err)
	}
	if one.Frechet != two.Frechet || *one.Together != *two.Together || one.Floor <= 0 || one.Frechet <= one.Floor || one.Together.Gain <= 0 {
		t.Errorf("one worker: %+v %+v; two: %+v %+v; want the same, faces that moved and a distance above the floor's", one, one.Together, two, two.Together)
	}
	if _, err := measure(leastSet, 1); !errors.Is(err, errTooFew) {
		t.Errorf("%d faces: %v, want %v", leastSet, err, errTooFew)
	}
}

// TestAgreement: known values of ICC(3,1). Raters that differ by a constant
// agree entirely.
func TestAgreement(t *testing.T) {
	a := []float64{1, 2, 3, 4, 5}
	for _, c := range []struct {
		b    []float64
		want float64
	}{
		{a, 1},
		{[]float64{3, 4, 5, 6, 7}, 1},
		{[]float64{5, 4, 3, 2, 1}, -1},
		{[]float64{2, 4, 6, 8, 10}, .8}, // 2*cov/(var+var) = 2*5/(2.5+10)
	} {
		if got := icc31(a, c.b); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("ICC of %v and %v is %g, want %g", a, c.b, got, c.want)
		}
	}
}

func TestSeparable(t *testing.T) {
	for _, c := range []struct {
		high, low []float64
		want      float64
	}{
		{[]float64{3, 4}, []float64{1, 2}, 1},
		{[]float64{1, 2}, []float64{3, 4}, .5},
		{[]float64{2, 4}, []float64{1, 3}, .75},
	} {
		if got := separable(c.high, c.low); got != c.want {
			t.Errorf("%v above %v: %g, want %g", c.high, c.low, got, c.want)
		}
	}
}

// shipped is the model file of a kind that is shipped.
func shipped(t *testing.T, kind string) *model.File {
	t.Helper()
	b, err := weights.Shipped(kind)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// twins are drawn faces of which two each are said to be one person.
type twins struct{ dataset.Source }

func (s twins) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	img, labels, l, _, err := s.Source.Sample(i)
	return img, labels, l, fmt.Sprint(i / 2), err
}

// untaught is an embedder with the weights that training starts from.
func untaught(t *testing.T) *model.File {
	t.Helper()
	n := net.Embedder{Trunk: net.Reader{Size: 32, Width: 4}, Dim: 8}
	g := graph.New()
	s := net.NewScope(g, "embedder")
	n.Apply(s, g.Input("photo", 1, 32, 32, 3), false, nil)
	f, err := n.Export(model.Info{Preset: "test"}, s.Start(1))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestOnScale: a face that shows all that there is of an Action Unit is asked for no
// more, one that shows some for the rest.
func TestOnScale(t *testing.T) {
	got := onScale(au.Vector{3, 3, 3, -2}, au.Vector{0, 4, 5.5, 1})
	if want := (au.Vector{3, 1, 0, -2}); got != want {
		t.Errorf("asked for %v, want %v", got, want)
	}
}
