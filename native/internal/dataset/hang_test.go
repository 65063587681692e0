//go:build unix

package dataset

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pipeAt puts a named pipe, to which nobody writes, in a file's place.
func pipeAt(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPipesAreNotWaitedFor: a named pipe as a picture is a row left out, as a table
// an error; everything that reads a data set returns.
func TestPipesAreNotWaitedFor(t *testing.T) {
	ctx := context.Background()
	root := t.TempDir()
	writeSet(t, root)
	pipeAt(t, filepath.Join(root, "a", "processed", facesName, "frame_det_00_000003.png"))
	if d := open(t, root, Options{}); d.Report.Skipped["picture unreadable"] != 1 {
		t.Errorf("a pipe as a picture: %s", d.Report)
	}
	if v := verify(t, root); v.Pictures["not a regular file"] != 1 || v.Sound() {
		t.Errorf("a pipe as a picture: %+v", v)
	}
	if _, err := Shard(ctx, root, t.TempDir(), ShardOptions{}); err == nil || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("a pipe as a picture: %v", err)
	}
	for _, name := range []string{landmarksName, metaName, tableName} {
		root := t.TempDir()
		writeSet(t, root)
		pipeAt(t, filepath.Join(root, "b", "processed", name))
		_, opened := Open(ctx, root, Options{Size: 8})
		_, verified := Verify(ctx, root, Intensity, nil)
		_, packed := Shard(ctx, root, t.TempDir(), ShardOptions{})
		_, indexed := Index(ctx, root, Intensity, nil)
		for what, err := range map[string]error{"open": opened, "verify": verified, "shard": packed, "index": indexed} {
			if err == nil || !strings.Contains(err.Error(), "named pipe") {
				t.Errorf("%s as a pipe: %s: %v", name, what, err)
			}
		}
	}
	root = t.TempDir()
	writeSet(t, root)
	faces := filepath.Join(root, "b", "processed", facesName)
	os.RemoveAll(faces)
	pipeAt(t, faces)
	if _, err := Open(ctx, root, Options{Size: 8}); err == nil || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("a pipe for pictures: %v", err)
	}
	pipeAt(t, filepath.Join(root, "pipe"))
	if _, err := Open(ctx, filepath.Join(root, "pipe"), Options{Size: 8}); err == nil || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("a pipe as a data set: %v", err)
	}
	root = t.TempDir()
	pipeAt(t, filepath.Join(root, "a.tar"))
	if _, err := Open(ctx, root, Options{Size: 8}); err == nil || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("a shard as a pipe: %v", err)
	}
	root = t.TempDir()
	writeSet(t, root)
	pipeAt(t, filepath.Join(root, indexName(Intensity)))
	if d := open(t, root, Options{}); d.Stale == nil || d.Indexed {
		t.Error("an index as a pipe was read")
	}
}

// TestLinksStayInside: links within the folder are followed; one that leads out is
// not read, and not left out in silence.
func TestLinksStayInside(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	writeSet(t, root)
	whole := open(t, root, Options{}).Report.Kept
	if err := errors.Join(os.Rename(filepath.Join(root, "b"), filepath.Join(root, "c")), os.Symlink("c", filepath.Join(root, "b"))); err != nil {
		t.Fatal(err)
	}
	if d := open(t, root, Options{}); d.Report.Kept != whole+whole/2 {
		t.Errorf("%d faces with one part twice, want %d", d.Report.Kept, whole+whole/2)
	}
	if err := errors.Join(os.Remove(filepath.Join(root, "b")), os.Rename(filepath.Join(root, "c"), filepath.Join(outside, "c")), os.Symlink(filepath.Join(outside, "c"), filepath.Join(root, "b"))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), root, Options{Size: 8}); err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Errorf("a part outside: %v", err)
	}
	os.Remove(filepath.Join(root, "b"))
	secret := filepath.Join(outside, "secret.png")
	picture := filepath.Join(root, "a", "processed", facesName, "frame_det_00_000003.png")
	if err := errors.Join(os.Rename(picture, secret), os.Symlink(secret, picture)); err != nil {
		t.Fatal(err)
	}
	if d := open(t, root, Options{}); d.Report.Skipped["picture unreadable"] != 1 {
		t.Errorf("a picture outside: %s", d.Report)
	}
}

// TestReadingEndsWithItsContext: pictures of a set are read no longer than what it
// was opened with lasts, and a reader that hangs is left behind.
func TestReadingEndsWithItsContext(t *testing.T) {
	root := t.TempDir()
	writeSet(t, root)
	ctx, cancel := context.WithCancel(context.Background())
	d, err := Open(ctx, root, Options{Size: 8, Memory: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, _, _, _, err := d.Train.Sample(0); err != nil {
		t.Error(err)
	}
	cancel()
	if _, _, _, _, err := d.Train.Sample(1); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := Open(ctx, root, Options{Size: 8}); !errors.Is(err, context.Canceled) {
		t.Errorf("opened after the end: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe() // a file system that does not answer
		defer w.Close()
		began := time.Now()
		time.AfterFunc(time.Minute, cancel)
		_, err := within(ctx, func() (int, error) { return r.Read(make([]byte, 1)) })
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != time.Minute+grace {
			t.Errorf("%v after %v, want %v after a minute and %v", err, took, context.Canceled, grace)
		}
		// One that ends in time is waited for.
		ctx, cancel = context.WithCancel(t.Context())
		cancelled := errors.New("cleaned up")
		cancel()
		if _, err := within(ctx, func() (int, error) { <-ctx.Done(); time.Sleep(grace / 2); return 1, cancelled }); err != cancelled {
			t.Errorf("one that cleans up: %v", err)
		}
	})
}
