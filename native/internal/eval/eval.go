// Package eval measures what a generator does to faces that it has not seen, as
// an AU reader that took no part in its training sees it.
package eval

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"io"
	"math"
	"sync"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/edit"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/pixel"
)

// The sweep of each Action Unit: changes from 0 to Reach.
const (
	Sweep = 11
	Reach = 3.0
)

// leastSlope keeps a judge that hardly sees an AU from making a large gain of
// nothing.
const leastSlope = .1

// Score is what edits of one Action Unit come to.
type Score struct {
	Code string `json:"au"`
	// Gain is the slope of read on asked within a face, over the judge's own
	// slope of read on labelled: 1 where the face moves as far as asked.
	Gain float64 `json:"gain"`
	// R is Pearson's correlation of asked and read change, pooled over faces.
	R float64 `json:"r"`
	// Leakage is the mean absolute change of the 16 AUs that nobody asked for,
	// over that of the asked one.
	Leakage float64 `json:"leakage"`
	// Judge is Pearson's correlation of read and labelled on the unedited faces:
	// how far the judge can be trusted.
	Judge float64 `json:"judge_r"`
}

// Report is an evaluation.
type Report struct {
	Model  model.Info `json:"model"`
	Faces  int        `json:"faces"`
	Scores []Score    `json:"scores"`
	// Still is the largest change of a byte when nothing is asked.
	Still int `json:"zero_edit_error"`
	// Background is the root mean square change in the outer tenth of the crop,
	// of 0 to 1, at the largest change.
	Background float64 `json:"background_rmse"`
	// Sharpness is the edited pictures' high frequencies over the photos'.
	Sharpness float64 `json:"sharpness_ratio"`
	// Distances compares edited faces with real ones.
	Distances *Distances `json:"distances,omitempty"`
}

// Mean returns the mean gain, r and leakage over the Action Units.
func (r Report) Mean() (gain, pooled, leakage float64) {
	for _, s := range r.Scores {
		gain += s.Gain / float64(len(r.Scores))
		pooled += s.R / float64(len(r.Scores))
		leakage += s.Leakage / float64(len(r.Scores))
	}
	return gain, pooled, leakage
}

// Table writes the report for a person.
func (r Report) Table(w io.Writer) {
	fmt.Fprintf(w, "generator %s, step %d, on %d faces; changes 0 to %g in %d steps\n\n", r.Model.Preset, r.Model.Step, r.Faces, Reach, Sweep)
	fmt.Fprintf(w, "%-6s %6s %6s %8s %8s\n", "AU", "gain", "r", "leakage", "judge r")
	for _, s := range r.Scores {
		fmt.Fprintf(w, "AU%-4s %6.2f %6.2f %8.2f %8.2f\n", s.Code, s.Gain, s.R, s.Leakage, s.Judge)
	}
	gain, pooled, leakage := r.Mean()
	fmt.Fprintf(w, "%-6s %6.2f %6.2f %8.2f\n\n", "mean", gain, pooled, leakage)
	fmt.Fprintf(w, "no change asked: %d; background rmse %.4f; sharpness ratio %.2f\n", r.Still, r.Background, r.Sharpness)
	if r.Distances != nil {
		r.Distances.Table(w)
	}
}

