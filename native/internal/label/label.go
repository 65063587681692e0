// Package label makes a data set in OpenFace's layout of a folder of photos:
// aligned faces with their Action Units, read by OpenFace's FeatureExtraction where
// it is installed, else by Mien's own reader.
//
//	OUT/label.json                               who labels
//	OUT/part-00012/processed/EmotioNet.csv       one row a photo
//	OUT/part-00012/processed/EmotioNet_aligned/  frame_det_00_NNNNNN.jpg or .bmp
//	OUT/part-00012/processed/sources.txt         line N is the photo of frame N
//	OUT/work/                                    the part that is being made
//
// A part appears when it is whole. A run that was stopped goes on with the photos
// that no part has, and so does one after new photos came.
package label

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"mien/native/internal/checkpoint"
)

const (
	tableName     = "EmotioNet.csv"
	landmarksName = "landmarks68.csv"
	facesName     = "EmotioNet_aligned"
	sourcesName   = "sources.txt"

	maxPhotos = 4_000_000
	maxFile   = 64 << 20 // bytes of a photo
)

// Labeller labels photos.
type Labeller interface {
	// Name says who labels; labels of different names are not mixed.
	Name() string
	// Label writes EmotioNet.csv and EmotioNet_aligned of photos to dir, which is
	// empty. Frame N is photo N-1. done counts photos.
	Label(ctx context.Context, photos []string, dir string, done func(n int)) error
}

// Options say what is labelled.
type Options struct {
	In, Out string
	// Part is how many photos become one part, what a stopped run loses at most.
	// Defaults to 1000.
	Part     int
	Progress func(done, total int)
}

// Result says what was done.
type Result struct {
	Labeller string `json:"labeller"`
	Photos   int    `json:"photos"` // in the folder
	Labelled int    `json:"labelled"`
	Parts    int    `json:"parts"` // by this run
}

// Run labels every photo under In that has no row under Out.
func Run(ctx context.Context, l Labeller, o Options) (Result, error) {
	r := Result{Labeller: l.Name()}
	if o.Part == 0 {
		o.Part = 1000
	}
	if o.Part < 1 || o.Part > 100_000 {
		return r, fmt.Errorf("label: parts of %d photos: want 1 to 100000", o.Part)
	}
	if err := run(ctx, l, o, &r); err != nil {
		return r, fmt.Errorf("label %q: %w", o.In, err)
	}
	return r, nil
}

func run(ctx context.Context, l Labeller, o Options, r *Result) error {
	if _, err := os.Stat(o.In); err != nil {
		return err
	}
	work := filepath.Join(o.Out, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(o.Out, "lock"))
	wait, cancel := context.WithTimeout(ctx, 2*time.Second) // a run killed a moment ago may still hold it
	defer cancel()
	if ok, err := lock.TryLockContext(wait, 50*time.Millisecond); !ok {
		return errors.Join(errors.New("another run labels into this folder"), err)
	}
	defer lock.Unlock()
	if err := sameLabeller(o.Out, l.Name()); err != nil {
		return err
	}
	known, next, err := labelled(o.Out)
	if err != nil {
		return err
	}
	all, err := photos(o.In, o.Out)
	if err != nil {
		return err
	}
	var left []string
	for _, name := range all {
		if !known[name] {
			left = append(left, name)
		}
	}
	r.Photos = len(all)
	r.Labelled = len(all) - len(left)
	for len(left) > 0 {
		part := left[:min(o.Part, len(left))]
		left = left[len(part):]
		before := r.Labelled
		err := makePart(ctx, l, o, part, next, func(n int) {
			if o.Progress != nil {
				o.Progress(before+n, len(all))
			}
		})
		if err != nil {
			return err
		}
		r.Labelled += len(part)
		r.Parts++
		next++
		if o.Progress != nil {
			o.Progress(r.Labelled, len(all))
		}
	}
	return nil
}

// makePart labels photos into a part, which appears when it is whole.
func makePart(ctx context.Context, l Labeller, o Options, names []string, number int, done func(int)) error {
	name := fmt.Sprintf("part-%05d", number)
	dir := filepath.Join(o.Out, "work", name)
	if err := os.RemoveAll(dir); err != nil { // of a run that was stopped
		return err
	}
	processed := filepath.Join(dir, "processed")
	if err := os.MkdirAll(processed, 0o755); err != nil {
		return err
	}
	paths := make([]string, len(names))
	for i, n := range names {
		paths[i] = filepath.Join(o.In, filepath.FromSlash(n))
	}
	if err := l.Label(ctx, paths, processed, done); err != nil {
		return err
	}
	if err := checkpoint.WriteFile(filepath.Join(processed, sourcesName), []byte(strings.Join(names, "\n")+"\n")); err != nil {
		return err
	}
	return os.Rename(dir, filepath.Join(o.Out, name))
}

// sameLabeller wants one labeller for one folder.
func sameLabeller(out, name string) error {
	type labels struct {
		Labeller string `json:"labeller"`
	}
	path := filepath.Join(out, "label.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = json.Marshal(labels{name}); err != nil {
			return err
		}
		return checkpoint.WriteFile(path, append(b, '\n'))
	}
	var was labels
	if err == nil {
		err = json.Unmarshal(b, &was)
	}
	if err == nil && was.Labeller != name {
		err = fmt.Errorf("%q was labelled by %s, not %s: labels of two hands do not compare, want another folder", out, was.Labeller, name)
	}
	return err
}

// labelled returns the photos that parts have, and the number of the next part.
func labelled(out string) (known map[string]bool, next int, err error) {
	known = map[string]bool{}
	entries, err := os.ReadDir(out)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "part-%05d", &n); err != nil || !e.IsDir() {
			continue
		}
		next = max(next, n+1)
		f, err := os.Open(filepath.Join(out, e.Name(), "processed", sourcesName))
		if err != nil {
			return nil, 0, err
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			known[lines.Text()] = true
		}
		f.Close()
		if err := lines.Err(); err != nil {
			return nil, 0, fmt.Errorf("%q: %w", f.Name(), err)
		}
	}
	return known, next, nil
}

// photos lists the pictures under in, by their names relative to it, in a fixed
// order; not what mien data fetch put aside, and not out.
func photos(in, out string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(in, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "quarantine" || same(path, out)) {
			return filepath.SkipDir
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp":
		default:
			return nil
		}
		name, err := filepath.Rel(in, path)
		if err != nil {
			return err
		}
		if !e.Type().IsRegular() || strings.ContainsAny(name, "\r\n") {
			return nil
		}
		if len(names) >= maxPhotos {
			return fmt.Errorf("more than %d photos", maxPhotos)
		}
		names = append(names, filepath.ToSlash(name))
		return nil
	})
	if err == nil && len(names) == 0 {
		err = errors.New("no photos (.jpg .png .bmp .gif .webp) in it")
	}
	return names, err
}

func same(a, b string) bool {
	x, errX := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	return errX == nil && errY == nil && x == y
}
