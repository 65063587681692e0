package train

import (
	"maps"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/tensor"
)

// presenceFull is the intensity that stands for presence when a network trained
// on presence edits a photo: FACS calls 2 slight, but plainly there.
const presenceFull = 2

// intensity is the intensity that a label of 1 stands for.
func (p Preset) intensity() float32 {
	if p.Labels == dataset.Presence {
		return presenceFull
	}
	return 1
}

// most is the intensity of each Action Unit that the network knows as 1: the
// contents of net.Most. top are the largest labels.
func (p Preset) most(top au.Vector) []float32 {
	for k := range top {
		if top[k] == 0 {
			top[k] = 1
		}
		top[k] *= p.intensity()
	}
	return top[:]
}

// over divides labels by the largest there are, so that they are 0 to 1.
func over(labels, top au.Vector) au.Vector {
	for k := range labels {
		if top[k] > 0 {
			labels[k] /= top[k]
		}
	}
	return labels
}

// drawTargets says what each fake of a face shall show, [F 17]: the Action
// Units of another face, or the face's own with one of them reversed, in turn.
func (p *picker) drawTargets(r *tensor.Rand, own au.Vector) []float32 {
	var targets []float32
	for k := range p.preset.fakes() {
		v := own
		if p.preset.Complements {
			v[k%au.Count] = 1 - v[k%au.Count]
		} else {
			v = over(p.source.Labels(r.Intn(p.source.Len())), p.top)
		}
		for i := range v {
			if v[i] > 0 && p.preset.Noise > 0 {
				v[i] = min(max(v[i]+r.Range(-p.preset.Noise, p.preset.Noise), 0), 1)
			}
		}
		targets = append(targets, v[:]...)
	}
	return targets
}

// turn returns the samples of a step when each comes once an epoch, nil
// otherwise. Batches go on over the end of an epoch.
func (p *picker) turn(step, batch int) []int {
	if !p.preset.InTurn {
		return nil
	}
	n := p.source.Len()
	numbers := make([]int, batch)
	for i := range numbers {
		at := step*batch + i
		numbers[i] = int(p.order(at / n)[at%n])
	}
	return numbers
}

// order is the order of the samples in an epoch, a function of the seed and
// the epoch (Fisher and Yates; Durstenfeld, 1964).
func (p *picker) order(epoch int) []int32 {
	if o, ok := p.turns[epoch]; ok {
		return o
	}
	maps.DeleteFunc(p.turns, func(e int, _ []int32) bool { return e < epoch-1 || e > epoch })
	o, r := make([]int32, p.source.Len()), tensor.NewRand(p.seed, streamTurn, uint64(epoch), 0)
	for i := range o {
		j := r.Intn(i + 1)
		o[i], o[j] = o[j], int32(i)
	}
	p.turns[epoch] = o
	return o
}
