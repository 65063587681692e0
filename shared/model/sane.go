package model

import (
	"errors"
	"fmt"
	"strings"

	"mien/shared/plan"
)

// Bounds of what a network of ours has learnt. Trained ones stay below 40, one
// that diverged has 1e8 and more. Variances, which are squares of activations,
// come to some thousands.
const (
	maxWeight   = 1e3
	maxVariance = 1e6
)

// ErrUntrained says that weights are such as no sound training leaves.
var ErrUntrained = errors.New("no sound training leaves that")

// CheckWeights refuses, with ErrUntrained, a network that cannot have been
// trained, as loading it would.
func (f *File) CheckWeights() error {
	p, err := f.Plan()
	if err != nil {
		return err
	}
	return f.sane(f.Meta[keyKind], p)
}

// sane refuses the states of a network that cannot have been trained: numbers
// beyond those bounds, negative variances, weights that are all zero. Imported
// networks are what they are.
func (f *File) sane(kind string, p *plan.Plan) error {
	if imported(kind) {
		return nil
	}
	states := p.Named(plan.State)
	dead := len(states) > 0
	for _, i := range states {
		name := p.Values[i].Name
		lo, hi := float32(-maxWeight), float32(maxWeight)
		if strings.HasSuffix(name, ".var") {
			lo, hi = 0, maxVariance
		}
		for k, v := range f.Tensors[name].Data {
			if v < lo || v > hi {
				return fmt.Errorf("tensor %q: element %d is %g, want %g to %g: %w", name, k, v, lo, hi, ErrUntrained)
			}
			dead = dead && v == 0
		}
	}
	if dead {
		return fmt.Errorf("all weights are zero: %w", ErrUntrained)
	}
	return nil
}
