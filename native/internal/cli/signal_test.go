package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"mien/native/internal/runlog"
	"mien/native/internal/train"
)

// TestSecondSignalEnds wants a program that the first signal cannot end to be
// asked by it and ended with 130 by the second, of either kind.
func TestSecondSignalEnds(t *testing.T) {
	const inside = "MIEN_STUBBORN"
	if os.Getenv(inside) != "" {
		ctx, stop := interruptible()
		defer stop()
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("asked")
		os.Stdin.Read(make([]byte, 1)) // nobody writes: only a signal ends it
		return
	}
	quiet, silent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	defer silent.Close()
	for _, second := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), inside+"=yes")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdin = quiet
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for _, step := range []struct {
			says string
			send os.Signal
		}{{"ready", os.Interrupt}, {"asked", second}} {
			if !lines.Scan() || lines.Text() != step.says {
				t.Fatalf("the program says %q, want %q", lines.Text(), step.says)
			}
			if err := cmd.Process.Signal(step.send); err != nil {
				t.Fatal(err)
			}
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitStopped {
			t.Errorf("after %v: %v, want exit code %d", second, err, exitStopped)
		}
	}
}

// TestStopsThatSaveAndThatDoNot wants a training to save when it is asked to
// stop, by any signal, and to say so with its own exit code when it could not.
func TestStopsThatSaveAndThatDoNot(t *testing.T) {
	const inside = "MIEN_STOPPED"
	if out := os.Getenv(inside); out != "" {
		os.Exit(Run([]string{"train", "--device", "cpu", "--train-size", "32", "--batch", "4", "--save", "1h", "--out", out}, os.Stdout, os.Stderr))
	}
	defaultHangup(t)
	for _, c := range []struct {
		by     syscall.Signal
		broken bool
		code   int
		says   string
	}{
		{syscall.SIGHUP, false, exitStopped, ""},
		{syscall.SIGTERM, false, exitStopped, ""},
		{os.Interrupt.(syscall.Signal), true, exitUnsaved, "are not saved"},
	} {
		out := filepath.Join(t.TempDir(), "run")
		cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), inside+"="+out)
		says := &strings.Builder{}
		cmd.Stderr = says
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		runlog.Follow(ctx, filepath.Join(out, "log.jsonl"), 10*time.Millisecond, func() {}, func(e runlog.Entry) {
			if e.Step == 3 {
				cancel()
			}
		})
		store := filepath.Join(out, "checkpoint")
		if c.broken { // root ignores permissions: a file where the directory was
			if err := errors.Join(os.Rename(store, store+".away"), os.WriteFile(store, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Signal(c.by); err != nil {
			t.Fatal(err)
		}
		err := cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != c.code {
			t.Errorf("%v, disk broken: %v: ends with %v, want code %d", c.by, c.broken, err, c.code)
		}
		if !strings.Contains(says.String(), c.says) {
			t.Errorf("%v, disk broken: %v: it says\n%s\nwant %q", c.by, c.broken, says, c.says)
		}
		// Beside that of the beginning.
		if saved, _ := filepath.Glob(filepath.Join(store, "gen-*.ckpt")); (len(saved) == 2) == c.broken {
			t.Errorf("%v, disk broken: %v: checkpoints %v", c.by, c.broken, saved)
		}
	}
}

// defaultHangup has the programs that a test starts end by SIGHUP, even where the tests
// themselves were started with it ignored: what a program handles, its children do not
// inherit.
func defaultHangup(t *testing.T) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
}

// TestHangupIsIgnoredUnderNohup: a program that is started with SIGHUP ignored
// shall outlive its terminal.
func TestHangupIsIgnoredUnderNohup(t *testing.T) {
	const inside = "MIEN_NOHUP"
	if os.Getenv(inside) != "" {
		ctx, stop := interruptible()
		defer stop()
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("asked")
		bufio.NewScanner(os.Stdin).Scan()
		os.Exit(0)
	}
	defaultHangup(t)
	// A hangup that counts is the first signal; the one after it would end the program.
	for shell, signals := range map[string][]os.Signal{`trap "" HUP; exec "$0" "$@"`: {syscall.SIGHUP, os.Interrupt}, `exec "$0" "$@"`: {syscall.SIGHUP}} {
		cmd := exec.Command("sh", "-c", shell, os.Args[0], "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), inside+"=yes")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan()
		for _, by := range signals {
			if err := cmd.Process.Signal(by); err != nil {
				t.Fatal(err)
			}
		}
		if lines.Scan(); lines.Text() != "asked" {
			t.Errorf("%s: %q, want asked", shell, lines.Text())
		}
		fmt.Fprintln(in)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", shell, err)
		}
	}
}

// TestEveryFlagOfTrainIsAccountedFor: a run that goes on compares what flags
// were given by the name of the field that they set. One that is forgotten
// would train something else without a word.
func TestEveryFlagOfTrainIsAccountedFor(t *testing.T) {
	fields := map[string]bool{}
	var collect func(reflect.Type)
	collect = func(of reflect.Type) {
		for i := range of.NumField() {
			f := of.Field(i)
			if f.Anonymous {
				collect(f.Type)
			} else if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
				fields[name] = true
			}
		}
	}
	collect(reflect.TypeFor[train.Config]())
	trainCommand().Flags().VisitAll(func(f *pflag.Flag) {
		if name := field(f.Name); name != "" && !fields[name] {
			t.Errorf("--%s sets field %q, which train.Config does not have", f.Name, name)
		}
	})
	if !fields["loss"] || !fields["untaught"] {
		t.Errorf("fields %v", fields)
	}
}
