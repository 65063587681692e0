package train

import (
	"context"
	"errors"
	"fmt"

	"mien/native/internal/metric"
	"mien/native/internal/runlog"
	"mien/shared/au"
	"mien/shared/model"
)

// measures reports whether distances are due after a step.
func (r *run) measures(step int) bool {
	return r.config.Measure != nil && r.preset.Edits() && !r.unmeasured && step%r.config.MeasureEvery == 0
}

// measure edits faces with the generator in f towards each emotion and logs how
// far they are from real faces of it. The real ones are looked at once a run.
func (r *run) measure(ctx context.Context, f *model.File) error {
	if r.emotions == nil {
		var err error
		o := metric.Options{Faces: r.config.MeasureFaces, Seed: r.config.Seed}
		r.emotions, err = metric.NewEmotions(ctx, r.config.Measure, r.source, o)
		if errors.Is(err, metric.ErrTooFew) {
			r.unmeasured = true
			r.append(runlog.Entry{Kind: runlog.Warn, Step: r.at.Step, Text: fmt.Sprintf("not measured: %v", err)})
			return nil
		}
		if err != nil {
			return err
		}
	}
	gen, err := model.LoadGenerator(f, r.config.Device)
	if err != nil {
		return err
	}
	defer gen.Close()
	e := &easel{gen: gen, source: r.source, scale: r.preset.intensity()}
	scores, err := r.emotions.Score(ctx, func(ctx context.Context, i int, target au.Vector) ([]float32, error) {
		x, own, err := e.face(i)
		if err != nil {
			return nil, err
		}
		for k := range target {
			target[k] *= e.scale
		}
		return e.show(ctx, x, own, target)
	})
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	values, of := map[string]float64{}, "fid "
	if r.config.Measure.Name() == metric.ReaderName {
		of = "reader "
	}
	for _, s := range scores {
		values[of+s.Emotion], values["floor "+s.Emotion], values["kid "+s.Emotion] = s.Distance, s.Floor, s.KID
	}
	r.append(runlog.Entry{Kind: runlog.Metric, Step: r.at.Step, Losses: values, Text: r.config.Measure.Name()})
	return nil
}
