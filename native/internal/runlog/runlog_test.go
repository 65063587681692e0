package runlog

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mien/native/internal/vfs/crashtest"
)

func TestATornLineIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	w, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := w.Append(Entry{Kind: Step, Step: i}); err != nil {
			t.Fatal(err)
		}
	}
	whole := w.Offset()
	w.Close()
	f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"kind":"st`)
	f.Close()
	w, err = Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.Offset() != whole {
		t.Errorf("offset %d, want %d", w.Offset(), whole)
	}
	if end, err := w.TruncateTo(whole + 100); err != nil || end != whole {
		t.Errorf("cut to more than there is: %d bytes, %v, want %d", end, err, whole)
	}
	if end, err := w.TruncateTo(whole - 1); err != nil || end != whole/3*2 || w.Offset() != end {
		t.Errorf("cut within a line: %d bytes, %v, want the %d of two lines", end, err, whole/3*2)
	}
}

// TestALineThatFailsIsReplaced: a disk that is full and then is not leaves no
// half of a line between two others.
func TestALineThatFailsIsReplaced(t *testing.T) {
	f := crashtest.New()
	w, err := OpenOn(f, "/log.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for step := range 5 {
		f.Before = nil
		if step == 2 {
			f.Before = func(string, string) error { return crashtest.ErrInjected }
		}
		if err := w.Append(Entry{Kind: Step, Step: step, Text: strings.Repeat("x", 20-4*step)}); (err != nil) != (step == 2) {
			t.Errorf("step %d: %v", step, err)
		}
	}
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	file, err := f.Crash(crashtest.Everything, 0).OpenFile("/log.jsonl", os.O_RDONLY)
	if err != nil {
		t.Fatal(err) // its name was not synced
	}
	b, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for line := range strings.Lines(string(b)) {
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		got = append(got, e.Step)
	}
	if !slices.Equal(got, []int{0, 1, 3, 4}) {
		t.Errorf("the log holds steps %v, want 0 1 3 4", got)
	}
}

func TestFollowSeesWhatIsThereAndWhatComes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got := make(chan Entry, 10)
	again := make(chan bool, 1)
	go Follow(ctx, path, time.Millisecond, func() { again <- true }, func(e Entry) { got <- e })
	w, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	want := func(step int) {
		t.Helper()
		if e := <-got; e.Step != step {
			t.Fatalf("step %d, want %d", e.Step, step)
		}
	}
	w.Append(Entry{Kind: Step, Step: 1})
	first := w.Offset()
	want(1)
	w.Append(Entry{Kind: Step, Step: 2})
	want(2)
	w.TruncateTo(first)
	<-again
	want(1)
}
