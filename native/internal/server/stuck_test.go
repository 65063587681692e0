package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"mien/shared/protocol"
)

// TestAStuckPageCostsNothing: pages that never read hold up neither who sends
// nor who reads, and are gone in under 10 seconds.
func TestAStuckPageCostsNothing(t *testing.T) {
	bubble(t, Config{}, roomy, func(t *testing.T, s *Server, l *pipes, _ *door, _ func()) {
		const stuck = 20
		for range stuck {
			l.socket(t, 1, "") // reads no more than the handshake
		}
		reader, _ := l.socket(t, 1, "")
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

// TestSignsOfLife: a page that answers pings stays for an hour in which nothing
// happens; one that reads and does not answer goes in under 10 seconds.
func TestSignsOfLife(t *testing.T) {
	bubble(t, Config{}, roomy, func(t *testing.T, s *Server, l *pipes, _ *door, _ func()) {
		read := func(c *websocket.Conn) {
			for {
				if _, _, err := c.ReadMessage(); err != nil {
					return
				}
			}
		}
		alive, _ := l.socket(t, 1, "")
		go read(alive)
		half, _ := l.socket(t, 1, "")
		half.SetPingHandler(func(string) error { return nil })
		go read(half)
		time.Sleep(pongWait - time.Second)
		if n := s.hub.sockets(); n != 2 {
			t.Errorf("%d pages a second too early, want 2", n)
		}
		time.Sleep(2 * time.Second)
		if n := s.hub.sockets(); n != 1 {
			t.Errorf("%d pages after %v, want the one that answers", n, pongWait+time.Second)
		}
		time.Sleep(time.Hour)
		if n := s.hub.sockets(); n != 1 {
			t.Errorf("%d pages after an hour, want the one that answers", n)
		}
		alive.Close()
	})
}

// large is a model file that no buffer holds.
var large = fstest.MapFS{"large.safetensors": {Data: bytes.Repeat([]byte("weights "), 128<<10)}}

// TestStuckDownloads: who asks for weights and does not read them is gone in under
// 10 seconds, however little was read before; who reads slowly gets all of them.
func TestStuckDownloads(t *testing.T) {
	bubble(t, Config{Weights: large}, roomy, func(t *testing.T, _ *Server, l *pipes, d *door, _ func()) {
		var slow *http.Response
		for i := range 5 {
			a, _ := l.get(t, 1, "/weights/large.safetensors")
			if slow = a; i > 0 {
				io.CopyN(io.Discard, a.Body, int64(i)*1000)
			}
		}
		read := make(chan int64)
		go func() {
			var n int64
			for {
				k, err := io.CopyN(io.Discard, slow.Body, writeChunk)
				if n += k; err != nil {
					read <- n
					return
				}
				time.Sleep(writeDeadline - time.Second)
			}
		}()
		time.Sleep(9 * time.Second)
		if n := d.open(); n != 1 {
			t.Errorf("%d connections after 9 seconds, want the one that is read", n)
		}
		if n, want := 4*1000+<-read, int64(len(large["large.safetensors"].Data)); n != want {
			t.Errorf("a slow reader got %d of %d bytes", n, want)
		}
	})
}

// TestSlowRequests: who does not say what it wants goes, at the time that each
// part of a request has.
func TestSlowRequests(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       time.Duration
	}{
		{"nothing", "", headerTime},
		{"half a line", "GET /hea", headerTime},
		{"half a header", "GET / HTTP/1.1\r\nHost: localhost\r\n", headerTime},
		{"no body", "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n", requestTime},
		{"no second request", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", idleTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, Config{}, roomy, func(t *testing.T, _ *Server, l *pipes, d *door, _ func()) {
				_, r := l.ask(t, 1, c.text)
				began := time.Now()
				go io.Copy(io.Discard, r)
				time.Sleep(c.want - time.Millisecond)
				if d.open() != 1 {
					t.Errorf("gone before %v", c.want)
				}
				time.Sleep(time.Second)
				if d.open() != 0 {
					t.Errorf("there after %v, want %v", time.Since(began), c.want)
				}
			})
		})
	}
}

