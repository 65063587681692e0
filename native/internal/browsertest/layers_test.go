package browsertest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"mien/native/internal/server"
	"mien/shared/face"
	"mien/shared/layer"
)

// meshOf reads the mesh of the portrait, as MediaPipe's own network gives it.
func meshOf(t testing.TB) *face.Mesh {
	t.Helper()
	b, err := os.ReadFile("testdata/astronaut.mesh.json")
	if err != nil {
		t.Fatal(err)
	}
	var m face.Mesh
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return &m
}

// moves are motions of a mesh by hand: what layers do with any.
func moves(m *face.Mesh) map[string]layer.Motion {
	smile, shout, wink := *m, *m, *m
	middle := m[1][0]
	for i := range face.SkinPoints {
		d := float64(m[i][0] - middle)
		near := math.Exp(-math.Pow((math.Abs(d)-22)/10, 2) - math.Pow(float64(m[i][1]-m[61][1])/12, 2))
		smile[i][0] += float32(math.Copysign(5*near, d))
		smile[i][1] -= float32(7 * near)
		smile[i][2] -= float32(4 * near)
		if y := m[i][1] - m[13][1]; y > .5 {
			shout[i][1] += min(y, 14)
		}
	}
	for k := 1; k < 8; k++ {
		u, l := face.RightEye[16-k], face.RightEye[k]
		for c := range 3 {
			d := m[l][c] - m[u][c]
			wink[u][c] += .9 * d
			wink[l][c] -= .1 * d
		}
		u, l = face.LeftEye[16-k], face.LeftEye[k]
		wink[u][1] -= .3 * (m[l][1] - m[u][1])
	}
	jaw := layer.Rigid{Turn: [3][3]float64{{1}, {0, 1}, {0, 0, 1}}, Shift: [3]float64{0, 14}}
	folds := make([]float32, layer.LightSize*layer.LightSize)
	for i := range folds {
		folds[i] = float32(math.Sin(float64(i%layer.LightSize)/3) * 2)
	}
	return map[string]layer.Motion{"smile": {Mesh: &smile, Folds: folds}, "shout": {Mesh: &shout, Jaw: &jaw}, "wink": {Mesh: &wink}}
}

// TestStageIsDraw compares what the stage draws of layers, at one display pixel
// per photo pixel, with layer.Face.Draw, which saved pictures come from.
func TestStageIsDraw(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	p := open(t, browser(t), address)
	photo := sample(t)
	side := photo.Rect.Dx()
	p.eval("(document.getElementById('stage-frame').style.cssText = 'position: fixed; left: 0; top: 0; width: 514px; height: 514px; max-height: none; border-radius: 0', '')")
	p.wait("document.querySelector('#stage-host canvas').width === 512")
	p.upload(photo)
	if p.eval("document.getElementById('zoom').getAttribute('aria-pressed')") == "true" {
		p.eval("(document.getElementById('zoom').click(), '')")
	}
	mesh := meshOf(t)
	f, err := layer.New(photo, mesh)
	if err != nil {
		t.Fatal(err)
	}
	send := func(verb string, b []byte) {
		p.eval("(mien.stage." + verb + "(Uint8Array.from(atob('" + base64.StdEncoding.EncodeToString(b) + "'), (c) => c.charCodeAt(0))), '')")
		p.still()
	}
	shot := func(name string) *image.NRGBA {
		b, err := chromedp.Run(p.ctx, chromedp.Screenshot(chromedp.CSS("#stage-host")))
		if err != nil {
			t.Fatal(err)
		}
		if dir := os.Getenv("MIEN_SHOTS"); dir != "" {
			os.WriteFile(filepath.Join(dir, "layers-"+name+".png"), b, 0o644)
		}
		img := p.decode(b)
		if img.Rect.Dx() != side {
			t.Fatalf("stage of %v, want %d pixels", img.Rect, side)
		}
		return img
	}
	rest, err := f.Scene(context.Background(), layer.Motion{Mesh: mesh}, nil)
	if err != nil {
		t.Fatal(err)
	}
	send("setLayers", rest.Encode(true))
	compare := func(name string, want *image.NRGBA, limit int, moved bool) {
		t.Helper()
		got := shot(name)
		worst, changed, at := 0, 0, 0
		for i := range want.Pix {
			if d := int(got.Pix[i]) - int(want.Pix[i]); max(d, -d) > worst {
				worst, at = max(d, -d), i/4
			}
			if want.Pix[i] != photo.Pix[i] {
				changed++
			}
		}
		t.Logf("%s: %d bytes of the photo changed, stage and Draw differ by at most %d", name, changed, worst)
		if worst > limit || (changed > 0) != moved {
			t.Errorf("%s: stage and Draw differ by %d at (%d, %d), want %d at most; %d bytes changed", name, worst, at%side, at/side, limit, changed)
		}
	}
	compare("rest", photo, 0, false)
	for name, m := range moves(mesh) {
		s, err := f.Scene(context.Background(), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		send("setScene", s.Encode(false))
		compare(name, f.Draw(s), most, true)
	}
	p.eval("(mien.stage.clearField(), '')")
	p.still()
	compare("back", photo, 0, false)
}
