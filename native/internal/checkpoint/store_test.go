package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mien/native/internal/vfs"
	"mien/native/internal/vfs/crashtest"
)

const dir = "/run/checkpoint"

// open makes a store on f.
func open(t *testing.T, f vfs.FS) *Store {
	t.Helper()
	if err := vfs.MakeDir(f, dir); err != nil {
		t.Fatal(err)
	}
	s, err := Open(f, dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// save saves generations whose payload is their step, several times.
func save(t *testing.T, s *Store, steps ...int) {
	t.Helper()
	for _, step := range steps {
		if err := s.Save(step, payload(step)); err != nil {
			t.Fatal(err)
		}
	}
}

func payload(step int) func(io.Writer) error {
	return vfs.Bytes(bytes.Repeat([]byte{byte(step)}, 100))
}

// newest returns the newest generation, whose payload must be its step's.
func newest(t *testing.T, s *Store) (step int, skipped []error) {
	t.Helper()
	step, skipped, err := s.Load(func(b []byte) error {
		if len(b) != 100 || !bytes.Equal(b, bytes.Repeat(b[:1], 100)) {
			return fmt.Errorf("payload %q", b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return step, skipped
}

// countdown makes operation k fail, and those after it when the power is gone.
func countdown(k int, forGood bool) func(op, path string) error {
	return func(string, string) error {
		if k--; k == 0 || k < 0 && forGood {
			return crashtest.ErrInjected
		}
		return nil
	}
}

// Promise R2.
func TestAFailureAtAnyOperationLeavesASoundGeneration(t *testing.T) {
	failures := 0
	for k := 1; k < 60; k++ {
		f := crashtest.New()
		s := open(t, f)
		save(t, s, 1, 2, 3, 4)
		f.Before = countdown(k, false)
		err := s.Save(5, payload(5))
		if err != nil {
			failures++
		}
		f.Before = nil
		if step, _ := newest(t, s); step != 5 && (step != 4 || err == nil) {
			t.Errorf("operation %d failing: load gives %d after save's %v", k, step, err)
		}
	}
	if failures < 12 {
		t.Errorf("%d operations failed, want at least 12: the injection misses some", failures)
	}
}

// TestAPowerCutAtAnyOperationLosesNothingAcknowledged cuts the power at each
// operation of a save and takes what was not synced, in several ways.
func TestAPowerCutAtAnyOperationLosesNothingAcknowledged(t *testing.T) {
	cut := 0
	for _, loss := range crashtest.Losses() {
		for k := 1; k < 60; k++ {
			for seed := range uint64(5) {
				f := crashtest.New()
				s := open(t, f)
				save(t, s, 1, 2, 3, 4)
				f.Before = countdown(k, true)
				err := s.Save(5, payload(5))
				if err != nil {
					cut++
				}
				f.Before = nil
				again := open(t, f.Crash(loss, seed))
				if step, _ := newest(t, again); step != 5 && (step != 4 || err == nil) {
					t.Errorf("power cut at operation %d, loss %d: load gives %d after save's %v", k, loss, step, err)
				}
				save(t, again, 6)
			}
		}
	}
	if cut < 5*12 {
		t.Errorf("the power was cut %d times in a save: the test shows little", cut)
	}
}

// lossy loses the last bytes of what is written, and says nothing.
type lossy struct{ *crashtest.FS }

func (l lossy) Rename(from, to string) error {
	f, err := l.OpenFile(from, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(90), l.FS.Rename(from, to))
}

func TestReadBackNoticesWhatTheDiskLost(t *testing.T) {
	f := crashtest.New()
	s := open(t, f)
	save(t, s, 1)
	s.fs = lossy{f}
	if err := s.Save(2, payload(2)); !errors.Is(err, errDamaged) {
		t.Errorf("error %v, want %v", err, errDamaged)
	}
	s.fs = f
	if step, skipped := newest(t, s); step != 1 || len(skipped) != 1 {
		t.Errorf("load gives %d, skips %v", step, skipped)
	}
}

func TestDamageIsDetectedAndThePreviousUsed(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(vfs.OS, dir)
	if err != nil {
		t.Fatal(err)
	}
	old, young := bytes.Repeat([]byte{1}, 64<<10), bytes.Repeat([]byte{2}, 64<<10)
	for i, b := range [][]byte{old, young} {
		if err := s.Save(i, vfs.Bytes(b)); err != nil {
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
			var got []byte
			step, skipped, err := s.Load(func(b []byte) error { got = b; return nil })
			if err != nil || step != 0 || !bytes.Equal(got, old) {
				t.Fatalf("damage at %d was not noticed: %v", at, err)
			}
			if len(skipped) != 1 || !strings.Contains(skipped[0].Error(), "step 1") {
				t.Fatalf("damage at %d is told as %v, want one that names step 1", at, skipped)
			}
		}
	}
	os.WriteFile(filepath.Join(dir, "gen-000000000.ckpt"), nil, 0o644)
	if _, _, err := s.Load(func([]byte) error { return nil }); err == nil {
		t.Error("no sound generation is no error")
	}
}

// TestWhatCannotBeReadIsPassedOver: a sound file may hold what this program
// does not understand.
func TestWhatCannotBeReadIsPassedOver(t *testing.T) {
	s := open(t, crashtest.New())
	save(t, s, 1, 2)
	strange := errors.New("strange")
	step, skipped, err := s.Load(func(b []byte) error {
		if b[0] == 2 {
			return strange
		}
		return nil
	})
	if err != nil || step != 1 || len(skipped) != 1 || !errors.Is(skipped[0], strange) {
		t.Errorf("load gives %d, %v, %v", step, skipped, err)
	}
	if step, _, err := open(t, crashtest.New()).Load(nil); step != None || err != nil {
		t.Errorf("an empty store gives %d, %v", step, err)
	}
}

func TestOldGenerationsGo(t *testing.T) {
	s := open(t, crashtest.New())
	save(t, s, 0, 1, 2, 3, 4, 5, 6)
	steps, _ := s.Steps()
	if len(steps) != keep || steps[0] != 6 {
		t.Errorf("kept %v", steps)
	}
	save(t, s, 5)
	if steps, _ = s.Steps(); steps[0] != 5 {
		t.Errorf("generations of a life given up stay: %v", steps)
	}
}

// TestSavesThatWereCutOffAreSwept, and nothing that is not the store's.
func TestSavesThatWereCutOffAreSwept(t *testing.T) {
	dir := t.TempDir()
	kept := []string{"gen-000000004.ckpt", "gen-4.ckpt.tmp.txt", "mygen-4.ckpt.tmp", "notes.tmp"}
	for _, name := range append([]string{"gen-000000005.ckpt.tmp", "gen-7.ckpt.tmp"}, kept...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(vfs.OS, dir); err != nil {
		t.Fatal(err)
	}
	if names, _ := vfs.OS.List(dir); !slices.Equal(names, kept) {
		t.Errorf("left %q, want %q", names, kept)
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
