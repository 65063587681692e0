package train

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"mien/shared/model"
	"mien/shared/tensor"
)

// progress is where a run stands; with the states it is all that a resumed
// run needs, since batches are functions of the seed and the step.
type progress struct {
	Step      int     `json:"step"` // steps done
	Images    int64   `json:"images"`
	LogOffset int64   `json:"log_offset"` // of the run log, bytes
	Halvings  int     `json:"halvings"`   // of the rate, after divergence
	Seconds   float64 `json:"seconds"`    // that batches and steps took
}

const (
	keyConfig   = "mien.config"
	keyProgress = "mien.progress"
)

// maxState bounds a checkpoint, in bytes: that of e8 has 900 MB.
const maxState = 8 << 30

// writeState writes a training state as safetensors.
func writeState(w io.Writer, c Config, at progress, states map[string][]float32) error {
	config, err := json.Marshal(c)
	if err != nil {
		return err
	}
	where, err := json.Marshal(at)
	if err != nil {
		return err
	}
	f := &model.File{Meta: map[string]string{keyConfig: string(config), keyProgress: string(where), "mien.step": strconv.Itoa(at.Step)},
		Tensors: map[string]*tensor.Tensor{}}
	for name, data := range states {
		f.Tensors[name] = tensor.Of(data, len(data))
	}
	_, err = f.WriteTo(w)
	return err
}

// decodeState reads what writeState wrote. A configuration that would train
// something else is refused; steps may differ, so that a run can be prolonged.
func decodeState(b []byte, c Config) (progress, map[string][]float32, error) {
	var at progress
	f, err := model.DecodeUpTo(b, maxState)
	if err != nil {
		return at, nil, err
	}
	var was Config
	if err := json.Unmarshal([]byte(f.Meta[keyConfig]), &was); err != nil {
		return at, nil, fmt.Errorf("checkpoint's configuration: %w", err)
	}
	if err := json.Unmarshal([]byte(f.Meta[keyProgress]), &at); err != nil {
		return at, nil, fmt.Errorf("checkpoint's progress: %w", err)
	}
	for _, d := range []struct{ name, was, is string }{
		{"preset", was.Preset, c.Preset}, {"data", was.Data, c.Data},
		{"people", was.People, c.People},
		{"batch", strconv.Itoa(was.Batch), strconv.Itoa(c.Batch)},
		{"seed", strconv.FormatUint(was.Seed, 10), strconv.FormatUint(c.Seed, 10)},
		{"recipe", was.Override.String(), c.Override.String()},
	} {
		if d.was != d.is {
			return at, nil, fmt.Errorf("checkpoint was trained with %s %q, now %q is asked: choose another run directory", d.name, d.was, d.is)
		}
	}
	states := map[string][]float32{}
	for name, t := range f.Tensors {
		states[name] = t.Data
	}
	return at, states, nil
}
