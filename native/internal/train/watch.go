package train

import (
	"math"
	"slices"
)

// watch compares a phase's losses with their own past. A network that diverges
// under Adam, whose steps are bounded, may take long to reach infinity, or
// never does. What is compared are the losses that are minimised, whole sums:
// their terms may be next to nothing for long. A game's may swing around zero,
// so magnitudes count, and none as less than floor.
type watch struct {
	Phase string               `json:"phase,omitempty"`
	Past  map[string][]float32 `json:"past,omitempty"` // magnitudes by loss, oldest first
}

// How a phase's losses are compared: the median of the last few steps, so that
// one bad batch says nothing, with the median of those before.
const (
	recentSteps = 5
	pastSteps   = 500 // at most
	diverged    = 20  // times the past: sound runs stay below 10
	worrying    = 6   // times the past: no state to go back to
	lossFloor   = 1   // losses are weighed to be about 1 or more
)

// minimised are the names of losses that networks minimise.
var minimised = []string{"generator", "critic", "reader"}

// add takes a step's losses and returns which of them is how many times its
// past, of several the worst: 0 times as long as there is no past.
func (w *watch) add(phase string, losses map[string]float64) (name string, times float64) {
	if w.Past == nil || w.Phase != phase {
		w.Phase, w.Past = phase, map[string][]float32{}
	}
	for _, m := range minimised {
		v, ok := losses[m]
		if !ok || v-v != 0 {
			continue
		}
		all := append(w.Past[m], float32(math.Abs(v)))
		all = all[max(len(all)-recentSteps-pastSteps, 0):]
		w.Past[m] = all
		n := len(all) - recentSteps
		if n < 1 {
			continue
		}
		if x := median(all[n:]) / max(median(all[:n]), lossFloor); x > times {
			name, times = m, x
		}
	}
	return name, times
}

// young reports whether the phase has too short a past to compare with.
func (w *watch) young() bool {
	for _, all := range w.Past {
		if len(all) > recentSteps {
			return false
		}
	}
	return true
}

// median is the middle one of some values, of an even number the upper.
func median(values []float32) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return float64(sorted[len(sorted)/2])
}