// Judge reads all labelled faces first, then n of them, evenly spread, under
// sweeps of all Action Units. progress may be nil.
func Judge(ctx context.Context, d device.Device, generator, reader *model.File, faces dataset.Source, n int, progress func(done, total int)) (Report, error) {
	info, err := generator.Info()
	if err != nil {
		return Report{}, err
	}
	if n = min(n, faces.Len()); n < 2 {
		return Report{}, fmt.Errorf("evaluate on %d faces: want 2 at least", n)
	}
	r := Report{Model: info, Faces: n}
	const workers = 2
	var benches [workers]*bench
	for i := range benches {
		if benches[i], err = newBench(ctx, d, generator, reader); err != nil {
			return r, err
		}
		defer benches[i].close()
	}
	own, err := benches[0].own(ctx, faces)
	if err != nil {
		return r, err
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	results := make([]*result, n)
	var mu sync.Mutex
	done := 0
	g, ctx := errgroup.WithContext(ctx)
	for w, b := range benches {
		g.Go(func() error {
			for i := w; i < n; i += workers {
				res, err := b.sweep(ctx, faces, i*faces.Len()/n)
				if err != nil {
					return err
				}
				results[i] = res
				mu.Lock()
				done++
				progress(done, n)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return r, err
	}
	r.add(results, own)
	return r, nil
}

// result is what sweeps of one face came to.
type result struct {
	read       [au.Count][Sweep]au.Vector
	still      int
	background float64
	sharp      [2]float64 // photo, edited
}

// judged is the judge on unedited faces, per Action Unit.
type judged struct{ slope, r [au.Count]float64 }

func (r *Report) add(results []*result, own judged) {
	for k, u := range au.Units {
		s := Score{Code: u.Code, Judge: own.r[k]}
		var asked, read []float64
		var slope, wanted, unwanted float64
		for _, res := range results {
			var x, y []float64
			for i := range Sweep {
				x = append(x, Reach*float64(i)/(Sweep-1))
				y = append(y, float64(res.read[k][i][k]-res.read[k][0][k]))
			}
			_, b := stat.LinearRegression(x, y, nil, false)
			slope += b / float64(len(results))
			asked, read = append(asked, x...), append(read, y...)
			for j := range au.Units {
				by := math.Abs(float64(res.read[k][Sweep-1][j] - res.read[k][0][j]))
				if j == k {
					wanted += by
				} else {
					unwanted += by / (au.Count - 1)
				}
			}
		}
		s.Gain = slope / math.Max(own.slope[k], leastSlope)
		s.R = stat.Correlation(asked, read, nil)
		s.Leakage = unwanted / math.Max(wanted, 1e-6)
		r.Scores = append(r.Scores, s)
	}
	var photo, edited float64
	for _, res := range results {
		r.Still = max(r.Still, res.still)
		r.Background += res.background / float64(len(results))
		photo, edited = photo+res.sharp[0], edited+res.sharp[1]
	}
	r.Background = math.Sqrt(r.Background)
	r.Sharpness = edited / photo
}

// bench is one worker's editor and judge.
type bench struct {
	swap   *edit.Swap
	editor *edit.Editor
	reader *model.Reader
}

func newBench(ctx context.Context, d device.Device, generator, reader *model.File) (*bench, error) {
	b := &bench{swap: edit.NewSwap(d)}
	file, err := generator.Encode()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(file)
	if _, err := b.swap.Load(ctx, file, hex.EncodeToString(sum[:])); err != nil {
		return nil, err
	}
	if b.reader, err = model.LoadReader(reader, d); err != nil {
		return nil, err
	}
	b.editor = edit.New(b.swap, b.reader, nil)
	return b, nil
}

func (b *bench) close() {
	b.swap.Close()
	b.reader.Close()
}

// own reads the unedited faces and compares with their labels.
func (b *bench) own(ctx context.Context, faces dataset.Source) (judged, error) {
	var label, read [au.Count][]float64
	for i := range faces.Len() {
		img, labels, _, _, err := faces.Sample(i)
		if err != nil {
			continue // counted when the folder was opened
		}
		v, err := b.see(ctx, picture(img, faces.Size()))
		if err != nil {
			return judged{}, err
		}
		for k := range au.Units {
			label[k], read[k] = append(label[k], float64(labels[k])), append(read[k], float64(v[k]))
		}
	}
	var j judged
	for k := range au.Units {
		if stat.Variance(label[k], nil) == 0 {
			j.slope[k] = 1 // an AU that never varies says nothing of the judge
			continue
		}
		_, j.slope[k] = stat.LinearRegression(label[k], read[k], nil, false)
		j.r[k] = stat.Correlation(label[k], read[k], nil)
	}
	return j, nil
}

// see reads the Action Units of an aligned face.
func (b *bench) see(ctx context.Context, img *image.NRGBA) (au.Vector, error) {
	frame := face.CentreFrame(img.Rect.Dx(), img.Rect.Dy())
	v, err := b.reader.Read(ctx, pixel.ToTensor(face.Crop(img, frame, b.reader.Size())))
	return v.AU, err
}

// sweep edits face i in all ways.
func (b *bench) sweep(ctx context.Context, faces dataset.Source, i int) (*result, error) {
	raw, _, _, _, err := faces.Sample(i)
	if err != nil {
		return nil, fmt.Errorf("face %d: %w", i, err)
	}
	photo := picture(raw, faces.Size())
	if _, err := b.editor.SetFrame(ctx, photo, face.CentreFrame(faces.Size(), faces.Size())); err != nil {
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
	for k := range au.Units {
		for s := range Sweep {
			var change au.Vector
			change[k] = float32(Reach * float64(s) / (Sweep - 1))
			edited, err := b.editor.Picture(ctx, change)
			if err != nil {
				return nil, err
			}
			if r.read[k][s], err = b.see(ctx, edited); err != nil {
				return nil, err
			}
			if s == Sweep-1 {
				r.background += border(photo, edited) / au.Count
				r.sharp[1] += edges(edited) / au.Count
			}
		}
	}
	return r, nil
}

// picture makes an image of [S S 3] bytes.
func picture(img []uint8, size int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, size, size))
	for i := range size * size {
		copy(out.Pix[4*i:], img[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// border is the mean square difference in the outer tenth, of 0 to 1.
func border(a, b *image.NRGBA) float64 {
	size := a.Rect.Dx()
	sum, n := 0.0, 0
	for i := range size * size {
		x, y := i%size, i/size
		if margin := size / 10; x >= margin && y >= margin && x < size-margin && y < size-margin {
			continue
		}
		for c := range 3 {
			d := (float64(a.Pix[4*i+c]) - float64(b.Pix[4*i+c])) / 255
			sum += d * d
			n++
		}
	}
	return sum / float64(n)
}

// edges is the mean square of the Laplacian of green.
func edges(img *image.NRGBA) float64 {
	size, sum := img.Rect.Dx(), 0.0
	at := func(x, y int) float64 { return float64(img.Pix[4*(y*size+x)+1]) }
	for y := 1; y < size-1; y++ {
		for x := 1; x < size-1; x++ {
			l := 4*at(x, y) - at(x-1, y) - at(x+1, y) - at(x, y-1) - at(x, y+1)
			sum += l * l
		}
	}
	return sum / float64((size-2)*(size-2))
}
