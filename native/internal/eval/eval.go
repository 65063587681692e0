// Package eval measures what an editor does to faces that it has not seen, as
// an AU reader that took no part in its training sees it.
package eval

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/edit"
	"mien/shared/model"
)

// The sweep of each Action Unit: changes from 0 to Reach.
const (
	Sweep = 11
	Reach = 3.0
)

// workers edit faces side by side.
const workers = 2

// Subject is an editor to measure. Open is called once a worker; whoever opened
// it closes it.
type Subject struct {
	Name string
	Open func() (edit.Drawer, error)
}

// Generator is the subject of a model file.
func Generator(f *model.File, d device.Device) Subject {
	name := "generator"
	if info, err := f.Info(); err == nil {
		name = fmt.Sprintf("%s, step %d", info.Preset, info.Step)
	}
	return Subject{name, func() (edit.Drawer, error) { return model.LoadGenerator(f, d) }}
}

// Options say what to measure on.
type Options struct {
	Device device.Device
	Judge  *model.File    // AU reader, which must not have been part of the training
	Faces  dataset.Source // all of them are read, Edit of them edited
	Edit   int
	// Embedder tells people apart; nil leaves identity out.
	Embedder *model.File
	// Reader is the editor's own, never the judge: it says what a face shows and, but
	// for Plain, calibrates. nil is none.
	Reader *model.File
	Plain  bool // as in edit.Editor
	// Progress may be nil.
	Progress func(done, total int)
}

// Judge reads all labelled faces first, then edits some of them, evenly spread,
// under sweeps of all Action Units.
func Judge(ctx context.Context, s Subject, o Options) (Report, error) {
	n := min(o.Edit, o.Faces.Len())
	if n < 2 {
		return Report{}, fmt.Errorf("evaluate on %d faces: want 2 at least", n)
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	r := Report{Name: s.Name, Faces: n, Plain: o.Plain}
	var benches []*bench
	defer func() {
		for _, b := range benches {
			b.close()
		}
	}()
	for range workers {
		b, err := newBench(ctx, s, o)
		if err != nil {
			return r, fmt.Errorf("evaluate %s: %w", s.Name, err)
		}
		benches = append(benches, b)
	}
	own, err := benches[0].own(ctx, o.Faces)
	if err != nil {
		return r, fmt.Errorf("evaluate: %w", err)
	}
	if r.Identity, err = benches[0].verify(ctx, o.Faces); err != nil {
		return r, fmt.Errorf("evaluate: %w", err)
	}
	results := make([]*result, n)
	var mu sync.Mutex
	done := 0
	g, group := errgroup.WithContext(ctx) // which ends with the group
	for w, b := range benches {
		g.Go(func() error {
			for i := w; i < n; i += workers {
				res, err := b.sweep(group, o.Faces, i*o.Faces.Len()/n)
				if err != nil {
					return err
				}
				results[i] = res
				mu.Lock()
				done++
				o.Progress(done, n)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return r, fmt.Errorf("evaluate %s: %w", s.Name, err)
	}
	r.add(results, own)
	if err := realism(ctx, benches, o, own, &r); err != nil && !errors.Is(err, errTooFew) {
		return r, fmt.Errorf("evaluate %s: %w", s.Name, err)
	}
	return r, nil
}

// result is what sweeps of one face came to.
type result struct {
	read       [au.Count][Sweep]au.Vector
	still      int
	background float64
	cycle      float64    // mean absolute difference there and back, of 0 to 1
	sharp      [2]float64 // photo, edited
	cosine     float64    // of the embeddings of photo and edited
	distance   float64    // between them
}
