package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
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
