package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mien/native/internal/runlog"
	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/plan"
)

// TestLossesAreComparedWithTheirPast on recorded runs of a few faces a step,
// where losses jump most: sound ones stay far from what sends a run back, and
// those at a rate of 1 do not.
func TestLossesAreComparedWithTheirPast(t *testing.T) {
	b, err := os.ReadFile("testdata/losses.json")
	if err != nil {
		t.Fatal(err)
	}
	var runs []struct {
		Run      string
		Diverges bool
		Phases   []struct {
			Phase  string
			Losses []map[string]float64
		}
	}
	if err := json.Unmarshal(b, &runs); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		var w watch
		worst, of := 0., ""
		for _, p := range r.Phases {
			for i, losses := range p.Losses {
				if name, times := w.add(p.Phase, losses); times > worst {
					worst, of = times, fmt.Sprintf("%s of step %d of %s", name, i+1, p.Phase)
				}
			}
		}
		if r.Diverges != (worst >= diverged) || !r.Diverges && worst > diverged/2 {
			t.Errorf("%s: at most %.1f times its past (%s), diverges: %v", r.Run, worst, of, r.Diverges)
		}
	}
	if len(runs) < 15 {
		t.Errorf("%d runs", len(runs))
	}
}

// TestWhatCountsAsDivergence: swings around zero, single spikes and a slow rise
// do not, a rise that stays does.
func TestWhatCountsAsDivergence(t *testing.T) {
	for name, c := range map[string]struct {
		loss func(step int) float64
		back bool
	}{
		"around zero":      {func(step int) float64 { return 3 * math.Sin(float64(step)) }, false},
		"next to zero":     {func(step int) float64 { return math.Exp(-float64(step)) + .01*float64(step%3) }, false},
		"spikes":           {func(step int) float64 { return 1 + 1e6*float64(step%9/8) }, false},
		"a slow rise":      {func(step int) float64 { return 1 + float64(step)/10 }, false},
		"ten times":        {func(step int) float64 { return 2 + 18*float64(min(step/100, 1)) }, false},
		"a fall":           {func(step int) float64 { return 1e4 / float64(step+1) }, false},
		"thirty times":     {func(step int) float64 { return 2 + 58*float64(min(step/100, 1)) }, true},
		"as far below":     {func(step int) float64 { return 2 - 62*float64(min(step/100, 1)) }, true},
		"doubles every 20": {func(step int) float64 { return math.Exp2(float64(step) / 20) }, true},
		"from the start":   {func(step int) float64 { return math.Pow(10, float64(min(step, 6))) }, true},
	} {
		var w watch
		back := false
		for step := range 1500 {
			if _, times := w.add("p", map[string]float64{"critic": c.loss(step), "penalty": c.loss(step) * c.loss(step)}); times >= diverged {
				back = true
			}
		}
		if back != c.back {
			t.Errorf("%s: goes back: %v, want %v", name, back, c.back)
		}
		if n := len(w.Past["critic"]); n != pastSteps+recentSteps {
			t.Errorf("%s: keeps %d steps", name, n)
		}
	}
	var w watch
	for step := range 20 {
		phase := "quiet"
		if step >= 10 {
			phase = "loud" // with losses that weigh more
		}
		if _, times := w.add(phase, map[string]float64{"generator": 1 + 1e4*float64(step/10)}); times >= diverged {
			t.Errorf("step %d: a phase is compared with the one before", step)
		}
	}
}

// loud is a device on which a generator's loss is a thousandfold from a run on.
type loud struct {
	device.Device
	runs, from int
}

type loudProgram struct {
	device.Program
	d *loud
}

func (d *loud) Compile(p *plan.Plan) (device.Program, error) {
	program, err := d.Device.Compile(p)
	return &loudProgram{program, d}, err
}

func (p *loudProgram) Read(name string, dst []float32) error {
	err := p.Program.Read(name, dst)
	if name == "generator" {
		if p.d.runs++; p.d.runs >= p.d.from {
			dst[0] *= 1000
		}
	}
	return err
}

