package train

import (
	"context"
	"math"
	"testing"

	"mien/native/internal/synth"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
)

// TestTinyLearns trains an AU reader on exact labels, then the tiny editor on
// other people, and reads what the editor does to a third set of people.
func TestTinyLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains two networks, about two minutes")
	}
	t.Parallel()
	readers := mustRun(t, Config{Preset: "reader-tiny", Data: "synth", Out: t.TempDir(), Steps: 1400, Seed: 11, TrainSize: 8000, Every: 1000})
	editors := mustRun(t, Config{Preset: "tiny", Data: "synth", Out: t.TempDir(), Steps: 2600, Seed: 12, TrainSize: 8000, Every: 1000})
	reader, err := model.LoadReader(mustLoad(t, readers.Weights), cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	editor, err := model.LoadGenerator(mustLoad(t, editors.Weights), cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	strangers, err := synth.NewSource(editor.Size(), 400, 13)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"12", "25", "01"} {
		k := au.Index(code)
		var asked, read, drawn []float64
		for i := 0; i < strangers.Len(); i += 8 {
			img, own, _, _, err := strangers.Sample(i)
			if err != nil {
				t.Fatal(err)
			}
			x := unit(img)
			for _, goal := range []float32{0, 1, 2, 3, 4} {
				var d au.Vector
				d[k] = goal - own[k]
				o, err := editor.Field(context.Background(), tensor.Of(x, 1, editor.Size(), editor.Size(), 3), own, d)
				if err != nil {
					t.Fatal(err)
				}
				v, err := reader.Read(context.Background(), tensor.Of(draw(x, o, d), 1, editor.Size(), editor.Size(), 3), nil)
				if err != nil {
					t.Fatal(err)
				}
				exact, err := strangers.Edited(i, d)
				if err != nil {
					t.Fatal(err)
				}
				best, err := reader.Read(context.Background(), tensor.Of(unit(exact), 1, editor.Size(), editor.Size(), 3), nil)
				if err != nil {
					t.Fatal(err)
				}
				asked, read, drawn = append(asked, float64(goal)), append(read, float64(v.AU[k])), append(drawn, float64(best.AU[k]))
			}
		}
		r, slope := correlate(asked, read)
		ceiling, _ := correlate(asked, drawn)
		t.Logf("AU%s: r %.2f, slope %.2f; the renderer's own edits read r %.2f", code, r, slope, ceiling)
		if !(r >= .5) || slope <= 0 {
			t.Errorf("AU%s: r %.2f, slope %.2f between asked and read, want r of at least 0.5", code, r, slope)
		}
	}
}

func mustLoad(t *testing.T, path string) *model.File {
	t.Helper()
	f, _, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// correlate returns Pearson's r of x and y, and the slope of y on x.
func correlate(x, y []float64) (r, slope float64) {
	n := float64(len(x))
	var mx, my, xx, yy, xy float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	return xy / math.Sqrt(xx*yy), xy / xx
}
