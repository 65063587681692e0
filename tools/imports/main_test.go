package main

import "testing"

func TestWrongNamesEveryWrongWay(t *testing.T) {
	for _, c := range []struct {
		from, to string
		bad      bool
	}{
		{"mien/shared/plan", "mien/shared/tensor", false},
		{"mien/shared/tensor", "mien/shared/plan", true},
		{"mien/shared/au", "mien/shared/tensor", true},
		{"mien/shared/edit", "mien/native/internal/net", true},
		{"mien/shared/edit", "os", true},
		{"mien/shared/edit", "net/http", true},
		{"mien/wasm/worker", "mien/native/internal/net", true},
		{"mien/wasm/worker", "mien/shared/edit", false},
		{"mien/native/internal/net", "mien/shared/edit", false},
		{"mien/shared/nowhere", "fmt", true},
	} {
		got := wrong([]listed{{c.from, []string{c.to}}})
		if (len(got) > 0) != c.bad {
			t.Errorf("%s imports %s: problems %v", c.from, c.to, got)
		}
	}
}
