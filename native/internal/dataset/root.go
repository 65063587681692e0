package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mien/native/internal/disk"
)

// root is the folder of a data set. Everything is opened inside it, and only
// regular files are.
type root struct {
	dir string // as it was named
	in  *os.Root
}

func openRoot(dir string) (*root, error) {
	in, err := disk.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &root{dir, in}, nil
}

func (r *root) close() error { return r.in.Close() }

// open opens a regular file for reading; name has slashes.
func (r *root) open(name string) (*os.File, error) { return disk.Open(r.in, filepath.FromSlash(name)) }

func (r *root) stat(name string) (fs.FileInfo, error) { return r.in.Stat(filepath.FromSlash(name)) }

// list opens a directory for reading.
func (r *root) list(name string) (*os.File, error) {
	return disk.OpenFolder(r.in, filepath.FromSlash(name))
}

// readSmall reads a picture's file.
func (r *root) readSmall(name string) ([]byte, error) {
	f, err := r.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return disk.ReadAll(f, path.Join(filepath.ToSlash(r.dir), name), maxFile)
}

// entries are what lies in the folder, by name. fs.Glob would open each of them.
func (r *root) entries() ([]fs.DirEntry, error) {
	f, err := r.list(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// leads reports an entry that would be a part, were it not a link that leads out
// of the folder: left out in silence, faces would be missing.
func (r *root) leads(entries []fs.DirEntry) error {
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink == 0 {
			continue
		}
		if _, err := r.stat(e.Name()); err == nil {
			continue
		}
		outside := filepath.Join(r.dir, e.Name())
		_, err := os.Stat(filepath.Join(outside, "processed", tableName))
		if err == nil || filepath.Ext(outside) == shardEnding {
			return fmt.Errorf("%q is a link that leads out of the folder: copy what it leads to, or mount it there", outside)
		}
	}
	return nil
}

// grace is how long a reader may take to clean up when its context has ended,
// before it is left behind: a file system that does not answer cannot be
// interrupted.
const grace = 3 * time.Second

// within returns what f returns, which ends soon after ctx, or the error of ctx
// when f hangs.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	v, err := disk.Within(late, f)
	if late.Err() != nil && ctx.Err() != nil {
		return v, ctx.Err()
	}
	return v, err
}
