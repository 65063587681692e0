package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"sync"

	"golang.org/x/sync/errgroup"

	"mien/native/internal/disk"
	"mien/shared/pixel"
)

// maxNamed bounds how many bad pictures a verification names.
const maxNamed = 100

// Verified is what a look at every file of a data set found.
type Verified struct {
	Tables   Report         `json:"tables"`   // rows, and why some cannot be used
	Pictures map[string]int `json:"pictures"` // "sound", or what is wrong -> pictures of usable rows
	Bad      []string       `json:"bad,omitempty"`
	// Unused are pictures without a usable row, Twins pictures that are the same
	// file as another.
	Unused int `json:"unused"`
	Twins  int `json:"twins"`
	// Shards is how many there are; Damaged names those whose bytes are not those
	// of SHA256SUMS, and those that are listed and not there.
	Shards  int      `json:"shards,omitempty"`
	Damaged []string `json:"damaged,omitempty"`
	// Index is "none", "current" or why it cannot be used.
	Index string `json:"index"`
}

// Sound reports whether every picture of a usable row can be read and every
// shard is whole.
func (v Verified) Sound() bool {
	return len(v.Damaged) == 0 && v.Pictures[sound] == v.Tables.Kept && v.Tables.Kept > 0
}

const sound = "sound"

// Verify looks at every row, picture and shard of a data set. What it finds wrong
// is in the result; the error says why it could not look.
func Verify(ctx context.Context, root string, columns Columns, progress func(done, total int)) (Verified, error) {
	return within(ctx, func() (Verified, error) { return verifySet(ctx, root, columns, progress) })
}

func verifySet(ctx context.Context, dir string, columns Columns, progress func(done, total int)) (Verified, error) {
	v := Verified{Pictures: map[string]int{}, Index: "none"}
	root, err := openRoot(dir)
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	defer root.close()
	if c, _, err := openIndex(root, columns); err == nil {
		v.Index = "current"
		c.closeFiles()
	} else if !errors.Is(err, os.ErrNotExist) {
		v.Index = err.Error()
	}
	if err := v.shards(ctx, root); err != nil {
		return v, fmt.Errorf("verify %q: %w", dir, err)
	}
	c, err := readTables(ctx, root, columns, &v.Tables)
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	defer c.closeFiles()
	v.Tables.Kept = c.len()
	v.Unused = c.listed - c.len()
	if err := v.pictures(ctx, c, progress); err != nil {
		return v, fmt.Errorf("verify %q: %w", dir, err)
	}
	return v, nil
}

// pictures decodes every picture.
func (v *Verified) pictures(ctx context.Context, c *catalog, progress func(done, total int)) error {
	var mu sync.Mutex
	seen, done := map[[sha256.Size]byte]bool{}, 0
	workers := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error {
			for i := w; i < c.len(); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				b, err := c.picture(i)
				sum := sha256.Sum256(b)
				reason := wrong(b, err)
				mu.Lock()
				v.Pictures[reason]++
				if reason != sound && len(v.Bad) < maxNamed {
					v.Bad = append(v.Bad, filepath.ToSlash(c.name(i))+": "+reason)
				}
				if err == nil {
					if seen[sum] {
						v.Twins++
					}
					seen[sum] = true
				}
				if done++; progress != nil && (done%256 == 0 || done == c.len()) {
					progress(done, c.len())
				}
				mu.Unlock()
			}
			return nil
		})
	}
	err := g.Wait()
	sort.Strings(v.Bad)
	return err
}

// wrong says what is wrong with a picture.
func wrong(b []byte, err error) string {
	if errors.Is(err, disk.ErrIrregular) {
		return "not a regular file"
	}
	if err != nil {
		return "cannot be read"
	}
	if len(b) == 0 {
		return "empty"
	}
	_, w, h, err := pixel.Probe(b)
	switch {
	case errors.Is(err, pixel.ErrFormat):
		return "not a picture"
	case err != nil:
		return "damaged"
	case w != h:
		return "not square"
	case w > maxSide:
		return "too large"
	}
	if _, err := pixel.Decode(b); err != nil {
		return "damaged"
	}
	return sound
}

// shards hashes the shards of root.
func (v *Verified) shards(ctx context.Context, root *root) error {
	parts, err := findParts(root)
	if err != nil {
		return err
	}
	sums, err := readSums(root)
	if errors.Is(err, os.ErrNotExist) {
		sums, err = map[string]string{}, nil
	}
	if err != nil {
		return err
	}
	for _, p := range parts {
		if !p.shard {
			continue
		}
		v.Shards++
		sum, err := hashFile(ctx, root, p.name)
		if err != nil {
			return err
		}
		if want := sums[p.name]; want != "" && want != sum {
			v.Damaged = append(v.Damaged, p.name)
		}
		delete(sums, p.name)
	}
	for name := range sums {
		v.Damaged = append(v.Damaged, name+" is missing")
	}
	sort.Strings(v.Damaged)
	return nil
}

func hashFile(ctx context.Context, r *root, name string) (string, error) {
	f, err := r.open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if _, err := io.CopyN(h, f, 16<<20); err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return "", err
		}
	}
}
