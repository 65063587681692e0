package browsertest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"mien/native/internal/server"
)

// TestNoWebGL wants the page to say why it cannot show anything, and not to load forever.
func TestNoWebGL(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	p := &page{t, browser(t, chromedp.Flag("disable-3d-apis", true))}
	p.do(chromedp.Navigate(address))
	p.wait("!document.getElementById('alert').hidden")
	if text := p.eval("document.getElementById('alert').textContent"); !strings.HasPrefix(text, "The page could not start: ") || !strings.Contains(text, "no WebGL 2") {
		t.Errorf("without WebGL the page says %q", text)
	}
	if p.eval("String(document.getElementById('loading').hidden)") != "true" {
		t.Error("without WebGL the page goes on loading")
	}
}

// TestLostContext takes the stage's WebGL context away, as browsers do of pages in the
// background: another stage shows the same edit, and goes on.
func TestLostContext(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	p := open(t, browser(t), address)
	p.slide("12", .05)
	p.wait(data + "field === 'shown'")
	p.still()
	edited := p.stage()
	p.eval(`(() => {
		window.lostCanvas = document.querySelector('#stage-host canvas');
		delete document.documentElement.dataset.ready;
		window.lostCanvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext();
		return '';
	})()`)
	p.wait(data + "ready === '1' && document.querySelectorAll('#stage-host canvas').length === 1 && !window.lostCanvas.isConnected")
	p.still()
	if !bytes.Equal(edited, p.stage()) {
		t.Error("after its context was lost the stage shows something else")
	}
	p.do(chromedp.Click(chromedp.CSS("#reset")))
	p.wait(data + "field === 'none'")
	p.still()
	if bytes.Equal(edited, p.stage()) {
		t.Error("after its context was lost the stage does not follow the sliders")
	}
	if text := p.eval("document.getElementById('alert').textContent"); text != "" {
		t.Errorf("the page complains: %q", text)
	}
}
