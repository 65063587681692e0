package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets a test run Run in a process that it can kill.
func TestMain(m *testing.M) {
	text := os.Getenv("MIEN_FETCH")
	if text == "" {
		os.Exit(m.Run())
	}
	var o Options
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	if _, err := Run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// quick are options for servers on this machine.
func quick(out string, lists ...string) Options {
	return Options{Lists: lists, Out: out, AllowPrivate: true, Concurrency: 48, PerHost: 8, Delay: time.Microsecond, Backoff: 20 * time.Millisecond,
		Timeout: 10 * time.Minute, MaxBytes: 200 << 10}
}

func writeList(t *testing.T, path string, hosts []string, from, to int) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("\ufeffURL\tURL_orig\tAU1\tAU2\r\n")
	for n := from; n < to; n++ {
		u := fmt.Sprintf("%s/%d.jpg", hosts[n%len(hosts)], n)
		fmt.Fprintf(&b, "'%s'\t%s\t1\t999\r\n", u, u)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// entries reads the whole lines of a journal, in order.
func entries(t *testing.T, dir string) []Entry {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil && !isGone(err) {
		t.Fatal(err)
	}
	var es []Entry
	for _, line := range bytes.SplitAfter(b, []byte("\n")) {
		var e Entry
		if bytes.HasSuffix(line, []byte("\n")) {
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			es = append(es, e)
		}
	}
	return es
}

// Two thousand pictures from servers that fail in every way, across two kills.
func TestFetchAcrossKills(t *testing.T) {
	const rows = 2000
	s, dir := newServers(t, 12), t.TempDir()
	lists := []string{filepath.Join(dir, "a.txt"), filepath.Join(dir, "b.txt")}
	writeList(t, lists[0], s.hosts, 0, 1200)
	writeList(t, lists[1], s.hosts, 1200, rows)
	out := filepath.Join(dir, "out")
	o := quick(out, lists...)
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[int]int{} // of what was acknowledged before a kill
	for _, until := range []int{400, 1100} {
		s.answer(until + 100)
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "MIEN_FETCH="+string(text))
		var stderr bytes.Buffer
		child.Stderr = &stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		for len(entries(t, out)) < until {
			select {
			case err := <-ended:
				t.Fatalf("ended after %d entries: %v: %s", len(entries(t, out)), err, stderr.String())
			case <-time.After(2 * time.Millisecond):
			}
		}
		child.Process.Kill()
		<-ended
		for _, e := range entries(t, out) {
			asked[e.Row] = s.times(e.Row)
		}
	}
	s.answer(rows)
	// What a kill may leave: half a line, half a picture.
	f, err := os.OpenFile(filepath.Join(out, journalName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"row":1999,"state":"ok","fi`)
	f.Close()
	var told Status
	o.Progress = func(s Status) { told = s }
	status, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if status.Done != rows || status.Total != rows || told.Done != rows {
		t.Errorf("status %s, told %s", status, told)
	}
	for row, n := range asked {
		if got := s.times(row); got != n {
			t.Errorf("row %d was done before a kill and asked for again: %d times, then %d", row, n, got)
		}
	}
	wantOutcome(t, s, out, rows)
	t.Logf("%s; at most %d requests at one server", status, s.most)
	if s.most > o.PerHost {
		t.Errorf("%d requests at one server at once, want %d at most", s.most, o.PerHost)
	}
	v, err := Verify(context.Background(), out, nil)
	if err != nil || !v.Sound() || v.Files["sound"] != status.Reasons["ok"] || v.Files["stray"] > 2*o.Concurrency || v.Rows["http 404"] != status.Reasons["http 404"] || v.Refused == 0 {
		t.Errorf("verified: %+v, %v", v, err)
	}
	os.WriteFile(filepath.Join(out, "pictures", "0000", "0000000.jpg"), []byte("x"), 0o644)
	os.Remove(filepath.Join(out, "pictures", "0001", "0001001.jpg"))
	if v, err := Verify(context.Background(), out, nil); err != nil || v.Sound() || v.Files["changed"] != 1 || v.Files["missing"] != 1 {
		t.Errorf("after damage: %+v, %v", v, err)
	}
	once := [2]int{s.times(0) + 1, s.times(1001) + 1}
	if again, err := Run(context.Background(), o); err != nil || again.Done != rows || s.times(0) != once[0] || s.times(1001) != once[1] {
		t.Errorf("a run after damage: %s, %v", again, err)
	}
	// Nothing is left to do.
	before := s.times(13)
	if again, err := Run(context.Background(), o); err != nil || again.Done != rows || s.times(13) != before {
		t.Errorf("a run after the last: %s, %v", again, err)
	}
}

// TestFetchGivesUpOnHangs: a server that does not go on is left after the timeout.
// All rows of the first run time out, so that it may be short; of the second, none
// need to be quick.
func TestFetchGivesUpOnHangs(t *testing.T) {
	s, dir := newServers(t, 1), t.TempDir()
	s.way = func(n int) *way { return &hanging[n] }
	list := filepath.Join(dir, "list")
	writeList(t, list, s.hosts, 0, 2)
	o := quick(filepath.Join(dir, "out"), list)
	o.Timeout, o.Tries = 50*time.Millisecond, 2
	status, err := Run(context.Background(), o)
	if err != nil || status.Reasons["timeout"] != 2 || s.times(0) > 2 || s.times(1) > 2 {
		t.Errorf("%s, %v; asked %d and %d times", status, err, s.times(0), s.times(1))
	}
	writeList(t, list, s.hosts, 2, 3)
	o = quick(filepath.Join(dir, "once"), list)
	o.Timeout, o.Tries = time.Second, 19
	if status, err = Run(context.Background(), o); err != nil || status.Reasons["ok"] != 1 || s.times(2) < 2 {
		t.Errorf("%s, %v; asked %d times", status, err, s.times(2))
	}
}

// wantOutcome wants every row to have become what its server made of it.
func wantOutcome(t *testing.T, s *servers, out string, rows int) {
	t.Helper()
	last := map[int]Entry{}
	for _, e := range entries(t, out) {
		if _, twice := last[e.Row]; twice {
			t.Errorf("row %d has two entries", e.Row)
		}
		last[e.Row] = e
	}
	files := 0
	for n := range rows {
		e, want, name := last[n], way{state: OK}, "fine"
		if w := failing(n); w != nil {
			want, name = *w, w.name
		}
		if e.State != want.state || want.state != OK && !slices.Contains(strings.Split(want.reason, "|"), e.Reason) {
			t.Errorf("row %d (%s): %s %q (%s), want %s %q", n, name, e.State, e.Reason, e.Detail, want.state, want.reason)
			continue
		}
		if e.State != OK {
			continue
		}
		files++
		b, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(e.File)))
		if err != nil || !bytes.Equal(b, picture(n)) || e.Bytes != int64(len(b)) {
			t.Errorf("row %d (%s): %d bytes, want the picture; %v", n, name, len(b), err)
		}
	}
	found := 0
	filepath.Walk(filepath.Join(out, "pictures"), func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.HasSuffix(path, ".tmp") {
			found++
		}
		return nil
	})
	if found != files || files < rows*9/10 {
		t.Errorf("%d pictures in the folder, want %d", found, files)
	}
	if _, err := os.Stat(filepath.Join(out, "quarantine", fmt.Sprintf("%07d.bin", 10*slices.IndexFunc(ways, func(w way) bool { return w.name == "page named .jpg" })+3))); err != nil {
		t.Errorf("the page that was no picture: %v", err)
	}
}

