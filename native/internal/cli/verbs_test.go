package cli

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mien/shared/pixel"
)

// wantCode runs a command and wants an exit code: code 64 mien train --x.
func wantCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := err.(*exec.ExitError); ok {
		got = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// wantPixels wants two pictures with the same pixels: pixels a.png b.png, or
// with ! different ones.
func wantPixels(ts *testscript.TestScript, neg bool, args []string) {
	read := func(name string) *image.NRGBA {
		b, err := os.ReadFile(ts.MkAbs(name))
		ts.Check(err)
		img, err := pixel.Decode(b)
		ts.Check(err)
		return img
	}
	a, b := read(args[0]), read(args[1])
	if same := a.Rect == b.Rect && bytes.Equal(a.Pix, b.Pix); same == neg {
		ts.Fatalf("pixels equal: %v", same)
	}
}

// untilShown waits until a file shows a pattern, until run.txt 'step 20', as long
// as the test may take.
func untilShown(t *testing.T) func(ts *testscript.TestScript, neg bool, args []string) {
	deadline, bounded := t.Deadline()
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: until FILE PATTERN")
		}
		pattern, err := regexp.Compile(args[1])
		ts.Check(err)
		for ; ; time.Sleep(5 * time.Millisecond) {
			b, err := os.ReadFile(ts.MkAbs(args[0]))
			if err == nil && pattern.Match(b) {
				return
			}
			if bounded && time.Until(deadline) < 10*time.Second {
				ts.Fatalf("%s does not show %q: %v\n%s", args[0], args[1], err, b)
			}
		}
	}
}

// shorten takes the end of a file off: shorten FILE BYTES.
func shorten(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shorten FILE BYTES")
	}
	by, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()-by))
}

// damage changes a bit in the middle of a file: damage FILE.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage FILE")
	}
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	b[len(b)/2] ^= 4
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}
