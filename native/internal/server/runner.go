package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mien/native/internal/disk"
	"mien/native/internal/runlog"
	"mien/shared/protocol"
)

// Job is a training run that a page asked for.
type Job struct {
	Preset string
	Data   string
	Steps  int
	Seed   uint64
	Out    string // the run directory to use
	// Wait blocks while the run is paused.
	Wait func(context.Context)
}

// Trainer trains. It must save and return soon after ctx ends.
type Trainer func(ctx context.Context, j Job) error

// followEvery is how often a run log is looked at.
const followEvery = 200 * time.Millisecond

// maxJobSteps bounds what a page may ask for.
const maxJobSteps = 10_000_000

// runner starts, pauses and stops the server's own run, and tells the hub how
// it and the watched run go. The run log is its only source.
type runner struct {
	config Config
	hub    *hub

	base context.Context // of all runs
	end  context.CancelFunc

	mu     sync.Mutex
	state  protocol.Message
	cancel context.CancelFunc // of the run under way
	resume chan struct{}      // closed when not paused
	jobs   sync.WaitGroup
}

func newRunner(c Config, h *hub) *runner {
	r := &runner{config: c, hub: h, resume: make(chan struct{})}
	r.base, r.end = context.WithCancel(context.Background())
	close(r.resume)
	r.set(protocol.Message{Run: protocol.Idle})
	return r
}

// run follows the watched run until ctx ends, then ends the own one and waits
// for it. A page may start one before.
func (r *runner) run(ctx context.Context) {
	if r.config.Watch != "" {
		r.follow(ctx, r.config.Watch, func() {}, func() {})
	}
	<-ctx.Done()
	r.mu.Lock() // so that no run starts after Wait has looked
	r.end()
	r.mu.Unlock()
	r.jobs.Wait()
}

// set announces a state; mu is held or not needed yet.
func (r *runner) set(m protocol.Message) {
	m.Type = protocol.TypeState
	r.state = m
	r.hub.send(m)
}

// do carries out what a page asked for.
func (r *runner) do(m protocol.Message) error {
	if r.config.Trainer == nil {
		return errors.New("this server does not train")
	}
	if m.Type == protocol.TypeStart && m.Data != "synth" {
		if err := r.isFolder(m.Data); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch m.Type {
	case protocol.TypeStart:
		return r.start(m)
	case protocol.TypePause:
		if r.state.Run != protocol.Running {
			return errors.New("nothing is running")
		}
		r.resume = make(chan struct{})
		s := r.state
		s.Run = protocol.Paused
		r.set(s)
	case protocol.TypeResume:
		if r.state.Run != protocol.Paused {
			return errors.New("nothing is paused")
		}
		close(r.resume)
		s := r.state
		s.Run = protocol.Running
		r.set(s)
	case protocol.TypeStop:
		if r.cancel == nil {
			return errors.New("nothing is running")
		}
		r.cancel()
	default:
		return fmt.Errorf("message %q is not for the server", m.Type)
	}
	return nil
}

// isFolder wants a folder that answers within lookTime. It is asked for with mu
// not held: one that hangs must not keep anybody from stopping a run.
func (r *runner) isFolder(name string) error {
	ctx, cancel := context.WithTimeout(r.base, lookTime)
	defer cancel()
	info, err := disk.Within(ctx, func() (os.FileInfo, error) { return os.Stat(name) })
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("data %q does not answer", name)
	}
	if err != nil || !info.IsDir() {
		return fmt.Errorf("data %q is no folder on the server", name)
	}
	return nil
}

// lookTime is how long a folder may take to say that it is there.
const lookTime = 5 * time.Second