// The second column is asked when the first has nothing, and rows that failed
// come back when asked to.
func TestFetchSecondAddressAndAgain(t *testing.T) {
	s, dir := newServers(t, 1), t.TempDir()
	list, out := filepath.Join(dir, "list"), filepath.Join(dir, "out")
	ask := func(name string) int {
		return 10*slices.IndexFunc(ways, func(w way) bool { return w.name == name }) + 3
	}
	// The longest address, all of what a journal quotes, must not be too long for it.
	long := "ftp://x/" + strings.Repeat("&", maxURL-8)
	text := fmt.Sprintf("%[1]s/%[2]d.jpg\t%[1]s/2.jpg\n\t\t1\n"+long+"\t\n%[3]s\n%[1]s/%[4]d.jpg\n",
		s.hosts[0], ask("not found"), strings.Repeat("x", maxLine+9), ask("always 500"))
	if err := os.WriteFile(list, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o := quick(out, list)
	status, err := Run(context.Background(), o)
	if want := "5 of 5 rows, 0.0 MB: 3 bad address, 1 http 500, 1 ok"; err != nil || status.String() != want {
		t.Errorf("%s, %v; want %s", status, err, want)
	}
	n := s.times(ask("always 500"))
	if n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
	o.Again = true
	if status, err = Run(context.Background(), o); err != nil || status.Done != 5 || s.times(ask("always 500")) != n+3 {
		t.Errorf("again: %s, %v, asked %d times", status, err, s.times(ask("always 500")))
	}
	// A picture that is gone from the disk is fetched again.
	os.Remove(filepath.Join(out, "pictures", "0000", "0000000.jpg"))
	o.Again = false
	if status, err = Run(context.Background(), o); err != nil || status.Reasons["ok"] != 1 {
		t.Errorf("restored: %s, %v", status, err)
	}
	if b, err := os.ReadFile(filepath.Join(out, "pictures", "0000", "0000000.jpg")); err != nil || !bytes.Equal(b, picture(2)) {
		t.Errorf("restored: %d bytes, %v", len(b), err)
	}
	o.Lists = []string{list, list}
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "other lists") {
		t.Errorf("other lists: %v", err)
	}
}

