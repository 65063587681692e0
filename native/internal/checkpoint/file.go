// Package checkpoint keeps generations of a training state such that a crash
// at any moment loses none that was acknowledged.
package checkpoint

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// WriteFile writes b to path so that path holds either its old contents or
// all of b: temporary file, fsync, rename, fsync of the directory (without the
// last a power cut loses the rename).
func WriteFile(path string, b []byte) error { return writeFile(disk{}, path, of(b)) }

// of is contents that are b.
func of(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

func writeFile(fs files, path string, contents func(io.Writer) error) error {
	temp := path + ".tmp"
	if err := fs.Write(temp, contents); err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), fs.Remove(temp))
	}
	if err := fs.Rename(temp, path); err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), fs.Remove(temp))
	}
	if err := fs.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return nil
}

// files is what a store asks of a file system; tests make its calls fail.
type files interface {
	Write(path string, contents func(io.Writer) error) error // create or replace, and fsync
	Rename(from, to string) error
	SyncDir(path string) error
	Remove(path string) error // missing files are no error
	Read(path string) ([]byte, error)
	Sum(path string) ([]byte, error) // sha256 of all of it
	List(dir string) ([]string, error)
}

// disk is the operating system's file system.
type disk struct{}

func (disk) Write(path string, contents func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(contents(f), f.Sync(), f.Close())
}

func (disk) Rename(from, to string) error { return os.Rename(from, to) }

func (disk) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (disk) Remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (disk) Read(path string) ([]byte, error) { return os.ReadFile(path) }

func (disk) Sum(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return sum.Sum(nil), err
}

func (disk) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// lockPatience is how long Lock waits for another process to let go.
const lockPatience = 2 * time.Second

// Lock takes the run directory dir for this process; the returned function
// gives it back. Two trainers never share a run directory.
func Lock(dir string) (unlock func(), err error) {
	l := flock.New(filepath.Join(dir, "lock"))
	// A trainer killed a moment ago holds the lock until the system has buried
	// it.
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	ok, err := l.TryLockContext(ctx, lockPatience/10)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("lock %q: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("lock %q: another training uses this run directory", dir)
	}
	return func() { _ = l.Unlock() }, nil
}
