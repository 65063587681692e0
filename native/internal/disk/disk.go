// Package disk reads files that others have put where they are: regular files
// alone, inside their folder, and never longer than a context lasts.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrIrregular means that a name is not that of a regular file. Reading from a
// named pipe waits for whoever writes to it, and a device may do anything.
var ErrIrregular = errors.New("want a regular file")

// Open opens the regular file name of root for reading. A symbolic link is
// followed as long as it stays inside root.
func Open(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	return regular(f, err)
}

// OpenFolder opens the folder name of root for reading.
func OpenFolder(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%q is a %s: want a folder", f.Name(), kind(info.Mode()))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// OpenRoot opens a folder, in which files are opened then.
func OpenRoot(dir string) (*os.Root, error) {
	info, err := os.Stat(dir) // os.OpenRoot waits for who writes to a named pipe
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%q is a %s: want a folder", dir, kind(info.Mode()))
	}
	if err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// OpenPath opens the regular file that a person named for reading.
func OpenPath(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	return regular(f, err)
}

// regular refuses what is not a regular file, after it was opened: what a name
// stands for may change in between.
func regular(f *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%q is a %s: %w", f.Name(), kind(info.Mode()), ErrIrregular)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// kind says what a mode stands for.
func kind(m fs.FileMode) string {
	for _, k := range []struct {
		bit  fs.FileMode
		name string
	}{{fs.ModeDir, "folder"}, {fs.ModeNamedPipe, "named pipe"}, {fs.ModeSocket, "socket"}, {fs.ModeDevice, "device"}, {fs.ModeSymlink, "symbolic link"}} {
		if m&k.bit != 0 {
			return k.name
		}
	}
	if m.IsRegular() {
		return "file"
	}
	return "special file"
}

// ReadFile returns the file at path, which has at most limit bytes.
func ReadFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	return Within(ctx, func() ([]byte, error) {
		f, err := OpenPath(path)
		return all(f, err, limit)
	})
}

// ReadIn returns the file name of root, which has at most limit bytes.
func ReadIn(ctx context.Context, root *os.Root, name string, limit int64) ([]byte, error) {
	return Within(ctx, func() ([]byte, error) {
		f, err := Open(root, name)
		return all(f, err, limit)
	})
}

// all reads and closes f.
func all(f *os.File, err error, limit int64) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(f, f.Name(), limit)
}

// ReadAll returns all of r, which is called name and has at most limit bytes.
func ReadAll(r io.Reader, name string, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%q: more than %d bytes", name, limit)
	}
	return b, nil
}

// Within returns what f returns, or the error of ctx when that ends before. A
// file system that does not answer (a server behind it has gone) cannot be
// interrupted: f is then left behind, and what it returns is dropped.
func Within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	if err := ctx.Err(); err != nil {
		var none T
		return none, err
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
