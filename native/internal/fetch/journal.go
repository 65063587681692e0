package fetch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// State says what became of a row.
type State string

// The states. Gone will not come back: no such page, no picture. Failed may:
// the server did not answer as often as it was asked.
const (
	OK     State = "ok"
	Gone   State = "gone"
	Failed State = "failed"
)

// Entry is the journal's line of a row.
type Entry struct {
	Row    int    `json:"row"`
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"`
	URL    string `json:"url,omitempty"`  // that it came from, or that was asked last
	File   string `json:"file,omitempty"` // relative to the folder
	Bytes  int64  `json:"bytes,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Detail string `json:"detail,omitempty"`
}

const (
	journalName = "fetch.jsonl"
	maxEntry    = 64 << 10 // bytes of a line: an address of maxURL may grow sixfold when it is quoted
	syncEvery   = time.Second
)

// journal records what became of each row, a line each. A row counts as done
// when its line is whole: its picture was renamed into place before.
type journal struct {
	mu     sync.Mutex
	file   *os.File
	synced time.Time
}

// openJournal reads the journal of dir, cuts off a line that a killed run left
// half written, and gives each entry to take.
func openJournal(dir string, take func(Entry)) (*journal, error) {
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	whole, err := scanJournal(f, take)
	if err != nil {
		f.Close()
		return nil, err
	}
	if err = f.Truncate(whole); err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &journal{file: f}, nil
}

// scanJournal gives each whole line to take and returns where they end.
func scanJournal(f *os.File, take func(Entry)) (whole int64, err error) {
	r := bufio.NewReaderSize(f, maxEntry)
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if err == io.EOF {
			return whole, nil // what is left has no end: it was never acknowledged
		}
		var e Entry
		if err == nil {
			err = json.Unmarshal(line, &e)
		}
		if err == nil && (e.Row < 0 || e.Row >= maxRows) {
			err = fmt.Errorf("row %d", e.Row)
		}
		if err != nil {
			return whole, fmt.Errorf("journal %q, line %d: %w", f.Name(), n, err)
		}
		whole += int64(len(line))
		take(e)
	}
}

// add writes an entry; a crash of the machine may lose the last second.
func (j *journal) add(e Entry) error {
	var b bytes.Buffer
	if len(e.Detail) > 500 {
		e.Detail = e.Detail[:500]
	}
	if err := json.NewEncoder(&b).Encode(e); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(b.Bytes()); err != nil {
		return err
	}
	if time.Since(j.synced) < syncEvery {
		return nil
	}
	j.synced = time.Now()
	return j.file.Sync()
}

func (j *journal) close() error { return errors.Join(j.file.Sync(), j.file.Close()) }
