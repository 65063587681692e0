package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(variants) {
		t.Errorf("all: %d variants (%v), want %d", len(all), err, len(variants))
	}
	if some, err := choose("warp,head"); err != nil || len(some) != 2 || some[0].Name != "head" {
		t.Errorf("warp,head: %v (%v), want head and warp in the table's order", some, err)
	}
	if _, err := choose("warp,nonsense"); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("an unknown variant: error %v, want one that names it", err)
	}
}

// TestDoneOnceKeptToItsFlags stands in for mien by a script that leaves what
// training and measuring leave: each is called once, and a folder that other
// flags made is refused.
func TestDoneOnceKeptToItsFlags(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "mien")
	calls := filepath.Join(dir, "calls")
	body := `#!/bin/sh
echo "$1" >> ` + calls + `
while [ $# -gt 0 ]; do
	case "$1" in
	--out) mkdir -p "$2/weights"; touch "$2/weights/step-000007.safetensors" "$2/log.jsonl" ;;
	--json) echo '[{"scores": [{"au": "12", "gain": 0.5}]}]' > "$2" ;;
	esac
	shift
done
`
	if err := os.WriteFile(script, []byte(body), 0o755); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	o := options{Preset: "mien", Data: "synth", Out: filepath.Join(dir, "out"), Steps: 7, Faces: 2, Device: "cpu", Mien: script, Log: &log}
	for range 2 {
		if err := ablate(o, variants[:2]); err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
	}
	b, err := os.ReadFile(calls)
	if got, want := strings.Fields(string(b)), "train eval train eval"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("two calls of two variants called mien with %v (%v), want %s", got, err, want)
	}
	if table, err := os.ReadFile(filepath.Join(o.Out, "table.md")); err != nil || strings.Count(string(table), "\n|") != 3 {
		t.Errorf("table (%v):\n%s\nwant two rows under the head", err, table)
	}
	o.Faces = 3
	if err := ablate(o, variants[:1]); !errors.Is(err, errOther) {
		t.Errorf("other flags: %v, want errOther", err)
	}
}
