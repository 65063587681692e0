package browsertest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"mien/native/internal/server"
)

// y4m returns a film of one still frame, as a fake camera plays it.
func y4m(img *image.NRGBA) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	y, cb, cr := make([]byte, w*h), make([]byte, w*h/4), make([]byte, w*h/4)
	for i := range w * h {
		p := img.Pix[4*i:]
		b, u, v := color.RGBToYCbCr(p[0], p[1], p[2])
		y[i] = byte(16 + int(b)*219/255)
		j := i/w/2*(w/2) + i%w/2
		cb[j], cr[j] = byte(16+int(u)*224/255), byte(16+int(v)*224/255)
	}
	var f bytes.Buffer
	fmt.Fprintf(&f, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\nFRAME\n", w, h)
	f.Write(y)
	f.Write(cb)
	f.Write(cr)
	return f.Bytes()
}

// TestCamera takes a photo with a camera that shows the sample portrait.
func TestCamera(t *testing.T) {
	film := filepath.Join(t.TempDir(), "portrait.y4m")
	if err := os.WriteFile(film, y4m(sample(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	p := open(t, browser(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film)), address)
	p.eval("delete " + data + "photo, ''")
	p.do(chromedp.Click(chromedp.CSS("#camera")))
	p.wait("!document.getElementById('camera-panel').hidden && document.getElementById('video').videoWidth > 0")
	p.do(chromedp.Click(chromedp.CSS("#snap")))
	p.wait(data + "photo === 'ready'")
	if s := p.eval("document.getElementById('alert').textContent"); s != "" {
		t.Errorf("the camera's photo: %s", s)
	}
	if p.eval("String(document.getElementById('camera-panel').hidden)") != "true" {
		t.Error("the camera stays on")
	}
}
