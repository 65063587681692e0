// Package checkpoint keeps generations of a training state such that a crash
// at any moment loses none that was acknowledged.
package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"mien/native/internal/vfs"
)

// WriteFile writes b to path so that path holds either its old contents or
// all of b; see vfs.WriteFile.
func WriteFile(path string, b []byte) error { return vfs.WriteFile(vfs.OS, path, vfs.Bytes(b)) }

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
