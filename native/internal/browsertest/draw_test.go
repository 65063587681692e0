package browsertest

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"mien/native/internal/server"
)

// most is how far the GPU's picture may be from the processor's, of 255.
const most = 2

// withHooks is the page with a worker that tests can talk to and whose GPU can
// be taken away: its script keeps the device that it gets, and destroys it at a
// message.
type withHooks struct{ fs.FS }

var hooks = map[string]string{
	"main.js": "const Plain = Worker; globalThis.Worker = class extends Plain { constructor(...a) { super(...a); globalThis.mienWorker = this; } };\n",
	"worker.js": `{
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...a) { return self.taken = await request.apply(this, a); };
  addEventListener('message', (e) => { if (e.data.type === 'take') self.taken.destroy(); });
}
`,
}

func (f withHooks) Open(name string) (fs.File, error) {
	before, ok := hooks[strings.TrimSuffix(strings.TrimSuffix(name, ".br"), ".gz")]
	if !ok {
		return f.FS.Open(name)
	}
	if !strings.HasSuffix(name, ".js") {
		return nil, fs.ErrNotExist // what is compressed has no hooks
	}
	b, err := fs.ReadFile(f.FS, name)
	return script{strings.NewReader(before + string(b)), f.FS, name}, err
}

type script struct {
	io.Reader
	fs   fs.FS
	name string
}

func (s script) Close() error               { return nil }
func (s script) Stat() (fs.FileInfo, error) { return fs.Stat(s.fs, s.name) }

// choose picks who draws, by keyboard as a person may, and waits until it does.
func (p *page) choose(key, mode, want string) {
	p.t.Helper()
	p.do(chromedp.Focus(chromedp.CSS("#device")), chromedp.SendKeys(chromedp.CSS("#device"), key))
	if got := p.eval("document.getElementById('device').value"); got != mode {
		p.t.Fatalf("key %q chooses %q, want %q", key, got, mode)
	}
	p.wait(data + "device === '" + want + "'")
	p.t.Logf("%s: %s", mode, p.eval("document.getElementById('device-state').textContent"))
}

// TestDraw edits the portrait on the processor and on a GPU, compares the
// pictures on the screen, loads weights and takes the GPU away.
func TestDraw(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir(), Page: withHooks{server.Page()}}, "127.0.0.1:0")
	p := open(t, browser(t, softwareGPU...), address+"&generator")
	p.wait(data + "device === 'cpu'") // by itself the page never takes a GPU that the processor plays
	state := "document.getElementById('device-state').textContent"
	if s := p.eval(state); strings.Contains(s, "offers no GPU") {
		t.Skipf("NO WEBGPU in this Chromium (%s): the page on a GPU is NOT tested", s)
	} else if !strings.Contains(s, "is a program") {
		t.Errorf("state %q: want that the GPU is a program", s)
	}
	p.slide("12", .85)
	p.slide("04", .7)
	p.wait(data + "field === 'shown'")
	p.still()
	want := decode(t, p.stage())

	p.choose("t", "gpu", "gpu")
	p.redraw()
	if s := p.eval("document.getElementById('status').textContent"); !strings.HasSuffix(s, "a frame, GPU") {
		t.Errorf("status %q, want the GPU in it", s)
	}
	got := decode(t, p.stage())
	if d, n := difference(want, got); d > most {
		t.Errorf("the GPU's picture differs by %d of 255 from the processor's, at most %d allowed; %d values differ", d, most, n)
	} else {
		t.Logf("largest difference %d of 255, %d values differ", d, n)
	}
	if dir := os.Getenv("MIEN_SHOTS"); dir != "" {
		b, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "gpu.png"), b, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
	p.eval("(" + data + "weights = '', import('./load.js').then(async ({ fetchBytes }) => { const f = (await (await fetch('weights/manifest.json')).json()).files.find((f) => f.kind === 'generator'); mienWorker.postMessage({ type: 'weights', bytes: await fetchBytes('weights/' + f.name), sha256: f.sha256, step: f.step }) }), '')")
	p.wait(data + "weights !== ''")
	if got := p.eval(data + "device"); got != "gpu" {
		t.Errorf("after new weights %s draws", got)
	}

	p.eval("(mienWorker.postMessage({ type: 'take' }), '')")
	p.redraw()
	p.wait(data + "device === 'cpu'")
	if s := p.eval(state); !strings.Contains(s, "lost") {
		t.Errorf("state %q after the GPU is gone", s)
	}
	if d, _ := difference(want, decode(t, p.stage())); d > 0 {
		t.Errorf("after the loss the picture differs by %d", d)
	}
	if alert := p.eval("String(document.getElementById('alert').hidden)"); alert != "true" {
		t.Errorf("the loss is an alarm: %s", p.eval("document.getElementById('alert').textContent"))
	}
	p.choose("t", "cpu", "cpu")
	p.do(chromedp.Navigate(address)) // remembers
	p.wait("document.getElementById('device')?.value === 'cpu'")
}

// redraw asks for the same picture again.
func (p *page) redraw() {
	p.t.Helper()
	p.eval("(delete " + data + "field, document.getElementById('au12').dispatchEvent(new Event('input', { bubbles: true })), '')")
	p.wait(data + "field === 'shown'")
	p.still()
}

func decode(t *testing.T, b []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// difference is the largest difference of a colour, and how many differ.
func difference(a, b image.Image) (largest, count int) {
	if a.Bounds() != b.Bounds() {
		return 255, 0
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			var v, w [4]uint32
			v[0], v[1], v[2], v[3] = a.At(x, y).RGBA()
			w[0], w[1], w[2], w[3] = b.At(x, y).RGBA()
			for i := range v {
				d := int(v[i]>>8) - int(w[i]>>8)
				if d != 0 {
					count++
				}
				largest = max(largest, d, -d)
			}
		}
	}
	return largest, count
}
