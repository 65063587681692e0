package fetch

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mien/shared/tensor"
)

// picture is a small JPEG that is different for every number.
func picture(n int) []byte {
	r := tensor.NewRand(7, 7, 7, uint64(n))
	img := image.NewNRGBA(image.Rect(0, 0, 24, 24))
	for y := range 24 {
		for x := range 24 {
			img.Set(x, y, color.NRGBA{uint8(n), uint8(n >> 8), uint8(r.Intn(256)), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// bomb is a PNG of 60 bytes that claims 20000 x 20000 pixels.
func bomb() []byte {
	head := []byte("IHDR\x00\x00\x4e\x20\x00\x00\x4e\x20\x08\x02\x00\x00\x00")
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	sum := crc32.ChecksumIEEE(head)
	return append(b, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum), 0, 0, 0, 0, 'I', 'D', 'A', 'T')
}

// way is how a server may answer, and what must become of the row.
type way struct {
	name   string
	state  State
	reason string // one of them, separated by |
	answer func(w http.ResponseWriter, r *http.Request, n, asked int)
}

func send(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Write(b)
}

func fail(code int) func(http.ResponseWriter, *http.Request, int, int) {
	return func(w http.ResponseWriter, _ *http.Request, _, _ int) { w.WriteHeader(code) }
}

// raw writes bytes to the connection and closes it; with reset, not politely.
func raw(w http.ResponseWriter, text string, reset bool) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	fmt.Fprint(c, text)
	if t, ok := c.(*net.TCPConn); ok && reset {
		t.SetLinger(0)
	}
	c.Close()
}

// once answers with code the first time and with the picture afterwards.
func once(code int, header ...string) func(http.ResponseWriter, *http.Request, int, int) {
	return func(w http.ResponseWriter, _ *http.Request, n, asked int) {
		if asked > 1 {
			send(w, picture(n))
			return
		}
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// ways are all the ways in which a server can fail that came to mind.
var ways = []way{
	{"not found", Gone, "http 404", fail(404)},
	{"gone", Gone, "http 410", fail(410)},
	{"forbidden", Gone, "http 403", fail(403)},
	{"teapot", Gone, "http 418", fail(418)},
	{"no content", Gone, "http 204", fail(204)},
	{"always 500", Failed, "http 500", fail(500)},
	{"500, then fine", OK, "", once(500)},
	{"503 with retry-after, then fine", OK, "", once(503, "Retry-After", "0")},
	{"429 with retry-after, then fine", OK, "", once(429, "Retry-After", "1")},
	{"nonsense retry-after, then fine", OK, "", once(502, "Retry-After", "soon")},
	{"slow", OK, "", func(w http.ResponseWriter, _ *http.Request, n, _ int) {
		b := picture(n)
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		for part := range 4 {
			w.Write(b[part*len(b)/4 : (part+1)*len(b)/4])
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}},
	{"connection cut in the body", Failed, "connection lost", func(w http.ResponseWriter, _ *http.Request, n, _ int) {
		raw(w, "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5000\r\n\r\n"+string(picture(n)[:200]), false)
	}},
	{"cut once, then fine", OK, "", func(w http.ResponseWriter, _ *http.Request, n, asked int) {
		if asked == 1 {
			raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"+string(picture(n)[:99]), false)
			return
		}
		send(w, picture(n))
	}},
	{"reset", Failed, "connection lost|broken answer", func(w http.ResponseWriter, _ *http.Request, _, _ int) { raw(w, "", true) }},
	{"closed without an answer", Failed, "connection lost", func(w http.ResponseWriter, _ *http.Request, _, _ int) { raw(w, "", false) }},
	{"no http", Failed, "broken answer|connection lost", func(w http.ResponseWriter, _ *http.Request, _, _ int) { raw(w, "SSH-2.0-OpenSSH_9.2\r\n", false) }},
	{"headers without end", Failed, "broken answer|connection lost", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		raw(w, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 200<<10), false)
	}},
	{"bad chunks", Failed, "broken answer|connection lost", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		raw(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", false)
	}},
	{"truncated picture", Gone, "damaged picture", func(w http.ResponseWriter, _ *http.Request, n, _ int) { send(w, picture(n)[:300]) }},
	{"page named .jpg", Gone, "not a picture", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		send(w, []byte("<!doctype html><p>This photo is no longer available"))
	}},
	{"picture that says it is text", OK, "", func(w http.ResponseWriter, _ *http.Request, n, _ int) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write(picture(n))
	}},
	{"gzip nobody asked for", Gone, "not a picture", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		send(w, []byte("\x1f\x8b\x08\x00aaaa"))
	}},
	{"one pixel", Gone, "too small", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		send(w, []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	}},
	{"bomb", Gone, "too many pixels|damaged picture", func(w http.ResponseWriter, _ *http.Request, _, _ int) { send(w, bomb()) }},
	{"empty", Gone, "empty", func(w http.ResponseWriter, _ *http.Request, _, _ int) { w.Header().Set("Content-Length", "0") }},
	{"says it is huge", Gone, "too large", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		w.Header().Set("Content-Length", "9999999999")
		w.Write([]byte("\xff\xd8\xff"))
	}},
	{"is huge", Gone, "too large", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		for range 200 {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}},
	{"redirect, then fine", OK, "", func(w http.ResponseWriter, r *http.Request, n, _ int) {
		http.Redirect(w, r, fmt.Sprintf("/plain/%d.jpg", n), http.StatusFound)
	}},
	{"redirect loop", Gone, "redirect loop", func(w http.ResponseWriter, r *http.Request, _, _ int) {
		http.Redirect(w, r, r.URL.Path, http.StatusMovedPermanently)
	}},
	{"redirect to a file", Gone, "bad address", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(302)
	}},
	{"redirect to nowhere", Gone, "http 302", func(w http.ResponseWriter, _ *http.Request, _, _ int) { w.WriteHeader(302) }},
	{"redirect to a dead port", Failed, "no answer", func(w http.ResponseWriter, _ *http.Request, _, _ int) {
		w.Header().Set("Location", "http://127.0.0.1:1/x.jpg")
		w.WriteHeader(307)
	}},
}

