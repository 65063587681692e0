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
}

func (r *Report) skip(reason string) {
	if r.Skipped == nil {
		r.Skipped = map[string]int{}
	}
	r.Skipped[reason]++
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
	return b.String()
}
