package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/native/internal/vfs/crashtest"
	"mien/shared/device/cpu"
)

// kept is a run that trains nothing: its log, checkpoints and one state, on f.
func kept(t *testing.T, f vfs.FS) *run {
	t.Helper()
	r := &run{config: Config{Out: "/run", Device: cpu.New(), fs: f}, states: map[string][]float32{}}
	if err := r.openFiles(); err != nil {
		t.Fatal(err)
	}
	return r
}

// trainTo logs steps up to n and lets the state say which it is of.
func (r *run) trainTo(n int) {
	for r.at.Step < n {
		r.at.Step++
		r.append(runlog.Entry{Kind: runlog.Step, Step: r.at.Step})
	}
	r.states["gen.w"] = []float32{float32(n)}
}

// logged lists the steps in the log, each of which must be whole.
func logged(t *testing.T, f vfs.FS) (steps []int) {
	t.Helper()
	if err := runlog.ReadOn(f, "/run/"+logName, func(e runlog.Entry) {
		if e.Kind == runlog.Step {
			steps = append(steps, e.Step)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return steps
}

func upTo(n int) (steps []int) {
	for i := range n {
		steps = append(steps, i+1)
	}
	return steps
}

// cutPower makes operation k and all after it fail.
func cutPower(k int) func(op, path string) error {
	var n atomic.Int64 // the log is written while a checkpoint is
	return func(string, string) error {
		if n.Add(1) >= int64(k) {
			return crashtest.ErrInjected
		}
		return nil
	}
}

// TestAPowerCutLosesNothingSaved cuts the power at every file operation of a
// save. What comes back is the generation before or that one, with a log that
// tells of just its steps, and goes on; promise R1.
func TestAPowerCutLosesNothingSaved(t *testing.T) {
	cut := 0
	for _, loss := range crashtest.Losses() {
		for k := 1; k < 45; k++ {
			f := crashtest.New()
			r := kept(t, f)
			for _, n := range []int{10, 20} {
				r.trainTo(n)
				if err := r.saveNow(); err != nil {
					t.Fatal(err)
				}
			}
			f.Before = cutPower(k)
			r.trainTo(30)
			err := r.saveNow()
			if err != nil {
				cut++
			}
			f.Before = nil
			after := f.Crash(loss, uint64(k))
			again := kept(t, after)
			was, loadErr := again.newest()
			if loadErr != nil || was == nil {
				t.Errorf("power cut at operation %d, loss %d: load gives %v", k, loss, loadErr)
				continue
			}
			if n := was.at.Step; n != 30 && (n != 20 || err == nil) {
				t.Errorf("power cut at operation %d, loss %d: load gives step %d after save's %v", k, loss, n, err)
			}
			if err := again.restore(was); err != nil {
				t.Errorf("power cut at operation %d, loss %d: %v", k, loss, err)
			}
			if got := logged(t, after); !slices.Equal(got, upTo(was.at.Step)) {
				t.Errorf("power cut at operation %d, loss %d: step %d, the log tells of %v", k, loss, was.at.Step, got)
			}
			if got := again.states["gen.w"]; got[0] != float32(was.at.Step) {
				t.Errorf("power cut at operation %d, loss %d: step %d with the states of %g", k, loss, was.at.Step, got[0])
			}
			again.trainTo(40)
			if err := again.saveNow(); err != nil {
				t.Errorf("power cut at operation %d, loss %d: the next save: %v", k, loss, err)
			}
		}
	}
	if cut < 4*13 {
		t.Errorf("the power was cut %d times in a save: the test shows little", cut)
	}
}

// TestPowerCutsOfARun cuts the power of whole runs. Each goes on to the bytes
// of one that nothing disturbed.
func TestPowerCutsOfARun(t *testing.T) {
	want := mustRun(t, small(t.TempDir())).SHA256
	for i, k := range []int{3, 25, 60, 95, 150} {
		f, c := crashtest.New(), small(t.TempDir())
		c.fs, c.SaveEvery = f, 1
		f.Before = cutPower(k)
		if _, err := Run(context.Background(), c); err == nil {
			t.Fatalf("%d operations are more than a run has", k)
		}
		c.fs, c.Resume = f.Crash(crashtest.Losses()[i%4], uint64(k)), true
		r, err := Run(context.Background(), c)
		if err != nil || r.SHA256 != want {
			t.Errorf("power cut at operation %d: weights %s, %v, want %s", k, r.SHA256, err, want)
		}
	}
}

// copyFile copies a file of a run directory, if it is there.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// TestACopyOfALiveRunGoesOn copies a run directory while it trains, the log
// before the checkpoints or after them, as cp may.
func TestACopyOfALiveRunGoesOn(t *testing.T) {
	checkpoints := func(from, to string) {
		for _, name := range must(filepath.Glob(filepath.Join(from, "checkpoint", "*"))) {
			copyFile(t, name, filepath.Join(to, "checkpoint", filepath.Base(name)))
		}
	}
	log := func(from, to string) { copyFile(t, filepath.Join(from, logName), filepath.Join(to, logName)) }
	for name, parts := range map[string][2]func(from, to string){"the log first": {log, checkpoints}, "the log last": {checkpoints, log}} {
		c, to := small(t.TempDir()), t.TempDir()
		if err := os.Mkdir(filepath.Join(to, "checkpoint"), 0o700); err != nil {
			t.Fatal(err)
		}
		c.SaveEvery = 2
		c.Progress = func(e runlog.Entry) {
			if e.Kind == runlog.Step && e.Step == 3 {
				parts[0](c.Out, to)
			}
			if e.Kind == runlog.Step && e.Step == 7 { // the second phase began with a checkpoint, of step 6
				parts[1](c.Out, to)
			}
		}
		want := mustRun(t, c)
		var log strings.Builder
		c.Out, c.Resume, c.Progress, c.Log = to, true, nil, &log
		if got, err := Run(context.Background(), c); err != nil || got.SHA256 != want.SHA256 {
			t.Errorf("%s: weights %s, %v, want %s", name, got.SHA256, err, want.SHA256)
		}
		if lacks := strings.Contains(log.String(), "is lost"); lacks != (name == "the log first") {
			t.Errorf("%s: it says\n%s", name, log.String())
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestDamageIsToldOf: the newest checkpoint is damaged, so the run goes back
// further than it might have, and says so.
func TestDamageIsToldOf(t *testing.T) {
	want := mustRun(t, small(t.TempDir())).SHA256
	f, c := crashtest.New(), small(t.TempDir())
	c.fs, c.SaveEvery, c.Steps = f, 3, 6
	ctx, cancel := context.WithCancel(context.Background())
	c.Progress = func(e runlog.Entry) {
		if e.Kind == runlog.Step && e.Step == 5 {
			cancel()
		}
	}
	c.Steps = 8
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := f.Flip(filepath.Join(c.Out, "checkpoint", "gen-000000005.ckpt"), 1000); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	c.Progress, c.Resume, c.Log = nil, true, &log
	if got := mustRun(t, c).SHA256; got != want {
		t.Errorf("weights %s, want %s", got, want)
	}
	if s := log.String(); !strings.Contains(s, "warning: checkpoint of step 5: sha256 differs: damaged: going on from step 3") {
		t.Errorf("it says\n%s", s)
	}
}

// TestWhatWasCutOffIsSwept: temporary files of weights and samples, too, and
// no other's.
func TestWhatWasCutOffIsSwept(t *testing.T) {
	c := small(t.TempDir())
	c.Steps = 2
	mustRun(t, c)
	for name, stays := range map[string]bool{
		"checkpoint/gen-000000009.ckpt.tmp": false, "weights/step-000009.safetensors.tmp": false, "samples/step-000009-grid.png.tmp": false,
		"weights/mine.tmp": true, "samples/step-000009.png.tmp.png": true, "notes.tmp": true,
	} {
		path := filepath.Join(c.Out, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := os.Stat(path); (err == nil) != stays {
				t.Errorf("%s: %v, stays: %v", name, err, stays)
			}
		}()
	}
	c.Resume = true
	mustRun(t, c)
}

// gate is a file system that holds the writing of checkpoints up.
type gate struct {
	vfs.FS
	reached chan string   // names of files that are about to be made
	open    chan struct{} // a write passes for each
}

func (g gate) OpenFile(path string, flag int) (vfs.File, error) {
	if strings.HasSuffix(path, ".ckpt"+vfs.TempSuffix) && !strings.Contains(path, "gen-000000000") {
		g.reached <- filepath.Base(path)
		<-g.open
	}
	return g.FS.OpenFile(path, flag)
}

// TestTrainingGoesOnBesideAWrite holds the write of a checkpoint up: steps go
// on, no second write begins, nothing is acknowledged, and the one after it is
// of the newest step.
func TestTrainingGoesOnBesideAWrite(t *testing.T) {
	want := mustRun(t, small(t.TempDir())).SHA256
	g := gate{vfs.OS, make(chan string, 100), make(chan struct{}, 100)}
	c := small(t.TempDir())
	c.Preset, c.fs, c.SaveEvery = "tiny", g, 1
	var acknowledged []int
	c.Progress = func(e runlog.Entry) {
		switch {
		case e.Kind == runlog.Checkpoint:
			acknowledged = append(acknowledged, e.Step)
		case e.Kind == runlog.Step && e.Step == 4:
			if n := len(g.reached); n != 1 || len(acknowledged) > 0 {
				t.Errorf("at step 4 %d writes began, %v are acknowledged: want one and none", n, acknowledged)
			}
			for range cap(g.open) {
				g.open <- struct{}{}
			}
		}
	}
	if got := mustRun(t, c).SHA256; got != want {
		t.Errorf("weights %s, want %s", got, want)
	}
	g.reached <- "" // or a run without writes would be waited for
	g.reached <- ""
	if first := <-g.reached; first != "gen-000000001.ckpt.tmp" {
		t.Errorf("the first write was of %s, want step 1", first)
	}
	if second := <-g.reached; second < "gen-000000004.ckpt.tmp" {
		t.Errorf("the second write was of %s, want step 4 or later", second)
	}
	if len(acknowledged) == 0 || acknowledged[0] != 1 || acknowledged[len(acknowledged)-1] != 8 {
		t.Errorf("acknowledged %v, want 1 first and 8 last", acknowledged)
	}
}

// TestACopyIsOfOneStep: what a checkpoint holds is that of the step when it was
// begun, and no state of a life that was given up.
func TestACopyIsOfOneStep(t *testing.T) {
	r := kept(t, crashtest.New())
	r.trainTo(1)
	r.states["critic.w"] = []float32{1, 2}
	if err := r.save(); err != nil {
		t.Fatal(err)
	}
	r.states["gen.w"][0], r.states["critic.w"][1] = 100, 100
	r.at.Watch.add("p", map[string]float64{"critic": 3})
	if err := r.acknowledge(true); err != nil {
		t.Fatal(err)
	}
	was := must(r.newest())
	if got := fmt.Sprint(was.values["gen.w"], was.values["critic.w"], was.at.Watch.Past); got != "[1] [1 2] map[]" {
		t.Errorf("the checkpoint holds %s", got)
	}
	delete(r.states, "critic.w")
	r.trainTo(2)
	if err := r.saveNow(); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(must(r.newest()).values)); !slices.Equal(got, []string{"gen.w"}) {
		t.Errorf("the next checkpoint holds %v", got)
	}
}

// TestStoppedAndNotSaved: a run that is asked to stop and cannot save says so.
func TestStoppedAndNotSaved(t *testing.T) {
	f, c := crashtest.New(), small(t.TempDir())
	c.fs = f
	ctx, cancel := context.WithCancel(context.Background())
	var log strings.Builder
	c.Log = &log
	c.Progress = func(e runlog.Entry) {
		if e.Kind == runlog.Step && e.Step == 3 {
			f.Before = func(op, path string) error {
				if strings.Contains(path, "checkpoint") {
					return crashtest.ErrInjected
				}
				return nil
			}
			cancel()
		}
	}
	_, err := Run(ctx, c)
	if !errors.Is(err, ErrUnsaved) || errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want ErrUnsaved and not the context's", err)
	}
	for _, text := range []string{fmt.Sprint(err), log.String()} {
		if !strings.Contains(text, "steps 1 to 3 are not saved") {
			t.Errorf("it says %q", text)
		}
	}
}
