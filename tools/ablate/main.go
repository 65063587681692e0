// Command ablate trains variants of a preset on equally many images, measures
// each by mien eval, and writes the table of them:
//
//	go run ./tools/ablate -data ../shared/data/faces -out runs/ablate -steps 500
//
// Ctrl-C stops it; the same command goes on where it stopped and does nothing
// twice. OUT/table.md is written anew after each variant.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// options say what all variants have in common.
type options struct {
	Preset, Data, Out, Prior, Reader, Device string
	Steps, Faces                             int
	Seed                                     uint64
	Mien                                     string    // the program
	Log                                      io.Writer // what a person reads
}

// errStopped is Ctrl-C's.
var errStopped = errors.New("stopped; the same command goes on")

// errOther says that a folder holds what other flags made: a table with it in
// would tell of flags that its rows weren't made by.
var errOther = errors.New("made by other flags; give another -out")

func main() {
	o := options{Log: os.Stderr}
	var only string
	flag.StringVar(&o.Data, "data", "", "folder of labelled faces, or synth")
	flag.StringVar(&o.Out, "out", "", "folder for runs and table.md")
	flag.IntVar(&o.Steps, "steps", 500, "training steps of each variant")
	flag.StringVar(&o.Preset, "preset", "mien", "what to train")
	flag.StringVar(&o.Prior, "prior", "weights/prior.safetensors", "the teacher, empty for none")
	flag.StringVar(&o.Reader, "reader", "weights/reader.safetensors", "fixed AU reader, empty for none")
	flag.IntVar(&o.Faces, "faces", 16, "validation faces to edit")
	flag.Uint64Var(&o.Seed, "seed", 1, "of everything random")
	flag.StringVar(&o.Device, "device", "cpu", "as for mien train")
	flag.StringVar(&only, "only", "", "names of variants, with commas (default: all)")
	flag.StringVar(&o.Mien, "mien", "", "the program (default: OUT/mien, built when it is missing, so that all rows are made by one)")
	flag.Parse()
	chosen, err := choose(only)
	if err == nil && (o.Data == "" || o.Out == "" || o.Steps < 1 || o.Faces < 2 || flag.NArg() > 0) {
		err = errors.New("want -data and -out, at least one step and two faces, and nothing but flags")
	}
	if err == nil {
		err = ablate(o, chosen)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// ablate does what is left to do of the chosen variants. A variant that fails
// is told of and left to the next call; the others are still made.
func ablate(o options, chosen []variant) error {
	stopped := make(chan os.Signal, 2)
	signal.Notify(stopped, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(stopped)
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return err
	}
	if o.Mien == "" {
		o.Mien = filepath.Join(o.Out, "mien")
		if _, err := os.Stat(o.Mien); err != nil {
			if err := o.call(stopped, "go", []string{"build", "-o", o.Mien, "./native"}); err != nil {
				return fmt.Errorf("build mien, from the top of the repository: %w", err)
			}
		}
	}
	var failed []string
	var spent time.Duration
	made := 0
	for i, v := range chosen {
		began := time.Now()
		fresh, err := o.make(stopped, v)
		switch {
		case errors.Is(err, errStopped), errors.Is(err, errOther):
			return err
		case err != nil:
			failed = append(failed, v.Name)
			fmt.Fprintf(o.Log, "[%d/%d] %s failed: %v\n", i+1, len(chosen), v.Name, err)
		case fresh:
			made++
			spent += time.Since(began)
			left := spent / time.Duration(made) * time.Duration(len(chosen)-i-1)
			fmt.Fprintf(o.Log, "[%d/%d] %s: %s; at most %s left\n", i+1, len(chosen), v.Name, round(time.Since(began)), round(left))
		default:
			fmt.Fprintf(o.Log, "[%d/%d] %s: done before\n", i+1, len(chosen), v.Name)
		}
		if err := writeTable(o, chosen); err != nil {
			return err
		}
	}
	fmt.Fprintln(o.Log, "table:", filepath.Join(o.Out, "table.md"))
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s; the same command tries them again", strings.Join(failed, ", "))
	}
	return nil
}

// make trains and measures a variant, as far as that isn't done, and reports
// whether anything was to do.
func (o options) make(stopped <-chan os.Signal, v variant) (fresh bool, err error) {
	dir := filepath.Join(o.Out, v.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	train, judge := v.train(o, dir), v.judge(o, dir)
	if err := settle(filepath.Join(dir, "commands.txt"), strings.Join(train, " ")+"\n"+strings.Join(judge, " ")+"\n"); err != nil {
		return false, err
	}
	for _, part := range []struct {
		leaves string
		args   []string
	}{{weights(o, dir), train}, {report(dir), judge}} {
		if _, err := os.Stat(part.leaves); err == nil {
			continue
		}
		fresh = true
		if err := o.call(stopped, o.Mien, part.args); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// settle keeps the commands that a folder is made by, and refuses others.
func settle(path, commands string) error {
	old, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return os.WriteFile(path, []byte(commands), 0o644)
	case err != nil:
		return err
	case string(old) != commands:
		return fmt.Errorf("%s: %w", path, errOther)
	}
	return nil
}

// call runs a program and shows what it says. Ctrl-C reaches both, so it is
// left to the program to save and end; SIGTERM is passed on.
func (o options) call(stopped <-chan os.Signal, program string, args []string) error {
	fmt.Fprintln(o.Log, "+", program, strings.Join(args, " "))
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = o.Log, o.Log
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := false
	for {
		select {
		case s := <-stopped:
			if stop = true; s == syscall.SIGTERM {
				cmd.Process.Signal(s)
			}
		case err := <-ended:
			if stop {
				return errStopped
			}
			return err
		}
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Second) }

// weights is the file that training a variant leaves.
func weights(o options, dir string) string {
	return filepath.Join(dir, "weights", fmt.Sprintf("step-%06d.safetensors", o.Steps))
}

// report is the file that measuring a variant leaves.
func report(dir string) string { return filepath.Join(dir, "report.json") }
