package train

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mien/native/internal/checkpoint"
	"mien/native/internal/runlog"
	"mien/shared/tensor"
)

// small is a run of a few steps through both phases of tiny.
func small(out string) Config {
	return Config{Preset: "tiny", Data: "synth", Out: out, Steps: 8, Batch: 4, Seed: 3, TrainSize: 64, Every: 100}
}

func mustRun(t *testing.T, c Config) Result {
	t.Helper()
	r, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSameSeedSameBytes(t *testing.T) {
	want := mustRun(t, small(t.TempDir())).SHA256
	for _, n := range []int{1, 4} {
		old := runtime.GOMAXPROCS(n)
		got := mustRun(t, small(t.TempDir())).SHA256
		runtime.GOMAXPROCS(old)
		if got != want {
			t.Errorf("GOMAXPROCS %d: weights %s, want %s", n, got, want)
		}
	}
	other := small(t.TempDir())
	other.Seed = 4
	if mustRun(t, other).SHA256 == want {
		t.Error("another seed gives the same weights")
	}
}

func TestInterruptedRunGoesOnToTheSameBytes(t *testing.T) {
	want := mustRun(t, small(t.TempDir())).SHA256
	c := small(t.TempDir())
	for stop := 1; stop < c.Steps; stop += 3 {
		ctx, cancel := context.WithCancel(context.Background())
		c.Progress = func(e runlog.Entry) {
			if e.Kind == runlog.Step && e.Step >= stop {
				cancel()
			}
		}
		if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at %d: error %v", stop, err)
		}
		c.Resume = true
	}
	c.Progress = nil
	if got := mustRun(t, c).SHA256; got != want {
		t.Errorf("weights %s, want %s", got, want)
	}
}

// TestFromIsKeptBeforeTheFirstCheckpoint resumes a run that has none yet: it
// starts from the weights it was told to, as it would have the first time.
func TestFromIsKeptBeforeTheFirstCheckpoint(t *testing.T) {
	from := mustRun(t, small(t.TempDir())).Weights
	c := small(t.TempDir())
	c.From, c.Steps = from, 2
	want := mustRun(t, c).SHA256
	c.Out, c.Resume = t.TempDir(), true
	if got := mustRun(t, c).SHA256; got != want {
		t.Errorf("weights %s, want %s", got, want)
	}
	c.Out, c.From = t.TempDir(), ""
	if got := mustRun(t, c).SHA256; got == want {
		t.Error("the weights to start from change nothing")
	}
}

// long is small with steps enough to be killed in.
func long(out string) Config {
	c := small(out)
	c.Steps = 60
	return c
}

// TestKilledRunGoesOnToTheSameBytes kills a trainer with SIGKILL at random
// moments; promise R1.
func TestKilledRunGoesOnToTheSameBytes(t *testing.T) {
	const env = "MIEN_TEST_TRAIN"
	if out := os.Getenv(env); out != "" {
		c := long(out)
		c.Resume, c.Save = true, time.Nanosecond // a checkpoint each step
		if _, err := Run(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := mustRun(t, long(t.TempDir()))
	out := t.TempDir()
	kills := 0
	for i := range 50 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledRunGoesOnToTheSameBytes$")
		cmd.Env = append(os.Environ(), env+"="+out)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(60+tensor.NewRand(1, 9, 0, uint64(i)).Intn(300))*time.Millisecond, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		kills++
	}
	if kills < 3 {
		t.Fatalf("%d runs were killed: the test shows little", kills)
	}
	c := long(out)
	c.Resume = true
	got := mustRun(t, c)
	b, err := os.ReadFile(filepath.Join(out, "weights", "step-000060.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(want.Weights)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != string(whole) {
		t.Errorf("after %d kills the weights differ (%v)", kills, got)
	}
	t.Logf("%d kills", kills)
}

func TestARunIsNotWrittenOver(t *testing.T) {
	c := small(t.TempDir())
	c.Steps = 2
	mustRun(t, c)
	if _, err := Run(context.Background(), c); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("error %v, want one that says --resume", err)
	}
	c.Resume, c.Seed = true, 99
	if _, err := Run(context.Background(), c); err == nil || !strings.Contains(err.Error(), "seed") {
		t.Errorf("error %v, want one that names the seed", err)
	}
}

func TestTwoTrainersNeverShareARun(t *testing.T) {
	c := small(t.TempDir())
	unlock, err := checkpoint.Lock(c.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := Run(context.Background(), c); err == nil || !strings.Contains(err.Error(), "another training") {
		t.Errorf("error %v", err)
	}
}

func TestBadConfigurations(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"unknown":     func(c *Config) { c.Preset = "huge" },
		"steps":       func(c *Config) { c.Steps = -1 },
		"batch":       func(c *Config) { c.Batch = 1 },
		"directory":   func(c *Config) { c.Out = "" },
		"train size":  func(c *Config) { c.TrainSize = -1 },
		"no/such/dir": func(c *Config) { c.Data = "no/such/dir" },
	} {
		c := small(t.TempDir())
		change(&c)
		if _, err := Run(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

func TestEveryPresetBuilds(t *testing.T) {
	for _, p := range Presets() {
		for _, phase := range p.Phases {
			var err error
			if p.IsReader() {
				_, err = reading(p, 1)
			} else if p.Embeds() {
				_, err = identity(p, 1)
			} else if p.Fills() {
				_, err = mouth(p, phase, 1)
			} else {
				if _, err = gan(p, phase, nil, 1); err == nil && phase.Adversary != NoAdversary {
					_, err = critique(p, phase, 1)
				}
			}
			if err != nil {
				t.Errorf("%s, phase %s: %v", p.Name, phase.Name, err)
			}
		}
	}
}
