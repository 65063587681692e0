package kernel

import "sync"

// Loop calls body for [0, n) in blocks of at most grain, from several
// goroutines at once, and returns when all are done.
type Loop func(n, grain int, body func(lo, hi int))

// Workspace prepares kernels and holds the memory that they share. What it
// prepares must not run at the same time: a program's steps do not.
type Workspace struct {
	loop Loop
	most int // floats that one kernel needs at most
	buf  []float32

	tables int // elements of offset tables
	areas  areas
}

// NewWorkspace returns a workspace whose kernels spread over loop.
func NewWorkspace(loop Loop) *Workspace { return &Workspace{loop: loop} }

// reserve makes room for n floats at run time.
func (w *Workspace) reserve(n int) { w.most = max(w.most, n) }

// take returns the memory, full of rubbish; it begins on a cache line.
func (w *Workspace) take() []float32 {
	if len(w.buf) < w.most {
		w.buf = aligned(w.most)
	}
	return w.buf
}

// line is a cache line in floats.
const line = 16

// Allocate makes the memory of all kernels prepared so far, so that running
// them makes none.
func (w *Workspace) Allocate() {
	w.take()
	w.areas.allocate()
}

// Bytes is what the workspace holds, offset tables included.
func (w *Workspace) Bytes() int64 {
	return 4 * int64(cap(w.buf)+w.tables+len(w.areas.free)*w.areas.size)
}

// lines rounds n up to whole cache lines.
func lines(n int) int { return (n + line - 1) / line * line }

// desks holds what tasks work on between calls.
var desks = sync.Pool{New: func() any { return new(desk) }}
