// Package train teaches the networks of package net: it builds a whole
// training step as a graph, runs it on a device, and keeps log, samples,
// weights and checkpoints in a run directory.
//
//	OUT/log.jsonl                     every step, the single truth of the run
//	OUT/losses.csv                    its losses as a table, with the reference's names
//	OUT/samples/step-000200.png       faces under changes; -grid, -emotions and others beside it
//	OUT/weights/step-000200.safetensors  the averaged weights, ready for the page
//	OUT/checkpoint/                   generations to resume from
package train

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mien/native/internal/checkpoint"
	"mien/native/internal/dataset"
	"mien/native/internal/metric"
	"mien/native/internal/net"
	"mien/native/internal/runlog"
	"mien/shared/device/cpu"
	"mien/shared/model"
)

// ErrDiverged says that training failed three times in a row to stay finite,
// even at an eighth of the rate.
var ErrDiverged = errors.New("training diverged")

// ErrDisk says that nothing could be written, several times in a row.
var ErrDisk = errors.New("the disk does not take the run")

// badWrites is how many writes may fail in a row before a run ends.
const badWrites = 3

// Patience with losses that are not finite: so many steps in a row before the
// run goes back to its checkpoint at half the rate, so often.
const (
	badSteps    = 3
	maxHalvings = 3
)

// Result is what a finished or interrupted run leaves behind.
type Result struct {
	Step    int
	Weights string // path of the newest weights
	SHA256  string
}

// run is one training run.
type run struct {
	config  Config
	preset  Preset
	source  dataset.Source
	reader  *net.Reader
	teacher Teacher

	store  *checkpoint.Store
	log    *runlog.Writer
	loaded map[string][]float32 // states from outside: a fixed reader's
	from   map[string][]float32 // weights to start from, nil for none
	states map[string][]float32
	at     progress
	engine *engine
	feed   *feed
	curves *curves

	emotions   *metric.Emotions // real faces that edits are measured against; nil before
	unmeasured bool             // the data show no emotion often enough
	histogram  bool             // has been drawn

	started time.Time // of this process's steps
	first   int       // the step that it started from
	saved   time.Time
	failed  int // writes in a row that did not reach the disk
	result  Result
}

// Run trains until the configured number of steps or minutes, or until ctx
// ends; then it saves a checkpoint and returns ctx's error.
func Run(ctx context.Context, c Config) (Result, error) {
	c, p, err := c.complete()
	if err != nil {
		return Result{}, err
	}
	if c.Device == nil {
		c.Device = cpu.New()
	}
	r := &run{config: c, preset: p, states: map[string][]float32{}, loaded: map[string][]float32{}}
	unlock, err := r.open(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("train in %q: %w", c.Out, err)
	}
	defer unlock()
	defer r.log.Close()
	defer func() { r.curves.close() }()
	err = r.loop(ctx)
	if err != nil && ctx.Err() == nil {
		r.append(runlog.Entry{Kind: runlog.Warn, Step: r.at.Step, Text: err.Error()})
		return r.result, fmt.Errorf("train in %q: %w", c.Out, err)
	}
	return r.result, err
}

// loop runs the steps that are left.
func (r *run) loop(ctx context.Context) error {
	r.started, r.first, r.saved = time.Now(), r.at.Step, time.Now()
	bad := 0
	for !r.over() {
		if r.config.Wait != nil {
			r.config.Wait()
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), r.save())
		}
		began := time.Now()
		if err := r.enter(r.phase(r.at.Step)); err != nil {
			return err
		}
		r.feed.wants = r.engine.machine(r.at.Step).wants()
		in, err := r.feed.inputs(r.at.Step)
		if err != nil {
			return err
		}
		base := r.preset.Rate / float64(int(1)<<r.at.Halvings)
		// A step is never cut short: it would leave the states half updated.
		losses, err := r.engine.run(context.WithoutCancel(ctx), r.at.Step, r.preset.rate(base, r.at.Step, r.config.Steps), in)
		r.at.Seconds += time.Since(began).Seconds()
		switch {
		case errors.Is(err, errNotFinite):
			r.append(runlog.Entry{Kind: runlog.Warn, Step: r.at.Step, Text: err.Error()})
			if bad++; bad == badSteps {
				bad = 0
				if err := r.rollBack(); err != nil {
					return err
				}
				continue
			}
		case err != nil:
			return err
		default:
			bad = 0
		}
		r.at.Step++
		r.at.Images += int64(r.config.Batch)
		r.append(r.entry(losses))
		if err := r.keep(ctx); err != nil {
			return err
		}
	}
	r.append(runlog.Entry{Kind: runlog.End, Step: r.at.Step, Images: r.at.Images})
	return nil
}

