package browsertest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mien/native/internal/server"
)

// TestEdit opens a photo, drags AU12, sees the picture change, and resets it
// to the very same pixels.
func TestEdit(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	p := open(t, browser(t), address)
	p.eval("delete " + data + "photo, ''")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{portrait(t)}))
	p.wait(data + "photo === 'ready'")
	p.still()
	if p.eval("String(crossOriginIsolated)") != "true" {
		t.Error("the page is not cross-origin isolated: it cannot share memory with threads")
	}
	original := p.stage()
	p.slide("12", .8)
	p.wait(data + "field === 'shown'")
	p.still()
	edited := p.stage()
	if want := fmt.Sprintf("%d thread", min(runtime.NumCPU(), 8)); !strings.Contains(p.eval("document.getElementById('status').textContent"), want) {
		t.Errorf("the status says %q, want %ss", p.eval("document.getElementById('status').textContent"), want)
	}
	if bytes.Equal(original, edited) {
		t.Error("dragging AU12 changes nothing")
	}
	newestWins(p)
	p.do(chromedp.Click(chromedp.CSS("#reset")))
	p.wait(data + "field === 'none'")
	p.still()
	if !bytes.Equal(original, p.stage()) {
		t.Error("reset does not give the original pixels back")
	}
	// This browser has no GPU to offer, and asking for it must do no harm.
	p.wait(data + "device === 'cpu'")
	p.choose("t", "gpu", "cpu")
	if s := p.eval("document.getElementById('device-state').textContent"); !strings.Contains(s, "offers no GPU") {
		t.Errorf("state %q, want that there is no GPU", s)
	}
	// The page must fit a phone: nothing may reach beyond 390 pixels.
	p.do(chromedp.EmulateViewport(390, 844))
	p.wait("innerWidth === 390")
	if beyond := p.eval("String(document.documentElement.scrollWidth - document.documentElement.clientWidth)"); beyond != "0" {
		t.Errorf("at 390 pixels the page reaches %s pixels beyond the window", beyond)
	}
	if dir := os.Getenv("MIEN_SHOTS"); dir != "" {
		shots(p, dir)
	}
}

// newestWins moves a slider 40 times at once: the worker is asked for the first
// state and for the last, and for none between.
func newestWins(p *page) {
	p.t.Helper()
	p.eval(`(() => {
		const send = Worker.prototype.postMessage;
		window.asked = [];
		Worker.prototype.postMessage = function (m, ...more) {
			if (m.type === 'change') window.asked.push(m.values[8]);
			return send.call(this, m, ...more);
		};
		const slider = document.getElementById('au12');
		for (let i = 1; i <= 40; i++) {
			slider.value = i / 10;
			slider.dispatchEvent(new Event('input', { bubbles: true }));
		}
		return '';
	})()`)
	p.still()
	if asked := p.eval("window.asked.map((v) => v.toFixed(1)).join()"); asked != "0.1,4.0" {
		p.t.Errorf("of 40 states at once the worker was asked for %s, want 0.1,4.0", asked)
	}
}

// shots leaves pictures of the page to look at.
func shots(p *page, dir string) {
	p.t.Helper()
	shoot := func(name string) {
		time.Sleep(time.Second)
		b, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}
		if err != nil {
			p.t.Error(err)
		}
	}
	shoot("narrow.png")
	p.do(chromedp.EmulateViewport(1280, 900))
	p.slide("01", .8)
	p.slide("02", .75)
	p.wait(data + "field === 'shown'")
	shoot("page.png")
}
