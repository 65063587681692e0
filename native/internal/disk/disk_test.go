//go:build unix

package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOnlyRegularFiles opens everything that a folder may hold.
func TestOnlyRegularFiles(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(path string) {
		if err := os.WriteFile(path, []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(at("file"))
	write(filepath.Join(outside, "secret"))
	if err := errors.Join(syscall.Mkfifo(at("pipe"), 0o644), os.Mkdir(at("folder"), 0o755), os.Symlink("file", at("link")), os.Symlink("pipe", at("link to a pipe")),
		os.Symlink(filepath.Join(outside, "secret"), at("link out")), os.Symlink(outside, at("folder out"))); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	ctx := context.Background()
	for name, want := range map[string]struct {
		in, path string // the error, "" for none
	}{
		"file": {}, "link": {}, "pipe": {"named pipe", "named pipe"}, "folder": {"folder", "folder"}, "link to a pipe": {"named pipe", "named pipe"},
		"link out": {"escapes", ""}, "folder out/secret": {"escapes", ""}, "../x": {"escapes", "no such file"}, "missing": {"no such file", "no such file"},
	} {
		_, in := ReadIn(ctx, root, name, 4)
		_, path := ReadFile(ctx, at(name), 4)
		for i, err := range []error{in, path} {
			if want := []string{want.in, want.path}[i]; want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
		if irregular := strings.Contains(want.in, "pipe") || want.in == "folder"; errors.Is(in, ErrIrregular) != irregular {
			t.Errorf("%s: %v is irregular: %v, want %v", name, in, !irregular, irregular)
		}
	}
	if _, err := ReadFile(ctx, at("file"), 3); err == nil || !strings.Contains(err.Error(), "more than 3 bytes") {
		t.Errorf("4 bytes of 3: %v", err)
	}
}

// TestFolders: what is no folder is not waited for.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o644), os.WriteFile(file, nil, 0o644), os.Mkdir(filepath.Join(dir, "folder"), 0o755)); err != nil {
		t.Fatal(err)
	}
	root, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]string{"pipe": "named pipe", "file": "file: want a folder", "missing": "no such file", "folder": ""} {
		f, in := OpenFolder(root, name)
		if in == nil {
			f.Close()
		}
		r, path := OpenRoot(filepath.Join(dir, name))
		if path == nil {
			r.Close()
		}
		for _, err := range []error{in, path} {
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}

// TestWithinLeavesWhatHangs: a read that never returns ends with its context.
func TestWithinLeavesWhatHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	hanging := make(chan bool)
	defer close(hanging)
	if _, err := Within(ctx, func() (int, error) { cancel(); <-hanging; return 1, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if _, err := Within(ctx, func() (int, error) { t.Error("called after the end"); return 1, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if v, err := Within(context.Background(), func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}
