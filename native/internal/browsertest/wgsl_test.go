package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"mien/native/internal/train"
	"mien/shared/device"
	"mien/shared/device/devicetest"
	"mien/shared/device/webgpu"
	"mien/shared/plan"
)

// captor is a device that keeps the plans it is given and compiles none.
type captor struct{ plans []*plan.Plan }

var errCaptured = errors.New("captured")

func (c *captor) Name() string { return "captor" }
func (c *captor) Compile(p *plan.Plan) (device.Program, error) {
	c.plans = append(c.plans, p)
	return nil, errCaptured
}

// TestKernelsValidateInChromium gives Chromium's compiler (Tint), which is not
// the one of wgpu (naga), every kernel of the table of devices and of training
// steps. Nothing runs, so that no GPU is needed.
func TestKernelsValidateInChromium(t *testing.T) {
	c := &captor{}
	for _, preset := range []string{"tiny", "tiny-wgan", "mien", "reader"} {
		if _, err := train.NewDrill(context.Background(), c, preset, 0); !errors.Is(err, errCaptured) {
			t.Fatal(err)
		}
	}
	for i, c0 := range devicetest.Cases {
		p, _, err := c0.Plan(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		c.plans = append(c.plans, p)
	}
	all := map[string]string{}
	for _, p := range c.plans {
		texts, err := webgpu.Kernels(p)
		if err != nil {
			t.Fatal(err)
		}
		for text, label := range texts {
			all[text] = label
		}
	}
	var list [][2]string
	for text, label := range all {
		list = append(list, [2]string{label, text})
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/kernels.json" {
			w.Write(data)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<!doctype html><script type=module>
const out = document.documentElement.dataset;
try {
	const adapter = navigator.gpu && await navigator.gpu.requestAdapter();
	if (!adapter) throw new Error("no adapter");
	const device = await adapter.requestDevice();
	const bad = [];
	for (const [label, code] of await (await fetch("/kernels.json")).json()) {
		device.pushErrorScope("validation");
		const info = await device.createShaderModule({label, code}).getCompilationInfo();
		await device.popErrorScope();
		for (const m of info.messages) if (m.type === "error") bad.push(label + ":" + m.lineNum + ": " + m.message + "\n" + code.split("\n")[m.lineNum - 1]);
	}
	out.result = bad.join("\n") || "valid";
} catch (e) { out.result = "failed: " + e; }
</script>`))
	}))
	defer s.Close()
	p := &page{t, browser(t, chromedp.Flag("enable-unsafe-webgpu", true), chromedp.Flag("use-webgpu-adapter", "swiftshader"))}
	p.do(chromedp.Navigate(s.URL))
	p.wait("document.documentElement.dataset.result")
	if got := p.eval("document.documentElement.dataset.result"); got != "valid" {
		t.Errorf("%d kernels: %.4000s", len(all), got)
	}
	t.Logf("%d kernels", len(all))
}
