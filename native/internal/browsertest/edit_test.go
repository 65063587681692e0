package browsertest

import (
	"bytes"
	"os"
	"testing"

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
	original := p.stage()
	p.slide("12", .8)
	p.wait(data + "field === 'shown'")
	p.still()
	edited := p.stage()
	if bytes.Equal(original, edited) {
		t.Error("dragging AU12 changes nothing")
	}
	if dir := os.Getenv("MIEN_SHOTS"); dir != "" {
		os.WriteFile(dir+"/original.png", original, 0o644)
		os.WriteFile(dir+"/edited.png", edited, 0o644)
		full, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			os.WriteFile(dir+"/page.png", full, 0o644)
		}
		p.do(chromedp.EmulateViewport(390, 844))
		p.still()
		if full, err = chromedp.Run(p.ctx, chromedp.FullScreenshot(100)); err == nil {
			os.WriteFile(dir+"/narrow.png", full, 0o644)
		}
		p.do(chromedp.ResetViewport())
	}
	p.do(chromedp.Click(chromedp.CSS("#reset")))
	p.wait(data + "field === 'none'")
	p.still()
	if !bytes.Equal(original, p.stage()) {
		t.Error("reset does not give the original pixels back")
	}
}
