package browsertest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/native/internal/onnx"
	"mien/shared/au"
	"mien/shared/model"
	"mien/weights"
)

// peerDir is where make deps puts packages of npm, from the repository's root.
const peerDir = ".cache/npm/node_modules"

// onnxruntime is the folder that a page beside onnxruntime-web is served of.
var onnxruntime = map[string]string{"ort": "onnxruntime-web/dist"}

// peer is a page with our runtime and another one in one worker.
type peer struct{ *page }

// newPeer serves a page and opens it. files are the networks, by name; modules are
// folders of npm packages, by the name that the page has for them.
func newPeer(t testing.TB, html string, modules map[string]string, files map[string][]byte) peer {
	t.Helper()
	root := "../../.."
	theirs := map[string]string{}
	for name, folder := range modules {
		theirs[name] = filepath.Join(root, filepath.FromSlash(peerDir+"/"+folder))
		if _, err := os.Stat(theirs[name]); err != nil {
			t.Skipf("no %s/%s: our networks are NOT compared with those of %s; run make deps, or make bench, which need npm", peerDir, folder, strings.TrimSuffix(folder, "/dist"))
		}
	}
	wasm := filepath.Join(t.TempDir(), "pagerun.wasm")
	build := exec.Command("go", "build", "-o", wasm, "mien/tools/pagerun")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build tools/pagerun: %v\n%s", err, out)
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	folders := []string{"testdata/peer", filepath.Join(root, "web"), filepath.Dir(wasm), filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm")}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = html
		}
		b, ok := files[name]
		if folder, file, in := strings.Cut(name, "/"); in {
			b, err := os.ReadFile(filepath.Join(theirs[folder], filepath.Base(file)))
			send(w, name, b, err == nil && theirs[folder] != "")
			return
		}
		for i := 0; i < len(folders) && !ok; i++ {
			var err error
			b, err = os.ReadFile(filepath.Join(folders[i], filepath.Base(name)))
			ok = err == nil
		}
		send(w, name, b, ok)
	}))
	t.Cleanup(s.Close)
	p := peer{&page{t, browser(t)}}
	p.do(chromedp.Navigate(s.URL + "/"))
	return p
}

