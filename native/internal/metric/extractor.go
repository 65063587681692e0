package metric

import (
	"context"
	"fmt"

	"mien/shared/device"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// Extractor turns pictures into features. It is used by one goroutine at a
// time.
type Extractor struct {
	name    string
	side    int // of the pictures that the network looks at
	batch   int // pictures in a run
	dim     int
	program device.Program
}

// Name says what the distance between features of this extractor is called:
// "FID" for Inception's, else another word, so that figures are not compared
// that do not compare.
func (e *Extractor) Name() string { return e.name }

// Dim is the number of features of a picture.
func (e *Extractor) Dim() int { return e.dim }

// Close releases the extractor's memory.
func (e *Extractor) Close() error { return e.program.Close() }

// The names of an extractor's plan: pictures [B S S 3] in [-1, 1], features
// [B D].
const (
	inputName  = "photo"
	outputName = "features"
)

func newExtractor(name string, p *plan.Plan, states map[string][]float32, d device.Device) (*Extractor, error) {
	in, out := p.Find(inputName), p.Output(outputName)
	if in < 0 || out < 0 {
		return nil, fmt.Errorf("extractor %s: plan without %q or %q", name, inputName, outputName)
	}
	s, f := p.Values[in].Shape, p.Values[out].Shape
	if len(s) != 4 || s[1] != s[2] || s[3] != 3 || len(f) != 2 || f[0] != s[0] || f[1] > MaxDim {
		return nil, fmt.Errorf("extractor %s: from %v to %v: want [B S S 3] and [B D]", name, s, f)
	}
	program, err := d.Compile(p)
	if err != nil {
		return nil, fmt.Errorf("extractor %s: %w", name, err)
	}
	for state, data := range states {
		if err := program.Write(state, data); err != nil {
			return nil, fmt.Errorf("extractor %s: %w", name, err)
		}
	}
	return &Extractor{name, s[1], s[0], f[1], program}, nil
}

// Features returns the features [N D] of pictures [N S S 3] in [-1, 1], brought
// to the network's size.
func (e *Extractor) Features(ctx context.Context, pictures *tensor.Tensor) ([]float32, error) {
	s := pictures.Shape
	if len(s) != 4 || s[1] != s[2] || s[3] != 3 {
		return nil, fmt.Errorf("features of pictures %v: want [N S S 3]", s)
	}
	n, size := s[0], s[1]*s[2]*3
	features := make([]float32, 0, n*e.dim)
	cell := e.side * e.side * 3
	in, out := make([]float32, e.batch*cell), make([]float32, e.batch*e.dim)
	for from := 0; from < n; from += e.batch {
		count := min(e.batch, n-from)
		for i := range count {
			fit(in[i*cell:(i+1)*cell], e.side, pictures.Data[(from+i)*size:(from+i+1)*size], s[1])
		}
		clear(in[count*cell:]) // the last run may have places to spare
		if err := e.program.Write(inputName, in); err != nil {
			return nil, err
		}
		if err := e.program.Run(ctx); err != nil {
			return nil, err
		}
		if err := e.program.Read(outputName, out); err != nil {
			return nil, err
		}
		features = append(features, out[:count*e.dim]...)
	}
	for _, v := range features {
		if v-v != 0 {
			return nil, fmt.Errorf("extractor %s: %w: the weights are broken, or the pictures", e.name, errNotFinite)
		}
	}
	return features, nil
}

// fit brings a picture [from from 3] to [to to 3]: bilinear with half-pixel
// centres where it grows (as pytorch-fid does), the mean over the area that a
// pixel covers where it shrinks, so that nothing aliases.
func fit(dst []float32, to int, src []float32, from int) {
	if from == to {
		copy(dst, src)
		return
	}
	taps := make([][]tap, to)
	for i := range taps {
		if from < to {
			taps[i] = between(i, from, to)
		} else {
			taps[i] = covered(i, from, to)
		}
	}
	row := make([]float32, from*3)
	for i := range to {
		clear(row)
		for _, a := range taps[i] {
			for j, v := range src[a.at*from*3 : (a.at+1)*from*3] {
				row[j] += a.weight * v
			}
		}
		for j := range to {
			var sum [3]float32
			for _, b := range taps[j] {
				for c := range sum {
					sum[c] += b.weight * row[b.at*3+c]
				}
			}
			copy(dst[(i*to+j)*3:], sum[:])
		}
	}
}

// tap is one sample that a new one is made of.
type tap struct {
	at     int
	weight float32
}

// between returns the two of n samples that sample i of m lies between.
func between(i, n, m int) []tap {
	p := min(max((float64(i)+.5)*float64(n)/float64(m)-.5, 0), float64(n-1))
	lo := min(int(p), n-1)
	w := float32(p - float64(lo))
	return []tap{{lo, 1 - w}, {min(lo+1, n-1), w}}
}

// covered returns the samples of n that sample i of m < n covers.
func covered(i, n, m int) []tap {
	var taps []tap
	for at := i * n / m; at*m < (i+1)*n; at++ { // in units of 1/m of a sample
		part := min((at+1)*m, (i+1)*n) - max(at*m, i*n)
		taps = append(taps, tap{at, float32(part) / float32(n)})
	}
	return taps
}
