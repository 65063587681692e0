package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorilla/websocket"

	"mien/native/internal/runlog"
	"mien/shared/protocol"
)

func start(t *testing.T, c Config) (*Server, string) {
	t.Helper()
	c.Page = fstest.MapFS{"index.html": {Data: []byte("<p>page")}, "index.html.gz": {Data: []byte("zipped")}}
	if c.Weights == nil {
		c.Weights = fstest.MapFS{"manifest.json": {Data: []byte("{}")}, "weights.go": {Data: []byte("package")}}
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, "127.0.0.1:0", func(a net.Addr) { address <- a.String() }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case a := <-address:
		return s, "http://" + a
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return nil, ""
}

// TestThePolicyIsStrict: the page loads nothing from elsewhere and sends nothing
// anywhere.
func TestThePolicyIsStrict(t *testing.T) {
	for _, part := range strings.Split(policy, "; ") {
		for _, source := range strings.Fields(part)[1:] {
			if !slices.Contains([]string{"'self'", "'none'", "'wasm-unsafe-eval'", "'unsafe-inline'", "blob:", "data:"}, source) {
				t.Errorf("%q lets %s in", part, source)
			}
		}
	}
	for _, want := range []string{"default-src 'self'", "connect-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !slices.Contains(strings.Split(policy, "; "), want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestWhoMayAsk(t *testing.T) {
	runs := t.TempDir()
	os.MkdirAll(filepath.Join(runs, "a", "weights"), 0o755)
	os.WriteFile(filepath.Join(runs, "a", "weights", "step-000001.safetensors"), []byte("x"), 0o644)
	os.WriteFile(filepath.Join(runs, "secret"), []byte("x"), 0o644)
	os.Symlink(filepath.Join(runs, "secret"), filepath.Join(runs, "a", "weights", "step-000002.safetensors"))
	os.Symlink("step-000001.safetensors", filepath.Join(runs, "a", "weights", "step-000003.safetensors"))
	os.Mkdir(filepath.Join(runs, "a", "weights", "step-000004.safetensors"), 0o755)
	os.Symlink("a", filepath.Join(runs, "linked"))
	os.Mkdir(filepath.Join(runs, "half"), 0o755)
	os.Symlink("../a/weights", filepath.Join(runs, "half", "weights"))
	for _, name := range []string{".hidden", "-x", "a b", "å"} { // all hold weights, under names that no run has
		os.Mkdir(filepath.Join(runs, name), 0o755)
		os.CopyFS(filepath.Join(runs, name, "weights"), fstest.MapFS{"step-000001.safetensors": {Data: []byte("x")}})
	}
	os.WriteFile(filepath.Join(runs, "a", "weights", "step-000001.safetensors.tmp"), []byte("x"), 0o644)
	os.WriteFile(filepath.Join(runs, "a", "weights", "secret.safetensors"), []byte("x"), 0o644)
	_, url := start(t, Config{Runs: runs})
	own := strings.TrimPrefix(url, "http://")
	for _, c := range []struct {
		path, host, origin string
		want               int
	}{
		{"/", "", "", 200},
		{"/healthz", "", "", 200},
		{"/", "evil.example", "", 403},
		{"/healthz", "evil.example:7860", "", 403},
		{"/", "", "http://evil.example", 403},
		{"/", "", "null", 403},
		{"/", "", url + ".evil.example", 403},
		{"/", "", url[:len(url)-1], 403},
		{"/", "localhost", "http://localhost.evil.example", 403},
		{"/", "localhost", "http://localhost", 200},
		{"/", "", "http://" + own + "@evil.example", 403},
		{"/", own + ".evil.example", "", 403},
		{"/", "localhost.evil.example", "", 403},
		{"/", "evil.example.localhost", "", 403},
		{"/", "LOCALHOST", "", 200},
		{"/", "", url, 200},
		{"/ws", "", "", 400},
		{"/missing", "", "", 404},
		{"/weights/manifest.json", "", "", 200},
		{"/weights/weights.go", "", "", 404},
		{"/weights/..%2f..%2fgo.mod", "", "", 404},
		{"/runs/a/weights/step-000001.safetensors", "", "", 200},
		{"/runs/a/weights/step-000002.safetensors", "", "", 404}, // a link
		{"/runs/a/weights/step-000003.safetensors", "", "", 404}, // a link to a neighbour
		{"/runs/a/weights/step-000004.safetensors", "", "", 404}, // a folder
		{"/runs/linked/weights/step-000001.safetensors", "", "", 404},
		{"/runs/half/weights/step-000001.safetensors", "", "", 404},
		{"/runs/.hidden/weights/step-000001.safetensors", "", "", 404},
		{"/runs/-x/weights/step-000001.safetensors", "", "", 404},
		{"/runs/a%20b/weights/step-000001.safetensors", "", "", 404},
		{"/runs/%c3%a5/weights/step-000001.safetensors", "", "", 404},
		{"/runs/a/weights/step-000001.safetensors.tmp", "", "", 404},
		{"/runs/a/weights/secret.safetensors", "", "", 404},
		{"/runs/a/weights/..%2f..%2f..%2fsecret", "", "", 404},
		{"/runs/../secret", "", "", 404},
		{"/runs/a/log.jsonl", "", "", 404},
	} {
		r, err := http.NewRequest("GET", url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.host != "" {
			r.Host = c.host
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != c.want && !(c.want == 404 && a.StatusCode/100 == 3) {
			t.Errorf("%s host %q origin %q: %d, want %d", c.path, c.host, c.origin, a.StatusCode, c.want)
		}
		for name, want := range map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := a.Header.Get(name); got != want && c.want != 403 {
				t.Errorf("%s: %s %q, want %q", c.path, name, got, want)
			}
		}
	}
}

func dial(t *testing.T, url, token string, origin string) (*websocket.Conn, error) {
	t.Helper()
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws?token="+token, h)
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// next waits for a message of a kind, as long as it takes: a machine may be busy.
func next(t *testing.T, c *websocket.Conn, kind string) protocol.Message {
	t.Helper()
	for {
		_, b, err := c.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		m, err := protocol.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if m.Type == kind {
			return m
		}
		if m.Type == protocol.TypeError {
			t.Fatalf("waiting for %s: the server says %q", kind, m.Text)
		}
	}
}

func say(t *testing.T, c *websocket.Conn, m protocol.Message) {
	t.Helper()
	b, err := m.Encode()
	if err == nil {
		err = c.WriteMessage(websocket.TextMessage, b)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSocketWantsOriginAndToken(t *testing.T) {
	started := make(chan Job, 1)
	s, url := start(t, Config{Runs: t.TempDir(), Trainer: func(ctx context.Context, j Job) error { started <- j; <-ctx.Done(); return ctx.Err() }})
	if _, err := dial(t, url, s.Token(), ""); err == nil {
		t.Error("a socket without Origin was let in")
	}
	if _, err := dial(t, url, s.Token(), "http://evil.example"); err == nil {
		t.Error("a foreign page was let in")
	}
	stranger, err := dial(t, url, "wrong", url)
	if err != nil {
		t.Fatal(err)
	}
	if next(t, stranger, protocol.TypeHello).Allowed {
		t.Error("a wrong token is allowed")
	}
	job := protocol.Message{Type: protocol.TypeStart, Preset: "tiny", Data: "synth", Steps: 5}
	say(t, stranger, job)
	if m := next(t, stranger, protocol.TypeError); !strings.Contains(m.Text, "token") {
		t.Errorf("error %q", m.Text)
	}
	owner, err := dial(t, url, s.Token(), url)
	if err != nil {
		t.Fatal(err)
	}
	bad := job
	bad.Data = "/no/such/folder"
	say(t, owner, bad)
	if m := next(t, owner, protocol.TypeError); !strings.Contains(m.Text, "/no/such/folder") {
		t.Errorf("error %q", m.Text)
	}
	say(t, owner, job)
	if j := <-started; j.Preset != "tiny" || j.Steps != 5 {
		t.Errorf("job %+v", j)
	}
	say(t, owner, job)
	if m := next(t, owner, protocol.TypeError); !strings.Contains(m.Text, "already") {
		t.Errorf("error %q", m.Text)
	}
	say(t, owner, protocol.Message{Type: protocol.TypeStop})
	for next(t, owner, protocol.TypeState).Run != protocol.Stopped {
	}
}

func TestCloseCodes(t *testing.T) {
	s, url := start(t, Config{Runs: t.TempDir(), Trainer: func(context.Context, Job) error { return nil }})
	for _, c := range []struct {
		name string
		send func(*websocket.Conn)
		want int
	}{
		{"oversized", func(c *websocket.Conn) { c.WriteMessage(websocket.TextMessage, make([]byte, protocol.MaxMessage+1)) }, websocket.CloseMessageTooBig},
		{"nonsense", func(c *websocket.Conn) { c.WriteMessage(websocket.TextMessage, []byte("{}")) }, websocket.ClosePolicyViolation},
		{"not UTF-8", func(c *websocket.Conn) {
			c.WriteMessage(websocket.TextMessage, []byte("{\"type\":\"stop\",\"text\":\"\xff\"}"))
		}, websocket.CloseInvalidFramePayloadData},
		{"not UTF-8 in the last frame", func(c *websocket.Conn) { c.WriteMessage(websocket.CloseMessage, []byte("\x03\xe8\xff")) }, websocket.CloseProtocolError},
		{"oversized, and more behind it", func(c *websocket.Conn) {
			for range 8 {
				c.WriteMessage(websocket.TextMessage, make([]byte, protocol.MaxMessage+1))
			}
		}, websocket.CloseMessageTooBig},
		{"binary", func(c *websocket.Conn) { c.WriteMessage(websocket.BinaryMessage, []byte("x")) }, websocket.CloseUnsupportedData},
		{"flood", func(c *websocket.Conn) {
			for range 2 * maxPerSecond {
				c.WriteMessage(websocket.TextMessage, []byte(`{"type":"stop"}`))
			}
		}, websocket.ClosePolicyViolation},
	} {
		conn, err := dial(t, url, s.Token(), url)
		if err != nil {
			t.Fatal(err)
		}
		c.send(conn)
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello"}`)) // is answered unless the server has closed
		for {
			var b []byte
			if _, b, err = conn.ReadMessage(); err != nil {
				break
			}
			if strings.Contains(string(b), "not for the server") {
				t.Errorf("%s: the server goes on", c.name)
				break
			}
		}
		if !websocket.IsCloseError(err, c.want) {
			t.Errorf("%s: %v, want close code %d", c.name, err, c.want)
		}
	}
}

func TestFollowsARunAndReplaysItToNewPages(t *testing.T) {
	runs := t.TempDir()
	dir := filepath.Join(runs, "r")
	os.MkdirAll(dir, 0o755)
	w, err := runlog.Open(filepath.Join(dir, "log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, url := start(t, Config{Runs: runs, Watch: dir})
	w.Append(runlog.Entry{Kind: runlog.Start, Preset: "tiny", Data: "synth", Steps: 9})
	w.Append(runlog.Entry{Kind: runlog.Step, Step: 7, Losses: map[string]float64{"au": 1}})
	w.Append(runlog.Entry{Kind: runlog.Weights, Step: 7, File: "weights/step-000007.safetensors", SHA256: "ab"})
	for range 2 {
		c, err := dial(t, url, "", url)
		if err != nil {
			t.Fatal(err)
		}
		if m := next(t, c, protocol.TypeProgress); m.Step != 7 || m.Losses["au"] != 1 {
			t.Errorf("progress %+v", m)
		}
		if m := next(t, c, protocol.TypeWeights); m.URL != "/runs/r/weights/step-000007.safetensors" || m.SHA256 != "ab" {
			t.Errorf("weights %+v", m)
		}
	}
}

func TestAFailedRunSaysWhy(t *testing.T) {
	s, url := start(t, Config{Runs: t.TempDir(), Trainer: func(context.Context, Job) error { return errors.New("no faces") }})
	c, err := dial(t, url, s.Token(), url)
	if err != nil {
		t.Fatal(err)
	}
	say(t, c, protocol.Message{Type: protocol.TypeStart, Preset: "tiny", Data: "synth", Steps: 5})
	for {
		if m := next(t, c, protocol.TypeState); m.Run == protocol.Failed {
			if m.Text != "no faces" {
				t.Errorf("text %q", m.Text)
			}
			return
		}
	}
}

// TestAStartIsNeverTooEarly: a page that connects before the server follows
// anything may start a run.
func TestAStartIsNeverTooEarly(t *testing.T) {
	r := newRunner(Config{Trainer: func(context.Context, Job) error { return nil }}, newHub())
	if err := r.do(protocol.Message{Type: protocol.TypeStart, Data: "synth", Steps: 1}); err != nil {
		t.Error(err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	r.run(ended)
	if err := r.do(protocol.Message{Type: protocol.TypeStart, Data: "synth", Steps: 1}); err == nil || !strings.Contains(err.Error(), "ending") {
		t.Errorf("a start after the end: %v", err)
	}
}

// TestTheLastEntriesAreTold: what a run logs as its last is told before its end.
func TestTheLastEntriesAreTold(t *testing.T) {
	s, url := start(t, Config{Runs: t.TempDir(), Trainer: func(_ context.Context, j Job) error {
		if err := os.MkdirAll(j.Out, 0o755); err != nil {
			return err
		}
		w, err := runlog.Open(filepath.Join(j.Out, "log.jsonl"))
		if err != nil {
			return err
		}
		return errors.Join(w.Append(runlog.Entry{Kind: runlog.Step, Step: 1}), w.Append(runlog.Entry{Kind: runlog.Step, Step: 2}), w.Close())
	}})
	c, err := dial(t, url, s.Token(), url)
	if err != nil {
		t.Fatal(err)
	}
	say(t, c, protocol.Message{Type: protocol.TypeStart, Preset: "tiny", Data: "synth", Steps: 2})
	for next(t, c, protocol.TypeState).Run != protocol.Done {
	}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if m := s.hub.latest[protocol.TypeProgress]; m.Step != 2 {
		t.Errorf("the last step that pages were told of is %d, want 2", m.Step)
	}
}

// TestEachKindOfPictureHasItsPlace: a newer picture replaces those of its kind
// alone, for pages there and pages to come, and kinds are bounded.
func TestEachKindOfPictureHasItsPlace(t *testing.T) {
	h := newHub()
	c := &client{slots: map[string]protocol.Message{}, wake: make(chan struct{}, 1)}
	h.clients[c] = true
	for _, m := range []protocol.Message{{URL: "1"}, {URL: "2", Text: "grid"}, {URL: "3", Text: "emotions"}, {URL: "4", Text: "grid"}} {
		m.Type = protocol.TypeSample
		h.send(m)
	}
	later := &client{slots: map[string]protocol.Message{}, wake: make(chan struct{}, 1)}
	h.add(later, protocol.Message{Type: protocol.TypeHello})
	for who, got := range map[string][]protocol.Message{"there": c.take(), "later": later.take()} {
		urls := ""
		for _, m := range got {
			urls += m.URL
		}
		if urls != "143" && urls != "134" {
			t.Errorf("a page %s is told of %s, want 1, 3 and 4", who, urls)
		}
	}
	for i := range 10 * maxTopics {
		h.send(protocol.Message{Type: protocol.TypeSample, Text: strconv.Itoa(i)})
	}
	if len(h.latest) > maxTopics || len(c.slots) > maxTopics {
		t.Errorf("%d kinds are kept, %d wait, want %d at most", len(h.latest), len(c.slots), maxTopics)
	}
}
