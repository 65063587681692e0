package train

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

	"mien/native/internal/checkpoint"
	"mien/native/internal/net"
	"mien/native/internal/runlog"
	"mien/shared/model"
)

// logName is the run log's name in the run directory.
const logName = "log.jsonl"

// open prepares the run directory, the data and what the loss needs, and
// begins or goes on. The returned function releases the directory.
func (r *run) open(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(r.config.Out, 0o755); err != nil {
		return nil, err
	}
	lock, err := checkpoint.Lock(r.config.Out)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			if r.log != nil {
				r.log.Close()
			}
			lock()
		}
	}()
	if err := r.openFiles(); err != nil {
		return nil, err
	}
	was, err := r.recall()
	if err != nil {
		return nil, err
	}
	if err := r.openData(ctx); err != nil {
		return nil, err
	}
	if err := r.begin(was); err != nil {
		return nil, err
	}
	return lock, r.redraw()
}

// openFiles opens what the run writes.
func (r *run) openFiles() (err error) {
	c := r.config
	if err := dirs(c.fs, c.Out); err != nil {
		return err
	}
	store, err := checkpoint.Open(c.fs, filepath.Join(c.Out, "checkpoint"))
	if err != nil {
		return err
	}
	if r.log, err = runlog.OpenOn(c.fs, filepath.Join(c.Out, logName)); err != nil {
		return err
	}
	r.saver = &saver{store: store, log: r.log, values: map[string][]float32{}}
	return nil
}

// recall completes the configuration, of a run that goes on by that of its
// newest sound checkpoint; nil where there is none.
func (r *run) recall() (was *state, err error) {
	if r.config.Resume {
		if was, err = r.newest(); err != nil {
			return nil, err
		}
	}
	if was != nil {
		if r.config, err = r.config.goOn(was.config); err != nil {
			return nil, err
		}
	}
	r.config, r.preset, err = r.config.complete()
	return was, err
}

// newest loads the newest sound checkpoint, nil where there is none, and tells
// of those that it passed over.
func (r *run) newest() (*state, error) {
	var s state
	step, skipped, err := r.saver.store.Load(func(b []byte) (err error) {
		s, err = decodeState(b)
		return err
	})
	if err != nil || step == checkpoint.None {
		return nil, err
	}
	for _, err := range skipped {
		r.warnings = append(r.warnings, fmt.Sprintf("%v: going on from step %d", err, step))
	}
	return &s, nil
}

// openData opens the faces, the reader and the prior.
func (r *run) openData(ctx context.Context) (err error) {
	c := r.config
	if r.source, err = openSource(ctx, c, r.preset.Size(), r.preset.Labels); err != nil {
		return err
	}
	if r.preset.Embeds() {
		if r.source, err = newCrowd(r.source); err != nil {
			return err
		}
	}
	if r.preset.Fills() {
		m, err := newMouths(ctx, r.source)
		if err != nil {
			return err
		}
		if r.source = m; c.Log != nil {
			fmt.Fprintf(c.Log, "%d open mouths\n", m.Len())
		}
	}
	if err = r.config.lasts(r.source.Len()); err != nil {
		return err
	}
	r.origin = origin{Device: c.Device.Name(), Faces: r.source.Len()}
	if c.Measure != nil {
		r.origin.Measured = c.Measure.Name()
	}
	var reader *model.File
	if c.Reader != "" && r.preset.Edits() {
		if reader, r.origin.Reader, err = load(c.Reader); err != nil {
			return fmt.Errorf("reader: %w", err)
		}
		n, values, err := readerOf(reader)
		if err != nil {
			return fmt.Errorf("reader %q: %w", c.Reader, err)
		}
		if n.Size > r.preset.Size() {
			return fmt.Errorf("reader %q looks at %d pixels, preset %q draws %d", c.Reader, n.Size, r.preset.Name, r.preset.Size())
		}
		r.reader = n
		for name, data := range values {
			r.loaded[name] = data
		}
	}
	if c.Prior != "" && r.preset.Edits() {
		if r.teacher, r.origin.Prior, err = openTeacher(c.Prior); err != nil {
			return fmt.Errorf("prior %q: %w", c.Prior, err)
		}
	}
	r.feed = &feed{preset: r.preset, picker: newPicker(r.source, c.Seed, r.preset), teacher: r.teacher, augment: r.preset.Looks()}
	if reader != nil {
		faces := r.source
		if r.reader.Size != r.preset.Size() {
			quiet := c
			quiet.Log = nil // the same faces again, as small as the reader looks at
			faces, err = openSource(ctx, quiet, r.reader.Size, r.preset.Labels)
		}
		if err == nil {
			r.feed.slope, err = slopes(ctx, reader, faces, r.preset.intensity())
		}
		if err != nil {
			return fmt.Errorf("reader %q: %w", c.Reader, err)
		}
	}
	if r.preset.Paints() {
		r.loaded[net.Most] = r.preset.most(r.feed.picker.top)
	}
	if r.preset.Reader.Form > 0 {
		r.loaded[net.ShapeMean], r.loaded[net.ShapeDev] = shapes(r.source)
	}
	return nil
}

