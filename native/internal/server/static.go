package server

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// built is the page as make build left it.
//
//go:embed all:static
var built embed.FS

// Page returns the page that was built into this program.
func Page() fs.FS {
	f, err := fs.Sub(built, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return f
}

// content is one file, ready to send.
type content struct {
	kind  string // media type
	etag  string
	raw   []byte
	coded map[string][]byte // by content coding
}

// site holds every file of the page in memory.
type site map[string]content

// codings are the endings of precompressed files, the best first.
var codings = []struct{ ending, name string }{{".br", "br"}, {".gz", "gzip"}}

// loadSite reads every file of f.
func loadSite(f fs.FS) (site, error) {
	s := site{}
	err := fs.WalkDir(f, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		for _, c := range codings {
			if strings.HasSuffix(name, c.ending) {
				return nil
			}
		}
		raw, err := fs.ReadFile(f, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(raw)
		c := content{kind: mediaType(name), etag: `"` + hex.EncodeToString(sum[:12]) + `"`, raw: raw, coded: map[string][]byte{}}
		for _, k := range codings {
			if b, err := fs.ReadFile(f, name+k.ending); err == nil {
				c.coded[k.name] = b
			}
		}
		s["/"+name] = c
		return nil
	})
	if c, ok := s["/index.html"]; ok {
		s["/"] = c
	}
	return s, err
}

func mediaType(name string) string {
	switch path.Ext(name) {
	case ".wasm":
		return "application/wasm"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".safetensors":
		return "application/octet-stream"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// ServeHTTP sends a file of the page in the best coding that the browser
// takes. X-Raw-Length is for the progress bar: Content-Length counts
// compressed bytes.
func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	c, ok := s[r.URL.Path]
	if !ok {
		if len(s) == 0 {
			http.Error(w, "the page is not built into this program: run make build", http.StatusServiceUnavailable)
			return
		}
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", c.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", c.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Raw-Length", strconv.Itoa(len(c.raw)))
	if r.Header.Get("If-None-Match") == c.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := c.raw
	for _, k := range codings {
		if b, ok := c.coded[k.name]; ok && accepts(r.Header.Get("Accept-Encoding"), k.name) {
			h.Set("Content-Encoding", k.name)
			body = b
			break
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // a browser that left is no error
	}
}

func accepts(header, coding string) bool {
	for _, part := range strings.Split(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == coding && !strings.HasPrefix(strings.ReplaceAll(q, " ", ""), "q=0") {
			return true
		}
	}
	return false
}
