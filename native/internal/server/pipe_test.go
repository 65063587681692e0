package server

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"mien/shared/protocol"
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

// dial returns a client's end.
func (p *pipes) dial() net.Conn {
	c, s := net.Pipe()
	p.conns <- s
	return c
}

// bubble runs f in a bubble of synctest with a server that listens to pipes.
func bubble(t *testing.T, c Config, f func(t *testing.T, s *Server, l *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.Page = fstest.MapFS{"index.html": {Data: []byte("<p>page")}}
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		l := &pipes{conns: make(chan net.Conn), ended: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.serve(ctx, l) }()
		f(t, s, l)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// socket opens a websocket over a pipe.
func (p *pipes) socket(t *testing.T, token string) *websocket.Conn {
	t.Helper()
	u := &url.URL{Scheme: "ws", Host: "localhost", Path: "/ws", RawQuery: "token=" + token}
	c, _, err := websocket.NewClient(p.dial(), u, http.Header{"Origin": {"http://localhost"}}, 4<<10, 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// get sends a request over a new pipe and returns it, with what reads it.
func (p *pipes) get(t *testing.T, path string, header ...string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c := p.dial()
	t.Cleanup(func() { c.Close() })
	text := "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + strings.Join(append(header, ""), "\r\n") + "\r\n"
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

// sockets is how many pages the hub knows.
func (h *hub) sockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

// TestAStuckPageCostsNothing: pages that never read hold up neither who sends
// nor who reads, and are gone in under 10 seconds.
func TestAStuckPageCostsNothing(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, s *Server, l *pipes) {
		const stuck = 20
		for range stuck {
			l.socket(t, "") // reads no more than the handshake
		}
		reader := l.socket(t, "")
		read := make(chan int)
		go func() {
			for {
				_, b, err := reader.ReadMessage()
				if err != nil {
					close(read)
					return
				}
				if m, err := protocol.Decode(b); err == nil && m.Type == protocol.TypeProgress {
					read <- m.Step
				}
			}
		}()
		synctest.Wait()
		began, big := time.Now(), strings.Repeat("x", 16<<10)
		const steps = 2000
		for i := range steps {
			s.hub.send(protocol.Message{Type: protocol.TypeProgress, Step: i + 1, Text: big})
		}
		for step := range read {
			if step == steps {
				break
			}
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("sending waits %v for pages that do not read", d)
		}
		if n := s.hub.sockets(); n != stuck+1 {
			t.Errorf("%d pages, want %d", n, stuck+1)
		}
		time.Sleep(9 * time.Second)
		if n := s.hub.sockets(); n != 1 {
			t.Errorf("%d pages after 9 seconds, want the one that reads", n)
		}
		reader.Close()
	})
}
