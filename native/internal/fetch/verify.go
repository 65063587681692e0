package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Verified is what a look at every file of a fetch found.
type Verified struct {
	Rows    map[string]int `json:"rows"`  // "ok", or why not -> rows of the journal
	Files   map[string]int `json:"files"` // "sound", "missing", "changed" of the rows that are ok; "stray" without a row
	Bad     []string       `json:"bad,omitempty"`
	Twins   int            `json:"twins"` // pictures that are the same file as another
	Refused int            `json:"quarantined"`
}

// Sound reports whether every picture is what was fetched.
func (v Verified) Sound() bool { return v.Files["missing"]+v.Files["changed"] == 0 }

// Is reports whether dir was made by Run.
func Is(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, journalName))
	return err == nil
}

// Verify hashes every picture of a fetch and compares it with the journal.
func Verify(ctx context.Context, dir string, progress func(done, total int)) (Verified, error) {
	v := Verified{Rows: map[string]int{}, Files: map[string]int{}}
	if err := v.look(ctx, dir, progress); err != nil {
		return v, fmt.Errorf("verify %q: %w", dir, err)
	}
	return v, nil
}

func (v *Verified) look(ctx context.Context, dir string, progress func(done, total int)) error {
	last := map[int]Entry{}
	if err := readJournal(dir, func(e Entry) { last[e.Row] = e }); err != nil {
		return err
	}
	files, sums := map[string]bool{}, map[string]bool{}
	done := 0
	for _, e := range last {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done++; progress != nil && (done%256 == 0 || done == len(last)) {
			progress(done, len(last))
		}
		if e.State != OK {
			v.Rows[e.Reason]++
			continue
		}
		v.Rows[string(OK)]++
		files[e.File] = true
		state := compare(dir, e)
		v.Files[state]++
		if state != "sound" && len(v.Bad) < 100 {
			v.Bad = append(v.Bad, e.File+": "+state)
		}
		if sums[e.SHA256] {
			v.Twins++
		}
		sums[e.SHA256] = true
	}
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case strings.HasPrefix(name, "quarantine/"):
			v.Refused++
		case strings.HasPrefix(name, "pictures/") && !files[name]:
			v.Files["stray"]++
		}
		return nil
	})
}

// compare says whether a picture is the one that was fetched.
func compare(dir string, e Entry) string {
	if !filepath.IsLocal(filepath.FromSlash(e.File)) {
		return "missing"
	}
	path := filepath.Join(dir, filepath.FromSlash(e.File))
	info, err := os.Stat(path)
	if err != nil {
		return "missing"
	}
	if info.Size() != e.Bytes {
		return "changed"
	}
	b, err := os.ReadFile(path)
	if sum := sha256.Sum256(b); err != nil || hex.EncodeToString(sum[:]) != e.SHA256 {
		return "changed"
	}
	return "sound"
}

// readJournal gives each whole line of a journal to take, and leaves it as it is.
func readJournal(dir string, take func(Entry)) error {
	f, err := os.Open(filepath.Join(dir, journalName))
	if err != nil {
		return err
	}
	_, err = scanJournal(f, take)
	return errors.Join(err, f.Close())
}