// Without leave, this machine's own network is not asked, whatever it is called.
// Redirects are dialled by the same client.
func TestFetchRefusesPrivateAddresses(t *testing.T) {
	s, dir := newServers(t, 1), t.TempDir()
	list := filepath.Join(dir, "list")
	port := s.hosts[0][strings.LastIndex(s.hosts[0], ":"):]
	text := ""
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"} {
		text += "http://" + host + port + "/2.jpg\n"
	}
	os.WriteFile(list, []byte(text), 0o644)
	o := quick(filepath.Join(dir, "out"), list)
	o.AllowPrivate, o.Tries = false, 1
	status, err := Run(context.Background(), o)
	if err != nil || status.Reasons["private address"] < 5 || status.Done != 6 || status.Reasons["ok"] != 0 || s.times(2) != 0 {
		t.Errorf("%s, %v; asked %d times", status, err, s.times(2))
	}
	for ip, want := range map[string]bool{"8.8.8.8": true, "2606:4700::1111": true, "10.1.2.3": false, "172.20.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "fe80::1": false, "fd00::1": false, "224.0.0.1": false, "255.255.255.255": false, "64:ff9b::7f00:1": false, "::": false} {
		if public(netip.MustParseAddr(ip)) != want {
			t.Errorf("%s: public is %v", ip, !want)
		}
	}
}

// Requests to one host are apart, and Retry-After holds for the host.
func TestFetchIsPolite(t *testing.T) {
	s, dir := newServers(t, 1), t.TempDir()
	list := filepath.Join(dir, "list")
	writeList(t, list, s.hosts, 20, 30) // one row of ten hangs or so; take the fine ones
	o := quick(filepath.Join(dir, "out"), list)
	o.Delay = 30 * time.Millisecond
	began := time.Now()
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 9*30*time.Millisecond {
		t.Errorf("10 requests in %v, want 30 ms between them", took)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for give, want := range map[string]time.Duration{"3": 3 * time.Second, "-1": 0, "": 0, "x": 0, "99999999999": maxRetryAfter, "999999999999999999999999": 0,
		"Thu, 01 Jan 2026 00:00:05 GMT": 5 * time.Second, "Thu, 01 Jan 2020 00:00:05 GMT": 0} {
		if got := retryAfter(give, now); got != want {
			t.Errorf("Retry-After %q: %v, want %v", give, got, want)
		}
	}
}

// A host that never answers is left alone after a while, and a stopped run says so.
func TestFetchLeavesDeadHostsAlone(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "list")
	writeList(t, list, []string{"http://127.0.0.1:1"}, 0, 500)
	o := quick(filepath.Join(dir, "out"), list)
	status, err := Run(context.Background(), o)
	if err != nil || status.Done != 500 || status.Reasons["host does not answer"] < 400 {
		t.Errorf("%s, %v", status, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o.Out = filepath.Join(dir, "stopped")
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func FuzzList(f *testing.F) {
	f.Add("\ufeffURL\tURL_orig\tAU1\n'http://a/b.jpg'\thttp://c\t1\n\n\t\t\n")
	f.Fuzz(func(t *testing.T, s string) {
		path := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		l, n := newList([]string{path}), 0
		for {
			r, err := l.read()
			if err != nil {
				break
			}
			if r.number != n || len(r.urls) > 2 {
				t.Fatalf("row %d: %+v", n, r)
			}
			n++
		}
	})
}
