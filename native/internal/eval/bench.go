package eval

import (
	"context"
	"fmt"
	"image"
	"math"

	"gonum.org/v1/gonum/stat"

	"mien/native/internal/dataset"
	"mien/native/internal/metric"
	"mien/shared/au"
	"mien/shared/edit"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/pixel"
)

// bench is one worker's editor, judge and embedder.
type bench struct {
	swap     *edit.Swap
	editor   *edit.Editor
	judge    *model.Reader
	reader   *model.Reader     // the editor's own; nil for none
	embedder *metric.Extractor // nil for none
}

func newBench(ctx context.Context, s Subject, o Options) (*bench, error) {
	next, err := s.Open()
	if err != nil {
		return nil, err
	}
	b := &bench{swap: edit.NewSwap(o.Device)}
	if _, err := b.swap.Use(ctx, next); err != nil {
		return nil, err
	}
	if b.judge, err = model.LoadReader(o.Judge, o.Device); err != nil {
		b.close()
		return nil, fmt.Errorf("judge: %w", err)
	}
	if o.Reader != nil {
		if b.reader, err = model.LoadReader(o.Reader, o.Device); err != nil {
			b.close()
			return nil, fmt.Errorf("editor's reader: %w", err)
		}
	}
	b.editor = edit.New(b.swap, b.reader, nil)
	b.editor.Plain = o.Plain
	if o.Embedder != nil {
		if b.embedder, err = metric.NewEmbedder(o.Embedder, o.Device); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

func (b *bench) close() {
	b.swap.Close()
	for _, r := range []*model.Reader{b.judge, b.reader} {
		if r != nil {
			r.Close()
		}
	}
	if b.embedder != nil {
		b.embedder.Close()
	}
}

// own reads the unedited faces and compares with their labels.
func (b *bench) own(ctx context.Context, faces dataset.Source) (judged, error) {
	var label, read [au.Count][]float64
	for i := range faces.Len() {
		img, labels, _, _, err := faces.Sample(i)
		if err != nil {
			continue // counted when the folder was opened
		}
		var mesh *face.Mesh
		if m, ok := faces.(dataset.Meshed); ok && b.judge.SeesMesh() {
			if known, ok := m.Mesh(i); ok {
				mesh = &known
			}
		}
		v, err := b.seeWith(ctx, picture(img, faces.Size()), mesh)
		if err != nil {
			return judged{}, err
		}
		for k := range au.Units {
			label[k], read[k] = append(label[k], float64(labels[k])), append(read[k], float64(v[k]))
		}
	}
	var j judged
	for k := range au.Units {
		if len(label[k]) < 2 || stat.Variance(label[k], nil) == 0 || stat.Variance(read[k], nil) == 0 {
			j.slope[k] = 1 // an AU that never varies says nothing of the judge
			continue
		}
		_, j.slope[k] = stat.LinearRegression(label[k], read[k], nil, false)
		j.r[k] = stat.Correlation(label[k], read[k], nil)
		j.icc[k] = icc31(label[k], read[k])
	}
	return j, nil
}

// see reads the Action Units of an aligned face, from the picture alone.
func (b *bench) see(ctx context.Context, img *image.NRGBA) (au.Vector, error) {
	return b.seeWith(ctx, img, nil)
}

// seeWith is see with the face's mesh, nil where it is not known.
func (b *bench) seeWith(ctx context.Context, img *image.NRGBA, mesh *face.Mesh) (au.Vector, error) {
	frame := face.CentreFrame(img.Rect.Dx(), img.Rect.Dy())
	v, err := b.judge.ReadBoth(ctx, pixel.ToTensor(face.Crop(img, frame, b.judge.Size())), mesh)
	return v.AU, err
}

// set makes an aligned face the photo to edit.
func (b *bench) set(ctx context.Context, photo *image.NRGBA) (own au.Vector, err error) {
	return b.editor.SetFrame(ctx, photo, face.CentreFrame(photo.Rect.Dx(), photo.Rect.Dy()))
}

// sweep edits face i in all ways.
func (b *bench) sweep(ctx context.Context, faces dataset.Source, i int) (*result, error) {
	raw, _, _, _, err := faces.Sample(i)
	if err != nil {
		return nil, fmt.Errorf("face %d: %w", i, err)
	}
	photo := picture(raw, faces.Size())
	if _, err := b.set(ctx, photo); err != nil {
		return nil, err
	}
	r := &result{}
	same, err := b.editor.Picture(ctx, au.Vector{})
	if err != nil {
		return nil, err
	}
	for j, v := range same.Pix {
		r.still = max(r.still, int(v)-int(photo.Pix[j]), int(photo.Pix[j])-int(v))
	}
	r.sharp[0] = edges(photo)
	var own []float32
	if b.embedder != nil {
		if own, err = b.embedder.Features(ctx, pixel.ToTensor(photo)); err != nil {
			return nil, err
		}
	}
	var far [au.Count]*image.NRGBA // the largest changes
	for k := range au.Units {
		for s := range Sweep {
			edited, err := b.editor.Picture(ctx, single(k, Reach*float32(s)/(Sweep-1)))
			if err != nil {
				return nil, err
			}
			if r.read[k][s], err = b.see(ctx, edited); err != nil {
				return nil, err
			}
			far[k] = edited
		}
		r.background += border(photo, far[k]) / au.Count
		r.sharp[1] += edges(far[k]) / au.Count
		if b.embedder != nil {
			now, err := b.embedder.Features(ctx, pixel.ToTensor(far[k]))
			if err != nil {
				return nil, err
			}
			c := cosine(own, now)
			r.cosine += c / au.Count
			r.distance += math.Sqrt(math.Max(2-2*c, 0)) / au.Count
		}
	}
	for k, edited := range far { // last: it changes the photo to edit
		if _, err := b.set(ctx, edited); err != nil {
			return nil, err
		}
		back, err := b.editor.Picture(ctx, single(k, -Reach))
		if err != nil {
			return nil, err
		}
		r.cycle += apart(photo, back) / au.Count
	}
	return r, nil
}

// single is a change of one Action Unit.
func single(k int, by float32) (d au.Vector) {
	d[k] = by
	return d
}
