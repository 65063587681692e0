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
	Watch     watch   `json:"watch"`
}

const (
	keyConfig   = "mien.config"
	keyOrigin   = "mien.origin"
	keyProgress = "mien.progress"
)

// maxState bounds a checkpoint, in bytes: that of e8 has 900 MB.
const maxState = 8 << 30

// state is what a checkpoint holds.
type state struct {
	config Config
	origin origin
	at     progress
	values map[string][]float32 // of every state of the plans, by name
}

// file is the state as a model file, which shares its values.
func (s state) file() (*model.File, error) {
	f := &model.File{Meta: map[string]string{"mien.step": strconv.Itoa(s.at.Step)}, Tensors: map[string]*tensor.Tensor{}}
	for key, v := range map[string]any{keyConfig: s.config, keyOrigin: s.origin, keyProgress: s.at} {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		f.Meta[key] = string(b)
	}
	for name, data := range s.values {
		f.Tensors[name] = tensor.Of(data, len(data))
	}
	return f, nil
}

// writeTo writes a file's bytes.
func writeTo(f *model.File) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := f.WriteTo(w)
		return err
	}
}

// decodeState reads the bytes of a state's file.
func decodeState(b []byte) (state, error) {
	s := state{values: map[string][]float32{}}
	f, err := model.DecodeUpTo(b, maxState)
	if err != nil {
		return s, err
	}
	for key, to := range map[string]any{keyConfig: &s.config, keyOrigin: &s.origin, keyProgress: &s.at} {
		text, ok := f.Meta[key]
		if !ok && key == keyOrigin { // older ones have none
			continue
		}
		if err := json.Unmarshal([]byte(text), to); err != nil {
			return s, fmt.Errorf("%s: %w", key, err)
		}
	}
	for name, t := range f.Tensors {
		s.values[name] = t.Data
	}
	return s, nil
}
