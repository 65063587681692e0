package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
)

// keep is the number of generations that stay.
const keep = 3

var errDamaged = errors.New("sha256 differs: damaged")

// Store keeps generations in one directory: gen-STEP.ckpt, each the payload
// followed by its sha256.
type Store struct {
	dir string
	fs  files
}

// Open opens the store in dir, which must exist.
func Open(dir string) (*Store, error) {
	s := &Store{dir, disk{}}
	_, err := s.steps()
	return s, err
}

var generation = regexp.MustCompile(`^gen-(\d{1,12})\.ckpt$`)

// steps lists the generations, newest first.
func (s *Store) steps() ([]int, error) {
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
	err := writeFile(s.fs, s.path(step), func(w io.Writer) error {
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
	got, err := s.fs.Sum(s.path(step))
	if err == nil && !bytes.Equal(got, sum.Sum(nil)) {
		err = errDamaged
	}
	if err != nil {
		return fmt.Errorf("save checkpoint: read back: %w", err)
	}
	steps, err := s.steps()
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

// read returns the payload of a generation when it is sound.
func (s *Store) read(step int) ([]byte, error) {
	b, err := s.fs.Read(s.path(step))
	if err != nil {
		return nil, err
	}
	n := len(b) - sha256.Size
	if n < 0 {
		return nil, fmt.Errorf("checkpoint of step %d: %d bytes: cut off", step, len(b))
	}
	if sum := sha256.Sum256(b[:n]); !bytes.Equal(sum[:], b[n:]) {
		return nil, fmt.Errorf("checkpoint of step %d: %w", step, errDamaged)
	}
	return b[:n], nil
}

// Load returns the newest sound generation, nil when there is none at all. It
// is an error when there are some and none is sound.
func (s *Store) Load() ([]byte, error) {
	steps, err := s.steps()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, step := range steps {
		b, err := s.read(step)
		if err == nil {
			return b, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
