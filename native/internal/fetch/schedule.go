package fetch

import (
	"container/heap"
	"context"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
)

const (
	// window is how many rows are read ahead, so that hosts take turns whatever
	// the order of the list is.
	window = 1 << 14
	// deadAfter is how many requests in a row a host may leave without any answer
	// before it is left alone.
	deadAfter = 20
)

// job is a row on its way.
type job struct {
	row
	url   int // which of its addresses
	try   int // of that address
	again bool
	due   time.Time
	host  *host
}

// host is what is known of a server, and the jobs that wait for it.
type host struct {
	queue  []*job
	active int
	next   time.Time // no request before
	silent int       // requests in a row without an answer
	listed bool      // in the heap
}

// schedule decides when which address is asked. One goroutine owns it.
type schedule struct {
	f      *fetcher
	list   *list
	end    bool // of the list
	hosts  map[string]*host
	ready  hostHeap // hosts with jobs and a free place
	later  jobHeap  // jobs that wait for their next try
	rows   int      // in the window
	active int
	done   chan outcome
}

// outcome is a request's end.
type outcome struct {
	job   *job
	entry Entry
	bad   *refusal // nil when there is a picture
	err   error    // of this machine: nothing goes on
}

func newSchedule(f *fetcher) *schedule {
	return &schedule{f: f, list: newList(f.Lists), hosts: map[string]*host{}, done: make(chan outcome, f.Concurrency)}
}

// loop runs until every row has its entry.
func (s *schedule) loop(ctx context.Context) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	drain := func(err error) error {
		cancel()
		for ; s.active > 0; s.active-- {
			<-s.done
		}
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := s.fill(); err != nil {
			return drain(err)
		}
		s.start(work)
		if s.rows == 0 && s.end {
			return nil
		}
		timer.Reset(s.wait())
		select {
		case o := <-s.done:
			s.active--
			if ctx.Err() != nil {
				return drain(ctx.Err())
			}
			if err := s.finish(o); err != nil {
				return drain(err)
			}
		case <-timer.C:
		case <-ctx.Done():
			return drain(ctx.Err())
		}
	}
}

// fill reads rows until the window is full, and takes up jobs that are due.
func (s *schedule) fill() error {
	for !s.end && s.rows < window {
		r, err := s.list.read()
		if err == io.EOF {
			s.end = true
			break
		}
		if err != nil {
			return err
		}
		if _, known := s.f.known[r.number]; known {
			continue
		}
		if len(r.urls) == 0 {
			if err := s.f.record(Entry{Row: r.number, State: Gone, Reason: "bad address"}); err != nil {
				return err
			}
			continue
		}
		s.rows++
		if err := s.queue(&job{row: r}); err != nil {
			return err
		}
	}
	for now := time.Now(); len(s.later) > 0 && !s.later[0].due.After(now); {
		if err := s.queue(heap.Pop(&s.later).(*job)); err != nil {
			return err
		}
	}
	return nil
}

// queue puts a job before its host, or gives it up when that is dead.
func (s *schedule) queue(j *job) error {
	name := j.urls[j.url]
	if u, err := url.Parse(name); err == nil {
		name = strings.ToLower(u.Host)
	}
	h := s.hosts[name]
	if h == nil {
		h = &host{}
		s.hosts[name] = h
	}
	j.host = h
	if h.silent >= deadAfter {
		return s.refuse(j, &refusal{reason: "host does not answer", again: true})
	}
	h.queue = append(h.queue, j)
	s.offer(h)
	return nil
}

// offer lists a host that can be asked.
func (s *schedule) offer(h *host) {
	if !h.listed && len(h.queue) > 0 && h.active < s.f.PerHost {
		h.listed = true
		heap.Push(&s.ready, h)
	}
}

// start begins the requests that may begin now.
func (s *schedule) start(ctx context.Context) {
	for now := time.Now(); s.active < s.f.Concurrency && len(s.ready) > 0 && !s.ready[0].next.After(now); {
		h := heap.Pop(&s.ready).(*host)
		h.listed = false
		j := h.queue[0]
		h.queue[0] = nil
		h.queue = h.queue[1:]
		h.active++
		h.next = now.Add(s.f.Delay)
		s.active++
		s.offer(h)
		go func() { s.done <- s.f.work(ctx, j) }()
	}
}

// wait is how long nothing can begin, as things are.
func (s *schedule) wait() time.Duration {
	d := time.Minute
	if len(s.later) > 0 {
		d = min(d, time.Until(s.later[0].due))
	}
	if len(s.ready) > 0 && s.active < s.f.Concurrency {
		d = min(d, time.Until(s.ready[0].next))
	}
	return max(d, 0)
}

// finish takes a request's end.
func (s *schedule) finish(o outcome) error {
	if o.err != nil {
		return o.err
	}
	h := o.job.host
	h.active--
	if o.bad == nil {
		h.silent = 0
		s.rows--
		s.offer(h)
		return s.f.record(o.entry)
	}
	h.silent++
	if !o.bad.down {
		h.silent = 0
	}
	if pause := time.Now().Add(o.bad.wait); o.bad.wait > 0 && pause.After(h.next) {
		h.next = pause
		if h.listed {
			heap.Init(&s.ready)
		}
	}
	s.offer(h)
	if h.silent == deadAfter { // those that wait for it need not
		for _, j := range h.queue {
			if err := s.refuse(j, &refusal{reason: "host does not answer", again: true}); err != nil {
				return err
			}
		}
		h.queue = nil
		if h.listed {
			h.listed = false
			for i := range s.ready {
				if s.ready[i] == h {
					heap.Remove(&s.ready, i)
					break
				}
			}
		}
	}
	return s.refuse(o.job, o.bad)
}

// refuse tries an address again later, or the next one, or gives the row up.
func (s *schedule) refuse(j *job, bad *refusal) error {
	j.again = j.again || bad.again
	if bad.again && j.try+1 < s.f.Tries && j.host.silent < deadAfter {
		backoff := s.f.Backoff << j.try
		backoff += time.Duration(rand.Int64N(int64(backoff)/2 + 1)) // so that what failed together does not come back together
		j.try++
		j.due = time.Now().Add(max(backoff, bad.wait))
		heap.Push(&s.later, j)
		return nil
	}
	if j.url+1 < len(j.urls) {
		j.url, j.try = j.url+1, 0
		return s.queue(j)
	}
	s.rows--
	e := Entry{Row: j.number, State: Gone, Reason: bad.reason, URL: j.urls[j.url]}
	if j.again {
		e.State = Failed
	}
	if bad.err != nil {
		e.Detail = bad.err.Error()
	}
	if err := s.f.quarantine(j.number, bad.body); err != nil {
		return err
	}
	return s.f.record(e)
}

type hostHeap []*host

func (h hostHeap) Len() int           { return len(h) }
func (h hostHeap) Less(i, j int) bool { return h[i].next.Before(h[j].next) }
func (h hostHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *hostHeap) Push(x any)        { *h = append(*h, x.(*host)) }
func (h *hostHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

type jobHeap []*job

func (h jobHeap) Len() int           { return len(h) }
func (h jobHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h jobHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *jobHeap) Push(x any)        { *h = append(*h, x.(*job)) }
func (h *jobHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
