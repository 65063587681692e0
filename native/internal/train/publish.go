package train

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/shared/model"
)

// publish writes the averaged weights and a sample grid.
func (r *run) publish(ctx context.Context) error {
	if r.engine != nil {
		if err := r.engine.states(r.states); err != nil {
			return err
		}
	}
	f, err := Export(r.preset, r.at.Step, r.config.Licence, r.states)
	if err != nil {
		return err
	}
	if err := f.CheckWeights(); err != nil { // before anything is written
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
	if err := r.write(name, b); err != nil {
		return err
	}
	r.result = Result{Step: r.at.Step, Weights: filepath.Join(r.config.Out, name), SHA256: digest(b)}
	if m, ok := r.source.(*mouths); ok {
		picture, err := m.sheet(ctx, r.config.Device, f)
		if err != nil {
			return err
		}
		sample := fmt.Sprintf("samples/step-%06d.png", r.at.Step)
		if err := r.write(sample, picture); err != nil {
			return err
		}
		r.append(runlog.Entry{Kind: runlog.Sample, Step: r.at.Step, File: sample})
	}
	if r.preset.Edits() {
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
		if err := r.write(sample, picture); err != nil {
			return err
		}
		r.append(runlog.Entry{Kind: runlog.Sample, Step: r.at.Step, File: sample})
		all, err := r.show(ctx, f)
		if err != nil {
			return err
		}
		for _, p := range all {
			name := fmt.Sprintf("samples/step-%06d-%s.png", r.at.Step, p.name)
			if err := r.write(name, p.png); err != nil {
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

// write writes a file of the run directory, whole or not at all.
func (r *run) write(name string, b []byte) error {
	return vfs.WriteFile(r.config.fs, filepath.Join(r.config.Out, name), vfs.Bytes(b))
}

// keptWeights is how many weights of a network that paints are kept: one of
// e8's has 174 MB.
const keptWeights = 5

// prune removes weights older than the newest keptWeights.
func (r *run) prune() error {
	outputs, err := r.outputs("weights")
	if err != nil {
		return err
	}
	for _, o := range outputs[:max(len(outputs)-keptWeights, 0)] {
		if err := r.config.fs.Remove(o.path); err != nil {
			return err
		}
	}
	return nil
}

// output is a file that was published at a step.
type output struct {
	step int
	path string
}

// outputName is what such files are called.
var outputName = regexp.MustCompile(`^step-(\d+)(-[a-z]+)?\.(safetensors|png)$`)

// outputs lists those of a directory of the run, in the order of their steps.
func (r *run) outputs(dir string) ([]output, error) {
	dir = filepath.Join(r.config.Out, dir)
	names, err := r.config.fs.List(dir)
	var all []output
	for _, name := range names {
		if m := outputName.FindStringSubmatch(name); m != nil {
			if step, err := strconv.Atoi(m[1]); err == nil {
				all = append(all, output{step, filepath.Join(dir, name)})
			}
		}
	}
	slices.SortFunc(all, func(a, b output) int { return a.step - b.step })
	return all, err
}

// load reads a model file from disk, and its sha256.
func load(path string) (*model.File, string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	f, err := model.Decode(b)
	if err != nil {
		return nil, "", fmt.Errorf("%q: %w", path, err)
	}
	return f, digest(b), nil
}
