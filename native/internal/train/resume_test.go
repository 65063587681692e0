package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mien/native/internal/runlog"
)

// TestARunGoesOnAsItBegan: what is given otherwise is refused, each by name and
// with both values; what is not given is as it was.
func TestARunGoesOnAsItBegan(t *testing.T) {
	rate := .5
	began := Config{Preset: "tiny", Data: "faces", Steps: 80, Batch: 4, Seed: 1<<60 + 1, TrainSize: 32, Prior: "p", Untaught: true, Override: Override{Rate: &rate, LambdaCL: new(float64)},
		Every: 20, Save: time.Minute, Minutes: 3}
	for name, c := range map[string]struct {
		config  Config
		given   []string
		refused string // names
	}{
		"nothing":             {Config{Preset: "mien", Seed: 1}, []string{}, ""},
		"all as it was":       {began, nil, ""},
		"written otherwise":   {Config{Data: "./x/../faces/"}, nil, ""},
		"other faces":         {Config{Data: "others"}, nil, "data"},
		"a zero":              {Config{}, []string{"train_size", "seed", "prior", "untaught", "rate"}, "train_size seed prior untaught rate"},
		"a reader":            {Config{Reader: "r"}, nil, "reader"},
		"near seeds":          {Config{Seed: 1 << 60}, nil, "seed"},
		"an own weight":       {Config{Override: Override{LambdaAU: &rate}}, nil, "lambda_au"},
		"attention":           {Config{Override: Override{Attention: true}}, nil, "attention"},
		"the other people":    {Config{People: "odd"}, nil, "people"},
		"another licence":     {Config{Licence: "MIT"}, nil, "licence"},
		"other weights":       {Config{From: "w"}, nil, "from"},
		"a preset and a size": {Config{Preset: "mien", TrainSize: 4}, nil, "preset train_size"},
	} {
		c.config.Given, c.config.Out = c.given, "here"
		got, err := c.config.goOn(began)
		for _, field := range strings.Fields(c.refused) {
			if err == nil || !strings.Contains(err.Error(), "began with "+strings.ReplaceAll(field, "_", " ")+" ") {
				t.Errorf("%s: %v, want %s refused", name, err, field)
			}
		}
		if err != nil && strings.Count(err.Error(), "began with") != len(strings.Fields(c.refused)) {
			t.Errorf("%s: %v, want only %q refused", name, err, c.refused)
		}
		if err == nil && c.refused == "" {
			if got.Out != "here" || !slices.Equal(got.Given, c.given) {
				t.Errorf("%s: this process's %q, %v is lost", name, got.Out, got.Given)
			}
			got.Out, got.Given = "", nil
			a, b := must(fields(got)), must(fields(began))
			for field := range b {
				if string(a[field]) != string(b[field]) {
					t.Errorf("%s: goes on with %s %s, want %s", name, field, a[field], b[field])
				}
			}
		}
	}
	longer, err := Config{Steps: 90, Every: 7, SaveEvery: 2, Minutes: 9, Save: time.Hour, MeasureEvery: 5}.goOn(began)
	if err != nil || longer.Steps != 90 || longer.Every != 7 || longer.SaveEvery != 2 || longer.Minutes != 9 || longer.Save != time.Hour || longer.MeasureEvery != 5 || longer.TrainSize != 32 {
		t.Errorf("goes on with %+v, %v", longer, err)
	}
	if again, err := (Config{Epochs: 2}).goOn(began); err != nil || again.Steps != 0 || again.Epochs != 2 {
		t.Errorf("two epochs are asked: %d steps, %d epochs, %v", again.Steps, again.Epochs, err)
	}
}

// TestFilesAreThoseOfTheBeginning: a reader or prior whose file was replaced
// would train something else without a word.
func TestFilesAreThoseOfTheBeginning(t *testing.T) {
	was := origin{Device: "cpu", Faces: 9, Reader: "aa", Prior: "bb", From: "cc", Measured: "Inception"}
	if warnings, err := was.differs(was); err != nil || len(warnings) > 0 {
		t.Errorf("the same: %q, %v", warnings, err)
	}
	if warnings, err := was.differs(origin{}); err != nil || len(warnings) > 0 {
		t.Errorf("an old checkpoint: %q, %v", warnings, err)
	}
	for name, change := range map[string]func(*origin){
		"reader": func(o *origin) { o.Reader = "dd" }, "prior": func(o *origin) { o.Prior = "dd" }, "from": func(o *origin) { o.From = "dd" },
	} {
		is := was
		change(&is)
		if _, err := is.differs(was); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	warnings, err := origin{Device: "ref", Faces: 8}.differs(was)
	if err != nil || len(warnings) != 3 {
		t.Errorf("another device, fewer faces, nothing measured: %q, %v", warnings, err)
	}
}

// TestAReplacedReaderIsRefused by a run that began with another.
func TestAReplacedReaderIsRefused(t *testing.T) {
	reader := func(seed uint64) []byte {
		c := small(t.TempDir())
		c.Preset, c.Steps, c.Seed = "reader-tiny", 1, seed
		return must(os.ReadFile(mustRun(t, c).Weights))
	}
	c := small(t.TempDir())
	c.Reader, c.Steps = filepath.Join(t.TempDir(), "reader.safetensors"), 1
	if err := os.WriteFile(c.Reader, reader(1), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, c)
	c.Resume, c.Steps = true, 2
	mustRun(t, c)
	if err := os.WriteFile(c.Reader, reader(2), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), c); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("error %v, want one that names both sums", err)
	}
}

// TestARunKilledBeforeItsFirstSaveGoesOnAsItself: the directory tells what it
// trains from the beginning.
func TestARunKilledBeforeItsFirstSaveGoesOnAsItself(t *testing.T) {
	from := mustRun(t, small(t.TempDir())).Weights
	c := small(t.TempDir())
	c.From, c.Steps = from, 3
	want := mustRun(t, c)

	c.Out = t.TempDir()
	stop := errors.New("as if killed")
	c.Progress = func(e runlog.Entry) {
		if e.Kind == runlog.Step {
			panic(stop)
		}
	}
	func() {
		defer func() {
			if got := recover(); got != stop {
				t.Fatalf("it ends with %v", got)
			}
		}()
		Run(context.Background(), c)
	}()
	got, err := Run(context.Background(), Config{Out: c.Out, Resume: true})
	if err != nil || got.SHA256 != want.SHA256 {
		t.Errorf("weights %s, %v, want %s", got.SHA256, err, want.SHA256)
	}
}
