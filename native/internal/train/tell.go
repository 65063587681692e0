package train

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// duration prints seconds as a person says them.
func duration(seconds float64) string {
	return (time.Duration(seconds) * time.Second).String()
}

// losses prints losses by name, the sums first by their place in the alphabet.
func losses(values map[string]float64) string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "  %s %.4f", name, values[name])
	}
	return b.String()
}
