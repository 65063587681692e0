package train

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/stat"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
)

// slopeFaces is on how many faces a reader's slopes are measured.
const slopeFaces = 1000

// Bounds of a slope: one of an AU that hardly varies is noise.
const (
	leastSlope = .2
	mostSlope  = 1
)

// slopes returns how far a reader moves for a unit of labelled intensity, the
// slope of its regression on the labels of up to slopeFaces samples of source, all
// the same distance apart. Readers shrink what they can't tell: .9 of a smile and
// .5 of a frown. Taken at its word, such a reader has frowns made half as deep
// again as asked. Labels are times scale intensities. An AU that never varies has slope 1.
func slopes(ctx context.Context, f *model.File, source dataset.Source, scale float32) (v au.Vector, err error) {
	r, err := model.LoadReader(f, cpu.New())
	if err != nil {
		return v, err
	}
	defer r.Close()
	n := min(source.Len(), slopeFaces)
	var label, read [au.Count][]float64
	for i := range n {
		img, labels, _, _, err := source.Sample(i * source.Len() / n)
		if err != nil {
			continue // counted when the source was opened
		}
		seen, err := r.ReadBoth(ctx, tensor.Of(unit(img), 1, source.Size(), source.Size(), 3), meshOf(source, i*source.Len()/n))
		if err != nil {
			return v, fmt.Errorf("measure slopes: %w", err)
		}
		for k := range v {
			label[k], read[k] = append(label[k], float64(labels[k]*scale)), append(read[k], float64(seen.AU[k]))
		}
	}
	for k := range v {
		v[k] = mostSlope
		if len(label[k]) > 1 && stat.Variance(label[k], nil) > 0 {
			_, b := stat.LinearRegression(label[k], read[k], nil, false)
			v[k] = float32(min(max(b, leastSlope), mostSlope))
		}
	}
	return v, nil
}
