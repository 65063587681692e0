// Package fetch downloads the pictures of EmotioNet's URL files, or any list of
// the same form: politely, from many hosts at once, and such that a run killed
// at any moment goes on where it was.
//
//	OUT/fetch.jsonl               what became of each row, a line each
//	OUT/fetch.json                the lists that the folder is of
//	OUT/pictures/0012/0012345.jpg the picture of row 12345
//	OUT/quarantine/0012345.bin    what came instead of a picture, its beginning
package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"time"

	"github.com/gofrs/flock"

	"mien/native/internal/checkpoint"
)

// Options say what is fetched, and how hard hosts are asked.
type Options struct {
	Lists []string // URL files
	Out   string   // folder

	Concurrency int           // Requests at once. Defaults to 32.
	PerHost     int           // Of them to one host. Defaults to 2.
	Delay       time.Duration // Between the beginnings of two requests to one host. Defaults to 100 ms.
	Tries       int           // Of each address. Defaults to 3.
	Backoff     time.Duration // Before the second try; doubles. Defaults to 2 s.
	Timeout     time.Duration // Of a whole request. Defaults to 30 s.
	MaxBytes    int64         // Of a picture's file. Defaults to 16 MiB.
	UserAgent   string        // Defaults to "mien-fetch/1".

	AllowPrivate bool // Ask hosts of the own network too.
	Again        bool // Ask once more for rows that failed.

	// Progress, when set, is told about once a second and at the end.
	Progress func(Status) `json:"-"`
}

func (o Options) complete() (Options, error) {
	for _, d := range []struct {
		value *int
		def   int
		max   int
		name  string
	}{{&o.Concurrency, 32, 1024, "concurrency"}, {&o.PerHost, 2, 64, "requests per host"}, {&o.Tries, 3, 20, "tries"}} {
		if *d.value == 0 {
			*d.value = d.def
		}
		if *d.value < 1 || *d.value > d.max {
			return o, fmt.Errorf("%s %d: want 1 to %d", d.name, *d.value, d.max)
		}
	}
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&o.Delay, 100 * time.Millisecond}, {&o.Backoff, 2 * time.Second}, {&o.Timeout, 30 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 16 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "mien-fetch/1"
	}
	if len(o.Lists) == 0 || o.Out == "" {
		return o, errors.New("no list or no folder given")
	}
	return o, nil
}

// Status is how far a fetch is.
type Status struct {
	Total   int            `json:"total"`   // rows
	Done    int            `json:"done"`    // rows of which it is known what became of them
	Bytes   int64          `json:"bytes"`   // of the pictures
	Reasons map[string]int `json:"reasons"` // "ok", or why not -> rows
	Rate    float64        `json:"-"`       // rows a second of this run
	ETA     time.Duration  `json:"-"`
}

// String lists the reasons, the commonest first.
func (s Status) String() string {
	var names []string
	for name := range s.Reasons {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := names[i], names[j]
		return s.Reasons[a] > s.Reasons[b] || s.Reasons[a] == s.Reasons[b] && a < b
	})
	text := fmt.Sprintf("%d of %d rows, %.1f MB", s.Done, s.Total, float64(s.Bytes)/1e6)
	for i, name := range names {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		text += fmt.Sprintf("%s%d %s", sep, s.Reasons[name], name)
	}
	return text
}

// fetcher is one run.
type fetcher struct {
	Options
	client   *http.Client
	journal  *journal
	decoding chan struct{} // a place for each picture that is being decoded

	known   map[int]Entry // by row, of this run and those before
	status  Status
	bad     int // quarantined files
	started time.Time
	first   int // rows that were done when this run began
	told    time.Time
}

// Run fetches every row that is not done yet. A context that ends stops it; what
// is done stays done.
func Run(ctx context.Context, o Options) (Status, error) {
	o, err := o.complete()
	if err != nil {
		return Status{}, fmt.Errorf("fetch: %w", err)
	}
	f := &fetcher{Options: o, client: newClient(o), decoding: make(chan struct{}, runtime.GOMAXPROCS(0)), known: map[int]Entry{}, status: Status{Reasons: map[string]int{}}}
	defer f.client.CloseIdleConnections()
	if err := f.run(ctx); err != nil {
		return f.status, fmt.Errorf("fetch to %q: %w", o.Out, err)
	}
	return f.status, nil
}