// start begins a run; mu is held.
func (r *runner) start(m protocol.Message) error {
	if r.cancel != nil {
		return errors.New("a training is running already: stop it first")
	}
	if r.base.Err() != nil {
		return errors.New("the server is ending")
	}
	if m.Steps < 1 || m.Steps > maxJobSteps {
		return fmt.Errorf("steps %d: want 1 to %d", m.Steps, maxJobSteps)
	}
	name := "page-" + time.Now().UTC().Format("20060102-150405.000")
	ctx, cancel := context.WithCancel(r.base)
	r.cancel = cancel
	state := protocol.Message{Run: protocol.Running, Preset: m.Preset, Data: m.Data, Steps: m.Steps}
	r.set(state)
	j := Job{Preset: m.Preset, Data: m.Data, Steps: m.Steps, Seed: m.Seed, Out: filepath.Join(r.config.Runs, name), Wait: r.wait}
	r.jobs.Go(func() { r.train(ctx, cancel, j, state) })
	return nil
}

// wait blocks while the run is paused.
func (r *runner) wait(ctx context.Context) {
	r.mu.Lock()
	resume := r.resume
	r.mu.Unlock()
	select {
	case <-resume:
	case <-ctx.Done():
	}
}

// train runs a job to its end and tells of it.
func (r *runner) train(ctx context.Context, cancel context.CancelFunc, j Job, state protocol.Message) {
	following, stop := context.WithCancel(context.Background())
	var follower sync.WaitGroup
	seen := 0 // entries of the log
	follower.Go(func() { r.follow(following, j.Out, func() { seen = 0 }, func() { seen++ }) })
	err := r.config.Trainer(ctx, j)
	stop()
	follower.Wait()
	r.rest(j.Out, seen)
	r.mu.Lock()
	defer r.mu.Unlock()
	state.Run = protocol.Done
	switch {
	case ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)):
		state.Run = protocol.Stopped
	case err != nil:
		state.Run, state.Text = protocol.Failed, err.Error()
		r.config.Log(fmt.Sprintf("training failed: %v", err))
	}
	if r.state.Run == protocol.Paused {
		close(r.resume)
	}
	r.cancel = nil
	cancel()
	r.set(state)
}

// follow tells the pages what the run in dir logs until ctx ends. It calls seen
// after each entry, again when the log was cut back and is read from its start.
func (r *runner) follow(ctx context.Context, dir string, again, seen func()) {
	err := runlog.Follow(ctx, filepath.Join(dir, "log.jsonl"), followEvery, again, func(e runlog.Entry) {
		r.tell(dir, e)
		seen()
	})
	if err != nil && ctx.Err() == nil {
		r.config.Log(err.Error())
	}
}

// rest tells what a run that has ended logged after the first seen entries, which
// a follower may have missed.
func (r *runner) rest(dir string, seen int) {
	err := runlog.Read(filepath.Join(dir, "log.jsonl"), func(e runlog.Entry) {
		if seen--; seen < 0 {
			r.tell(dir, e)
		}
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.config.Log(err.Error())
	}
}

// tell tells the pages of one entry of the log of the run in dir.
func (r *runner) tell(dir string, e runlog.Entry) {
	name := filepath.Base(dir)
	switch e.Kind {
	case runlog.Start:
		if dir == r.config.Watch {
			r.mu.Lock()
			r.set(protocol.Message{Run: protocol.Running, Preset: e.Preset, Data: e.Data, Steps: e.Steps})
			r.mu.Unlock()
		}
	case runlog.End:
		if dir == r.config.Watch {
			r.mu.Lock()
			r.set(protocol.Message{Run: protocol.Done, Step: e.Step})
			r.mu.Unlock()
		}
	case runlog.Step:
		r.hub.send(protocol.Message{Type: protocol.TypeProgress, Step: e.Step, Steps: e.Steps, Images: e.Images, Rate: e.Rate, ETA: e.ETA, Losses: e.Losses})
	case runlog.Sample:
		r.hub.send(protocol.Message{Type: protocol.TypeSample, Step: e.Step, URL: "/runs/" + name + "/" + e.File, Text: e.Text})
	case runlog.Weights:
		r.hub.send(protocol.Message{Type: protocol.TypeWeights, Step: e.Step, URL: "/runs/" + name + "/" + e.File, SHA256: e.SHA256, Bytes: e.Bytes})
	}
}
