package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// softwareGPU lets Chromium offer WebGPU computed by the processor.
var softwareGPU = []chromedp.ExecAllocatorOption{chromedp.Flag("enable-unsafe-webgpu", true), chromedp.Flag("use-webgpu-adapter", "swiftshader")}

// inWorker starts a test program in a Web Worker, where the page's own
// inference runs, and gathers what it prints.
const inWorker = `
importScripts('wasm_exec.js');
console.log = (line) => postMessage({ line: String(line) });
(async () => {
  const go = new Go();
  go.argv = ['test', ...%q.split(' ')];
  go.exit = (code) => postMessage({ code });
  const { instance } = await WebAssembly.instantiateStreaming(fetch('test.wasm'), go.importObject);
  await go.run(instance);
})().catch((err) => postMessage({ line: String(err), code: 1 }));`

const ofWorker = `<!doctype html><p id="status"></p><pre id="alert"></pre><script type="module">
const worker = new Worker('worker.js');
worker.onmessage = ({ data }) => {
  if (data.line !== undefined) document.getElementById('alert').append(data.line + '\n');
  if (data.code !== undefined) document.documentElement.dataset.code = data.code;
};
worker.onerror = (e) => { document.getElementById('alert').append(e.message); document.documentElement.dataset.code = 1; };
</script>`

// TestDriver runs the tests of the browser's GPU driver where they belong.
// MIEN_GPU_TESTS replaces their arguments: -test.v runs the whole table.
func TestDriver(t *testing.T) {
	ctx := browser(t, softwareGPU...)
	binary := filepath.Join(t.TempDir(), "test.wasm")
	build := exec.Command("go", "test", "-c", "-ldflags=-s -w", "-o", binary, "mien/shared/device/webgpu")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the driver's tests: %v\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	args := os.Getenv("MIEN_GPU_TESTS")
	if args == "" {
		args = "-test.v -test.short"
	}
	mux := http.NewServeMux()
	text := func(path, kind, s string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, s)
		})
	}
	text("/{$}", "text/html", ofWorker)
	text("/worker.js", "text/javascript", fmt.Sprintf(inWorker, args))
	for path, file := range map[string]string{"/wasm_exec.js": filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js"), "/test.wasm": binary} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	s := httptest.NewServer(mux)
	defer s.Close()
	p := &page{t, ctx}
	p.do(chromedp.Navigate(s.URL))
	p.wait(data + "code !== undefined")
	out := p.eval("document.getElementById('alert').textContent")
	t.Log(out)
	if code := p.eval(data + "code"); code != "0" {
		t.Errorf("the tests end with code %s", code)
	}
	if strings.Contains(out, "NO WEBGPU ADAPTER") {
		t.Skip("NO WEBGPU ADAPTER in this Chromium: the browser's driver is NOT tested")
	}
}
