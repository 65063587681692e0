package browsertest

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"mien/native/internal/server"
	"mien/shared/pixel"
)

// saved presses Save and returns the picture that the page would download.
func (p *page) saved() *image.NRGBA {
	p.t.Helper()
	p.eval(`(() => {
		const make = URL.createObjectURL;
		window.savedPNG = '';
		URL.createObjectURL = (blob) => {
			URL.createObjectURL = make;
			const r = new FileReader();
			r.onload = () => { window.savedPNG = r.result.split(',')[1]; };
			r.readAsDataURL(blob);
			return 'javascript:void(0)';
		};
		document.getElementById('save').click();
		return '';
	})()`)
	p.wait("window.savedPNG !== ''")
	b, err := base64.StdEncoding.DecodeString(p.eval("window.savedPNG"))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.decode(b)
}

func (p *page) decode(b []byte) *image.NRGBA {
	p.t.Helper()
	img, err := pixel.Decode(b)
	if err != nil {
		p.t.Fatal(err)
	}
	return img
}

// upload opens a picture through the file input.
func (p *page) upload(img image.Image) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "photo.png")
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.eval("delete " + data + "photo, ''")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{path}))
	p.wait(data + "photo === 'ready'")
	p.still()
}

func sample(t testing.TB) *image.NRGBA {
	t.Helper()
	b, err := os.ReadFile(portrait(t))
	if err != nil {
		t.Fatal(err)
	}
	img, err := pixel.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestShaderIsApply compares the stage at one display pixel per photo pixel with
// the saved picture: the layers of the rig with layer.Face.Draw, and a generator's
// field with edit.Apply.
func TestShaderIsApply(t *testing.T) {
	for _, query := range []string{"", "&generator"} {
		t.Run("page"+query, func(t *testing.T) { shaderIsApply(t, query) })
	}
}

func shaderIsApply(t *testing.T, query string) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	p := open(t, browser(t), address+query)
	photo := sample(t)
	side := photo.Rect.Dx()
	// At whole pixels, or the browser itself would blur it.
	p.eval("(document.getElementById('stage-frame').style.cssText = 'position: fixed; left: 0; top: 0; width: 514px; height: 514px; max-height: none; border-radius: 0', '')")
	p.wait("document.querySelector('#stage-host canvas').width === 512")
	p.upload(photo)
	if p.eval("document.getElementById('zoom').getAttribute('aria-pressed')") == "true" {
		p.eval("(document.getElementById('zoom').click(), '')") // it lies below the stage now
	}
	for _, code := range []string{"", "12", "25", "01"} {
		if code != "" {
			p.slide(code, .9)
			p.wait(data + "field === 'shown'")
		}
		p.still()
		b, err := chromedp.Run(p.ctx, chromedp.Screenshot(chromedp.CSS("#stage-host")))
		if err != nil {
			t.Fatal(err)
		}
		shown, want := p.decode(b), p.saved()
		if shown.Rect.Dx() != side || want.Rect.Dx() != side {
			t.Fatalf("stage of %v, saved %v, want %d pixels", shown.Rect, want.Rect, side)
		}
		if dir := os.Getenv("MIEN_SHOTS"); dir != "" {
			os.WriteFile(filepath.Join(dir, "stage"+code+".png"), b, 0o644)
		}
		worst, changed := 0, 0
		for i := range want.Pix {
			d := int(shown.Pix[i]) - int(want.Pix[i])
			worst = max(worst, d, -d)
			if want.Pix[i] != photo.Pix[i] {
				changed++
			}
		}
		t.Logf("up to AU %q: %d bytes of the photo changed, stage and Apply differ by at most %d", code, changed, worst)
		// Colour and mask reach the shader in 8 bits.
		limit := 2
		if code == "" {
			limit = 0
		}
		if worst > limit || (changed > 0) != (code != "") {
			t.Errorf("up to AU %q: stage and Apply differ by %d, want %d at most; %d bytes changed", code, worst, limit, changed)
		}
	}
}

// TestFaces edits the second of two faces: only that one changes.
func TestFaces(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	p := open(t, browser(t), address)
	one := sample(t)
	side := one.Rect.Dx()
	half := pixel.Resize(one, side*3/4, side*3/4)
	both := image.NewNRGBA(image.Rect(0, 0, side+half.Rect.Dx(), side))
	for i := range both.Pix {
		both.Pix[i] = 255
	}
	for _, part := range []struct {
		img *image.NRGBA
		x   int
	}{{one, 0}, {half, side}} {
		for y := range part.img.Rect.Dy() {
			copy(both.Pix[y*both.Stride+4*part.x:], part.img.Pix[y*part.img.Stride:][:4*part.img.Rect.Dx()])
		}
	}
	p.upload(both)
	if n := p.eval("String(document.querySelectorAll('#faces button').length)"); n != "2" {
		t.Fatalf("the page offers %s faces, want 2", n)
	}
	p.eval("(document.querySelectorAll('#faces button')[1].click(), '')")
	p.wait(data + "face === '1'")
	p.slide("12", .9)
	p.wait(data + "field === 'shown'")
	p.still()
	got, changed := p.saved(), 0
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			i := y*got.Stride + 4*x
			if bytes.Equal(got.Pix[i:i+4], both.Pix[i:i+4]) {
				continue
			}
			changed++
			if x < side {
				t.Fatalf("pixel (%d, %d) of the other face changes", x, y)
			}
		}
	}
	if changed == 0 {
		t.Error("the chosen face does not change")
	}
}
