package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// minBlock is how many elements one block of a cheap loop has at least: some
// 10 microseconds of work, against 1 for handing it to a goroutine.
const minBlock = 1 << 14

// pool runs loops in blocks on as many goroutines as GOMAXPROCS allows. They
// end with the loop, so nothing needs closing; the runtime keeps the dead
// ones, so that starting them allocates nothing. It serves one loop at a time.
type pool struct {
	body   func(lo, hi int)
	n      int
	grain  int
	next   atomic.Int64
	wait   sync.WaitGroup
	helper func()
}

func newPool() *pool {
	p := &pool{}
	p.helper = func() {
		defer p.wait.Done()
		p.work()
	}
	return p
}

// run calls body for [0, n) in blocks of at most grain, from several
// goroutines at once, and returns when all are done. body must not care where
// the blocks' borders lie. A grain below 1 is 1.
func (p *pool) run(n, grain int, body func(lo, hi int)) {
	grain = max(grain, 1)
	workers := min(runtime.GOMAXPROCS(0), (n+grain-1)/grain)
	if workers <= 1 {
		body(0, n)
		return
	}
	p.body, p.n, p.grain = body, n, grain
	p.next.Store(0)
	p.wait.Add(workers - 1)
	for range workers - 1 {
		go p.helper()
	}
	p.work()
	p.wait.Wait()
	p.body = nil
}

func (p *pool) work() {
	for {
		lo := int(p.next.Add(int64(p.grain))) - p.grain
		if lo >= p.n {
			return
		}
		p.body(lo, min(lo+p.grain, p.n))
	}
}

// flat makes a step of a loop over n elements.
func (p *pool) flat(n int, body func(lo, hi int)) func() {
	return func() { p.run(n, minBlock, body) }
}

// rows makes a step of a loop over n rows of the given cost, in elements.
func (p *pool) rows(n, cost int, body func(lo, hi int)) func() {
	grain := max(1, minBlock/max(cost, 1))
	return func() { p.run(n, grain, body) }
}
