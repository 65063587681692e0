// Package crashtest is a file system in memory for tests that cut the power,
// or fail an operation, at any moment.
package crashtest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"mien/native/internal/vfs"
	"mien/shared/tensor"
)

// ErrInjected is what an operation returns that the test made fail.
var ErrInjected = errors.New("injected")

// FS remembers beside each file and directory what of it has been synced.
type FS struct {
	mu    sync.Mutex
	files map[string]*contents // as programs see them
	disk  map[string]*contents // entries of directories that were synced
	moves []move               // since their directories' last sync
	dirs  map[string]bool
	young map[string]bool // directories whose own entry was not synced

	// Before is asked before each operation, with its name and path, and may
	// make it fail; a write that fails leaves half of its bytes. nil lets all
	// pass. It is called by one goroutine at a time.
	Before func(op, path string) error
}

// contents are a file's, whatever its name.
type contents struct{ data, synced []byte }

// move is a change of a directory: the entry at path becomes what, nil for
// none; a rename is two in one.
type move struct {
	path, from string // from is "" but for a rename
	what       *contents
}

// New returns an empty file system.
func New() *FS {
	return &FS{files: map[string]*contents{}, disk: map[string]*contents{}, dirs: map[string]bool{"/": true}, young: map[string]bool{}}
}

// Loss says what a power cut takes of what was not synced.
type Loss int

// The losses.
const (
	Everything Loss = iota // all that was not synced
	Data                   // names stay, what is in the files goes
	Names                  // what is in files stays, new names go
	Some                   // of each a part, by chance
	losses
)

// Losses lists them all.
func Losses() []Loss {
	var all []Loss
	for l := range losses {
		all = append(all, l)
	}
	return all
}

// Crash returns what a machine finds that comes back after the power was cut
// now. Changes of one directory are undone from the last on.
func (f *FS) Crash(l Loss, seed uint64) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := tensor.NewRand(seed, 1, 0, uint64(l))
	g := New()
	for d := range f.dirs {
		g.dirs[d] = l == Data || !f.lost(d)
	}
	after := map[string]*contents{}
	for path, c := range f.disk {
		after[path] = c
	}
	reached := map[string]int{} // by directory, changes that reached the disk
	for _, m := range f.moves {
		d := filepath.Dir(m.path)
		if _, known := reached[d]; !known {
			reached[d] = map[Loss]int{Data: len(f.moves), Some: r.Intn(len(f.moves) + 1)}[l]
		}
		if reached[d]--; reached[d] >= 0 {
			m.apply(after)
		}
	}
	for path, c := range after {
		if !g.dirs[filepath.Dir(path)] {
			continue
		}
		data, more := c.synced, max(len(c.data)-len(c.synced), 0)
		switch {
		case l == Names || l == Some && r.Intn(3) == 0:
			data = c.data
		case l == Some && r.Intn(2) == 0:
			data = c.data[:len(c.data)-r.Intn(more+1)]
		case l == Some: // the length reached the disk, the rest did not
			data = append(slices.Clone(c.synced), make([]byte, more)...)
		}
		g.files[path] = &contents{slices.Clone(data), slices.Clone(data)}
		g.disk[path] = g.files[path]
	}
	return g
}

// lost reports whether a power cut may take directory d.
func (f *FS) lost(d string) bool {
	for ; d != "/"; d = filepath.Dir(d) {
		if f.young[d] {
			return true
		}
	}
	return false
}

func (m move) apply(to map[string]*contents) {
	delete(to, m.from)
	if to[m.path] = m.what; m.what == nil {
		delete(to, m.path)
	}
}

// does asks Before; mu is held.
func (f *FS) does(op, path string) error {
	if f.Before == nil {
		return nil
	}
	if err := f.Before(op, path); err != nil {
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

func (f *FS) change(m move) {
	m.apply(f.files)
	f.moves = append(f.moves, m)
}

// OpenFile opens a file of a directory that was made.
func (f *FS) OpenFile(path string, flag int) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.does("open", path); err != nil {
		return nil, err
	}
	c := f.files[path]
	if c == nil {
		if flag&os.O_CREATE == 0 || !f.dirs[filepath.Dir(path)] {
			return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
		}
		c = &contents{}
		f.change(move{path: path, what: c})
	}
	if flag&os.O_TRUNC != 0 {
		c.data = nil
	}
	return &file{fs: f, path: path, c: c}, nil
}

// Rename moves a file.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.does("rename", to); err != nil {
		return err
	}
	if f.files[from] == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: os.ErrNotExist}
	}
	f.change(move{path: to, from: from, what: f.files[from]})
	return nil
}

// Remove removes a file.
func (f *FS) Remove(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.does("remove", path); err != nil {
		return err
	}
	if f.files[path] != nil {
		f.change(move{path: path})
	}
	return nil
}

// MkdirAll makes directories.
func (f *FS) MkdirAll(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; !f.dirs[path]; path = filepath.Dir(path) {
		f.dirs[path], f.young[path] = true, true
	}
	return nil
}

// List lists a directory.
func (f *FS) List(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.does("list", dir); err != nil {
		return nil, err
	}
	if !f.dirs[dir] {
		return nil, &os.PathError{Op: "open", Path: dir, Err: os.ErrNotExist}
	}
	var names []string
	for path := range f.files {
		if filepath.Dir(path) == dir {
			names = append(names, filepath.Base(path))
		}
	}
	slices.Sort(names)
	return names, nil
}

// SyncDir makes the changes of a directory last.
func (f *FS) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.does("sync directory", dir); err != nil {
		return err
	}
	f.moves = slices.DeleteFunc(f.moves, func(m move) bool {
		if filepath.Dir(m.path) == dir {
			m.apply(f.disk)
			return true
		}
		return false
	})
	maps.DeleteFunc(f.young, func(d string, _ bool) bool { return filepath.Dir(d) == dir })
	return nil
}

// Flip changes a bit of a file, on the disk, too.
func (f *FS) Flip(path string, at int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.files[path]
	if c == nil || at >= len(c.data) {
		return fmt.Errorf("flip byte %d of %q: there is none", at, path)
	}
	c.data[at] ^= 4
	return nil
}

// file is an open file.
type file struct {
	fs   *FS
	path string
	c    *contents
	at   int64
}

func (f *file) Read(b []byte) (int, error) {
	n, err := f.ReadAt(b, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.does("read", f.path); err != nil {
		return 0, err
	}
	if at >= int64(len(f.c.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.c.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) Write(b []byte) (int, error) {
	n, err := f.WriteAt(b, f.at)
	f.at += int64(n)
	return n, err
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.fs.does("write", f.path)
	if err != nil {
		b = b[:len(b)/2]
	}
	if short := int(at) + len(b) - len(f.c.data); short > 0 {
		f.c.data = append(f.c.data, make([]byte, short)...)
	}
	return copy(f.c.data[at:], b), err
}

func (f *file) Seek(offset int64, whence int) (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.at = offset + map[int]int64{io.SeekCurrent: f.at, io.SeekEnd: int64(len(f.c.data))}[whence]
	return f.at, nil
}

func (f *file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.does("truncate", f.path); err != nil {
		return err
	}
	f.c.data = append(f.c.data, make([]byte, max(int(size)-len(f.c.data), 0))...)[:size]
	return nil
}

func (f *file) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.does("sync", f.path); err != nil {
		return err
	}
	f.c.synced = slices.Clone(f.c.data)
	return nil
}

func (f *file) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.fs.does("close", f.path)
}
