package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"

	"mien/native/internal/vfs"
)

// keep is the number of generations that stay.
const keep = 3

var errDamaged = errors.New("sha256 differs: damaged")

// Store keeps generations in one directory: gen-STEP.ckpt, each the payload
// followed by its sha256.
type Store struct {
	fs  vfs.FS
	dir string
}

var (
	generation = regexp.MustCompile(`^gen-(\d{1,12})\.ckpt$`)
	unfinished = regexp.MustCompile(`^gen-\d{1,12}\.ckpt` + regexp.QuoteMeta(vfs.TempSuffix) + `$`)
)

// Open opens the store in dir, which must exist, and removes what saves that
// were cut off left there. The caller holds the lock of the run: the save of
// another process would be removed, too.
func Open(fs vfs.FS, dir string) (*Store, error) {
	s := &Store{fs, dir}
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	for _, name := range names {
		if unfinished.MatchString(name) {
			if err := fs.Remove(filepath.Join(dir, name)); err != nil {
				return nil, fmt.Errorf("remove a save that was cut off: %w", err)
			}
		}
	}
	return s, nil
}

// Steps lists the generations, newest first.
func (s *Store) Steps() ([]int, error) {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var steps []int
	for _, name := range names {
		if m := generation.FindStringSubmatch(name); m != nil {
			n, _ := strconv.Atoi(m[1]) // at most 12 digits
			steps = append(steps, n)
		}
	}
	sort.Sort(sort.Reverse(sort.IntSlice(steps)))
	return steps, nil
}

func (s *Store) path(step int) string {
	return filepath.Join(s.dir, fmt.Sprintf("gen-%09d.ckpt", step))
}

// Save adds a generation of what payload writes, reads it back, and only then
// removes old ones. On an error the older generations are still there. Nothing
// holds a generation in memory: e8's has 900 MB.
func (s *Store) Save(step int, payload func(io.Writer) error) error {
	sum := sha256.New()
	err := vfs.WriteFile(s.fs, s.path(step), func(w io.Writer) error {
		w = io.MultiWriter(w, sum)
		if err := payload(w); err != nil {
			return err
		}
		_, err := w.Write(sum.Sum(nil)) // the payload's; sum is the whole file's after it
		return err
	})
	if err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	got, err := s.sum(step)
	if err == nil && !bytes.Equal(got, sum.Sum(nil)) {
		err = errDamaged
	}
	if err != nil {
		return fmt.Errorf("save checkpoint: read back: %w", err)
	}
	steps, err := s.Steps()
	if err != nil {
		return err
	}
	for i, n := range steps {
		// A run that was resumed from an older generation leaves newer ones
		// of the life that it gave up.
		if i >= keep || n > step {
			if err := s.fs.Remove(s.path(n)); err != nil {
				return fmt.Errorf("remove old checkpoint: %w", err)
			}
		}
	}
	return nil
}

// sum returns the sha256 of a generation's whole file.
func (s *Store) sum(step int) ([]byte, error) {
	f, err := s.fs.OpenFile(s.path(step), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return sum.Sum(nil), errors.Join(err, f.Close())
}

// payload returns the payload of a generation when it is sound.
func (s *Store) payload(step int) ([]byte, error) {
	f, err := s.fs.OpenFile(s.path(step), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	b := make([]byte, size) // all at once: a buffer that grows would take twice of it
	if _, err := f.ReadAt(b, 0); err != nil && size > 0 {
		return nil, err
	}
	n := len(b) - sha256.Size
	if n < 0 {
		return nil, fmt.Errorf("%d bytes: cut off", len(b))
	}
	if sum := sha256.Sum256(b[:n]); !bytes.Equal(sum[:], b[n:]) {
		return nil, errDamaged
	}
	return b[:n], nil
}

// None is the step that Load returns where there is no generation at all.
const None = -1

// Load gives the newest sound generation to take and returns its step.
// Generations that are damaged, cannot be read or that take does not
// understand are passed over, and skipped names each. It is an error when
// there are some and none is sound.
func (s *Store) Load(take func(b []byte) error) (step int, skipped []error, err error) {
	steps, err := s.Steps()
	if err != nil {
		return None, nil, err
	}
	for _, step := range steps {
		b, err := s.payload(step)
		if err == nil {
			err = take(b)
		}
		if err == nil {
			return step, skipped, nil
		}
		skipped = append(skipped, fmt.Errorf("checkpoint of step %d: %w", step, err))
	}
	return None, nil, errors.Join(skipped...)
}
