package dataset

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

const (
	tableName     = "EmotioNet.csv"
	metaName      = "meta.csv"
	landmarksName = "landmarks68.csv"
	facesName     = "EmotioNet_aligned"
	faceName      = "frame_det_"
	shardEnding   = ".tar"

	maxParts = 1000
	listed   = 4096 // directory entries that are read at once
	maxTable = 1 << 36
)

// part is a table with its pictures: a processed directory, or a shard, which is
// the tar file of one.
type part struct {
	name  string // relative to the root
	shard bool

	once sync.Once
	file *os.File
	err  error
}

// place is where a picture lies.
type place struct {
	ending uint8
	at     int64  // in a shard
	size   uint32 // there
}

// picture is the path of a picture in the root; of one in a shard, what it is
// called there.
func (p *part) picture(frame uint32, face, ending uint8) string {
	return path.Join(p.name, facesName, fmt.Sprintf("%s%02d_%06d%s", faceName, face, frame, endings[ending]))
}

// open returns the shard's file, which stays open.
func (p *part) open(r *root) (*os.File, error) {
	p.once.Do(func() { p.file, p.err = r.open(p.name) })
	return p.file, p.err
}

// which is a face of a frame.
type which struct {
	frame uint32
	face  uint8
}

// contents are the tables and pictures of a part.
type contents struct {
	tables   map[string]func() (io.ReadCloser, error)
	pictures map[which]place
	err      error // why there are no pictures
}

// findParts returns the parts of a data set: ROOT itself, ROOT/processed,
// ROOT/<part>/processed, or else ROOT's shards.
func findParts(r *root) ([]*part, error) {
	for _, dir := range []string{".", "processed"} {
		if _, err := r.stat(path.Join(dir, tableName)); err == nil {
			return []*part{{name: dir}}, nil
		}
	}
	entries, err := r.entries()
	if err == nil {
		err = r.leads(entries)
	}
	if err != nil {
		return nil, fmt.Errorf("data set %q: %w", r.dir, err)
	}
	var parts, shards []*part
	for _, e := range entries {
		if path.Ext(e.Name()) == shardEnding {
			shards = append(shards, &part{name: e.Name(), shard: true})
		}
		if name := path.Join(e.Name(), "processed"); e.IsDir() || e.Type()&fs.ModeSymlink != 0 {
			if _, err := r.stat(path.Join(name, tableName)); err == nil {
				parts = append(parts, &part{name: name})
			}
		}
	}
	if len(parts) == 0 {
		parts = shards
	}
	if len(parts) == 0 || len(parts) > maxParts {
		return nil, fmt.Errorf("data set %q: %d parts of the form PART/processed/%s, or shards NAME%s, want 1 to %d", r.dir, len(parts), tableName, shardEnding, maxParts)
	}
	return parts, nil
}

// list returns what a part holds.
func (p *part) list(r *root) (contents, error) {
	if p.shard {
		return p.listShard(r)
	}
	c := contents{tables: map[string]func() (io.ReadCloser, error){}, pictures: map[which]place{}}
	for _, name := range []string{tableName, metaName, landmarksName} {
		c.tables[name] = func() (io.ReadCloser, error) { return r.open(path.Join(p.name, name)) }
	}
	f, err := r.list(path.Join(p.name, facesName))
	if err != nil {
		c.err = err // a table that is no table is the worse fault
		return c, nil
	}
	defer f.Close()
	for { // never all names at once: a million take 200 MB
		entries, err := f.ReadDir(listed)
		for _, e := range entries {
			c.put(e.Name(), place{})
		}
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
}

// put notes a picture by its file's name; other files are none. Of two pictures
// of a frame the ending decides, not the order of the directory.
func (c *contents) put(name string, p place) {
	ending := path.Ext(name)
	numbers, ok := strings.CutPrefix(name[:len(name)-len(ending)], faceName)
	first, number, two := strings.Cut(numbers, "_")
	if !ok || !two {
		return
	}
	face, err := strconv.ParseUint(first, 10, 8)
	if err != nil || face > maxFace || fmt.Sprintf("%02d", face) != first {
		return
	}
	frame, err := strconv.ParseUint(number, 10, 32)
	if err != nil || frame > maxFrame || fmt.Sprintf("%06d", frame) != number {
		return
	}
	at := which{uint32(frame), uint8(face)}
	for i, e := range endings {
		if e != ending {
			continue
		}
		p.ending = uint8(i)
		if old, twice := c.pictures[at]; !twice || old.ending < p.ending {
			c.pictures[at] = p
		}
	}
}

// listShard walks the headers of a tar file; nothing is unpacked.
func (p *part) listShard(in *root) (contents, error) {
	c := contents{tables: map[string]func() (io.ReadCloser, error){}, pictures: map[which]place{}}
	f, err := p.open(in)
	if err != nil {
		return c, err
	}
	walk := io.NewSectionReader(f, 0, 1<<62)
	r := tar.NewReader(walk)
	for n := 0; ; n++ {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c, fmt.Errorf("shard %q: entry %d: %w", p.name, n, err)
		}
		if n > maxRows {
			return c, fmt.Errorf("shard %q: more than %d entries", p.name, int(maxRows))
		}
		at, err := walk.Seek(0, io.SeekCurrent) // Next reads whole blocks and no more
		if err != nil {
			return c, err
		}
		dir, name := filepath.Split(filepath.FromSlash(h.Name))
		switch {
		case h.Typeflag != tar.TypeReg:
		case filepath.Base(dir) == facesName && h.Size <= maxFile:
			c.put(name, place{at: at, size: uint32(h.Size)})
		case name == tableName, name == metaName, name == landmarksName:
			if h.Size > maxTable {
				return c, fmt.Errorf("shard %q: table %q of %d bytes", p.name, name, h.Size)
			}
			c.tables[name] = func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f, at, h.Size)), nil }
		}
	}
	if c.tables[tableName] == nil {
		return c, fmt.Errorf("shard %q: no %s in it", p.name, tableName)
	}
	return c, nil
}

// read parses a table; one that is not there is no error.
func (c *contents) read(name string, parse func(io.Reader) error) error {
	open := c.tables[name]
	if open == nil {
		return nil
	}
	f, err := open()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := parse(f); err != nil {
		return fmt.Errorf("table %q: %w", name, err)
	}
	return nil
}
