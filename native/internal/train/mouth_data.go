package train

import (
	"context"
	"errors"
	"fmt"
	"image"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"mien/native/internal/dataset"
	"mien/shared/au"
	frame "mien/shared/face"
	"mien/shared/layer"
)

const (
	// mouthPhoto is the side at which faces are looked at for mouths, that of the
	// sharpest there are.
	mouthPhoto = 256
	// leastOpening is how many pixels of the patch lie between lips that are open.
	leastOpening = 60
	// maxMouths bounds how many are kept, 24 KB each.
	maxMouths = 1 << 15
)

// mouths are the open mouths of a source's faces, cut out as a painter sees them.
type mouths struct {
	dataset.Source
	cuts []mouthCut
	sums []float64 // running sums of the cuts' weights
}

// mouthCut is one of them.
type mouthCut struct {
	number  int     // of the face in the source
	pixels  []uint8 // [PatchHeight PatchWidth 3]
	opening []bool  // [PatchHeight PatchWidth], what lies between the lips
}

// meshed is a source that knows where the points of its faces are, in pixels of
// 128 of what Sample shows.
type meshed interface {
	Mesh(i int) (frame.Mesh, bool)
}

// newMouths finds the open mouths of a source: by the faces' meshes or, where a
// source knows none, by their landmarks.
func newMouths(ctx context.Context, source dataset.Source) (*mouths, error) {
	found := make([]*mouthCut, source.Len())
	workers, group := runtime.GOMAXPROCS(0), (*errgroup.Group)(nil)
	group, ctx = errgroup.WithContext(ctx)
	for w := range workers {
		group.Go(func() error {
			for i := w; i < len(found); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				found[i] = cutMouth(source, i)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("find mouths: %w", err)
	}
	m := &mouths{Source: source}
	for _, c := range found {
		if c != nil && len(m.cuts) < maxMouths {
			m.cuts = append(m.cuts, *c)
		}
	}
	if len(m.cuts) < 2 {
		return nil, errors.New("find mouths: fewer than two faces have open lips: meshes (mien data mesh) or landmarks of 68 points say where they are")
	}
	m.weigh()
	return m, nil
}

// cutMouth returns the mouth of face i, nil if it is closed or unknown.
func cutMouth(source dataset.Source, i int) *mouthCut {
	var lips *frame.Mesh
	var pixels []uint8
	if known, ok := source.(meshed); ok {
		mesh, ok := known.Mesh(i)
		if !ok {
			return nil
		}
		lips = &mesh
	} else {
		img, _, landmarks, _, err := source.Sample(i)
		if err != nil || landmarks == nil {
			return nil
		}
		pixels, lips = img, lipsOf(landmarks)
	}
	size := source.Size()
	for k := range lips {
		for c := range lips[k] {
			lips[k][c] *= float32(size) / frame.FrameSize
		}
	}
	opening := layer.Opening(lips)
	if count(opening) < leastOpening {
		return nil
	}
	if pixels == nil {
		img, _, _, _, err := source.Sample(i)
		if err != nil {
			return nil
		}
		pixels = img
	}
	cut := layer.CutPatch(opaque(pixels, size), lips)
	return &mouthCut{i, rgb(cut), opening}
}

// lipsOf is a mesh that knows the corners of the lips and their inner rims alone,
// from 68 landmarks in pixel indices of 128, in pixels of 128 that cover [i, i+1).
func lipsOf(l *[68][2]float32) *frame.Mesh {
	const first = 60 // of the inner rim: the person's right corner, then along the upper lip and back
	var m frame.Mesh
	put := func(v int, p [2]float32) { m[v] = [3]float32{p[0] + .5, p[1] + .5, 0} }
	put(frame.LipsOuter[0], l[48])
	put(frame.LipsOuter[len(frame.LipsOuter)/2], l[54])
	n := len(frame.LipsInner)
	for i, v := range frame.LipsInner { // the other way round
		at := float32(n-i) / float32(n) * 8
		k := int(at)
		t := at - float32(k)
		a, b := l[first+k%8], l[first+(k+1)%8]
		put(v, [2]float32{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])})
	}
	return &m
}

// opaque is [size size 3] as a picture.
func opaque(pixels []uint8, size int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for i := range size * size {
		copy(img.Pix[4*i:], pixels[3*i:][:3])
		img.Pix[4*i+3] = 255
	}
	return img
}

// rgb returns a picture's colours, [H W 3].
func rgb(img *image.NRGBA) []uint8 {
	out := make([]uint8, 0, len(img.Pix)/4*3)
	for i := 0; i < len(img.Pix); i += 4 {
		out = append(out, img.Pix[i:][:3]...)
	}
	return out
}

func count(mask []bool) (n int) {
	for _, v := range mask {
		if v {
			n++
		}
	}
	return n
}

// weigh lets sharp mouths and wide ones be drawn more often: small faces are
// blurred where they are enlarged, and most mouths that are open smile.
func (m *mouths) weigh() {
	sharp := make([]float64, len(m.cuts))
	for i, c := range m.cuts {
		sharp[i] = fineness(c.pixels)
	}
	median := slices.Sorted(slices.Values(sharp))[len(sharp)/2]
	total := 0.
	for i, c := range m.cuts {
		w := 1.
		if median > 0 {
			w = min(max(sharp[i]/median, .25), 4)
		}
		total += w * min(max(float64(count(c.opening))/400, .5), 2)
		m.sums = append(m.sums, total)
	}
}

// grey is the luminance of a pixel, 0 to 255 (ITU-R BT.601).
func grey(p []uint8) float64 {
	return .299*float64(p[0]) + .587*float64(p[1]) + .114*float64(p[2])
}

// fineness is how much a patch changes from pixel to pixel (the mean magnitude
// of its Laplacian) of how much it changes at all.
func fineness(pixels []uint8) float64 {
	const w, h = layer.PatchWidth, layer.PatchHeight
	var y [w * h]float64
	var mean, spread, fine float64
	for i := range y {
		y[i] = grey(pixels[3*i:])
		mean += y[i] / (w * h)
	}
	for i, v := range y {
		spread += max(v-mean, mean-v)
		if x := i % w; x > 0 && x < w-1 && i >= w && i < w*(h-1) {
			l := 4*v - y[i-1] - y[i+1] - y[i-w] - y[i+w]
			fine += max(l, -l)
		}
	}
	return fine / (spread + w*h)
}

// Len, Sample and Labels are those of the faces with open mouths.
func (m *mouths) Len() int { return len(m.cuts) }

func (m *mouths) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	return m.Source.Sample(m.cuts[i].number)
}

func (m *mouths) Labels(i int) au.Vector { return m.Source.Labels(m.cuts[i].number) }
