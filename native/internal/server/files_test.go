//go:build unix

package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mien/shared/protocol"
)

// TestFewFiles: a server that may open 200 files is asked for weights by 230
// sockets that never read. It answers, whoever has the token gets in, and the
// stuck go.
func TestFewFiles(t *testing.T) {
	const inside, name = "MIEN_FEW_FILES", "/runs/a/weights/step-000001.safetensors"
	if runs := os.Getenv(inside); runs != "" {
		s, err := New(Config{Page: fstest.MapFS{"index.html": {Data: []byte("<p>page")}}, Runs: runs})
		if err == nil {
			err = s.Serve(context.Background(), "127.0.0.1:0", func(a net.Addr) { fmt.Println(a, s.Token()) })
		}
		t.Fatal(err)
	}
	runs := t.TempDir()
	path := filepath.Join(runs, filepath.FromSlash(strings.TrimPrefix(name, "/runs/")))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, 32<<20), 0o644); err != nil { // more than the system holds for a socket
		t.Fatal(err)
	}
	server := exec.Command("sh", "-c", `ulimit -n 200 && exec "$0" -test.run "^TestFewFiles$"`, os.Args[0])
	server.Env = append(os.Environ(), inside+"="+runs)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer server.Process.Kill()
	var address, token string
	if _, err := fmt.Fscan(bufio.NewReader(out), &address, &token); err != nil {
		t.Fatal(err)
	}
	url := "http://" + address
	var stuck []net.Conn
	for range 230 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", name)
		stuck = append(stuck, c)
	}
	answers := map[string]int{}
	for _, c := range stuck {
		head := make([]byte, len("HTTP/1.1 200"))
		io.ReadFull(c, head) // or nothing: replaced by one that came later
		answers[string(head[9:])]++
	}
	if n, most := answers["200"], limitsOf(200).perAddress; n == 0 || n > most {
		t.Errorf("answers %v: want weights for 1 to %d of %d", answers, most, len(stuck))
	}
	get := func(path string) int {
		c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		a, err := c.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		return a.StatusCode
	}
	if code := get("/healthz"); code != 200 {
		t.Errorf("health: %d", code)
	}
	owner, err := dial(t, url, token, url)
	if err != nil {
		t.Fatal(err)
	}
	next(t, owner, protocol.TypeState)
	if code := get("/?token=" + token); code != 200 {
		t.Errorf("the owner's page: %d", code)
	}
	// Strangers are refused until the stuck have gone.
	for get(name) != 200 {
		time.Sleep(100 * time.Millisecond)
	}
}
