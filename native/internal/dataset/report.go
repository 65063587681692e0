package dataset

import (
	"fmt"
	"sort"
	"strings"
)

// Report says how many rows were kept and why the others were left out.
type Report struct {
	Rows    int            `json:"rows"`              // rows found
	Kept    int            `json:"kept"`              // rows kept
	Skipped map[string]int `json:"skipped,omitempty"` // reason -> rows
	// Clamped is how many kept rows had an intensity a little outside its range.
	Clamped int `json:"clamped,omitempty"`
}

func (r *Report) skip(reason string) {
	if r.Skipped == nil {
		r.Skipped = map[string]int{}
	}
	r.Skipped[reason]++
}

// unasked counts rows that are left out though nothing is wrong with them.
func (r Report) unasked() int {
	return r.Skipped[reasonEnough] + r.Skipped[reasonHalf] + r.Skipped[reasonLessSure]
}

// String tells the report in one line, the commonest reason first.
func (r Report) String() string {
	reasons := make([]string, 0, len(r.Skipped))
	for reason := range r.Skipped {
		reasons = append(reasons, reason)
	}
	sort.Slice(reasons, func(i, j int) bool {
		a, b := reasons[i], reasons[j]
		if r.Skipped[a] != r.Skipped[b] {
			return r.Skipped[a] > r.Skipped[b]
		}
		return a < b
	})
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d faces", r.Kept, r.Rows)
	for i, reason := range reasons {
		sep := ", "
		if i == 0 {
			sep = "; left out: "
		}
		fmt.Fprintf(&b, "%s%d %s", sep, r.Skipped[reason], reason)
	}
	if r.Clamped > 0 {
		fmt.Fprintf(&b, "; intensities clamped in %d", r.Clamped)
	}
	return b.String()
}