// TestLongHeaders are refused.
func TestLongHeaders(t *testing.T) {
	bubble(t, Config{}, roomy, func(t *testing.T, _ *Server, l *pipes, _ *door, _ func()) {
		for bytes, want := range map[int]int{maxHeader / 2: 200, maxHeader + 8<<10: 431} {
			a, c := l.get(t, 1, "/healthz", "X: "+strings.Repeat("x", bytes))
			c.Close()
			if a.StatusCode != want {
				t.Errorf("a header of %d bytes: %d, want %d", bytes, a.StatusCode, want)
			}
		}
	})
}

// TestTheOwnerGetsIn: strangers fill every place that they can, at their own
// address and at others, asking, listening and waiting; who has the token is
// served as before, at the same address, and so are the page's files, which do
// not carry it.
func TestTheOwnerGetsIn(t *testing.T) {
	m := limits{all: 40, kept: 8, perAddress: 20}
	bubble(t, Config{Weights: large}, m, func(t *testing.T, s *Server, l *pipes, d *door, _ func()) {
		served := map[byte]int{}
		for host := byte(1); host <= 3; host++ {
			for i := range 30 {
				var code int
				if i%2 == 0 {
					_, a := l.socket(t, host, "guess")
					code = a.StatusCode
				} else {
					a, _ := l.get(t, host, "/weights/large.safetensors")
					code = a.StatusCode
				}
				switch code {
				case 101, 200:
					served[host]++
				case 503:
				default:
					t.Fatalf("answer %d", code)
				}
			}
		}
		if served[1] != m.perAddress || served[1]+served[2]+served[3] != m.all-m.kept {
			t.Errorf("served %v, want %d at an address and %d in all", served, m.perAddress, m.all-m.kept)
		}
		for range 200 {
			l.dial(1)
		}
		synctest.Wait()
		if n := d.open(); n != m.all {
			t.Errorf("%d connections, want %d", n, m.all)
		}
		if a, _ := l.get(t, 1, "/healthz"); a.StatusCode != 200 {
			t.Errorf("health: %d", a.StatusCode)
		}
		a, _ := l.get(t, 1, "/?token="+s.Token())
		if a.StatusCode != 200 || len(a.Cookies()) != 1 {
			t.Fatalf("the owner's page: %d, cookies %v", a.StatusCode, a.Cookies())
		}
		cookie := a.Cookies()[0]
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Value == s.Token() {
			t.Errorf("cookie %+v: want one that scripts and other sites do not see, and that is not the token", cookie)
		}
		for range 4 {
			a, _ := l.get(t, 1, "/index.html", "Cookie: "+cookie.Name+"="+cookie.Value)
			if a.StatusCode != 200 {
				t.Errorf("a file of the owner's page: %d", a.StatusCode)
			}
			l.dial(1)
		}
		if a, _ := l.get(t, 1, "/index.html", "Cookie: "+cookie.Name+"=guess"); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || len(a.Cookies()) > 0 {
			t.Errorf("a file of a stranger's page: %d, %v", a.StatusCode, a.Header)
		}
		owner, a := l.socket(t, 1, s.Token())
		if a.StatusCode != 101 {
			t.Fatalf("the owner's socket: %d", a.StatusCode)
		}
		for range 200 {
			l.dial(2)
		}
		s.hub.send(protocol.Message{Type: protocol.TypeProgress, Step: 7})
		if next(t, owner, protocol.TypeProgress).Step != 7 {
			t.Error("the owner is told something else")
		}
		if n := d.open(); n > m.all {
			t.Errorf("%d connections, want %d at most", n, m.all)
		}
		// Places come back: none of the strangers reads.
		owner.Close()
		time.Sleep(10 * time.Second)
		for range m.perAddress {
			a, c := l.get(t, 1, "/index.html")
			if a.StatusCode != 200 {
				t.Errorf("after the stuck have gone: %d", a.StatusCode)
			}
			c.Close()
		}
	})
}

