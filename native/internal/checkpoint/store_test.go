package checkpoint

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// failing makes the k-th call fail; writes then leave half of the bytes.
type failing struct {
	disk
	k int
}

var errInjected = errors.New("injected")

func (f *failing) fails() bool { f.k--; return f.k == 0 }

func (f *failing) Write(path string, contents func(io.Writer) error) error {
	if f.fails() {
		var b bytes.Buffer
		contents(&b)
		f.disk.Write(path, of(b.Bytes()[:b.Len()/2]))
		return errInjected
	}
	return f.disk.Write(path, contents)
}

func (f *failing) Rename(from, to string) error {
	if f.fails() {
		return errInjected
	}
	return f.disk.Rename(from, to)
}

func (f *failing) SyncDir(path string) error {
	if f.fails() {
		return errInjected
	}
	return f.disk.SyncDir(path)
}

func (f *failing) Remove(path string) error {
	if f.fails() {
		return errInjected
	}
	return f.disk.Remove(path)
}

func (f *failing) Read(path string) ([]byte, error) {
	if f.fails() {
		return nil, errInjected
	}
	return f.disk.Read(path)
}

func (f *failing) Sum(path string) ([]byte, error) {
	if f.fails() {
		return nil, errInjected
	}
	return f.disk.Sum(path)
}

func (f *failing) List(dir string) ([]string, error) {
	if f.fails() {
		return nil, errInjected
	}
	return f.disk.List(dir)
}

func TestAFailureAtAnyOperationLeavesASoundGeneration(t *testing.T) {
	failures := 0
	for k := 1; k < 40; k++ {
		dir := t.TempDir()
		s := &Store{dir, disk{}}
		for i := 1; i <= 4; i++ {
			if err := s.Save(i, of([]byte{byte(i)})); err != nil {
				t.Fatal(err)
			}
		}
		s.fs = &failing{k: k}
		err := s.Save(5, of([]byte{5}))
		if err != nil {
			failures++
		}
		s.fs = disk{}
		b, loadErr := s.Load()
		if loadErr != nil || len(b) != 1 || b[0] != 4 && b[0] != 5 || err == nil && b[0] != 5 {
			t.Errorf("operation %d failing: load gives %v, %v after save's %v", k, b, loadErr, err)
		}
	}
	if failures < 6 {
		t.Errorf("%d operations failed, want at least 6: the injection misses some", failures)
	}
}

// cut loses the last byte of what is written, and says nothing.
type cut struct{ disk }

func (c cut) Write(path string, contents func(io.Writer) error) error {
	return errors.Join(c.disk.Write(path, contents), os.Truncate(path, 40))
}

func TestReadBackNoticesWhatTheDiskLost(t *testing.T) {
	s := &Store{t.TempDir(), disk{}}
	if err := s.Save(1, of([]byte("sound"))); err != nil {
		t.Fatal(err)
	}
	s.fs = cut{}
	if err := s.Save(2, of([]byte("123456789"))); !errors.Is(err, errDamaged) { // 41 bytes with its sum
		t.Errorf("error %v, want %v", err, errDamaged)
	}
	s.fs = disk{}
	if b, err := s.Load(); err != nil || string(b) != "sound" {
		t.Errorf("load gives %q, %v", b, err)
	}
}

func TestDamageIsDetectedAndThePreviousUsed(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	old, young := bytes.Repeat([]byte{1}, 64<<10), bytes.Repeat([]byte{2}, 64<<10)
	for i, b := range [][]byte{old, young} {
		if err := s.Save(i, of(b)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "gen-000000001.ckpt")
	whole, _ := os.ReadFile(path)
	for at := 0; at < len(whole); at += 4096 {
		flipped := append([]byte(nil), whole...)
		flipped[at] ^= 4
		for _, bad := range [][]byte{flipped, whole[:at]} {
			os.WriteFile(path, bad, 0o644)
			if b, err := s.Load(); err != nil || !bytes.Equal(b, old) {
				t.Fatalf("damage at %d was not noticed: %v", at, err)
			}
		}
	}
	os.WriteFile(filepath.Join(dir, "gen-000000000.ckpt"), nil, 0o644)
	if _, err := s.Load(); err == nil {
		t.Error("no sound generation is no error")
	}
}

func TestOldGenerationsGo(t *testing.T) {
	s, _ := Open(t.TempDir())
	for i := range 7 {
		if err := s.Save(i, of(nil)); err != nil {
			t.Fatal(err)
		}
	}
	steps, _ := s.steps()
	if len(steps) != keep || steps[0] != 6 {
		t.Errorf("kept %v", steps)
	}
	if err := s.Save(5, of(nil)); err != nil {
		t.Fatal(err)
	}
	if steps, _ = s.steps(); steps[0] != 5 {
		t.Errorf("generations of a life given up stay: %v", steps)
	}
}

func TestTwoTrainersNeverShareADirectory(t *testing.T) {
	dir := t.TempDir()
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); err == nil || !strings.Contains(err.Error(), "another training") {
		t.Errorf("error %v", err)
	}
	unlock()
	again, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
