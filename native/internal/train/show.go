package train

import (
	"context"
	"fmt"

	"mien/native/internal/chart"
	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/model"
	"mien/shared/tensor"
)

// What a run shows a person each so often, as the reference does: PNGs in
// OUT/samples and, through the log, on the page.

// shown is a picture of a run.
type shown struct {
	name string // of the file, without step and ending
	text string // what it is
	png  []byte
}

// gridUnits and gridSteps are rows and columns of the AU grid: parts of the
// largest intensity.
var (
	gridUnits = []string{"01", "02", "04", "05", "10", "12", "15", "25", "45"}
	gridSteps = []float32{0, .33, .66, 1}
)

// shownEmotions are those of the emotion row.
var shownEmotions = []string{"joy", "sadness", "surprise", "contempt"}

// ownFull is the intensity that our own networks are shown up to; what they
// are asked in training ends at 4.5.
const ownFull = 4

// easel draws what a generator makes of faces of the training set.
type easel struct {
	gen    *model.Generator
	source dataset.Source
	scale  float32   // of the source's labels, to intensities
	full   au.Vector // the largest intensities
}

// face returns face i [S S 3] and its intensities.
func (e *easel) face(i int) ([]float32, au.Vector, error) {
	img, own, _, _, err := e.source.Sample(i)
	for k := range own {
		own[k] *= e.scale
	}
	return unit(img), own, err
}

// show returns x with the Action Units brought to target: the whole picture of
// a network that paints, not only the part that an edit uses.
func (e *easel) show(ctx context.Context, x []float32, own, target au.Vector) ([]float32, error) {
	for k := range target {
		target[k] -= own[k]
	}
	size := e.gen.Size()
	o, err := e.gen.Field(ctx, tensor.Of(x, 1, size, size, 3), own, target)
	if err != nil || e.gen.Target() {
		return o.Colour, err
	}
	return draw(x, o, target), nil
}

// sheet draws a table: cells are the Action Units that face i shall show, nil
// for the face itself.
func (e *easel) sheet(ctx context.Context, i int, above, before []string, cells [][]*au.Vector) ([]byte, error) {
	x, own, err := e.face(i)
	if err != nil {
		return nil, err
	}
	s := chart.NewSheet(e.gen.Size(), len(cells[0]), len(cells), above, before)
	for row := range cells {
		for column, target := range cells[row] {
			y := x
			if target != nil {
				if y, err = e.show(ctx, x, own, *target); err != nil {
					return nil, err
				}
			}
			s.Put(column, row, y)
		}
	}
	return s.PNG()
}

// pictures draws reconstruction, translation, AU grid and emotions.
func (e *easel) pictures(ctx context.Context) ([]shown, error) {
	// Always the same faces, so that one sees them change. A second one lends
	// its expression to the translation.
	const first = 0
	_, own, err := e.face(first)
	if err != nil {
		return nil, fmt.Errorf("draw samples: %w", err)
	}
	other := own
	for i := 1; i < min(e.source.Len(), 50) && other == own; i++ {
		if _, other, err = e.face(i); err != nil {
			other = own
		}
	}
	grid := make([][]*au.Vector, len(gridUnits))
	before := make([]string, len(gridUnits))
	for row, code := range gridUnits {
		before[row] = "AU" + code
		for _, part := range gridSteps {
			v := own
			v[au.Index(code)] = part * e.full[au.Index(code)]
			grid[row] = append(grid[row], &v)
		}
	}
	emotions := []*au.Vector{nil}
	for _, name := range shownEmotions {
		for _, emotion := range au.Emotions {
			if emotion.Name == name {
				v := own
				for k, x := range emotion.Vector(1) {
					v[k] = max(v[k], x*e.full[k])
				}
				emotions = append(emotions, &v)
			}
		}
	}
	var all []shown
	for _, p := range []struct {
		name, text    string
		above, before []string
		cells         [][]*au.Vector
	}{
		{"reconstruction", "A face, and painted with its own Action Units", []string{"face", "reconstructed"}, nil, [][]*au.Vector{{nil, &own}}},
		{"translation", "A face, and with the Action Units of another", []string{"face", "translated"}, nil, [][]*au.Vector{{nil, &other}}},
		{"grid", "Single Action Units by strength", []string{"0", ".33", ".66", "1"}, before, grid},
		{"emotions", "Emotions", append([]string{"face"}, shownEmotions...), nil, [][]*au.Vector{emotions}},
	} {
		b, err := e.sheet(ctx, first, p.above, p.before, p.cells)
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", p.name, err)
		}
		all = append(all, shown{p.name, p.text, b})
	}
	return all, nil
}

// histogram draws how many faces show each Action Unit how strongly.
func histogram(source dataset.Source, labels dataset.Columns) ([]byte, error) {
	layers, of := []string{"1 to 2", "2 to 3", "3 to 4", "4 and more"}, "intensity"
	if labels == dataset.Presence {
		layers, of = []string{"present"}, "presence"
	}
	values := make([][]float64, len(layers))
	for k := range values {
		values[k] = make([]float64, au.Count)
	}
	for i := range source.Len() {
		for k, v := range source.Labels(i) {
			if v >= 1 {
				values[min(int(v)-1, len(layers)-1)][k]++
			}
		}
	}
	return chart.Bars(fmt.Sprintf("Action Units of %d faces, by %s", source.Len(), of), "faces", au.Codes(), layers, values)
}

// show draws everything that a run has to show of the generator in f.
func (r *run) show(ctx context.Context, f *model.File) ([]shown, error) {
	gen, err := model.LoadGenerator(f, r.config.Device)
	if err != nil {
		return nil, err
	}
	defer gen.Close()
	e := &easel{gen: gen, source: r.source, scale: r.preset.intensity()}
	for k := range e.full {
		e.full[k] = ownFull
	}
	if r.preset.Paints() {
		copy(e.full[:], r.preset.most(r.feed.picker.top))
	}
	all, err := e.pictures(ctx)
	if err != nil {
		return nil, err
	}
	if !r.histogram {
		b, err := histogram(r.source, r.preset.Labels)
		if err != nil {
			return nil, err
		}
		all = append(all, shown{"histogram", "Action Units in the data", b})
		r.histogram = true
	}
	for _, c := range []struct {
		name, y string
		columns []column
	}{{"losses", "loss", lossColumns}, {"fid", "FID", fidColumns}, {"distance", "Frechet distance of an AU reader's features", readerColumns}} {
		b, ok, err := r.curves.chart(c.name, c.y, c.columns)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, shown{c.name, c.name + " so far", b})
		}
	}
	return all, nil
}
