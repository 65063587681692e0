package devicetest

import (
	"testing"

	"mien/shared/device/ref"
	"mien/shared/plan"
)

func TestEveryKindHasACase(t *testing.T) {
	seen := map[plan.Kind]bool{}
	for _, c := range Cases {
		seen[c.Kind] = true
	}
	for _, k := range plan.Kinds {
		if !seen[k] {
			t.Errorf("%s: no case", k)
		}
	}
}

func TestRef(t *testing.T) { Run(t, ref.New()) }
