package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

const (
	perFolder      = 1000   // pictures; directories of a million are slow
	maxQuarantined = 10_000 // files of keptOfBad bytes at most
)

// work gets one picture and stores it.
func (f *fetcher) work(ctx context.Context, j *job) outcome {
	b, bad := f.get(ctx, j.urls[j.url])
	if bad != nil {
		return outcome{job: j, bad: bad}
	}
	ending, bad := f.check(b)
	if bad != nil {
		return outcome{job: j, bad: bad}
	}
	sum := sha256.Sum256(b)
	e := Entry{Row: j.number, State: OK, URL: j.urls[j.url], Bytes: int64(len(b)), SHA256: hex.EncodeToString(sum[:]),
		File: path.Join("pictures", fmt.Sprintf("%04d", j.number/perFolder), fmt.Sprintf("%07d.%s", j.number, ending))}
	return outcome{job: j, entry: e, err: f.store(e.File, b)}
}

// store puts a picture into its place, whole or not at all. It is not synced: a
// picture that a power cut takes is fetched again.
func (f *fetcher) store(name string, b []byte) error {
	to := filepath.Join(f.Out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	temp := to + ".tmp"
	if err := os.WriteFile(temp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, to)
}

// quarantine keeps the beginning of what came instead of a picture.
func (f *fetcher) quarantine(number int, b []byte) error {
	if len(b) == 0 || f.bad >= maxQuarantined {
		return nil
	}
	f.bad++
	return f.store(path.Join("quarantine", fmt.Sprintf("%07d.bin", number)), b[:min(len(b), keptOfBad)])
}
