package runlog

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
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
	if err := w.TruncateTo(whole + 1); err == nil {
		t.Error("grew by truncation")
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
