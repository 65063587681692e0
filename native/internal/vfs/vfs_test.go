package vfs_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mien/native/internal/vfs"
	"mien/native/internal/vfs/crashtest"
)

// TestAFileIsOldOrNew: a file that is written over, and the write or the power
// is cut at any operation, holds its old contents or all of the new ones.
func TestAFileIsOldOrNew(t *testing.T) {
	const path = "/d/file"
	old, young := strings.Repeat("old ", 50), strings.Repeat("young ", 50)
	cut := 0
	for _, powerCut := range []bool{false, true} {
		for _, loss := range crashtest.Losses() {
			for k := 1; k < 12; k++ {
				f := crashtest.New()
				if err := errors.Join(vfs.MakeDir(f, "/d"), vfs.WriteFile(f, path, vfs.Bytes([]byte(old)))); err != nil {
					t.Fatal(err)
				}
				n := 0
				f.Before = func(string, string) error {
					if n++; n == k || n > k && powerCut {
						return crashtest.ErrInjected
					}
					return nil
				}
				err := vfs.WriteFile(f, path, vfs.Bytes([]byte(young)))
				if err != nil {
					cut++
				}
				f.Before = nil
				after := f
				if powerCut {
					after = f.Crash(loss, uint64(k))
				}
				file, openErr := after.OpenFile(path, os.O_RDONLY)
				if openErr != nil {
					t.Fatalf("operation %d, loss %d: %v", k, loss, openErr)
				}
				b, readErr := io.ReadAll(file)
				if got := string(b); readErr != nil || got != young && (got != old || err == nil) {
					t.Errorf("operation %d, loss %d: %q, %v after %v", k, loss, got, readErr, err)
				}
				if names, _ := after.List("/d"); !powerCut && err != nil && k > 1 && len(names) > 1 {
					t.Errorf("operation %d: left %q", k, names)
				}
			}
		}
	}
	if cut < 40 {
		t.Errorf("%d writes failed: the test shows little", cut)
	}
}

// TestOS wants of the system's file system what crashtest's has.
func TestOS(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "file")
	if err := errors.Join(vfs.MakeDir(vfs.OS, dir), vfs.MakeDir(vfs.OS, dir), vfs.OS.Remove(path)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"longer than", "short"} {
		if err := vfs.WriteFile(vfs.OS, path, vfs.Bytes([]byte(text))); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("read %q, %v", b, err)
		}
	}
	for _, f := range []vfs.FS{vfs.OS, crashtest.New()} {
		if _, err := f.OpenFile("/nowhere/x", os.O_RDWR|os.O_CREATE); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%T: error %v", f, err)
		}
		if _, err := f.List("/nowhere"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%T: error %v", f, err)
		}
	}
}
