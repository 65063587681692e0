package browsertest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

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
	rests(p)
	original := p.stage()
	startsAtThePhoto(p)
	halves(p)
	p.slide("12", .95)
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
	marksEyes(p)
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
			if (m.type === 'change') window.asked.push(m.left[8]);
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
	// A change is told from what the photo shows, so only the difference is known.
	if asked := p.eval("window.asked.length + ',' + (window.asked.at(-1) - window.asked[0]).toFixed(1)"); asked != "2,3.9" {
		p.t.Errorf("of 40 states at once the worker was asked for (how many, by how much apart) %s, want 2,3.9", asked)
	}
}

// startsAtThePhoto wants the sliders of a smile at a smile, the reader's mark
// to follow an edit, and emotions to start from there.
func startsAtThePhoto(p *page) {
	p.t.Helper()
	smile := "Number(document.getElementById('au12').value)"
	own := p.eval(smile + ".toFixed(1)")
	if p.eval("String("+smile+" > 1 && document.querySelectorAll('.own:not([hidden])').length > 17)") != "true" {
		p.t.Errorf("AU12 of a smiling person starts at %s, want more than 1, and a mark there", own)
	}
	if read := p.eval("document.getElementById('read8').textContent"); read != own {
		p.t.Errorf("before any edit AU12 is read as %s, want %s", read, own)
	}
	p.slide("12", .02)
	p.wait("Number(document.getElementById('read8').textContent) < " + own + " - .3")
	p.do(chromedp.Click(chromedp.CSS("#reset")))
	if got := p.eval(smile + ".toFixed(1)"); got != own {
		p.t.Errorf("reset leaves AU12 at %s, want %s", got, own)
	}
	p.eval("([...document.querySelectorAll('#emotions button')].find((b) => b.textContent === 'sadness').click(), '')")
	if got := p.eval(smile + ".toFixed(1) + ' ' + (document.getElementById('au15').value >= 1.9)"); got != own+" true" {
		p.t.Errorf("sadness: AU12 and whether AU15 is up: %s, want %s true", got, own)
	}
	p.do(chromedp.Click(chromedp.CSS("#reset")))
	p.wait(data + "field === 'none'")
	p.still()
}

// halves moves one brow and wants the other half of the face asked for nothing.
func halves(p *page) {
	p.t.Helper()
	before := p.stage()
	p.do(chromedp.Click(chromedp.CSS("[data-side=left]")))
	p.slide("02", .9)
	p.wait(data + "field === 'shown'")
	p.still()
	if bytes.Equal(before, p.stage()) {
		p.t.Error("one brow alone does not move")
	}
	text := p.eval("document.getElementById('out02').textContent")
	p.do(chromedp.Click(chromedp.CSS("[data-side=right]")))
	if v := p.eval("document.getElementById('au02').value"); !strings.HasSuffix(text, "| "+strings.TrimSuffix(v, ".0")) || strings.HasPrefix(text, v) {
		p.t.Errorf("asked of the halves: %q, of the right one %s", text, v)
	}
	p.do(chromedp.Click(chromedp.CSS("[data-side=both]")), chromedp.Click(chromedp.CSS("#reset")))
	p.wait(data + "field === 'none'")
	p.still()
	if !bytes.Equal(before, p.stage()) {
		p.t.Error("reset leaves a half moved")
	}
}