func (f *fetcher) run(ctx context.Context) error {
	for _, d := range []string{"pictures", "quarantine"} {
		if err := os.MkdirAll(filepath.Join(f.Out, d), 0o755); err != nil {
			return err
		}
	}
	lock := flock.New(filepath.Join(f.Out, "lock"))
	wait, cancel := context.WithTimeout(ctx, 2*time.Second) // a run killed a moment ago may still hold it
	defer cancel()
	if ok, err := lock.TryLockContext(wait, 50*time.Millisecond); !ok {
		return errors.Join(errors.New("another fetch uses this folder"), err)
	}
	defer lock.Unlock()
	if err := f.sameLists(); err != nil {
		return err
	}
	var err error
	if f.status.Total, err = count(f.Lists); err != nil {
		return err
	}
	f.journal, err = openJournal(f.Out, f.take)
	if err != nil {
		return err
	}
	f.resume()
	f.started, f.first = time.Now(), f.status.Done
	err = newSchedule(f).loop(ctx)
	f.tell(true)
	return errors.Join(err, f.journal.close())
}

// sameLists wants the folder to be of these lists: rows are known by their
// numbers.
func (f *fetcher) sameLists() error {
	h := sha256.New()
	for _, path := range f.Lists {
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(h, in)
		in.Close()
		if err != nil {
			return err
		}
	}
	type lists struct {
		SHA256 string   `json:"sha256"`
		Lists  []string `json:"lists"`
	}
	now, was := lists{hex.EncodeToString(h.Sum(nil)), f.Lists}, lists{}
	path := filepath.Join(f.Out, "fetch.json")
	b, err := os.ReadFile(path)
	if isGone(err) {
		if b, err = json.MarshalIndent(now, "", "  "); err != nil {
			return err
		}
		return checkpoint.WriteFile(path, append(b, '\n'))
	}
	if err == nil {
		err = json.Unmarshal(b, &was)
	}
	if err == nil && was.SHA256 != now.SHA256 {
		err = fmt.Errorf("the folder was begun with other lists, %q: want the same, or another folder", was.Lists)
	}
	return err
}

// take counts an entry of the journal; a later one of the same row replaces it.
func (f *fetcher) take(e Entry) {
	if old, again := f.known[e.Row]; again {
		f.status.count(old, -1)
	}
	f.status.count(e, 1)
	f.known[e.Row] = Entry{Row: e.Row, State: e.State, Reason: e.Reason, File: e.File, Bytes: e.Bytes}
}

func (s *Status) count(e Entry, by int) {
	reason := e.Reason
	if e.State == OK {
		reason = string(OK)
		s.Bytes += int64(by) * e.Bytes
	}
	s.Done += by
	if s.Reasons[reason] += by; s.Reasons[reason] == 0 {
		delete(s.Reasons, reason)
	}
}

// resume forgets the rows that are to be asked for again: those that failed,
// when asked to, and those whose files a power cut has taken.
func (f *fetcher) resume() {
	for n, e := range f.known {
		again := e.State == Failed && f.Again
		if e.State == OK {
			info, err := os.Stat(filepath.Join(f.Out, filepath.FromSlash(e.File)))
			again = err != nil || info.Size() != e.Bytes
		}
		if again {
			f.status.count(e, -1)
			delete(f.known, n)
		}
	}
}

// record writes what became of a row.
func (f *fetcher) record(e Entry) error {
	if err := f.journal.add(e); err != nil {
		return err
	}
	f.take(e)
	f.tell(false)
	return nil
}

func (f *fetcher) tell(last bool) {
	if f.Progress == nil || !last && time.Since(f.told) < time.Second {
		return
	}
	f.told = time.Now()
	f.status.Rate = float64(f.status.Done-f.first) / time.Since(f.started).Seconds()
	f.status.ETA = 0
	if f.status.Rate > 0 {
		f.status.ETA = time.Duration(float64(f.status.Total-f.status.Done) / f.status.Rate * float64(time.Second)).Round(time.Second)
	}
	f.Progress(f.status)
}
