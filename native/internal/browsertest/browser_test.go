// Package browsertest drives the whole product in a headless browser.
package browsertest

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mien/native/internal/server"
	"mien/weights"
)

// patience bounds each wait, only so that one in vain says what the page shows: a
// machine that does something else may take minutes for what takes a second.
const patience = 5 * time.Minute

// browser starts Chromium and returns a tab.
func browser(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium on this machine: the page is NOT tested; run make test, or install chromium")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox,
		chromedp.WindowSize(1280, 1000), chromedp.Flag("headless", "new"), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		// Optimise ten times later than for a person: what is called less is not worth its
		// compilation here (all of these tests 287 CPU seconds, 315 without).
		chromedp.Flag("js-flags", "--wasm-tiering-budget=130000000"),
		chromedp.Flag("use-gl", "angle"), chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true)}
	options = append(options, more...)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	return ctx
}

// page is one tab on one server.
type page struct {
	t   testing.TB
	ctx context.Context
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// eval evaluates a script that gives a string.
func (p *page) eval(script string) string {
	p.t.Helper()
	s, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return s
}

// wait waits until a condition of the page holds.
func (p *page) wait(condition string) {
	p.t.Helper()
	end := time.Now().Add(patience)
	for p.eval("String(!!("+condition+"))") != "true" {
		if time.Now().After(end) {
			p.t.Fatalf("%s does not come true; alert %q, status %q, data %s", condition, p.eval("document.getElementById('alert').textContent"),
				p.eval("document.getElementById('status').textContent"), p.eval("JSON.stringify(document.documentElement.dataset)"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

const data = "document.documentElement.dataset."

// still waits until the stage shows its newest field.
func (p *page) still() {
	p.t.Helper()
	p.wait("!" + data + "busy && " + data + "stage === 'idle'")
	// The compositor has it some frames later.
	p.eval("(window.painted = 0, requestAnimationFrame(function next() { if (++window.painted < 5) requestAnimationFrame(next); }), '')")
	p.wait("window.painted >= 5")
}

// stage returns the stage's pixels as a PNG.
func (p *page) stage() []byte {
	p.t.Helper()
	b, err := chromedp.Run(p.ctx, chromedp.Screenshot(chromedp.CSS("#stage-frame")))
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// slide drags the slider of an AU to a share of its width.
func (p *page) slide(code string, share float64) {
	p.t.Helper()
	p.eval("(document.getElementById('au" + code + "').scrollIntoView({block: 'center'}), '')")
	box, err := chromedp.Run(p.ctx, chromedp.Evaluate[map[string]float64](
		"(() => { const r = document.getElementById('au"+code+"').getBoundingClientRect(); return {x: r.x, y: r.y, w: r.width, h: r.height} })()"))
	if err != nil {
		p.t.Fatal(err)
	}
	y := box["y"] + box["h"]/2
	p.do(chromedp.DragAndDropXY(box["x"]+box["w"]/2, y, box["x"]+box["w"]*share, y, 5))
}

// open brings the page up on a server and waits for the sample portrait.
func open(t testing.TB, ctx context.Context, address string) *page {
	t.Helper()
	p := &page{t, ctx}
	p.do(chromedp.Navigate(address))
	p.wait(data + "photo === 'ready' && " + data + "ready === '1'")
	return p
}

// serve starts a server with a run directory and returns its address.
func serve(t testing.TB, c server.Config, addr string) (address string, stop func()) {
	t.Helper()
	c.Weights, c.Version = weights.Files, "test"
	if c.Page == nil {
		c.Page = server.Page()
	}
	c.Log = func(line string) { t.Log(line) }
	if f, err := c.Page.Open("stage.wasm"); err != nil {
		t.Skip("the page is not built: the browser is NOT tested; run make test, which builds it")
	} else {
		f.Close()
	}
	s, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() { done <- s.Serve(ctx, addr, func(a net.Addr) { ready <- a }) }()
	select {
	case a := <-ready:
		stop = func() { cancel(); <-done }
		t.Cleanup(func() { cancel() })
		return "http://" + a.String() + "/?token=" + s.Token(), stop
	case err := <-done:
		cancel()
		t.Fatal(err)
	}
	return "", nil
}

func portrait(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs("../../../web/portrait/astronaut.png")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