// TestGoodbye: pages are told that the server ends, and those that are stuck do
// not hold it up for more than two seconds.
func TestGoodbye(t *testing.T) {
	bubble(t, Config{}, roomy, func(t *testing.T, s *Server, l *pipes, _ *door, end func()) {
		l.socket(t, 1, "") // has not read what it was sent
		stuck, _ := l.socket(t, 1, "")
		next(t, stuck, protocol.TypeState) // has read all, and no more
		page, _ := l.socket(t, 1, "")
		next(t, page, protocol.TypeState)
		said := make(chan error, 1)
		go func() {
			for {
				if _, _, err := page.ReadMessage(); err != nil {
					said <- err
					return
				}
			}
		}()
		synctest.Wait()
		began := time.Now()
		end()
		if err := <-said; !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Errorf("a page hears %v, want close code %d", err, websocket.CloseGoingAway)
		}
		for s.hub.sockets() > 0 {
			time.Sleep(100 * time.Millisecond)
		}
		if d := time.Since(began); d > 2*farewell+100*time.Millisecond {
			t.Errorf("the end takes %v, want %v at most", d, 2*farewell)
		}
	})
}

// TestTheLastFrameArrives: what a page has on its way when it is dismissed is read,
// for closed with bytes unread a connection is reset, and the reason lost.
func TestTheLastFrameArrives(t *testing.T) {
	bubble(t, Config{}, roomy, func(t *testing.T, _ *Server, l *pipes, _ *door, _ func()) {
		page, _ := l.socket(t, 1, "")
		heard := make(chan error, 1)
		go func() {
			for {
				if _, _, err := page.ReadMessage(); err != nil {
					heard <- err
					return
				}
			}
		}()
		if err := page.WriteMessage(websocket.TextMessage, make([]byte, protocol.MaxMessage+1)); err != nil {
			t.Errorf("the message: %v", err)
		}
		if _, err := page.NetConn().Write(make([]byte, 3*protocol.MaxMessage)); err != nil {
			t.Errorf("what comes behind it: %v", err)
		}
		if err := <-heard; !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
			t.Errorf("the page hears %v, want close code %d", err, websocket.CloseMessageTooBig)
		}
	})
}

// TestTooLateForGoodbye: a page that comes when the end has begun is told, too.
func TestTooLateForGoodbye(t *testing.T) {
	bubble(t, Config{}, roomy, func(t *testing.T, s *Server, l *pipes, _ *door, _ func()) {
		s.hub.end()
		late, _ := l.socket(t, 1, "")
		if _, _, err := late.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Errorf("a late page hears %v, want close code %d", err, websocket.CloseGoingAway)
		}
	})
}

// TestWaitingTakesNoPlaces: who opens connections and asks for nothing pushes out
// its own alone.
func TestWaitingTakesNoPlaces(t *testing.T) {
	m := limits{all: 40, kept: 8, perAddress: 10}
	bubble(t, Config{}, m, func(t *testing.T, _ *Server, l *pipes, d *door, _ func()) {
		other := l.dial(2)
		for range 100 {
			l.dial(1)
		}
		synctest.Wait()
		if n, want := d.open(), m.perAddress+m.kept+1; n != want {
			t.Errorf("%d connections, want %d", n, want)
		}
		go other.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		if a, err := http.ReadResponse(bufio.NewReader(other), nil); err != nil || a.StatusCode != 200 {
			t.Errorf("who waited before: %v", err)
		}
		other.Close()
	})
}

// TestLimits: a program that may open few files serves few.
func TestLimits(t *testing.T) {
	for files, want := range map[uint64]limits{0: {32, 8, 16}, 200: {68, 8, 34}, 1024: {480, 15, 240}, 1 << 20: {2048, 64, 1024}} {
		if got := limitsOf(files); got != want {
			t.Errorf("%d files: %+v, want %+v", files, got, want)
		}
	}
}

// TestFullOfFriends: with every place known and served, nobody gets in, and
// nobody is put out.
func TestFullOfFriends(t *testing.T) {
	bubble(t, Config{}, limits{all: 4, kept: 2, perAddress: 2}, func(t *testing.T, s *Server, l *pipes, d *door, _ func()) {
		for range 4 {
			c, _ := l.socket(t, 1, s.Token())
			go io.Copy(io.Discard, c.NetConn())
		}
		began, c := time.Now(), l.dial(1)
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) > 0 {
			t.Errorf("a fifth connection: %v after %v, want its end at once", err, time.Since(began))
		}
		synctest.Wait()
		if n := s.hub.sockets(); n != 4 || d.open() != 4 {
			t.Errorf("%d pages and %d connections, want 4", n, d.open())
		}
	})
}