// hanging are ways that end with the client's patience.
var hanging = []way{
	{"hang before the answer", Failed, "timeout", func(_ http.ResponseWriter, r *http.Request, _, _ int) { <-r.Context().Done() }},
	{"hang in the middle", Failed, "timeout", func(w http.ResponseWriter, r *http.Request, n, _ int) {
		w.Header().Set("Content-Length", "5000")
		w.Write(picture(n)[:100])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}},
	{"hang once, then fine", OK, "", func(w http.ResponseWriter, r *http.Request, n, asked int) {
		if asked == 1 {
			<-r.Context().Done()
			return
		}
		send(w, picture(n))
	}},
}

// failing is one row in ten; the ways take turns.
func failing(n int) *way {
	if n%10 != 3 {
		return nil
	}
	return &ways[n/10%len(ways)]
}

// servers serve the pictures /N.jpg on several ports and count who asks for
// what.
type servers struct {
	mu    sync.Mutex
	asked map[int]int
	most  int // requests at one server at once
	hosts []string
	// rows is how many rows are answered; requests for more wait, so that a
	// client cannot be done before a test has looked.
	rows int
	// way is how rows fail.
	way func(n int) *way
}

func newServers(t *testing.T, count int) *servers {
	s := &servers{asked: map[int]int{}, rows: 1 << 30, way: failing}
	for range count {
		var active int
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			plain := strings.HasPrefix(r.URL.Path, "/plain/")
			n, err := strconv.Atoi(strings.TrimSuffix(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], ".jpg"))
			if err != nil {
				w.WriteHeader(404)
				return
			}
			one := 0 // of those that answer at once: nobody sees at once that a client has gone
			if s.way(n) == nil {
				one = 1
			}
			s.mu.Lock()
			if s.asked[n] == 0 && len(s.asked) >= s.rows {
				s.mu.Unlock()
				<-r.Context().Done()
				return
			}
			active += one
			s.most = max(s.most, active)
			if !plain {
				s.asked[n]++
			}
			asked := s.asked[n]
			s.mu.Unlock()
			defer func() {
				s.mu.Lock()
				active -= one
				s.mu.Unlock()
			}()
			if way := s.way(n); way != nil && !plain {
				way.answer(w, r, n, asked)
				return
			}
			send(w, picture(n))
		}))
		t.Cleanup(srv.CloseClientConnections)
		t.Cleanup(srv.Close)
		s.hosts = append(s.hosts, srv.URL)
	}
	return s
}

func (s *servers) times(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[n]
}

// answer lets the servers answer for so many rows.
func (s *servers) answer(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = rows
}