// begin goes on from was or starts a new run, and refuses to write over one.
func (r *run) begin(was *state) error {
	if was != nil {
		r.at = was.at
	}
	if err := r.loadFrom(); err != nil {
		return err
	}
	var err error
	if was != nil {
		err = r.goOn(was)
	} else {
		err = r.fresh()
	}
	if err != nil {
		return err
	}
	r.append(runlog.Entry{Kind: runlog.Start, Step: r.at.Step, Steps: r.config.Steps, Preset: r.preset.Name, Data: r.config.Data,
		Text: r.config.Device.Name()})
	for _, text := range r.warnings {
		r.warn("%s", text)
	}
	r.warnings = nil
	return nil
}

// fresh starts a run. Even one that is killed at its first step leaves a
// checkpoint that says what it trains.
func (r *run) fresh() error {
	steps, err := r.saver.store.Steps()
	if err != nil {
		return err
	}
	if !r.config.Resume && (len(steps) > 0 || r.log.Offset() > 0) {
		return fmt.Errorf("there is a run already: go on with --resume or choose another directory")
	}
	if r.log.Offset() > 0 {
		r.warnings = append(r.warnings, "there is no checkpoint to go on from: the run starts over")
	}
	if _, err := r.log.TruncateTo(0); err != nil {
		return err
	}
	r.states = maps.Clone(r.loaded)
	return r.saveNow()
}

// goOn starts from a checkpoint.
func (r *run) goOn(was *state) error {
	warnings, err := r.origin.differs(was.origin)
	if err != nil {
		return err
	}
	r.warnings = append(r.warnings, warnings...)
	r.origin.From = or(r.origin.From, was.origin.From)
	return r.restore(was)
}

// loadFrom loads the weights that a run starts from at its first step.
func (r *run) loadFrom() error {
	if r.config.From == "" || r.at.Step > 0 {
		return nil
	}
	f, sum, err := load(r.config.From)
	if err != nil {
		return fmt.Errorf("weights to start from: %w", err)
	}
	r.origin.From, r.from = sum, map[string][]float32{}
	for name, t := range f.Tensors {
		r.from[name] = t.Data
		delete(r.loaded, name) // what its weights were learnt with
	}
	return nil
}

// restore takes states and position from a checkpoint. The log is cut back to
// what it was then. One that is shorter was cut off by a power cut or copied
// while it grew; the run does without what it lacks.
func (r *run) restore(s *state) error {
	r.at, r.states, r.kept = s.at, s.values, s.at.Step
	end, err := r.log.TruncateTo(s.at.LogOffset)
	if err != nil || end == s.at.LogOffset {
		return err
	}
	r.warnings = append(r.warnings, fmt.Sprintf("the run log has %d of the %d bytes that it had at step %d: what they told is lost", end, s.at.LogOffset, r.at.Step))
	return r.saveNow() // or the old offset would point into what is written now
}

// redraw makes table and curves of losses anew from the log.
func (r *run) redraw() (err error) {
	if r.curves != nil {
		if err := r.curves.close(); err != nil {
			return err
		}
	}
	r.curves, err = openCurves(r.config, r.source.Len())
	return err
}

// tell prints what a person watching wants to know: every 20th step, and all
// that is not a step.
func tell(w io.Writer, e runlog.Entry) {
	switch e.Kind {
	case runlog.Step:
		if e.Step%20 == 0 || e.Step == e.Steps {
			fmt.Fprintf(w, "step %d/%d  %s  %.1f images/s  %s left %s\n", e.Step, e.Steps, e.Phase, e.Rate, duration(e.ETA), losses(e.Losses))
		}
	case runlog.Warn:
		fmt.Fprintf(w, "warning: %s\n", e.Text)
	case runlog.Weights, runlog.Sample:
		fmt.Fprintf(w, "step %d: wrote %s\n", e.Step, e.File)
	case runlog.Start:
		fmt.Fprintf(w, "training %s on %s, %s, from step %d\n", e.Preset, e.Data, e.Text, e.Step)
	}
}
