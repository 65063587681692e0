package train

import (
	"fmt"
	"io"
	"time"

	"mien/native/internal/metric"
	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/shared/device"
	"mien/shared/device/cpu"
)

// Config says what to train, on what and where to.
type Config struct {
	Preset    string `json:"preset"`
	Data      string `json:"data"`               // "synth" or a directory in the OpenFace layout
	Out       string `json:"-"`                  // the run directory
	Steps     int    `json:"steps"`              // Defaults to what Epochs comes to.
	Epochs    int    `json:"epochs,omitempty"`   // Of the data; defaults to the preset's steps or epochs.
	Batch     int    `json:"batch"`              // Defaults to the preset's.
	Seed      uint64 `json:"seed"`               //
	TrainSize int    `json:"train_size"`         // At most so many samples; 0 takes all.
	Reader    string `json:"reader"`             // model file of a fixed AU reader; empty leaves the AU loss to the critic's head
	Prior     string `json:"prior"`              // file of the prior that teaches; empty leaves teaching to the drawn faces' exact pairs, and photos without a teacher
	From      string `json:"from,omitempty"`     // model file whose weights the network starts from; a run that goes on has its own
	People    string `json:"people,omitempty"`   // "even" or "odd": half of a folder's people
	Meshes    string `json:"meshes,omitempty"`   // folder of the meshes of Data; empty looks beside the pictures and in the user's cache
	Untaught  bool   `json:"untaught,omitempty"` // Learn from unpaired faces alone, whatever teacher there is.
	Licence   string `json:"licence"`            // of the weights. Defaults to "MIT" for synth, else to "research only".
	Override

	Every     int           `json:"every,omitempty"`      // Weights and samples each so many steps. Defaults to 200.
	Save      time.Duration `json:"save,omitempty"`       // A checkpoint each so often. Defaults to two minutes.
	SaveEvery int           `json:"save_every,omitempty"` // And each so many steps, if given.
	Device    device.Device `json:"-"`                    // Defaults to the CPU.

	// Resume goes on from the run directory's newest checkpoint, which the rest of
	// the configuration is taken from: what is given beside it must be as it was,
	// but for steps, minutes and what says how often to write and to measure.
	// Given names what is given, by the names of fields in JSON; nil gives all
	// that is not zero.
	Resume bool     `json:"-"`
	Given  []string `json:"-"`

	// Minutes of training steps, over all resumes, after which a run ends before
	// its last step; 0 for no limit. Phases and rates stay shares of Steps.
	Minutes float64 `json:"minutes,omitempty"`

	// Distances of edited faces to real ones of each emotion (see package
	// metric): by Measure, nil for none, each MeasureEvery steps (defaults to
	// 1000), on at most MeasureFaces faces a side (defaults to 1000).
	Measure      *metric.Extractor `json:"-"`
	MeasureEvery int               `json:"measure_every,omitempty"`
	MeasureFaces int               `json:"measure_faces,omitempty"`

	Log io.Writer `json:"-"` // what a person reads; nil for none

	// Progress is told every entry of the run log; nil for none.
	Progress func(runlog.Entry) `json:"-"`
	// Wait is asked before each step and may block while a run is paused; nil
	// never waits.
	Wait func() `json:"-"`

	fs vfs.FS // of log, checkpoints, weights and samples. Defaults to the system's.
}

// Bounds of a configuration.
const (
	maxSteps   = 100_000_000
	maxEpochs  = 1_000_000
	maxBatch   = 1024
	maxMinutes = 1_000_000
)

// Check refuses what cannot be trained, before anything is opened.
func (c Config) Check() error {
	if c.Out == "" {
		c.Out = "."
	}
	_, _, err := c.complete()
	return err
}

// complete fills in defaults and checks the rest.
func (c Config) complete() (Config, Preset, error) {
	p, err := Find(c.Preset)
	if err != nil {
		return c, p, err
	}
	if p, err = c.Override.apply(p); err != nil {
		return c, p, err
	}
	if c.Steps == 0 && c.Epochs == 0 {
		c.Steps, c.Epochs = p.Steps, p.Epochs
	}
	if c.Batch == 0 {
		c.Batch = p.Batch
	}
	if c.Epochs < 0 || c.Epochs > maxEpochs {
		return c, p, fmt.Errorf("epochs %d: want 1 to %d", c.Epochs, maxEpochs)
	}
	if c.Steps < 0 || c.Steps > maxSteps {
		return c, p, fmt.Errorf("steps %d: want 1 to %d", c.Steps, maxSteps)
	}
	if c.Reader != "" && p.Paints() {
		return c, p, fmt.Errorf("preset %q: the critic's own head reads its Action Units, no other reader is used", p.Name)
	}
	if c.Batch < 2 || c.Batch > maxBatch {
		return c, p, fmt.Errorf("batch %d: want 2 to %d", c.Batch, maxBatch)
	}
	if c.TrainSize < 0 {
		return c, p, fmt.Errorf("train size %d: want 0 or more", c.TrainSize)
	}
	if c.Out == "" {
		return c, p, fmt.Errorf("no run directory given")
	}
	if c.Every == 0 {
		c.Every = 200
	}
	if c.MeasureEvery == 0 {
		c.MeasureEvery = 1000
	}
	if c.Every < 1 || c.MeasureEvery < 1 || c.SaveEvery < 0 || c.MeasureFaces < 0 {
		return c, p, fmt.Errorf("intervals of %d, %d and %d steps, %d faces to measure: want 1 or more", c.Every, c.MeasureEvery, c.SaveEvery, c.MeasureFaces)
	}
	if !(c.Minutes >= 0 && c.Minutes <= maxMinutes) {
		return c, p, fmt.Errorf("minutes %g: want 0 to %d", c.Minutes, maxMinutes)
	}
	if c.Save == 0 {
		c.Save = 2 * time.Minute
	}
	if c.Device == nil {
		c.Device = cpu.New()
	}
	if c.fs == nil {
		c.fs = vfs.OS
	}
	if c.Licence == "" {
		if c.Licence = "research only"; c.Data == "synth" {
			c.Licence = "MIT"
		}
	}
	p.Batch = c.Batch
	return c, p, nil
}

// lasts sets the number of steps where epochs were given, once the number of
// faces is known.
func (c *Config) lasts(faces int) error {
	if c.Steps > 0 {
		return nil
	}
	c.Steps = (faces*c.Epochs + c.Batch - 1) / c.Batch
	if c.Steps < 1 || c.Steps > maxSteps {
		return fmt.Errorf("%d epochs of %d faces, %d a step: %d steps, want 1 to %d", c.Epochs, faces, c.Batch, c.Steps, maxSteps)
	}
	return nil
}
