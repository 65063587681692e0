// Package server brings page, weights and training together: it serves the
// page, tells it over a websocket how training goes, and starts and stops a
// run of its own.
package server

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"

	"mien/native/internal/disk"
	"mien/shared/protocol"
)

// Config says what to serve.
type Config struct {
	Page    fs.FS    // the built page
	Weights fs.FS    // shipped model files and manifest.json
	Runs    string   // directory of training runs that the page may load weights from
	Watch   string   // a run directory under Runs to follow; empty for none
	Hosts   []string // further names that this server is called by, without port
	Version string
	Trainer Trainer // nil serves without training
	// Log is told what a person should know; nil for nothing.
	Log func(string)
}

// Server is an http.Handler. Close ends the run that it started.
type Server struct {
	config Config
	token  string
	place  string // the cookie of who has shown the token; it steers nothing
	site   site
	hub    *hub
	runner *runner
	hosts  map[string]bool
	mux    *http.ServeMux
}

// New makes a server with a fresh token.
func New(c Config) (*Server, error) {
	s := &Server{config: c, hub: newHub(), hosts: map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}, mux: http.NewServeMux()}
	for _, h := range c.Hosts {
		s.hosts[strings.ToLower(h)] = true
	}
	if s.config.Log == nil {
		s.config.Log = func(string) {}
	}
	for _, to := range []*string{&s.token, &s.place} {
		secret := make([]byte, 16)
		if _, err := rand.Read(secret); err != nil {
			return nil, fmt.Errorf("make token: %w", err)
		}
		*to = hex.EncodeToString(secret)
	}
	var err error
	if s.site, err = loadSite(c.Page); err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	s.runner = newRunner(s.config, s.hub)
	s.mux.HandleFunc(health, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"ok\":true,\"version\":%q}\n", s.config.Version)
	})
	s.mux.HandleFunc("/ws", s.socket)
	s.mux.HandleFunc("/weights/", s.weights)
	s.mux.HandleFunc("/runs/", s.runs)
	s.mux.Handle("/", s.site)
	return s, nil
}

// Token is what a page needs to start, stop or change anything.
func (s *Server) Token() string { return s.token }

// Run follows the watched run and the server's own until ctx ends.
func (s *Server) Run(ctx context.Context) { s.runner.run(ctx) }

// policy lets the page load nothing from elsewhere and send nothing anywhere.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; " +
	"connect-src 'self'; worker-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP checks who asks, then serves. The check of Host keeps a foreign
