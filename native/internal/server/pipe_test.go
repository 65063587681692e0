package server

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// pipes is a listener whose connections have no buffers: what is written waits
// until it is read. In a bubble of synctest a wait takes no time, so what a
// client that never reads or never writes brings about is seen at once.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.ended) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7860} }

// from is a connection from an address.
type from struct {
	net.Conn
	host byte
}

func (f from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, f.host), Port: 1} }

// dial returns the end of a client at 10.0.0.host.
func (p *pipes) dial(host byte) net.Conn {
	c, s := net.Pipe()
	p.conns <- from{s, host}
	return c
}

// bubble runs f in a bubble of synctest with a server that listens to pipes until
// end is called or f returns.
func bubble(t *testing.T, c Config, m limits, f func(t *testing.T, s *Server, l *pipes, d *door, end func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.Page = fstest.MapFS{"index.html": {Data: []byte("<p>page")}}
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		l := &pipes{conns: make(chan net.Conn), ended: make(chan struct{})}
		d := newDoor(l, m)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.serve(ctx, d) }()
		f(t, s, l, d, cancel)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // until what the server left behind has ended, too
	})
}

// roomy are limits that no test reaches by chance.
var roomy = limits{all: 1000, kept: 10, perAddress: 900}

// socket opens a websocket from 10.0.0.host over a pipe; the answer is that of a
// server that refuses it.
func (p *pipes) socket(t *testing.T, host byte, token string) (*websocket.Conn, *http.Response) {
	t.Helper()
	d := &websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return p.dial(host), nil }}
	c, a, err := d.Dial("ws://localhost/ws?token="+token, http.Header{"Origin": {"http://localhost"}})
	if err != nil && a == nil {
		t.Fatal(err)
	}
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, a
}

// ask sends a request's text over a new pipe from 10.0.0.host.
func (p *pipes) ask(t *testing.T, host byte, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c := p.dial(host)
	t.Cleanup(func() { c.Close() })
	go c.Write([]byte(text)) // a server may not take all of it
	return c, bufio.NewReader(c)
}

// get asks for path and returns the answer's head.
func (p *pipes) get(t *testing.T, host byte, path string, header ...string) (*http.Response, net.Conn) {
	t.Helper()
	c, r := p.ask(t, host, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, strings.Join(append(header, ""), "\r\n")))
	a, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

// sockets is how many pages the hub knows.
func (h *hub) sockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

// open is how many connections there are.
func (d *door) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}
