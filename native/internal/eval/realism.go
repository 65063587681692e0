package eval

import (
	"context"
	"errors"
	"fmt"
	"image"

	"golang.org/x/sync/errgroup"

	"mien/native/internal/metric"
	"mien/shared/au"
	"mien/shared/pixel"
)

// errTooFew says that a distance between sets of so few pictures means nothing.
var errTooFew = errors.New("too few faces")

// leastSet is the smallest set of pictures whose distance is told.
const leastSet = 60

// transfer is a face edited to another's expression.
type transfer struct {
	photo, edited []float32 // features
	asked, moved  au.Vector
}

// realism edits each face to the expression of another of its half of them, and compares
// each half edited with the other half unedited as the judge's features see it; and how
// far faces moved with how far they were asked to, by the judge's readings. Both ways
// differ by .11 and .12 on 916 faces, by who is in which half.
func realism(ctx context.Context, benches []*bench, o Options, own judged, r *Report) error {
	half := o.Faces.Len() / 2
	if half < leastSet {
		return errTooFew
	}
	made := make([]transfer, 2*half)
	g, group := errgroup.WithContext(ctx)
	for w, b := range benches {
		g.Go(func() error {
			seen, err := metric.NewReader(o.Judge, o.Device)
			if err != nil {
				return err
			}
			defer seen.Close()
			for i := w; i < len(made) && err == nil; i += len(benches) {
				// Of its half: halves alternate, so that a folder's parts are in both alike.
				made[i], err = b.transfer(group, o, seen, i, (i+half/2*2)%len(made))
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var real, edited [2]*metric.Moments // of either half
	for k := range 2 {
		var err, again error
		real[k], err = metric.NewMoments(len(made[0].photo))
		edited[k], again = metric.NewMoments(len(made[0].photo))
		if err := errors.Join(err, again); err != nil {
			return err
		}
	}
	for i, t := range made {
		if err := errors.Join(real[i%2].Add(t.photo), edited[i%2].Add(t.edited)); err != nil {
			return err
		}
	}
	r.Together = together(made, own)
	var err error
	if r.Floor, err = metric.Frechet(real[0], real[1]); err != nil {
		return err
	}
	for k := range 2 {
		d, err := metric.Frechet(real[1-k], edited[k])
		if err != nil {
			return err
		}
		r.Frechet += d / 2
	}
	return nil
}

// transfer edits face i to the expression of face to.
func (b *bench) transfer(ctx context.Context, o Options, seen *metric.Extractor, i, to int) (t transfer, err error) {
	raw, labels, _, _, err := o.Faces.Sample(i)
	if err != nil {
		return t, fmt.Errorf("face %d: %w", i, err)
	}
	photo := picture(raw, o.Faces.Size())
	if _, err := b.set(ctx, photo); err != nil {
		return t, err
	}
	target := o.Faces.Labels(to)
	t.asked = target.Sub(labels)
	edited, err := b.editor.Picture(ctx, t.asked)
	if err != nil {
		return t, err
	}
	look := func(img *image.NRGBA) (features []float32, read au.Vector, err error) {
		if features, err = seen.Features(ctx, pixel.ToTensor(img)); err == nil {
			read, err = b.see(ctx, img)
		}
		return append([]float32(nil), features...), read, err
	}
	var before, after au.Vector
	if t.photo, before, err = look(photo); err != nil {
		return t, err
	}
	if t.edited, after, err = look(edited); err != nil {
		return t, err
	}
	t.moved = after.Sub(before)
	return t, nil
}
