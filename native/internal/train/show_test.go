package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mien/native/internal/metric"
	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/weights"
)

// extractor is the shipped AU reader's; without one the test is skipped.
func extractor(t *testing.T) *metric.Extractor {
	t.Helper()
	b, err := weights.Shipped(model.KindReader)
	if err != nil {
		t.Skip(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	e, err := metric.NewReader(f, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// TestRunsShow wants every picture, in the log and on the disk, and a table of
// losses with the reference's columns that an interruption does not change.
func TestRunsShow(t *testing.T) {
	config := func(out string) Config {
		c := small(out)
		c.TrainSize, c.Every = 400, 8
		c.Measure, c.MeasureEvery, c.MeasureFaces = extractor(t), 7, 10
		return c
	}
	c := config(t.TempDir())
	files := map[string]string{}
	c.Progress = func(e runlog.Entry) {
		if e.Kind == runlog.Sample {
			files[e.File] = e.Text
		}
	}
	mustRun(t, c)
	for _, name := range []string{"", "-reconstruction", "-translation", "-grid", "-emotions", "-losses", "-distance"} {
		file := "samples/step-000008" + name + ".png"
		if text, ok := files[file]; !ok || (text == "") != (name == "") {
			t.Errorf("%s: in the log: %v, %q", file, ok, text)
		}
		if info, err := os.Stat(filepath.Join(c.Out, file)); err != nil || info.Size() < 200 {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, ok := files["samples/step-000007-histogram.png"]; !ok {
		t.Errorf("no histogram among %v", files)
	}
	table := func(out string) string {
		b, err := os.ReadFile(filepath.Join(out, csvName))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	whole := table(c.Out)
	lines := strings.Split(strings.TrimSpace(whole), "\n")
	if want := "epoch,batch,d_gan_loss,d_AU_loss,g_gan_loss,g_AU_loss,reconstr_loss,fid_joy,fid_sadness,fid_surprise,fid_contempt,"; !strings.HasPrefix(lines[0], want) {
		t.Errorf("columns %q, want %q", lines[0], want)
	}
	if len(lines) != 9 || !strings.HasPrefix(lines[8], "0,7,") {
		t.Fatalf("%d lines, the last %q; want 9 and step 8", len(lines), lines[len(lines)-1])
	}
	seventh := strings.Split(lines[7], ",")
	if seventh[2] == "" || seventh[6] == "" || seventh[7] != "" || seventh[11] == "" {
		t.Errorf("step 7: %q: want losses, no FID, and the reader's distance", lines[7])
	}

	c = config(t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	c.Progress = func(e runlog.Entry) {
		if e.Kind == runlog.Step && e.Step == 7 {
			cancel()
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	c.Progress, c.Resume = nil, true
	mustRun(t, c)
	if got := table(c.Out); got != whole {
		t.Errorf("interrupted:\n%s\nwhole:\n%s", got, whole)
	}
}

// TestOldWeightsOfPaintersGo and others stay.
func TestOldWeightsOfPaintersGo(t *testing.T) {
	r := &run{config: Config{Out: t.TempDir(), fs: vfs.OS}}
	if err := dirs(vfs.OS, r.config.Out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"999999", "1000000", "000200", "000400", "000600", "000800", "notes"} {
		if err := os.WriteFile(filepath.Join(r.config.Out, "weights", "step-"+name+".safetensors"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(r.config.Out, "weights", "step-notes.safetensors"), filepath.Join(r.config.Out, "weights", "notes.txt")); err != nil {
		t.Fatal(err)
	}
	if err := r.prune(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(r.config.Out, "weights", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	want := "notes.txt step-000400.safetensors step-000600.safetensors step-000800.safetensors step-1000000.safetensors step-999999.safetensors"
	if got := strings.Join(left, " "); got != want {
		t.Errorf("left %s, want %s", got, want)
	}
}
