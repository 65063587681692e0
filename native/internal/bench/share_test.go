package bench

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestShares(t *testing.T) {
	shares, err := Shares(context.Background(), "tiny", 2)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, s := range shares {
		seen[s.What] = true
		if s.Count < 1 || s.Best < 0 || i > 0 && s.Best > shares[i-1].Best {
			t.Errorf("part %d: %+v after %+v", i, s, shares[max(i-1, 0)])
		}
	}
	for _, what := range []string{"convweight", "conv and what follows", "group", "adam"} {
		if !seen[what] {
			t.Errorf("no %q in %v", what, shares)
		}
	}
	if table := FormatShares(shares); strings.Count(table, "\n") != len(shares) {
		t.Errorf("table %q", table)
	}
}

// TestSummary: the ratio is that of the middle turn, best and median those of
// all runs.
func TestSummary(t *testing.T) {
	ms := func(n ...int) (took []time.Duration) {
		for _, v := range n {
			took = append(took, time.Duration(v)*time.Millisecond)
		}
		return took
	}
	ours := [][]time.Duration{ms(10, 10), ms(20, 20), ms(10, 30)}
	peer := [][]time.Duration{ms(20, 20), ms(30, 30), ms(60, 60)}
	got := summary(peer, ours)
	if want := (Times{20 * time.Millisecond, 30 * time.Millisecond, 2}); got != want {
		t.Errorf("summary %+v, want %+v", got, want)
	}
	if got := summary(nil, ours); got != (Times{}) {
		t.Errorf("summary of nothing is %+v", got)
	}
}