// over reports whether all steps are done or all minutes are spent.
func (r *run) over() bool {
	return r.at.Step >= r.config.Steps || r.config.Minutes > 0 && r.at.Seconds >= 60*r.config.Minutes
}

// keep writes what is due after a step.
func (r *run) keep(ctx context.Context) error {
	last := r.over()
	if last || r.at.Step%r.config.Every == 0 || r.measures(r.at.Step) {
		if err := r.written(r.publish(context.WithoutCancel(ctx)), last); err != nil {
			return err
		}
	}
	if last || time.Since(r.saved) >= r.config.Save || r.config.SaveEvery > 0 && r.at.Step%r.config.SaveEvery == 0 {
		return r.written(r.save(), last)
	}
	return nil
}

// written takes the outcome of writing. A disk that fails once may be well
// again at the next checkpoint, so training goes on with a warning; it ends
// when the disk fails badWrites times in a row, or at the very last.
func (r *run) written(err error, last bool) error {
	var disk *fs.PathError
	var link *os.LinkError
	switch {
	case err == nil:
		r.failed = 0
		return nil
	case !errors.As(err, &disk) && !errors.As(err, &link):
		return err
	}
	if r.failed++; last || r.failed >= badWrites {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	r.append(runlog.Entry{Kind: runlog.Warn, Step: r.at.Step, Text: fmt.Sprintf("not saved, training goes on: %v", err)})
	return nil
}

// phase returns the phase that step belongs to.
func (r *run) phase(step int) Phase {
	share := 0.
	for _, p := range r.preset.Phases {
		share += p.Share
		if float64(step) < share*float64(r.config.Steps) {
			return p
		}
	}
	return r.preset.Phases[len(r.preset.Phases)-1]
}

// enter makes phase the current one.
func (r *run) enter(phase Phase) error {
	if r.engine != nil && r.engine.phase.Name == phase.Name {
		return nil
	}
	if r.config.Untaught || !r.feed.hasTeacher() {
		phase.Weights.Teacher, phase.Weights.Colour = 0, 0
	}
	if r.config.Untaught || r.teacher == nil {
		phase.Weights = phase.Weights.fieldless()
	}
	if r.engine != nil {
		if err := r.engine.states(r.states); err != nil {
			return err
		}
		r.engine.close()
	}
	e, err := newEngine(r.config.Device, r.preset, phase, r.reader, r.config.Seed, r.states, r.from)
	if err != nil {
		return err
	}
	r.engine, r.feed.overdo = e, float32(phase.Overdo)
	return nil
}

// publish writes the averaged weights and a sample grid.
func (r *run) publish(ctx context.Context) error {
	if err := r.engine.states(r.states); err != nil {
		return err
	}
	f, err := Export(r.preset, r.at.Step, r.config.Licence, r.states)
	if err != nil {
		return err
	}
	if r.preset.IsReader() { // on faces that it learnt from: a little high for others
		moves, err := slopes(ctx, f, r.source, r.preset.intensity())
		if err != nil {
			return err
		}
		if err := f.SetSlopes(moves); err != nil {
			return err
		}
	}
	b, err := f.Encode()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("weights/step-%06d.safetensors", r.at.Step)
	if err := checkpoint.WriteFile(filepath.Join(r.config.Out, name), b); err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	r.result = Result{Step: r.at.Step, Weights: filepath.Join(r.config.Out, name), SHA256: hex.EncodeToString(sum[:])}
	if !r.preset.Looks() {
		if r.measures(r.at.Step) {
			if err := r.measure(ctx, f); err != nil {
				return err
			}
		}
		if err := r.curves.flush(); err != nil {
			return err
		}
		picture, err := sampleGrid(ctx, r.config.Device, f, r.source, r.preset.intensity())
		if err != nil {
			return err
		}
		sample := fmt.Sprintf("samples/step-%06d.png", r.at.Step)
		if err := checkpoint.WriteFile(filepath.Join(r.config.Out, sample), picture); err != nil {
			return err
		}
		r.append(runlog.Entry{Kind: runlog.Sample, Step: r.at.Step, File: sample})
		all, err := r.show(ctx, f)
		if err != nil {
			return err
		}
		for _, p := range all {
			name := fmt.Sprintf("samples/step-%06d-%s.png", r.at.Step, p.name)
			if err := checkpoint.WriteFile(filepath.Join(r.config.Out, name), p.png); err != nil {
				return err
			}
			r.append(runlog.Entry{Kind: runlog.Sample, Step: r.at.Step, File: name, Text: p.text})
		}
	}
	r.append(runlog.Entry{Kind: runlog.Weights, Step: r.at.Step, File: name, SHA256: r.result.SHA256, Bytes: int64(len(b))})
	if r.preset.Paints() {
		return r.prune()
	}
	return nil
}

// keptWeights is how many weights of a network that paints are kept: one of
// e8's has 174 MB.
const keptWeights = 5

// prune removes weights older than the newest keptWeights.
func (r *run) prune() error {
	files, err := filepath.Glob(filepath.Join(r.config.Out, "weights", "step-*.safetensors"))
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) }) // by step
	for _, name := range files[:max(len(files)-keptWeights, 0)] {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// save writes a checkpoint generation.
func (r *run) save() error {
	r.saved = time.Now()
	if r.engine != nil {
		if err := r.engine.states(r.states); err != nil {
			return err
		}
	}
	r.at.LogOffset = r.log.Offset()
	err := r.store.Save(r.at.Step, func(w io.Writer) error { return writeState(w, r.config, r.at, r.states) })
	if err != nil {
		return err
	}
	r.append(runlog.Entry{Kind: runlog.Checkpoint, Step: r.at.Step})
	return nil
}

// rollBack returns to the newest checkpoint at half the rate.
func (r *run) rollBack() error {
	halvings := r.at.Halvings + 1
	if halvings > maxHalvings {
		return fmt.Errorf("%w: step %d: not finite at 1/%d of the rate", ErrDiverged, r.at.Step, 1<<maxHalvings)
	}
	spent := r.at.Seconds // what went wrong took its time, too
	if err := r.restore(); err != nil {
		return err
	}
	r.at.Seconds = spent
	if err := r.redraw(); err != nil {
		return err
	}
	r.at.Halvings = halvings
	r.engine.close()
	r.engine = nil
	r.append(runlog.Entry{Kind: runlog.Warn, Step: r.at.Step, Text: fmt.Sprintf("went back to step %d at half the rate", r.at.Step)})
	return nil
}

// entry is a step's line in the log.
func (r *run) entry(losses map[string]float64) runlog.Entry {
	took := time.Since(r.started).Seconds()
	done := max(r.at.Step-r.first, 1) // a run that went back may stand before its start
	for name, v := range losses {
		if v-v != 0 { // JSON has no word for it; the warning before tells of it
			delete(losses, name)
		}
	}
	return runlog.Entry{Kind: runlog.Step, Step: r.at.Step, Steps: r.config.Steps, Images: r.at.Images, Losses: losses, Phase: r.engine.phase.Name,
		Rate: float64(done*r.config.Batch) / took, ETA: r.left(took / float64(done))}
}

// left is how many seconds there are still to go at so many a step.
func (r *run) left(step float64) float64 {
	left := step * float64(r.config.Steps-r.at.Step)
	if r.config.Minutes > 0 {
		left = min(left, max(60*r.config.Minutes-r.at.Seconds, 0))
	}
	return left
}

// append writes to the log, to the hook and to the person watching.
func (r *run) append(e runlog.Entry) {
	e.Time = time.Now()
	if err := r.log.Append(e); err != nil && r.config.Log != nil {
		fmt.Fprintf(r.config.Log, "warning: %v\n", err)
	}
	if r.curves != nil {
		r.curves.add(e)
	}
	if r.config.Progress != nil {
		r.config.Progress(e)
	}
	if r.config.Log != nil {
		tell(r.config.Log, e)
	}
}

// dirs are made in a new run directory.
func dirs(out string) error {
	for _, d := range []string{"weights", "samples", "checkpoint"} {
		if err := os.MkdirAll(filepath.Join(out, d), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// load reads a model file from disk.
func load(path string) (*model.File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := model.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return f, nil
}
