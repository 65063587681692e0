// Command mutate takes guards out of the program one at a time and says which
// tests miss them. Run it by hand, with one of the tables beside it:
//
//	go run ./tools/mutate tools/mutate/train.txt
//
// The working tree stays as it is: what is changed reaches the compiler by
// go's -overlay. The report is a table in Markdown; the exit code is 1 when a
// mutant survives or cannot be tried.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// What becomes of a mutant.
const (
	killed   = "killed"   // a test fails
	survived = "SURVIVED" // none does
	broken   = "does not build"
)

// patience is how long a mutant's tests may take: one that never ends is
// killed, too.
const patience = 5 * time.Minute

func main() {
	only := flag.String("only", "", "try the mutants whose path or description matches this expression")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: mutate [-only EXPRESSION] TABLE...", err)
		os.Exit(64)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var all []mutant
	for _, path := range flag.Args() {
		b, err := os.ReadFile(path)
		if err == nil {
			var some []mutant
			if some, err = parse(path, string(b)); err == nil {
				all = append(all, some...)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
	}
	lost := 0
	sound := map[string]error{} // by command, of the program as it is
	fmt.Println("| guard taken out | file | outcome | seconds |\n|---|---|---|---:|")
	for _, m := range all {
		if !pattern.MatchString(m.path + " " + m.what) {
			continue
		}
		if _, tried := sound[m.test]; !tried {
			_, err := run(ctx, m.test, "")
			sound[m.test] = err
		}
		began := time.Now()
		outcome, err := m.try(ctx)
		if ctx.Err() != nil {
			os.Exit(130)
		}
		if base := sound[m.test]; base != nil {
			outcome, err = "", fmt.Errorf("fails without it, too: %w", base)
		}
		if err != nil {
			outcome = err.Error()
		}
		if outcome != killed {
			lost++
		}
		fmt.Printf("| %s | %s | %s | %.0f |\n", m.what, m.path, outcome, time.Since(began).Seconds())
	}
	if lost > 0 {
		os.Exit(1)
	}
}

// try runs the mutant's tests.
func (m mutant) try(ctx context.Context) (outcome string, err error) {
	b, err := os.ReadFile(m.path)
	if err != nil {
		return "", err
	}
	changed, err := m.apply(string(b))
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file, overlay := filepath.Join(dir, filepath.Base(m.path)), filepath.Join(dir, "overlay.json")
	path, err := filepath.Abs(m.path)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {path: file}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return "", err
	}
	out, err := run(ctx, m.test, overlay)
	switch {
	case err == nil:
		return survived, nil
	case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
		return broken, nil
	}
	return killed, nil
}

// run runs a command of a table, with an overlay if it is not empty.
func run(ctx context.Context, command, overlay string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.WaitDelay = time.Second // a child that outlives the shell may hold its output open
	cmd.Env = os.Environ()
	if overlay != "" {
		cmd.Env = append(cmd.Env, strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	out, err := cmd.CombinedOutput()
	return out, err
}
