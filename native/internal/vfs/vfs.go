// Package vfs is the little of a file system that keeping a run needs, behind
// an interface: tests cut the power at any call of it.
package vfs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// FS is a file system. Its errors are os's: *os.PathError, *os.LinkError.
type FS interface {
	// OpenFile is os.OpenFile with mode 0644.
	OpenFile(path string, flag int) (File, error)
	Rename(from, to string) error
	// Remove removes a file; that there is none is no error.
	Remove(path string) error
	// MkdirAll makes a directory and those above it.
	MkdirAll(path string) error
	// List returns the names in a directory.
	List(dir string) ([]string, error)
	// SyncDir brings to the disk what was made, renamed and removed in a
	// directory: a power cut may undo it before.
	SyncDir(dir string) error
}

// File is an open file. What was written may be lost by a power cut until Sync
// returns.
type File interface {
	io.ReadWriteSeeker
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
}

// OS is the operating system's file system.
var OS FS = system{}

type system struct{}

func (system) OpenFile(path string, flag int) (File, error) {
	f, err := os.OpenFile(path, flag, 0o644)
	if err != nil {
		return nil, err // a nil *os.File is no nil File
	}
	return f, nil
}

func (system) Rename(from, to string) error { return os.Rename(from, to) }

func (system) Remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (system) MkdirAll(path string) error { return os.MkdirAll(path, 0o755) }

func (system) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (system) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// TempSuffix ends the name of a file that WriteFile has not finished.
const TempSuffix = ".tmp"

// WriteFile writes what contents writes to path such that path holds either
// its old contents or all of the new ones, whenever the power is cut; once it
// returns without an error, the new ones: temporary file, fsync, rename, fsync
// of the directory.
func WriteFile(fs FS, path string, contents func(io.Writer) error) error {
	temp := path + TempSuffix
	err := create(fs, temp, contents)
	if err == nil {
		err = fs.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), fs.Remove(temp))
	}
	if err := fs.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return nil
}

func create(fs FS, path string, contents func(io.Writer) error) error {
	f, err := fs.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	return errors.Join(contents(f), f.Sync(), f.Close())
}

// Bytes is contents for WriteFile that are b.
func Bytes(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// MakeDir makes directory dir, and those above it, so that a power cut does
// not take them back.
func MakeDir(fs FS, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if _, err := fs.List(parent); errors.Is(err, os.ErrNotExist) {
		if err := MakeDir(fs, parent); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir); err != nil {
		return err
	}
	return fs.SyncDir(parent)
}
