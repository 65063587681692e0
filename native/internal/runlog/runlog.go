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
	"math"
	"os"
	"path/filepath"
	"time"

	"mien/native/internal/vfs"
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

// Writer appends to a log. It is used by one goroutine, but for Sync.
type Writer struct {
	file   vfs.File
	offset int64
}

// Open opens or makes the log at path. A last line that a crash tore is cut
// off.
func Open(path string) (*Writer, error) { return OpenOn(vfs.OS, path) }

// OpenOn is Open on any file system.
func OpenOn(fs vfs.FS, path string) (*Writer, error) {
	f, err := fs.OpenFile(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("open run log: %w", err)
	}
	w := &Writer{file: f}
	_, err = w.TruncateTo(math.MaxInt64)
	if err == nil {
		err = fs.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open run log %q: %w", path, err)
	}
	return w, nil
}

// wholeLines returns the offset after the last line that ends before end.
func wholeLines(f io.ReaderAt, end int64) (int64, error) {
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

// Append writes one line. Where that fails, the next one takes its place.
func (w *Writer) Append(e Entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("append to run log: %w", err)
	}
	if _, err := w.file.WriteAt(append(b, '\n'), w.offset); err != nil {
		return fmt.Errorf("append to run log: %w", err)
	}
	w.offset += int64(len(b)) + 1
	return nil
}

// Sync brings what was appended to the disk: a power cut may take it before.
func (w *Writer) Sync() error {
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync run log: %w", err)
	}
	return nil
}

// Offset is the length of the log in bytes.
func (w *Writer) Offset() int64 { return w.offset }

// TruncateTo cuts the log back to an earlier offset, as a resumed run does, or
// to the whole lines before it, and returns the length it has then: less than
// offset where the log lacks some, as one that was copied while it grew does.
func (w *Writer) TruncateTo(offset int64) (int64, error) {
	size, err := w.file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	end, err := wholeLines(w.file, max(min(offset, size), 0))
	if err != nil {
		return 0, err
	}
	if err := w.file.Truncate(end); err != nil {
		return 0, err
	}
	w.offset = end
	return end, nil
}

// Close closes the log.
func (w *Writer) Close() error { return w.file.Close() }

// Read calls f for every entry of the log at path.
func Read(path string, f func(Entry)) error { return ReadOn(vfs.OS, path, f) }

// ReadOn is Read on any file system.
func ReadOn(fs vfs.FS, path string, f func(Entry)) error {
	if _, err := follow(fs, path, 0, func() {}, f); err != nil {
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
		n, err := follow(vfs.OS, path, offset, again, f)
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
func follow(fs vfs.FS, path string, offset int64, again func(), f func(Entry)) (int64, error) {
	file, err := fs.OpenFile(path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return offset, err
	}
	if size < offset {
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