// TestDivergenceBelowInfinityGoesBack: a run whose losses grow a thousandfold
// and stay finite is no success. It goes back three times, then ends with the
// weights of where it went back to.
func TestDivergenceBelowInfinityGoesBack(t *testing.T) {
	c := small(t.TempDir())
	c.Steps, c.Every, c.SaveEvery, c.Device = 40, 2, 2, &loud{Device: cpu.New(), from: 12}
	var texts []string
	var last runlog.Entry
	c.Progress = func(e runlog.Entry) {
		switch e.Kind {
		case runlog.Warn:
			texts = append(texts, e.Text)
		case runlog.Weights:
			last = e
		}
	}
	r, err := Run(context.Background(), c)
	all := strings.Join(texts, "\n")
	if !errors.Is(err, ErrDiverged) || strings.Count(all, "times its past: went back") != maxHalvings {
		t.Fatalf("error %v after\n%s", err, all)
	}
	if r.Step == 0 || r.SHA256 != last.SHA256 || r.Step != last.Step {
		t.Errorf("ends with the weights of step %d, %.8s, published last are those of %d, %.8s", r.Step, r.SHA256, last.Step, last.SHA256)
	}
	sound(t, r.Weights)
	// No later ones are left for someone to take.
	left, err := filepath.Glob(filepath.Join(c.Out, "weights", "*"))
	if err != nil || len(left) == 0 || left[len(left)-1] != r.Weights {
		t.Errorf("left %q, %v, want %s last", left, err, r.Weights)
	}
	steps := 0
	if err := runlog.Read(filepath.Join(c.Out, logName), func(e runlog.Entry) {
		if e.Kind == runlog.Step {
			steps++
		}
	}); err != nil || steps != r.Step {
		t.Errorf("the log tells of %d steps, %v, want %d", steps, err, r.Step)
	}
}

// TestWeightsThatNoTrainingLeavesAreDivergence: at a rate of 1 weights leave
// every bound before losses do. None are published.
func TestWeightsThatNoTrainingLeavesAreDivergence(t *testing.T) {
	rate, beta, weight := 1., 0., 1e4
	c := small(t.TempDir())
	c.Steps, c.Every = 30, 2
	c.Override = Override{Rate: &rate, Beta2: &beta, LambdaCL: &weight}
	r, err := Run(context.Background(), c)
	if !errors.Is(err, ErrDiverged) {
		t.Errorf("error %v, want ErrDiverged", err)
	}
	if r.Weights != "" {
		sound(t, r.Weights)
	}
	for _, path := range must(filepath.Glob(filepath.Join(c.Out, "weights", "*"))) {
		f, _, err := load(path)
		if err == nil {
			err = f.CheckWeights()
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestHalvingsOutliveAStop: a run that went back and is stopped goes on at half
// the rate, to the bytes of one that was not stopped.
func TestHalvingsOutliveAStop(t *testing.T) {
	config := func() Config {
		c := small(t.TempDir())
		c.SaveEvery, c.Steps = 2, 5 // all in one phase
		return c
	}
	bad := func(run int) bool { return run >= 2 && run < 5 }
	want, texts, err := trainPoisoned(t, config(), bad)
	if err != nil || !strings.Contains(strings.Join(texts, "\n"), "half the rate") {
		t.Fatalf("%v, %q", err, texts)
	}
	c := config()
	ctx, cancel := context.WithCancel(context.Background())
	c.Device = &poisoned{Device: cpu.New(), poison: bad}
	c.Progress = func(e runlog.Entry) {
		if strings.Contains(e.Text, "half the rate") {
			cancel()
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	c.Device, c.Progress, c.Resume = nil, nil, true
	if got := mustRun(t, c).SHA256; got != want.SHA256 {
		t.Errorf("weights %s, want %s", got, want.SHA256)
	}
	if got := mustRun(t, config()).SHA256; got == want.SHA256 {
		t.Error("half the rate changes nothing: the test shows nothing")
	}
}
