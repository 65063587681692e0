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
	"context"
	"errors"
	"fmt"
	"time"

	"mien/native/internal/dataset"
	"mien/native/internal/metric"
	"mien/native/internal/net"
	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/shared/model"
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

	log    *runlog.Writer
	saver  *saver
	origin origin
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
	result  Result

	saved    time.Time // when a checkpoint was begun
	due      bool      // another is
	kept     int       // the step of the newest that the disk has
	failed   int       // writes in a row that did not reach the disk
	uneasy   int       // steps in a row that left no state to go back to
	warnings []string  // to be told once the run has begun
}

// Run trains until the configured number of steps or minutes, or until ctx
// ends; then it saves a checkpoint and returns ctx's error.
func Run(ctx context.Context, c Config) (Result, error) {
	p := Preset{}
	if c.Resume && c.Out != "" { // the rest is in the checkpoint
		if c.fs == nil {
			c.fs = vfs.OS
		}
	} else {
		var err error
		if c, p, err = c.complete(); err != nil {
			return Result{}, err
		}
	}
	r := &run{config: c, preset: p, states: map[string][]float32{}, loaded: map[string][]float32{}}
	unlock, err := r.open(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("train in %q: %w", c.Out, err)
	}
	defer unlock()
	defer r.log.Close()
	defer func() { r.curves.close() }()
	defer r.saver.ended(true) // no write outlives the run
	err = errors.Join(r.loop(ctx), r.acknowledge(true))
	if err == nil {
		return r.result, nil
	}
	if errors.Is(err, ctx.Err()) {
		return r.result, ctx.Err()
	}
	if r.kept < r.at.Step {
		err = fmt.Errorf("%w (steps %d to %d are not saved)", err, r.kept+1, r.at.Step)
	}
	r.warn("%v", err)
	return r.result, fmt.Errorf("train in %q: %w", c.Out, err)
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
			if err := r.saveNow(); err != nil {
				return fmt.Errorf("%w: %w", ErrUnsaved, err)
			}
			return ctx.Err()
		}
		began := time.Now()
		if err := r.enter(r.phase(r.at.Step)); err != nil {
			return err
		}
		r.feed.wants = r.engine.machine(r.at.Step).wants()
		in, err := r.feed.inputs(r.at.Step)
		if err != nil { // the states are sound
			return errors.Join(err, r.saveNow())
		}
		base := r.preset.Rate / float64(int(1)<<r.at.Halvings)
		// A step is never cut short: it would leave the states half updated.
		losses, err := r.engine.run(context.WithoutCancel(ctx), r.at.Step, r.preset.rate(base, r.at.Step, r.config.Steps), in)
		r.at.Seconds += time.Since(began).Seconds()
		why := ""
		switch {
		case errors.Is(err, errNotFinite):
			r.warn("%v", err)
			r.uneasy++
			if bad++; bad == badSteps {
				why = fmt.Sprintf("%d steps in a row came to nothing", bad)
			}
		case err != nil:
			return err
		default:
			bad, why = 0, r.compare(losses)
		}
		if why != "" {
			bad = 0
			if err := r.rollBack(ctx, why); err != nil {
				return err
			}
			continue
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

// keep writes what is due after a step: a checkpoint beside the next steps.
func (r *run) keep(ctx context.Context) error {
	last := r.over()
	if err := r.written(r.acknowledge(false), false); err != nil {
		return err
	}
	if last || r.at.Step%r.config.Every == 0 || r.measures(r.at.Step) {
		err := r.publish(context.WithoutCancel(ctx))
		if errors.Is(err, model.ErrUntrained) { // divergence that the losses do not show
			return r.rollBack(ctx, err.Error())
		}
		if err == nil {
			r.failed = 0
		}
		if err := r.written(err, last); err != nil {
			return err
		}
	}
	if last {
		return r.written(r.saveNow(), last)
	}
	r.due = r.due || time.Since(r.saved) >= r.config.Save || r.config.SaveEvery > 0 && r.at.Step%r.config.SaveEvery == 0
	if r.due && !r.saver.busy() && (r.uneasy == 0 || r.uneasy > patience) {
		return r.written(r.save(), last)
	}
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
		if err := r.written(r.saveNow(), false); err != nil { // what joins now may spoil what was learnt
			return err
		}
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

// warn tells of what is wrong, and goes on.
func (r *run) warn(format string, args ...any) {
	r.append(runlog.Entry{Kind: runlog.Warn, Step: r.at.Step, Text: fmt.Sprintf(format, args...)})
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
