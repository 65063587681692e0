package browsertest

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mien/native/internal/server"
)

// meter passes connections on and counts what the browser sends; the page may
// talk to nobody else (its Content-Security-Policy).
func meter(t *testing.T, to string) (address string, sent *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	sent = new(atomic.Int64)
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				continue
			}
			go func() { io.Copy(from, server); from.Close() }()
			go func() { io.Copy(io.MultiWriter(server, counter{sent}), from); server.Close() }()
		}
	}()
	return l.Addr().String(), sent
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// TestThePhotoStaysHere opens and edits a photo of 790 kB: what the page sends
// meanwhile is too little to hold even its face.
func TestThePhotoStaysHere(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	host := strings.TrimPrefix(strings.Split(address, "/?")[0], "http://")
	through, sent := meter(t, host)
	p := open(t, browser(t), strings.Replace(address, host, through, 1))
	if sent.Load() == 0 {
		t.Fatal("the page was not loaded through the meter")
	}
	p.still()
	before := sent.Load()
	p.upload(sample(t))
	p.slide("12", .9)
	p.wait(data + "field === 'shown'")
	p.still()
	p.saved()
	if n := sent.Load() - before; n > 2000 {
		t.Errorf("the page sends %d bytes while a photo is opened and edited, want 2000 at most", n)
	} else {
		t.Logf("the page sends %d bytes while a photo is opened and edited", n)
	}
	// An upload would be seen.
	before = sent.Load()
	p.eval("(fetch('healthz', {method: 'POST', body: 'x'.repeat(5000)}).catch(() => 0), '')")
	for end := time.Now().Add(patience); sent.Load()-before < 5000; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("of an upload of 5000 bytes the meter saw %d", sent.Load()-before)
		}
	}
	policy := p.eval(`(() => { const r = new XMLHttpRequest(); r.open('GET', location.href, false); r.send(); return r.getResponseHeader('Content-Security-Policy') || ''; })()`)
	if !strings.Contains(policy, "connect-src 'self'") || !strings.Contains(policy, "default-src") {
		t.Errorf("Content-Security-Policy %q: want connect-src 'self' and a default-src", policy)
	}
}
