package prior

import (
	"context"
	"fmt"

	"mien/shared/au"
	"mien/shared/model"
	"mien/shared/tensor"
)

// fieldSize is the side of an Editor's fields: finer than what it looks at, since
// lids close within a few pixels.
const fieldSize = 128

// Editor edits photos by the prior as a generator would; an AU reader finds the
// landmarks. It is used by one goroutine at a time.
type Editor struct {
	prior  *Prior
	reader *model.Reader

	photo     *tensor.Tensor // whose landmarks are known
	landmarks Landmarks
}

// NewEditor returns an editor that owns reader.
func (p *Prior) NewEditor(reader *model.Reader) *Editor { return &Editor{prior: p, reader: reader} }

// Info says that this is the prior.
func (e *Editor) Info() model.Info {
	return model.Info{Kind: model.KindPrior, Size: e.Size(), Preset: model.KindPrior, Licence: licence}
}

// Size is the side of the picture that Field takes.
func (e *Editor) Size() int { return e.reader.Size() }

// Field is what the change does to photo [1 S S 3] in [-1, 1].
func (e *Editor) Field(ctx context.Context, photo *tensor.Tensor, _, change au.Vector) (model.Output, error) {
	return e.FieldSides(ctx, photo, change, change)
}

// FieldSides is Field with a change for each half of the face, image left first.
func (e *Editor) FieldSides(ctx context.Context, photo *tensor.Tensor, left, right au.Vector) (model.Output, error) {
	if e.photo != photo {
		v, err := e.reader.ReadBoth(ctx, photo, nil)
		if err != nil {
			return model.Output{}, fmt.Errorf("prior: %w", err)
		}
		for i, q := range v.Landmarks {
			// What the reader puts outside of its picture lies at its border.
			e.landmarks[i] = [2]float32{min(max((q[0]+1)*64-.5, 0), 127), min(max((q[1]+1)*64-.5, 0), 127)}
		}
		e.photo = photo
	}
	o, err := e.prior.Field(photo.Data, e.Size(), e.landmarks, left, right, fieldSize)
	if err != nil {
		return o, fmt.Errorf("prior: %w", err)
	}
	return o, nil
}

// Close releases the reader.
func (e *Editor) Close() error { return e.reader.Close() }
