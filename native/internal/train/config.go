package train

import (
	"fmt"
	"io"
	"time"

	"mien/native/internal/runlog"
	"mien/shared/device"
)

// Config says what to train, on what and where to.
type Config struct {
	Preset    string `json:"preset"`
	Data      string `json:"data"`               // "synth" or a directory in the OpenFace layout
	Out       string `json:"-"`                  // the run directory
	Steps     int    `json:"steps"`              // Defaults to the preset's.
	Batch     int    `json:"batch"`              // Defaults to the preset's.
	Seed      uint64 `json:"seed"`               //
	TrainSize int    `json:"train_size"`         // At most so many samples; 0 takes all.
	Reader    string `json:"reader"`             // model file of a fixed AU reader; empty leaves the AU loss to the critic's head
	Prior     string `json:"prior"`              // file of the prior that teaches; empty leaves teaching to the drawn faces' exact pairs, and photos without a teacher
	Untaught  bool   `json:"untaught,omitempty"` // Learn from unpaired faces alone, whatever teacher there is.
	Licence   string `json:"licence"`            // of the weights. Defaults to "MIT" for synth, else to "research only".

	Every  int           `json:"-"` // Weights and samples each so many steps. Defaults to 200.
	Save   time.Duration `json:"-"` // A checkpoint each so often. Defaults to two minutes.
	Resume bool          `json:"-"` // Go on from the run directory's newest checkpoint.
	Device device.Device `json:"-"` // Defaults to the CPU.
	Log    io.Writer     `json:"-"` // what a person reads; nil for none

	// Progress is told every entry of the run log; nil for none.
	Progress func(runlog.Entry) `json:"-"`
	// Wait is asked before each step and may block while a run is paused; nil
	// never waits.
	Wait func() `json:"-"`
}

// Bounds of a configuration.
const (
	maxSteps = 100_000_000
	maxBatch = 1024
)

// complete fills in defaults and checks the rest.
func (c Config) complete() (Config, Preset, error) {
	p, err := Find(c.Preset)
	if err != nil {
		return c, p, err
	}
	if c.Steps == 0 {
		c.Steps = p.Steps
	}
	if c.Batch == 0 {
		c.Batch = p.Batch
	}
	if c.Steps < 1 || c.Steps > maxSteps {
		return c, p, fmt.Errorf("steps %d: want 1 to %d", c.Steps, maxSteps)
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
	if c.Save == 0 {
		c.Save = 2 * time.Minute
	}
	if c.Licence == "" {
		if c.Licence = "research only"; c.Data == "synth" {
			c.Licence = "MIT"
		}
	}
	p.Batch, p.Steps = c.Batch, c.Steps
	return c, p, nil
}
