package browsertest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"mien/native/internal/server"
)

// TestWithoutIsolation opens the page behind a proxy that drops the headers which
// let it share memory: it edits all the same, with one thread.
func TestWithoutIsolation(t *testing.T) {
	address, _ := serve(t, server.Config{Runs: t.TempDir()}, "127.0.0.1:0")
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: to.Scheme, Host: to.Host})
			r.Out.Host = to.Host
			r.Out.Header.Del("Origin") // the proxy's, which the server refuses
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Cross-Origin-Opener-Policy")
			r.Header.Del("Cross-Origin-Embedder-Policy")
			return nil
		},
	})
	t.Cleanup(proxy.Close)
	p := open(t, browser(t), proxy.URL+"/?"+to.RawQuery)
	if got := p.eval("String(crossOriginIsolated)"); got != "false" {
		t.Fatalf("crossOriginIsolated is %s behind the proxy", got)
	}
	p.still()
	original := p.stage()
	p.slide("12", .8)
	p.wait(data + "field === 'shown'")
	p.still()
	if bytes.Equal(original, p.stage()) {
		t.Error("dragging AU12 changes nothing")
	}
	if got := p.eval("document.getElementById('status').textContent"); !strings.HasSuffix(got, ", 1 thread") {
		t.Errorf("the status says %q, want 1 thread", got)
	}
}
