package train

import (
	"fmt"
	"math"
	"sync"

	"mien/native/internal/dataset"
	"mien/shared/au"
	frame "mien/shared/face"
	"mien/shared/tensor"
)

// Streams of random numbers.
const (
	streamPick tensor.Stream = iota + 1
	streamChange
	streamMix
	streamJitter
	streamDropout
	streamAugment
	streamTurn
	streamPush
	streamMesh
)

// face is one training sample after augmentation by mirroring.
type face struct {
	pixels    []float32 // [S S 3] in [-1, 1]
	own       au.Vector
	change    au.Vector       // of what our own networks are asked
	targets   []float32       // [F 17], 0 to 1: what the reference's are asked
	landmarks *[68][2]float32 // pixels of the 128x128 frame
	eyes      [2][2]float32   // centres in the face's own frame, likewise
	mesh      *frame.Mesh     // in pixels of the 128x128 frame; nil where it is not known
	number    int             // in the source
	mirrored  bool
}

// picker draws samples: each once an epoch, or so that rare Action Units are
// seen more often.
type picker struct {
	source dataset.Source
	seed   uint64
	preset Preset
	top    au.Vector       // the largest label of each Action Unit
	spread au.Vector       // of each AU's labels, their standard deviation
	sums   []float64       // running sums of the samples' weights, where they are weighed
	turns  map[int][]int32 // by epoch, the samples' order: of this one and the next
}

// newPicker weighs each sample by how much its AUs stand out from the mean,
// each at most eightfold.
func newPicker(source dataset.Source, seed uint64, preset Preset) *picker {
	n := source.Len()
	p := &picker{source: source, seed: seed, preset: preset, turns: map[int][]int32{}}
	for i := range n {
		for k, v := range source.Labels(i) {
			p.top[k] = max(p.top[k], v)
		}
	}
	var mean, square [au.Count]float64
	for i := range n {
		for k, v := range source.Labels(i) {
			mean[k] += float64(v) / float64(n)
			square[k] += float64(v) * float64(v) / float64(n)
		}
	}
	for k := range mean {
		p.spread[k] = float32(math.Sqrt(max(square[k]-mean[k]*mean[k], 0)))
	}
	if preset.InTurn {
		return p
	}
	p.sums = make([]float64, n)
	total := 0.
	for i := range n {
		w := 0.
		for k, v := range source.Labels(i) {
			w += min(float64(v)/(mean[k]+.1), 8)
		}
		total += 1 + w/au.Count
		p.sums[i] = total
	}
	return p
}

// pick returns an index drawn by weight, if there are weights.
func (p *picker) pick(r *tensor.Rand) int {
	if p.preset.InTurn {
		return r.Intn(p.source.Len())
	}
	x := r.Float64() * p.sums[len(p.sums)-1]
	lo, hi := 0, len(p.sums)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if p.sums[mid] > x {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// faces draws a batch: a function of the seed and the step alone.
func (p *picker) faces(step, batch int) ([]face, error) {
	faces := make([]face, batch)
	errs := make([]error, batch)
	turns := p.turn(step, batch)
	var wait sync.WaitGroup
	for i := range faces {
		wait.Go(func() { faces[i], errs[i] = p.face(step, i, turns) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return faces, nil
}

// tries bounds how many unreadable samples are passed over for one place of a
// batch.
const tries = 20

func (p *picker) face(step, place int, turns []int) (face, error) {
	r := tensor.NewRand(p.seed, streamPick, uint64(step), uint64(place))
	var last error
	for try := range tries {
		number := p.pick(r)
		if try == 0 && turns != nil {
			number = turns[place]
		}
		img, labels, landmarks, _, err := p.source.Sample(number)
		mirrored := r.Float32() < .5 && p.preset.Mirror
		if err != nil {
			last = err
			continue
		}
		f := face{pixels: unit(img), own: labels, landmarks: landmarks, eyes: dataset.Eyes(mirrored), number: number, mirrored: mirrored}
		if mirrored {
			f.pixels = mirror(f.pixels, p.source.Size())
			if landmarks != nil {
				l := dataset.FlipLandmarks(*landmarks)
				f.landmarks = &l
			}
		}
		if f.mesh = meshOf(p.source, number); f.mesh != nil && mirrored {
			m := f.mesh.Mirror(frame.FrameSize)
			f.mesh = &m
		}
		if !p.preset.Paints() && !p.preset.Looks() {
			for k := range f.own {
				f.own[k] *= p.preset.intensity()
			}
		}
		asked := tensor.NewRand(p.seed, streamChange, uint64(step), uint64(place))
		if p.preset.Paints() {
			f.own = over(labels, p.top)
			f.targets = p.drawTargets(asked, f.own)
		} else {
			f.change = p.drawChange(asked, f.own)
		}
		return f, nil
	}
	return face{}, fmt.Errorf("draw batch: %d samples in a row could not be read: %w", tries, last)
}

// drawChange asks for one to three single AUs, for an emotion, for part of
// another face's expression, and for nothing once in twelve. No photo shows an
// emotion's Action Units as pure and strong as its button asks for them, and a
// network tears what it never saw.
func (p *picker) drawChange(r *tensor.Rand, own au.Vector) au.Vector {
	var d au.Vector
	switch u := r.Float32(); {
	case u < .08:
		return d
	case u < .25:
		d = au.Emotions[r.Intn(len(au.Emotions))].Vector(p.level(r, 0))
	case u < .6:
		for range 1 + r.Intn(3) {
			k := r.Intn(au.Count)
			d[k] = p.level(r, own[k]) - own[k]
		}
	default:
		other := p.source.Labels(p.pick(r))
		keep := r.Float32()
		for k := range d {
			if r.Float32() < keep {
				d[k] = other[k]*p.preset.intensity() - own[k]
			}
		}
	}
	most := float32(single)
	if p.preset.Labels == dataset.Presence {
		most = presenceFull
	}
	for k := range d {
		d[k] = min(max(d[k], -max(own[k], 0)), most-own[k])
	}
	return d
}

// level is an intensity to ask of an Action Unit that shows own; where labels
// tell presence alone, it comes or goes.
func (p *picker) level(r *tensor.Rand, own float32) float32 {
	x := r.Range(0, 4) // always drawn, so that what is drawn next stays the same
	if p.preset.Labels != dataset.Presence {
		return x
	}
	if own > 0 {
		return 0
	}
	return p.preset.intensity()
}

// meshOf returns the mesh of face i in pixels of the 128x128 frame; nil where the source
// knows none.
func meshOf(source dataset.Source, i int) *frame.Mesh {
	m, ok := source.(dataset.Meshed)
	if !ok {
		return nil
	}
	mesh, ok := m.Mesh(i)
	if !ok {
		return nil
	}
	return &mesh
}

// unit scales bytes to [-1, 1].
func unit(img []uint8) []float32 {
	x := make([]float32, len(img))
	for i, b := range img {
		x[i] = float32(b)/127.5 - 1
	}
	return x
}

// mirror swaps left and right of [S S 3].
func mirror(x []float32, size int) []float32 {
	y := make([]float32, len(x))
	for row := range size {
		for col := range size {
			copy(y[(row*size+col)*3:][:3], x[(row*size+size-1-col)*3:][:3])
		}
	}
	return y
}

// noise fills n values drawn by draw.
func noise(seed uint64, stream tensor.Stream, step, n int, draw func(*tensor.Rand) float32) []float32 {
	r := tensor.NewRand(seed, stream, uint64(step), 0)
	x := make([]float32, n)
	for i := range x {
		x[i] = draw(r)
	}
	return x
}
