package eval

import (
	"context"
	"fmt"
	"io"
	"strings"

	"mien/native/internal/dataset"
	"mien/native/internal/metric"
	"mien/shared/au"
)

// Distances says, per emotion, how far edited faces are from real ones.
type Distances struct {
	Name   string         `json:"name"` // "FID", or what else was measured
	Scores []metric.Score `json:"emotions"`
	// Missing are emotions that too few faces show.
	Missing []string `json:"missing,omitempty"`
}

// Emotions edits faces towards each emotion and measures them by e against real
// faces of that emotion. Labels of faces must be intensities.
func Emotions(ctx context.Context, s Subject, o Options, e *metric.Extractor, of metric.Options) (Distances, error) {
	m, err := metric.NewEmotions(ctx, e, o.Faces, of)
	if err != nil {
		return Distances{}, err
	}
	b, err := newBench(ctx, s, o)
	if err != nil {
		return Distances{}, err
	}
	defer b.close()
	faces, size := o.Faces, o.Faces.Size()
	scores, err := m.Score(ctx, func(ctx context.Context, i int, target au.Vector) ([]float32, error) {
		img, own, _, _, err := faces.Sample(i)
		if err != nil {
			return nil, err
		}
		for k := range target {
			target[k] -= own[k]
		}
		if _, err := b.set(ctx, picture(img, size)); err != nil {
			return nil, err
		}
		edited, err := b.editor.Picture(ctx, target)
		if err != nil {
			return nil, err
		}
		x := make([]float32, size*size*3)
		for at := range size * size {
			dataset.Fill(x[3*at:3*at+3], edited.Pix[4*at:4*at+3])
		}
		return x, nil
	})
	return Distances{m.Name(), scores, m.Missing}, err
}

// Table writes the distances for a person.
func (d Distances) Table(w io.Writer) {
	fmt.Fprintf(w, "\n%s between edited and real faces of an emotion; before the edit; between real and real\n\n", d.Name)
	fmt.Fprintf(w, "%-10s %6s %9s %9s %9s %22s %9s\n", "emotion", "faces", "edited", "before", "real", "KID x 1000", "real")
	for _, s := range d.Scores {
		fmt.Fprintf(w, "%-10s %6d %9.3f %9.3f %9.3f %13.2f +- %5.2f %9.2f\n", s.Emotion, s.N, s.Distance, s.Before, s.Floor, s.KID, s.KIDError, s.KIDFloor)
	}
	if len(d.Missing) > 0 {
		fmt.Fprintf(w, "too few faces show %s\n", strings.Join(d.Missing, ", "))
	}
}