// page from reaching this server under a name of its own (DNS rebinding).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.ours(r.Host) {
		http.Error(w, "host not allowed", http.StatusForbidden)
		return
	}
	if o := r.Header.Get("Origin"); o != "" && !s.sameOrigin(o, r.Host) {
		http.Error(w, "origin not allowed", http.StatusForbidden)
		return
	}
	known := s.known(r)
	if c := connOf(r.Context()); c != nil && r.URL.Path != health {
		if !c.door.enter(c, known) {
			w.Header().Set("Connection", "close")
			w.Header().Set("Retry-After", "5")
			http.Error(w, "too many connections", http.StatusServiceUnavailable)
			return
		}
		defer c.door.leave(c)
	}
	h := w.Header()
	if known {
		http.SetCookie(w, &http.Cookie{Name: placeName, Value: s.place, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	s.mux.ServeHTTP(w, r)
}

// ours reports whether host, with or without port, is a name of this server.
func (s *Server) ours(host string) bool {
	if name, port, err := net.SplitHostPort(host); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		host = name
	}
	return s.hosts[strings.ToLower(strings.Trim(host, "[]"))]
}

func (s *Server) sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// health is answered however many connections there are: it takes no time.
const health = "/healthz"

// allowed compares tokens in constant time.
func (s *Server) allowed(token string) bool { return same(token, s.token) }

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// placeName is the cookie by which the files of a page, which are asked for
// without the token, come from who has shown it. A browser sends it to every port
// of this machine, so it is worth no more than a place at the door.
const placeName = "mien-place"

// known reports whether a request shows the token, or the cookie of who did.
func (s *Server) known(r *http.Request) bool {
	if s.allowed(r.URL.Query().Get("token")) {
		return true
	}
	c, err := r.Cookie(placeName)
	return err == nil && same(c.Value, s.place)
}

// socket serves one page's websocket.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	u := websocket.Upgrader{ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10,
		// ServeHTTP has compared Origin already; a browser always sends one.
		CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") != "" }}
	conn, err := u.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	if n := connOf(r.Context()); n != nil {
		n.bound()
	}
	c := &client{conn: conn, allowed: s.allowed(r.URL.Query().Get("token")), slots: map[string]protocol.Message{},
		wake: make(chan struct{}, 1), done: make(chan struct{})}
	hello := protocol.Message{Type: protocol.TypeHello, Version: s.config.Version, Allowed: c.allowed && s.config.Trainer != nil}
	if !s.hub.add(c, hello) {
		c.goAway()
		return
	}
	defer s.hub.remove(c)
	go c.write()
	c.read(func(m protocol.Message) {
		if !c.allowed && !s.allowed(m.Token) {
			c.put(protocol.Message{Type: protocol.TypeError, Text: "this page may not steer training: open the address with ?token= that mien printed"})
			return
		}
		if err := s.runner.do(m); err != nil {
			c.put(protocol.Message{Type: protocol.TypeError, Text: err.Error()})
		}
	})
}

// modelName is the name of a file that may be asked for.
var modelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*\.(safetensors|json|md)$`)

// weights serves the shipped model files.
func (s *Server) weights(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/weights/")
	if !modelName.MatchString(name) || s.config.Weights == nil {
		http.NotFound(w, r)
		return
	}
	f, err := s.config.Weights.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	f.Close()
	w.Header().Set("Content-Type", mediaType(name))
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, s.config.Weights, name)
}

// runFile is the path of a run's file that may be asked for.
var runFile = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_.-]*)/(weights/step-\d{1,9}\.safetensors|samples/step-\d{1,9}(?:-[a-z]{1,20})?\.png)$`)

// runs serves weights and samples of training runs.
func (s *Server) runs(w http.ResponseWriter, r *http.Request) {
	m := runFile.FindStringSubmatch(strings.TrimPrefix(r.URL.Path, "/runs/"))
	if m == nil || s.config.Runs == "" {
		http.NotFound(w, r)
		return
	}
	f, err := disk.Within(r.Context(), func() (*os.File, error) { return openRunFile(s.config.Runs, m[1]+"/"+m[2]) })
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mediaType(m[2]))
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// openRunFile opens a regular file under runs, on whose way there is no symbolic
// link: what a run wrote, not what it points to.
func openRunFile(runs, name string) (*os.File, error) {
	root, err := os.OpenRoot(runs)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for i, r := range name {
		if r != '/' {
			continue
		}
		if info, err := root.Lstat(name[:i]); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%q is no folder of its own", name[:i])
		}
	}
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no file of its own", name)
	}
	return disk.Open(root, name)
}

// Serve listens on addr, calls ready with the address in use, and serves until
// ctx ends.
func (s *Server) Serve(ctx context.Context, addr string, ready func(net.Addr)) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %q: %w", addr, err)
	}
	ready(l.Addr())
	return s.serve(ctx, newDoor(l, limitsOf(openFiles())))
}

func (s *Server) serve(ctx context.Context, d *door) error {
	h := &http.Server{Handler: s, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, MaxHeaderBytes: maxHeader, IdleTimeout: idleTime,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ran := make(chan struct{})
	go func() { defer close(ran); s.Run(ctx) }()
	gone := make(chan struct{})
	go func() { defer close(gone); <-ctx.Done(); h.Close(); s.hub.end() }() // Close leaves websockets open
	err := h.Serve(d)
	cancel()
	<-ran
	<-gone
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
