package train

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/shared/device"
	"mien/shared/device/cpu"
	"mien/shared/plan"
)

// poisoned is a device that is given a picture with a NaN in some of its runs.
type poisoned struct {
	device.Device
	runs   int
	poison func(run int) bool
}

type poisonedProgram struct {
	device.Program
	d *poisoned
}

func (d *poisoned) Compile(p *plan.Plan) (device.Program, error) {
	program, err := d.Device.Compile(p)
	if p.Find("gen.hyper") < 0 { // a sample sheet's, not a training step's
		return program, err
	}
	return &poisonedProgram{program, d}, err
}

func (p *poisonedProgram) Write(name string, data []float32) error {
	if name == "photo" {
		p.d.runs++
		if p.d.poison(p.d.runs) {
			data = append([]float32(nil), data...)
			data[7] = float32(math.NaN())
		}
	}
	return p.Program.Write(name, data)
}

// trainPoisoned trains and returns the warnings.
func trainPoisoned(t *testing.T, c Config, poison func(run int) bool) (Result, []string, error) {
	t.Helper()
	var texts []string
	c.Device = &poisoned{Device: cpu.New(), poison: poison}
	c.Progress = func(e runlog.Entry) {
		if e.Kind == runlog.Warn {
			texts = append(texts, e.Text)
		}
	}
	r, err := Run(context.Background(), c)
	return r, texts, err
}

// sound checks that the weights at path are finite: the gate refuses others.
func sound(t *testing.T, path string) {
	t.Helper()
	if _, _, err := load(path); err != nil {
		t.Error(err)
	}
}

// Promise R6, in four tests.
func TestOneBadStepIsSkipped(t *testing.T) {
	r, texts, err := trainPoisoned(t, small(t.TempDir()), func(run int) bool { return run == 3 })
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) != 1 || !strings.Contains(texts[0], "not finite") {
		t.Errorf("warnings %q, want one of a step that is not finite", texts)
	}
	if r.Step != 8 {
		t.Errorf("ended at step %d, want 8", r.Step)
	}
	sound(t, r.Weights)
}

func TestThreeBadStepsGoBackAtHalfTheRate(t *testing.T) {
	c := small(t.TempDir())
	c.Save = time.Nanosecond
	r, texts, err := trainPoisoned(t, c, func(run int) bool { return run >= 6 && run < 9 })
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(texts, "\n")
	if strings.Count(all, "not finite") != 3 || strings.Count(all, "half the rate") != 1 {
		t.Errorf("warnings %q, want three bad steps and one way back", texts)
	}
	sound(t, r.Weights)
}

func TestGoingBackWithoutACheckpointStartsAfresh(t *testing.T) {
	r, texts, err := trainPoisoned(t, small(t.TempDir()), func(run int) bool { return run >= 4 && run < 7 })
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) == 0 || !strings.Contains(texts[len(texts)-1], "back to step 0") {
		t.Errorf("warnings %q, want a last one that went back to step 0", texts)
	}
	sound(t, r.Weights)
}

func TestDivergenceEndsTheRun(t *testing.T) {
	r, texts, err := trainPoisoned(t, small(t.TempDir()), func(run int) bool { return run > 2 })
	if !errors.Is(err, ErrDiverged) {
		t.Errorf("error %v, want ErrDiverged", err)
	}
	if n := strings.Count(strings.Join(texts, "\n"), "half the rate\n"); n != maxHalvings {
		t.Errorf("went back %d times, want %d: %q", n, maxHalvings, texts)
	}
	if r.Weights != "" {
		t.Errorf("left weights %q", r.Weights)
	}
}

// flaky is a file system that refuses to make some checkpoints' files, by the
// number of the try; the first is that of the beginning.
type flaky struct {
	vfs.FS
	tries   *atomic.Int64
	refuses func(try int64) bool
}

func (f flaky) OpenFile(path string, flag int) (vfs.File, error) {
	if strings.HasSuffix(path, ".ckpt"+vfs.TempSuffix) && f.refuses(f.tries.Add(1)) {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	return f.FS.OpenFile(path, flag)
}

// Promise R2, in two tests.
func TestAFailedSaveIsReportedAndTrainingGoesOn(t *testing.T) {
	want := mustRun(t, small(t.TempDir()))
	c := small(t.TempDir())
	c.SaveEvery = 1
	c.fs = flaky{vfs.OS, new(atomic.Int64), func(try int64) bool { return try == 2 || try == 3 }}
	var log strings.Builder
	c.Log = &log
	got := mustRun(t, c)
	if got.SHA256 != want.SHA256 {
		t.Error("the weights differ from those of a run on a sound disk")
	}
	if n := strings.Count(log.String(), "warning: "); n != 2 {
		t.Errorf("%d warnings, want 2:\n%s", n, log.String())
	}
}

func TestADiskThatStaysBrokenEndsTheRun(t *testing.T) {
	config := func() Config {
		c := small(t.TempDir())
		c.Steps, c.SaveEvery = 40, 1
		return c
	}
	c, last := config(), 0
	c.fs = flaky{vfs.OS, new(atomic.Int64), func(try int64) bool { return try > 2 }}
	c.Progress = func(e runlog.Entry) { last = e.Step }
	if _, err := Run(context.Background(), c); !errors.Is(err, ErrDisk) || last == c.Steps {
		t.Fatalf("at step %d: error %v, want ErrDisk before the end", last, err)
	}
	c.Progress, c.Resume, c.fs = nil, true, nil
	if got, want := mustRun(t, c), mustRun(t, config()); got.SHA256 != want.SHA256 {
		t.Error("the resumed run's weights differ from those of a run on a sound disk")
	}
}

// TestCriticStepsMoveTheCriticAlone: with d_g_ratio 2 the generator moves in
// every second step, the critic in each.
func TestCriticStepsMoveTheCriticAlone(t *testing.T) {
	p, err := Find("tiny-wgan")
	if err != nil {
		t.Fatal(err)
	}
	p.Batch = 2
	source, err := openSource(context.Background(), Config{Data: "synth", Seed: 1, TrainSize: 16}, p.Size(), p.Labels)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEngine(cpu.New(), p, p.Phases[0], nil, 1, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	states := func() map[string][]float32 {
		t.Helper()
		s := map[string][]float32{}
		if err := e.states(s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	f := &feed{preset: p, picker: newPicker(source, 1, p)}
	before := states()
	for step := range 4 {
		f.wants = e.machine(step).wants()
		in, err := f.inputs(step)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.run(context.Background(), step, 1e-3, in); err != nil {
			t.Fatal(err)
		}
		after := states()
		for name, moves := range map[string]bool{
			"gen.stem.w": step%2 == 1, "ema/gen.stem.w": step%2 == 1,
			"critic.conv0.w": true, "m/critic.conv0.w": true,
		} {
			if before[name] == nil {
				t.Fatalf("no state %q", name)
			}
			if moved := !slices.Equal(before[name], after[name]); moved != moves {
				t.Errorf("step %d: %s moved: %v, want %v", step, name, moved, moves)
			}
		}
		before = after
	}
}
