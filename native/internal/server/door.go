package server

import (
	"context"
	"net"
	"sync"
	"time"
)

// Bounds of a connection's time.
const (
	// writeDeadline is how long a client may take to read writeChunk bytes beyond
	// what the machine's own buffers hold, whatever is sent to it.
	writeDeadline = 5 * time.Second
	writeChunk    = 16 << 10
	headerTime    = 5 * time.Second  // for a request's header
	requestTime   = 10 * time.Second // for all of a request; none that is served has a body
	idleTime      = 30 * time.Second // between two requests
	maxHeader     = 64 << 10         // bytes
)

// limits say how many connections there may be. Strangers are those that have not
// shown the token.
type limits struct {
	all        int // at once
	kept       int // of them, places in which no stranger is served
	perAddress int // strangers that are served at one address
}

// limitsOf returns the limits of a program that may have so many files open. A
// request may take two, its connection and what it asks for; 64 are left to
// training and the program itself.
func limitsOf(files uint64) limits {
	const most, fewest, others = 2048, 32, 64
	all := most
	if files < 2*most+others {
		all = max(int(max(files, others)-others)/2, fewest)
	}
	return limits{all: all, kept: max(all/32, 8), perAddress: all / 2}
}

// door is a listener of a bounded number of connections. One is served while a
// request of it is answered or a websocket is open, and waits else. Strangers are
// served in fewer places than there are. So where all are taken, one waits that is
// nobody's, which a newer one may replace: whoever has the token always gets in.
type door struct {
	net.Listener
	limits limits

	mu     sync.Mutex
	conns  map[*conn]bool
	served map[string]int // strangers that are served, by address
	all    int            // their sum
}

func newDoor(l net.Listener, m limits) *door {
	return &door{Listener: l, limits: m, conns: map[*conn]bool{}, served: map[string]int{}}
}

// conn is a connection that came in through a door.
type conn struct {
	net.Conn
	door    *door
	address string

	// The door's mu guards these.
	known  bool // has shown the token
	served bool
	since  time.Time // it has waited

	writing  sync.Mutex
	deadline time.Time // of writing, as it was set
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	for {
		n, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: n, door: d, address: n.RemoteAddr().String(), since: time.Now()}
		if host, _, err := net.SplitHostPort(c.address); err == nil {
			c.address = host
		}
		if d.add(c) {
			return c, nil
		}
		n.Close()
	}
}

// add takes a connection in, perhaps in another's place.
func (d *door) add(c *conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	var oldest, oldestHere *conn
	here := 0
	for o := range d.conns {
		if o.known {
			continue
		}
		same := o.address == c.address
		if same {
			here++
		}
		if o.served {
			continue
		}
		if oldest == nil || o.since.Before(oldest.since) {
			oldest = o
		}
		if same && (oldestHere == nil || o.since.Before(oldestHere.since)) {
			oldestHere = o
		}
	}
	var leaves *conn
	switch {
	case here >= d.limits.perAddress+d.limits.kept:
		leaves = oldestHere
	case len(d.conns) < d.limits.all:
		d.conns[c] = true
		return true
	default:
		leaves = oldest
	}
	if leaves == nil {
		return false // all are served, and known
	}
	delete(d.conns, leaves)
	leaves.Conn.Close()
	d.conns[c] = true
	return true
}

// enter begins the serving of a request; false refuses it. Who knows the token
// is known from then on.
func (d *door) enter(c *conn, known bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.known = c.known || known
	if !c.known {
		if d.all >= d.limits.all-d.limits.kept || d.served[c.address] >= d.limits.perAddress {
			return false
		}
		d.all++
		d.served[c.address]++
	}
	c.served = true
	return true
}

// leave ends the serving of a request that was let in.
func (d *door) leave(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.served = false
	c.since = time.Now()
	if c.known {
		return
	}
	d.all--
	if d.served[c.address]--; d.served[c.address] == 0 {
		delete(d.served, c.address)
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.door.mu.Lock()
	delete(c.door.conns, c)
	c.door.mu.Unlock()
	return c.Conn.Close()
}

// Write implements net.Conn. A client that does not read ends it after
// writeDeadline.
func (c *conn) Write(b []byte) (int, error) {
	c.writing.Lock()
	until := c.deadline
	c.writing.Unlock()
	n := 0
	for n < len(b) {
		deadline := time.Now().Add(writeDeadline)
		if !until.IsZero() && until.Before(deadline) {
			deadline = until
		}
		if err := c.Conn.SetWriteDeadline(deadline); err != nil {
			return n, err
		}
		k, err := c.Conn.Write(b[n:min(n+writeChunk, len(b))])
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// SetWriteDeadline implements net.Conn; a later one than writeDeadline from now on
// changes nothing.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writing.Lock()
	c.deadline = t
	c.writing.Unlock()
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.Conn.SetReadDeadline(t)
}

// bound keeps what waits in the system for a websocket small, so that a page that
// does not read is found out soon.
func (c *conn) bound() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.SetWriteBuffer(socketBuffer)
	}
}

// endWriting tells the client that nothing more comes, where a connection can.
func (c *conn) endWriting() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
}

// connKey is where a request's context holds its connection.
type connKey struct{}

func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}
