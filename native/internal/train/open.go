package train

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"

	"mien/native/internal/checkpoint"
	"mien/native/internal/net"
	"mien/native/internal/runlog"
	"mien/shared/model"
)

// logName is the run log's name in the run directory.
const logName = "log.jsonl"

// open prepares the run directory, the data and what the loss needs, and
// restores the newest checkpoint when asked to. The returned function releases
// the directory.
func (r *run) open(ctx context.Context) (unlock func(), err error) {
	c := r.config
	if err := dirs(c.Out); err != nil {
		return nil, err
	}
	lock, err := checkpoint.Lock(c.Out)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lock()
		}
	}()
	if r.store, err = checkpoint.Open(filepath.Join(c.Out, "checkpoint")); err != nil {
		return nil, err
	}
	if r.source, err = openSource(ctx, c, r.preset.Size(), r.preset.Labels); err != nil {
		return nil, err
	}
	if r.preset.Embeds() {
		if r.source, err = newCrowd(r.source); err != nil {
			return nil, err
		}
	}
	if err = r.config.lasts(r.source.Len()); err != nil {
		return nil, err
	}
	var reader *model.File
	if c.Reader != "" && !r.preset.Looks() {
		f, err := load(c.Reader)
		if err != nil {
			return nil, fmt.Errorf("reader: %w", err)
		}
		n, values, err := readerOf(f)
		if err != nil {
			return nil, fmt.Errorf("reader %q: %w", c.Reader, err)
		}
		if n.Size > r.preset.Size() {
			return nil, fmt.Errorf("reader %q looks at %d pixels, preset %q draws %d", c.Reader, n.Size, r.preset.Name, r.preset.Size())
		}
		r.reader, reader = n, f
		for name, data := range values {
			r.loaded[name] = data
		}
	}
	if c.Prior != "" && !r.preset.Looks() {
		if r.teacher, err = openTeacher(c.Prior); err != nil {
			return nil, fmt.Errorf("prior %q: %w", c.Prior, err)
		}
	}
	if r.log, err = runlog.Open(filepath.Join(c.Out, logName)); err != nil {
		return nil, err
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
			r.log.Close()
			return nil, fmt.Errorf("reader %q: %w", c.Reader, err)
		}
	}
	if r.preset.Paints() {
		r.loaded[net.Most] = r.preset.most(r.feed.picker.top)
	}
	err = r.begin()
	if err == nil {
		err = r.redraw()
	}
	if err != nil {
		r.log.Close()
		return nil, err
	}
	return func() { lock() }, nil
}

// begin restores a run or starts a new one, and refuses to write over one.
func (r *run) begin() error {
	if r.config.Resume {
		if err := r.restore(); err != nil {
			return err
		}
	} else if r.log.Offset() > 0 {
		return fmt.Errorf("there is a run already: go on with --resume or choose another directory")
	} else if err := r.fresh(); err != nil {
		return err
	}
	r.append(runlog.Entry{Kind: runlog.Start, Step: r.at.Step, Steps: r.config.Steps, Preset: r.preset.Name, Data: r.config.Data,
		Text: r.config.Device.Name()})
	return nil
}

// fresh is where a run starts: from given weights or from none.
func (r *run) fresh() error {
	r.at, r.states = progress{}, maps.Clone(r.loaded)
	if r.config.From == "" {
		return nil
	}
	f, err := load(r.config.From)
	if err != nil {
		return fmt.Errorf("weights to start from: %w", err)
	}
	r.from = map[string][]float32{}
	for name, t := range f.Tensors {
		r.from[name] = t.Data
	}
	return nil
}

// redraw makes table and curves of losses anew from the log.
func (r *run) redraw() (err error) {
	if r.curves != nil {
		if err := r.curves.close(); err != nil {
			return err
		}
	}
	r.curves, err = openCurves(r.config.Out, filepath.Join(r.config.Out, logName), r.source.Len(), r.config.Batch)
	return err
}

// restore takes states and position from the newest sound checkpoint, or
// starts over when there is none yet.
func (r *run) restore() error {
	b, err := r.store.Load()
	if err != nil {
		return err
	}
	if b == nil {
		if err := r.fresh(); err != nil {
			return err
		}
		return r.log.TruncateTo(0)
	}
	at, states, err := decodeState(b, r.config)
	if err != nil {
		return err
	}
	r.at, r.states = at, states
	return r.log.TruncateTo(at.LogOffset)
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
