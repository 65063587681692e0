package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"mien/native/internal/checkpoint"
	"mien/native/internal/runlog"
	"mien/native/internal/vfs"
	"mien/shared/model"
)

// ErrDisk says that nothing could be written, several times in a row.
var ErrDisk = errors.New("the disk does not take the run")

// ErrUnsaved says that a run that was asked to stop could not save.
var ErrUnsaved = errors.New("stopped, and not saved")

// badWrites is how many writes may fail in a row before a run ends.
const badWrites = 3

// saver writes checkpoints beside the training, one at a time, each of a copy
// of the states. What waits for its turn is the training itself: the next copy
// is made when the write under way has ended, so it is of the newest step.
type saver struct {
	store  *checkpoint.Store
	log    *runlog.Writer
	values map[string][]float32 // the copy, the write's while one is under way
	step   int                  // of the write under way
	done   chan error           // of it; nil when there is none
}

// busy reports whether a write is under way.
func (s *saver) busy() bool { return s.done != nil }

// begin writes f, which holds s.values, as the checkpoint of step. The log goes
// to the disk first: a checkpoint says how long it is.
func (s *saver) begin(step int, f *model.File) {
	s.step, s.done = step, make(chan error, 1)
	go func(done chan<- error) {
		err := s.log.Sync()
		if err == nil {
			err = s.store.Save(step, writeTo(f))
		}
		done <- err
	}(s.done)
}

// ended returns the outcome of the write under way when it has ended, which
// wait waits for; false when none has.
func (s *saver) ended(wait bool) (ended bool, err error) {
	if s.done == nil {
		return false, nil
	}
	if wait {
		err = <-s.done
	} else {
		select {
		case err = <-s.done:
		default:
			return false, nil
		}
	}
	s.done = nil
	return true, err
}

// save copies the states and begins to write them; none is under way.
func (r *run) save() error {
	r.saved, r.due = time.Now(), false
	if err := r.copyStates(r.saver.values); err != nil {
		return err
	}
	r.at.LogOffset = r.log.Offset()
	f, err := state{r.config, r.origin, r.at, r.saver.values}.file()
	if err != nil {
		return err
	}
	r.saver.begin(r.at.Step, f)
	return nil
}

// acknowledge tells of a write that has ended.
func (r *run) acknowledge(wait bool) error {
	ended, err := r.saver.ended(wait)
	if !ended || err != nil {
		return err
	}
	r.failed = 0
	if r.kept = r.saver.step; r.kept > 0 { // the first is but a beginning
		r.append(runlog.Entry{Kind: runlog.Checkpoint, Step: r.kept})
	}
	return nil
}

// saveNow saves and waits until the disk has it.
func (r *run) saveNow() error {
	if err := r.acknowledge(true); err != nil { // of an older state
		r.warn("%v", err)
	}
	if err := r.save(); err != nil {
		return err
	}
	return r.acknowledge(true)
}

// copyStates copies to dst, which may hold an older copy, the states of the
// engine and those that other phases left.
func (r *run) copyStates(dst map[string][]float32) error {
	own := map[string]bool{}
	if r.engine != nil {
		if err := r.engine.states(dst); err != nil {
			return err
		}
		for _, name := range r.engine.stateNames() {
			own[name] = true
		}
	}
	for name := range dst {
		if _, left := r.states[name]; !left && !own[name] {
			delete(dst, name)
		}
	}
	for name, data := range r.states {
		if !own[name] {
			dst[name] = append(dst[name][:0], data...)
		}
	}
	return nil
}

// written takes the outcome of writing. A disk that fails once may be well
// again at the next checkpoint, so training goes on with a warning; it ends
// when the disk fails badWrites times in a row, or at the very last.
func (r *run) written(err error, last bool) error {
	var disk *fs.PathError
	var link *os.LinkError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &disk) && !errors.As(err, &link):
		return err
	}
	if r.failed++; last || r.failed >= badWrites {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	r.warn("not saved, training goes on: %v", err)
	return nil
}

// dirs makes a run directory's own directories, and removes what writes that
// were cut off left in them; the run is locked.
func dirs(on vfs.FS, out string) error {
	for _, d := range []string{"weights", "samples", "checkpoint"} {
		dir := filepath.Join(out, d)
		if err := vfs.MakeDir(on, dir); err != nil {
			return err
		}
		names, err := on.List(dir)
		if err != nil {
			return err
		}
		for _, name := range names {
			if unfinished.MatchString(name) {
				if err := on.Remove(filepath.Join(dir, name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// unfinished are the names of weights and samples before they are whole.
var unfinished = regexp.MustCompile(`^step-\d+(-[a-z]+)?\.(safetensors|png)` + regexp.QuoteMeta(vfs.TempSuffix) + `$`)
