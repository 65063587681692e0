// Package runlog keeps the log of a training run: one JSON object a line,
// append-only, the single truth of what happened.
package runlog

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// The kinds of entries.
const (
	Start      = "start"
	Step       = "step"
	Sample     = "sample"
	Weights    = "weights"
	Checkpoint = "checkpoint"
	Warn       = "warn"
	Metric     = "metric" // Losses holds what was measured
	End        = "end"
)

// Entry is one line. What a kind does not use stays empty.
type Entry struct {
	Time   time.Time          `json:"time"`
	Kind   string             `json:"kind"`
	Step   int                `json:"step"`
	Steps  int                `json:"steps,omitempty"`
	Images int64              `json:"images,omitempty"`
	Phase  string             `json:"phase,omitempty"`
	Losses map[string]float64 `json:"losses,omitempty"`
	Rate   float64            `json:"images_per_s,omitempty"`
	ETA    float64            `json:"eta_s,omitempty"`
	File   string             `json:"file,omitempty"` // relative to the run directory
	SHA256 string             `json:"sha256,omitempty"`
	Bytes  int64              `json:"bytes,omitempty"`
	Preset string             `json:"preset,omitempty"`
	Data   string             `json:"data,omitempty"`
	Text   string             `json:"text,omitempty"`
}

// maxLine bounds a line that is read, in bytes.
const maxLine = 64 << 10

// Writer appends to a log. It is used by one goroutine.
type Writer struct {
	file   *os.File
	offset int64
}

// Open opens or makes the log at path. A last line that a crash tore is cut
// off.
func Open(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open run log: %w", err)
	}
	end, err := wholeLines(f)
	w := &Writer{file: f}
	if err == nil {
		err = w.TruncateTo(end)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open run log %q: %w", path, err)
	}
	return w, nil
}

// wholeLines returns the offset after the last line that ends.
func wholeLines(f *os.File) (int64, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	buf := make([]byte, maxLine)
	for end > 0 {
		n := min(int64(len(buf)), end)
		if _, err := f.ReadAt(buf[:n], end-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return end - n + int64(i) + 1, nil
		}
		end -= n
	}
	return 0, nil
}

// Append writes one line.
func (w *Writer) Append(e Entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("append to run log: %w", err)
	}
	n, err := w.file.WriteAt(append(b, '\n'), w.offset)
	w.offset += int64(n)
	if err != nil {
		return fmt.Errorf("append to run log: %w", err)
	}
	return nil
}

// Offset is the length of the log in bytes.
func (w *Writer) Offset() int64 { return w.offset }

// TruncateTo cuts the log back to an earlier offset, as a resumed run does.
func (w *Writer) TruncateTo(offset int64) error {
	info, err := w.file.Stat()
	if err != nil {
		return err
	}
	if offset < 0 || offset > info.Size() {
		return fmt.Errorf("truncate run log to %d: it has %d bytes", offset, info.Size())
	}
	if err := w.file.Truncate(offset); err != nil {
		return err
	}
	w.offset = offset
	return nil
}

// Close closes the log.
func (w *Writer) Close() error { return w.file.Close() }

// Read calls f for every entry of the log at path.
func Read(path string, f func(Entry)) error {
	if _, err := follow(path, 0, func() {}, f); err != nil {
		return fmt.Errorf("read run log: %w", err)
	}
	return nil
}

// Follow calls f for every entry of the log at path, those there already and
// those to come, until ctx ends. A log that does not exist yet is waited for;
// one that was cut back is read again from its start, after a call of again.
func Follow(ctx context.Context, path string, every time.Duration, again func(), f func(Entry)) error {
	var offset int64
	for {
		n, err := follow(path, offset, again, f)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("follow run log: %w", err)
		}
		offset = n
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
	}
}

// follow reads the whole lines after offset and returns where they end.
func follow(path string, offset int64, again func(), f func(Entry)) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return offset, err
	}
	if info.Size() < offset {
		offset = 0
		again()
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return offset, err
	}
	r := bufio.NewReaderSize(file, maxLine)
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return offset, fmt.Errorf("line at byte %d: over %d bytes", offset, maxLine)
		}
		if err != nil {
			return offset, nil // the rest of the line is still to come
		}
		offset += int64(len(line))
		var e Entry
		if json.Unmarshal(line, &e) == nil {
			f(e)
		}
	}
}
