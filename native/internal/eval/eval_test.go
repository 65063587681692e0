package eval

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

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
		r := &result{still: f, background: .01, sharp: [2]float64{100, 90}}
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
	if len(r.Scores) != au.Count || r.Still != 2 || math.Abs(r.Background-.1) > 1e-9 || math.Abs(r.Sharpness-.9) > 1e-9 {
		t.Errorf("%d scores, still %d, background %g, sharpness %g", len(r.Scores), r.Still, r.Background, r.Sharpness)
	}
	for _, s := range r.Scores {
		if math.Abs(s.Gain-.625) > 1e-4 || math.Abs(s.R-1) > 1e-4 || math.Abs(s.Leakage-.1) > 1e-4 || s.Judge != .9 {
			t.Errorf("%+v: want gain .625, r 1, leakage .1", s)
		}
	}
}

func TestJudgeShipped(t *testing.T) {
	open := func(kind string) *model.File {
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
	faces, err := synth.NewSource(64, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	generator, reader := open(model.KindGenerator), open(model.KindReader)
	r, err := Judge(context.Background(), cpu.New(), generator, reader, faces, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Still != 0 || r.Background > .02 || !(r.Sharpness > .3 && r.Sharpness < 3) || len(r.Scores) != au.Count {
		t.Errorf("still %d, background %g, sharpness %g", r.Still, r.Background, r.Sharpness)
	}
	var table bytes.Buffer
	r.Table(&table)
	if !strings.Contains(table.String(), "AU45") {
		t.Errorf("table without AU45:\n%s", table.String())
	}
	if _, err := Judge(context.Background(), cpu.New(), generator, reader, faces, 1, nil); err == nil {
		t.Error("one face is enough")
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Judge(stopped, cpu.New(), generator, reader, faces, 2, nil); err == nil {
		t.Error("a cancelled evaluation goes on")
	}
}
