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
	maxEntry    = 16 << 10
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
	whole := int64(0)
	r := bufio.NewReaderSize(f, maxEntry)
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if err == io.EOF {
			break // what is left has no end: it was never acknowledged
		}
		var e Entry
		if err == nil {
			err = json.Unmarshal(line, &e)
		}
		if err == nil && (e.Row < 0 || e.Row >= maxRows) {
			err = fmt.Errorf("row %d", e.Row)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("journal %q, line %d: %w", f.Name(), n, err)
		}
		whole += int64(len(line))
		take(e)
	}
	err = f.Truncate(whole)
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &journal{file: f}, nil
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