// send answers with a file, as a page that is cross-origin isolated.
func send(w http.ResponseWriter, name string, b []byte, ok bool) {
	if !ok {
		http.Error(w, name, http.StatusNotFound)
		return
	}
	kinds := map[string]string{".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}
	w.Header().Set("Content-Type", cmp.Or(kinds[filepath.Ext(name)], "application/octet-stream"))
	w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
	w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
	_, _ = w.Write(b)
}

// ask sends the worker a request and reads its answer.
func (p peer) ask(request string, answer any) {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("told("+request+")", chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", request, err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal([]byte(text), &failed); err != nil || failed.Error != "" {
		p.t.Fatalf("%s: %s", request, text)
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		p.t.Fatalf("%s: %s: %v", request, text, err)
	}
}

// load makes both run a network, and returns how many threads ours has.
func (p peer) load(name, shapes string) int {
	p.t.Helper()
	var answer struct{ Threads int }
	p.ask(fmt.Sprintf("{do: 'load', name: %q, shapes: %s}", name, shapes), &answer)
	return answer.Threads
}

// export returns a network as a model file and as an ONNX file, by name.
func export(t testing.TB, name string, file []byte) map[string][]byte {
	t.Helper()
	f, err := model.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := onnx.Export(f)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{name + ".safetensors": file, name + ".onnx": b}
}

// untrained returns the default generator for another size, with the weights
// that a training starts from, all moved a little.
func untrained(t testing.TB, size int) []byte {
	t.Helper()
	n := net.Generator{Size: size, Width: 32, Blocks: 4}
	g := graph.New()
	s := net.NewScope(g, "gen")
	n.Apply(s, g.Input("photo", 1, size, size, 3), g.Input("change", 1, au.Count))
	values := s.Start(1)
	for _, x := range values {
		for i := range x {
			x[i] += .01 * float32(i%7-3)
		}
	}
	f, err := n.Export(model.Info{Preset: "untrained", Licence: "none"}, values)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shipped(t testing.TB, kind string) []byte {
	t.Helper()
	b, err := weights.Shipped(kind)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// generatorShapes are the inputs of a generator, as a script.
func generatorShapes(size int) string {
	return fmt.Sprintf("{photo: [1, %d, %d, 3], change: [1, %d]}", size, size, au.Count)
}

// TestOnnxRuntimeAgrees runs exported networks in onnxruntime-web and ours with
// one thread and with two.
func TestOnnxRuntimeAgrees(t *testing.T) {
	const tolerance = 1e-4
	gen, err := model.Decode(shipped(t, model.KindGenerator))
	if err != nil {
		t.Fatal(err)
	}
	info, err := gen.Info()
	if err != nil {
		t.Fatal(err)
	}
	read, err := model.Decode(shipped(t, model.KindReader))
	if err != nil {
		t.Fatal(err)
	}
	readInfo, err := read.Info()
	if err != nil {
		t.Fatal(err)
	}
	networks := []struct {
		name, shapes string
		file         []byte
	}{
		{"generator", generatorShapes(info.Size), shipped(t, model.KindGenerator)},
		{"generator128", generatorShapes(128), untrained(t, 128)},
		{"reader", fmt.Sprintf("{photo: [1, %d, %d, 3]}", readInfo.Size, readInfo.Size), shipped(t, model.KindReader)},
	}
	files := map[string][]byte{}
	for _, n := range networks {
		for name, b := range export(t, n.name, n.file) {
			files[name] = b
		}
	}
	p := newPeer(t, "index.html", onnxruntime, files)
	for _, n := range networks {
		p.load(n.name, n.shapes)
		for _, threads := range []int{1, 2} {
			var worst map[string]float64
			p.ask(fmt.Sprintf("{do: 'differ', threads: %d}", threads), &worst)
			if len(worst) < 3 {
				t.Errorf("%s: outputs %v", n.name, worst)
			}
			for output, d := range worst {
				if !(d <= tolerance) {
					t.Errorf("%s, %d threads: %s differs by %g from onnxruntime's, want %g at most", n.name, threads, output, d, tolerance)
				}
			}
			t.Log(n.name, threads, worst)
		}
	}
}

// BenchmarkFrameBesideOnnxRuntime times frames of the default generator at 64 and
// 128 pixels in one page: ours with one thread, onnxruntime-web's with one, ours
// with two, ours with one where only a slider moved (kept), in turn. A ratio above
// 1 says that ours is faster, or two threads.
func BenchmarkFrameBesideOnnxRuntime(b *testing.B) {
	files := map[string][]byte{}
	for _, size := range []int{64, 128} {
		for name, f := range export(b, fmt.Sprintf("generator%d", size), untrained(b, size)) {
			files[name] = f
		}
	}
	p := newPeer(b, "index.html", onnxruntime, files)
	for _, size := range []int{64, 128} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := peer{&page{b, p.ctx}}
			if n := p.load(fmt.Sprintf("generator%d", size), generatorShapes(size)); n < 2 && runtime.NumCPU() > 1 {
				b.Fatalf("%d threads on %d processors", n, runtime.NumCPU())
			}
			var one, two, kept, other []float64
			round := func() {
				var r struct{ One, Peer, Two, Kept float64 }
				p.ask("{do: 'round'}", &r)
				one, two, kept, other = append(one, r.One), append(two, r.Two), append(kept, r.Kept), append(other, r.Peer)
			}
			rounds(b, round, func() { one, two, kept, other = nil, nil, nil, nil })
			for _, m := range []struct {
				name string
				of   func([]float64) float64
			}{{"min", slices.Min[[]float64]}, {"median", median}} {
				b.ReportMetric(m.of(one), "ms-"+m.name)
				b.ReportMetric(m.of(kept), "kept-ms-"+m.name)
				b.ReportMetric(m.of(other), "ort-ms-"+m.name)
				b.ReportMetric(m.of(other)/m.of(one), "x-ort-"+m.name)
				b.ReportMetric(m.of(one)/m.of(two), "x-2threads-"+m.name)
			}
		})
	}
}

// rounds measures. clear throws away what was measured so far.
func rounds(b *testing.B, round, clear func()) {
	for range warmUp { // until everything is compiled
		round()
	}
	clear()
	n := 0
	for b.Loop() {
		round()
		n++
	}
	for ; n < leastRounds; n++ {
		round()
	}
	b.ReportMetric(0, "ns/op")
}

// Frames of each runtime that are thrown away, and that are measured at least.
const (
	warmUp      = 20
	leastRounds = 100
)

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
