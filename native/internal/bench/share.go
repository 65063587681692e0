package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mien/native/internal/train"
	"mien/shared/device/cpu"
)

// Share is where a part of a training step's time goes.
type Share struct {
	What  string // a kind; "conv and what follows", "group"
	Count int    // of such steps
	Best  float64
	FLOPs int64
}

// shareRuns is how many steps are measured; the shortest of each part counts.
const shareRuns = 10

// Shares measures the parts of a preset's training step on the CPU, the longest
// first.
func Shares(ctx context.Context, preset string, batch int) ([]Share, error) {
	d, err := train.NewDrill(ctx, cpu.New(cpu.WithTimes), preset, batch)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if err := d.Run(ctx); err != nil {
		return nil, err
	}
	before := d.Times()
	least := make([]int64, len(before))
	for range shareRuns {
		if err := d.Run(ctx); err != nil {
			return nil, err
		}
		now := d.Times()
		for i := range now {
			if took := now[i].Nanoseconds - before[i].Nanoseconds; least[i] == 0 || took < least[i] {
				least[i] = took
			}
		}
		before = now
	}
	parts := map[string]*Share{}
	var shares []*Share
	for i, s := range before {
		what := string(s.Kinds[0])
		if len(s.Kinds) > 1 {
			what = "group"
			if s.FLOPs > 0 {
				what = string(s.Kinds[0]) + " and what follows"
			}
		}
		if parts[what] == nil {
			parts[what] = &Share{What: what}
			shares = append(shares, parts[what])
		}
		p := parts[what]
		p.Count++
		p.Best += float64(least[i]) / 1e6
		p.FLOPs += s.FLOPs
	}
	slices.SortFunc(shares, func(a, b *Share) int {
		if a.Best > b.Best {
			return -1
		}
		return 1
	})
	var out []Share
	for _, s := range shares {
		out = append(out, *s)
	}
	return out, nil
}

// FormatShares is a table of shares.
func FormatShares(shares []Share) string {
	total := 0.
	for _, s := range shares {
		total += s.Best
	}
	var b strings.Builder
	for _, s := range shares {
		fmt.Fprintf(&b, "%-28s %5d %9.2f ms %5.1f%%", s.What, s.Count, s.Best, 100*s.Best/total)
		if s.FLOPs > 0 {
			fmt.Fprintf(&b, " %7.1f GFLOP/s", float64(s.FLOPs)/s.Best/1e6)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
