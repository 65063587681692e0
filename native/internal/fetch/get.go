package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	maxRedirects  = 5
	maxHeader     = 64 << 10
	dialTimeout   = 10 * time.Second
	maxRetryAfter = 15 * time.Minute
	keptOfBad     = 64 << 10 // bytes of what is no picture, for a look
)

// refusal is why a row's picture could not be had from one address.
type refusal struct {
	reason string
	again  bool          // may work later
	wait   time.Duration // the server's own wish
	down   bool          // the host did not answer at all
	body   []byte        // of what is no picture
	err    error
}

func (r *refusal) Error() string {
	if r.err == nil {
		return r.reason
	}
	return r.reason + ": " + r.err.Error()
}

// newClient returns a client that asks for public addresses only, unless private
// ones are allowed. It uses no proxy: one would dial in its place.
func newClient(o Options) *http.Client {
	d := &net.Dialer{Timeout: min(dialTimeout, o.Timeout)}
	if !o.AllowPrivate {
		d.Control = refusePrivate
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSHandshakeTimeout: min(dialTimeout, o.Timeout), ResponseHeaderTimeout: o.Timeout,
			MaxResponseHeaderBytes: maxHeader, DisableCompression: true, MaxIdleConns: 256, MaxIdleConnsPerHost: o.PerHost, IdleConnTimeout: 30 * time.Second,
			ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errRedirects
			}
			return checkURL(r.URL)
		},
	}
}

var (
	errRedirects = errors.New("redirect loop")
	errScheme    = errors.New("not http or https")
)

func checkURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return errScheme
	}
	return nil
}

// get asks one address once and returns the body of a picture.
func (f *fetcher) get(ctx context.Context, address string) ([]byte, *refusal) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err == nil {
		err = checkURL(r.URL)
	}
	if err != nil {
		return nil, &refusal{reason: "bad address", err: err}
	}
	r.Header.Set("User-Agent", f.UserAgent)
	r.Header.Set("Accept", "image/*")
	a, err := f.client.Do(r)
	if err != nil {
		return nil, broken(err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return nil, status(a)
	}
	if a.ContentLength > f.MaxBytes {
		return nil, &refusal{reason: "too large", err: fmt.Errorf("%d bytes, at most %d are fetched", a.ContentLength, f.MaxBytes)}
	}
	b, err := io.ReadAll(io.LimitReader(a.Body, f.MaxBytes+1))
	switch {
	case err != nil:
		return nil, broken(err)
	case int64(len(b)) > f.MaxBytes:
		return nil, &refusal{reason: "too large", err: fmt.Errorf("more than %d bytes", f.MaxBytes)}
	case len(b) == 0:
		return nil, &refusal{reason: "empty"}
	}
	return b, nil
}

// broken explains a request without an answer, or with half of one.
func broken(err error) *refusal {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errPrivate):
		return &refusal{reason: "private address", err: err}
	case errors.Is(err, errRedirects):
		return &refusal{reason: "redirect loop", err: err}
	case errors.Is(err, errScheme):
		return &refusal{reason: "bad address", err: err}
	case errors.As(err, &dns):
		return &refusal{reason: "no such host", again: !dns.IsNotFound, down: true, err: err}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &refusal{reason: "timeout", again: true, down: true, err: err}
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return &refusal{reason: "no answer", again: true, down: true, err: err}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &refusal{reason: "connection lost", again: true, err: err}
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return &refusal{reason: "tls", err: err}
	}
	return &refusal{reason: "broken answer", again: true, err: err}
}

// status explains an answer other than 200.
func status(a *http.Response) *refusal {
	r := &refusal{reason: "http " + strconv.Itoa(a.StatusCode)}
	switch a.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		r.again = true
		r.wait = retryAfter(a.Header.Get("Retry-After"), time.Now())
	}
	_, _ = io.CopyN(io.Discard, a.Body, 4<<10) // a short page leaves the connection usable
	return r
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3); 0 for neither.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
		d = time.Duration(min(max(n, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// isGone reports whether a file is missing.
func isGone(err error) bool { return errors.Is(err, os.ErrNotExist) }
