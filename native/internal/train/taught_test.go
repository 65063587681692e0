package train

import (
	"maps"
	"slices"
	"testing"

	"mien/native/internal/runlog"
)

// TestTaughtByThePrior trains the shipped model's kind of generator for a few
// steps on drawn faces, with the shipped prior as its teacher and the shipped
// guide: each phase's losses are there, and what the teacher shows is learnt. The
// larger generator is read at the guide's own size.
func TestTaughtByThePrior(t *testing.T) {
	for preset, phases := range map[string]map[string][]string{
		"mien": {
			"distil": {"field", "motion", "teacher"},
			"refine": {"field", "motion", "teacher", "au", "cycle", "adversarial"},
			"settle": {"field", "motion", "au", "cycle", "adversarial"},
		},
		"enlarge": {
			"distil": {"field", "motion", "teacher"},
			"refine": {"field", "motion", "teacher", "au", "cycle", "adversarial"},
		},
	} {
		t.Run(preset, func(t *testing.T) { taught(t, preset, phases) })
	}
}

func taught(t *testing.T, preset string, phases map[string][]string) {
	c := small(t.TempDir())
	c.Preset, c.Steps, c.Batch = preset, 40, 2
	c.Prior, c.Reader = "../../../weights/prior.safetensors", "../../../weights/guide.safetensors"
	seen := map[string]map[string]bool{}
	var first, last float64
	c.Progress = func(e runlog.Entry) {
		if e.Kind != runlog.Step {
			return
		}
		if seen[e.Phase] == nil {
			seen[e.Phase] = map[string]bool{}
		}
		for name := range e.Losses {
			seen[e.Phase][name] = true
		}
		if e.Step == 1 {
			first = e.Losses["field"]
		}
		last = e.Losses["field"]
	}
	mustRun(t, c)
	for phase, want := range phases {
		for _, name := range want {
			if !seen[phase][name] {
				t.Errorf("%s has no loss %q, only %v", phase, name, slices.Sorted(maps.Keys(seen[phase])))
			}
		}
	}
	if !(last < .8*first) {
		t.Errorf("the field loss went from %g to %g in %d steps, want less than %g", first, last, c.Steps, .8*first)
	}
}