// marksEyes drags the rings about the portrait's eyes a little and takes them: the face
// lies where it did. In a picture without a face the rings are offered.
func marksEyes(p *page) {
	p.t.Helper()
	ring := func(i int) (x, y float64) {
		fmt.Sscan(p.eval(fmt.Sprintf("(() => { const r = document.querySelectorAll('.eye')[%d].getBoundingClientRect(); return r.x + r.width / 2 + ' ' + (r.y + r.height / 2); })()", i)), &x, &y)
		return x, y
	}
	own := "Number(document.getElementById('au12').value)"
	var before, after float64
	fmt.Sscan(p.eval("String("+own+")"), &before)
	p.do(chromedp.Click(chromedp.CSS("#mark")))
	p.wait("!document.getElementById('marks').hidden && document.querySelector('.eye').style.left !== ''")
	if pressed := p.eval("document.getElementById('before').getAttribute('aria-pressed')"); pressed != "true" {
		p.t.Error("while eyes are marked the stage does not show the photo as it is")
	}
	for i := range 2 {
		x, y := ring(i)
		for _, e := range []struct {
			kind input.DispatchMouseEventType
			x, y float64
		}{{input.DispatchMouseEventTypeMousePressed, x, y}, {input.DispatchMouseEventTypeMouseMoved, x + 30, y - 25}, {input.DispatchMouseEventTypeMouseMoved, x + 3, y - 2}, {input.DispatchMouseEventTypeMouseReleased, x + 3, y - 2}} {
			p.do(chromedp.MouseEvent(e.kind, e.x, e.y, chromedp.ButtonLeft))
		}
		p.wait(fmt.Sprintf("Math.abs(parseFloat(document.querySelectorAll('.eye')[%d].getBoundingClientRect().x) + 17 - %g) < 1", i, x+3))
	}
	p.eval("document.querySelector('.eye').focus(), ''")
	x, y := ring(0)
	p.do(chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowDown))
	p.wait(fmt.Sprintf("(() => { const r = document.querySelector('.eye').getBoundingClientRect(); return Math.abs(r.x + 17 - %g) < .6 && Math.abs(r.y + 17 - %g) < .6; })()", x-2, y+2))
	if dir := os.Getenv("MIEN_SHOTS"); dir != "" {
		shoot(p, dir, "marking.png")
	}
	p.do(chromedp.Click(chromedp.CSS("#mark-use")))
	p.wait(data + "face === '-1' && document.getElementById('marks').hidden")
	if fmt.Sscan(p.eval("String("+own+")"), &after); after < before-.4 || after > before+.4 {
		p.t.Errorf("the marked face starts at AU12 %.1f, want that of the found one, %.1f", after, before)
	}
	p.slide("12", .05)
	p.wait(data + "field === 'shown'")
	p.still()

	empty := filepath.Join(p.t.TempDir(), "empty.png")
	img := image.NewNRGBA(image.Rect(0, 0, 300, 200))
	draw.Draw(img, img.Rect, image.NewUniform(color.NRGBA{120, 130, 140, 255}), image.Point{}, draw.Src)
	f, err := os.Create(empty)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		p.t.Fatal(err)
	}
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{empty}))
	p.wait("!document.getElementById('marks').hidden && document.getElementById('alert').textContent.includes('show where its eyes are')")
	p.do(chromedp.Click(chromedp.CSS("#mark-cancel")))
	p.wait("document.getElementById('marks').hidden")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{portrait(p.t)}))
	p.wait("document.getElementById('alert').hidden && " + data + "photo === 'ready'")
	p.still()
}

// shoot leaves a picture of the page to look at.
func shoot(p *page, dir, name string) {
	p.t.Helper()
	time.Sleep(time.Second)
	b, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
	}
	if err != nil {
		p.t.Error(err)
	}
}

// shots leaves pictures of the page to look at.
func shots(p *page, dir string) {
	p.t.Helper()
	shoot(p, dir, "narrow.png")
	p.do(chromedp.EmulateViewport(1280, 900))
	p.slide("01", .8)
	p.slide("02", .75)
	p.wait(data + "field === 'shown'")
	shoot(p, dir, "page.png")
}

// rests wants no frames on the stage while nothing moves, and some again when the window
// changes.
func rests(p *page) {
	p.t.Helper()
	frames := func() (n int) {
		fmt.Sscan(p.eval("String(mien.frames)"), &n)
		return n
	}
	// It gets some for a while after it was told something.
	from := frames()
	for end := time.Now().Add(patience); ; {
		time.Sleep(time.Second)
		last := from
		if from = frames(); from == last {
			break
		}
		if time.Now().After(end) {
			p.t.Fatalf("a stage with nothing to show gets %d frames in a second", from-last)
		}
	}
	p.eval("window.dispatchEvent(new Event('resize')), ''")
	p.wait(fmt.Sprintf("mien.frames > %d", from))
}
