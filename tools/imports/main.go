// Command imports checks that imports point downwards and that the top level
// holds only what its owner fixed.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sort"
	"strings"
)

// layer is the height of each shared package; a package imports lower ones.
var layer = map[string]int{
	"shared/au": 0, "shared/tensor": 0,
	"shared/pixel": 1, "shared/plan": 1, "shared/protocol": 1,
	"shared/face": 2, "shared/device": 2,
	"shared/device/cpu/simd": 2, "shared/device/cpu/kernel/basis": 2,
	"shared/device/ref": 3, "shared/device/cpu/kernel": 3, "shared/device/cpu/vector": 3, "shared/device/webgpu": 3,
	"shared/device/cpu": 4, "shared/device/devicetest": 4, "shared/model": 4,
	"shared/layer":         3,
	"shared/rig":           5,
	"shared/edit":          6,
	"weights":              7,
	"shared/face/facetest": 8, // for tests
}

// banned is what shared packages never import.
var banned = []string{"os", "net", "net/http", "log", "log/slog"}

// top lists the entries of the top level beside dot-files and what builds make.
var top = "native wasm shared web weights tools go.mod go.sum Makefile README.md LICENSE CONTRIBUTING.md bin runs"

// listed is what this program reads of go list's output.
type listed struct {
	ImportPath string
	Imports    []string
}

func main() {
	problems, err := check()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func check() ([]string, error) {
	seen := map[string]bool{}
	var problems []string
	for _, env := range []string{"GOOS=linux", "GOOS=js GOARCH=wasm"} {
		packages, err := list(strings.Fields(env))
		if err != nil {
			return nil, err
		}
		for _, p := range wrong(packages) {
			if !seen[p] {
				seen[p] = true
				problems = append(problems, p)
			}
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !strings.Contains(" "+top+" ", " "+e.Name()+" ") {
			problems = append(problems, fmt.Sprintf("%s: not one of the top level's entries", e.Name()))
		}
	}
	sort.Strings(problems)
	return problems, nil
}

func list(env []string) ([]listed, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	d := json.NewDecoder(strings.NewReader(string(out)))
	var ps []listed
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return ps, nil
		} else if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
}

// wrong names every import that points the wrong way.
func wrong(packages []listed) []string {
	var problems []string
	for _, p := range packages {
		from := strings.TrimPrefix(p.ImportPath, "mien/")
		height, placed := layer[from]
		if strings.HasPrefix(from, "shared/") && !placed {
			problems = append(problems, fmt.Sprintf("%s: has no place in tools/imports", from))
		}
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, "mien/")
			why := ""
			switch {
			case strings.HasPrefix(from, "shared/") && !ours:
				for _, b := range banned {
					if path == b {
						why = "shared packages run in a browser"
					}
				}
			case !ours:
			case placed && (layer[to] >= height || !known(to)):
				why = "imports point downwards"
			case strings.HasPrefix(from, "wasm/") && strings.HasPrefix(to, "native"):
				why = "the page never imports the native side"
			}
			if why != "" {
				problems = append(problems, fmt.Sprintf("%s imports %s: %s", from, path, why))
			}
		}
	}
	return problems
}

func known(path string) bool { _, ok := layer[path]; return ok }
