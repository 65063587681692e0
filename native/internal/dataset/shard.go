package dataset

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"mien/native/internal/checkpoint"
)

// sumsName lists the shards' SHA-256, as sha256sum writes and checks them.
const sumsName = "SHA256SUMS"

// ShardBytes is the size of a shard: few enough files for a million pictures,
// and little to fetch again when one is damaged.
const ShardBytes = 256 << 20

// ShardOptions say how shards are written.
type ShardOptions struct {
	Bytes    int64 // Of a shard, about. Defaults to ShardBytes.
	Progress func(done, total int)
}

// Sharded says what was written.
type Sharded struct {
	Shards int   `json:"shards"` // in all
	Wrote  int   `json:"wrote"`  // by this run
	Faces  int   `json:"faces"`
	Bytes  int64 `json:"bytes"`
	// Skipped counts rows that have no picture, or a second one of their frame.
	Skipped map[string]int `json:"skipped,omitempty"`
}

// Shard packs the folders of a data set into tar files out/PART-NNNNN.tar, with
// their SHA-256 in out/SHA256SUMS and an index of intensities. Unpacked, a shard is
// a data set in the same layout; read as it is, it gives the same faces as the
// folder. Pictures are not decoded. The same folder gives the same bytes; shards
// that are there and listed are not written again, so that an interrupted run goes
// on.
func Shard(ctx context.Context, root, out string, o ShardOptions) (Sharded, error) {
	if o.Bytes == 0 {
		o.Bytes = ShardBytes
	}
	s := &sharder{root: root, out: out, options: o, sums: map[string]string{}, result: Sharded{Skipped: map[string]int{}}}
	if err := s.run(ctx); err != nil {
		return s.result, fmt.Errorf("pack %q into %q: %w", root, out, err)
	}
	return s.result, nil
}

type sharder struct {
	root, out string
	options   ShardOptions
	sums      map[string]string // by the shard's file name
	result    Sharded
	total     int
}

// packed is a part that is being packed: where its rows and pictures are.
type packed struct {
	*part
	short  string // of shards' names
	tables map[string]*rowsOf
	frames []uint32 // in the order of the table
	where  contents
}

// rowsOf finds the lines of a table by frame.
type rowsOf struct {
	file    *os.File
	head    string
	columns map[string]int
	lines   map[uint32]span
}

type span struct{ at, end int64 }

func (s *sharder) run(ctx context.Context) error {
	parts, err := findParts(s.root)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	if err := s.readSums(); err != nil {
		return err
	}
	var all []*packed
	for _, p := range parts {
		if p.shard {
			return fmt.Errorf("%q is a shard already", p.name)
		}
		k, err := s.open(p)
		if err != nil {
			return fmt.Errorf("%q: %w", p.name, err)
		}
		defer k.close()
		all = append(all, k)
		s.total += len(k.frames)
	}
	for _, k := range all {
		if err := s.pack(ctx, k); err != nil {
			return fmt.Errorf("%q: %w", k.name, err)
		}
	}
	if err := s.onlyOurs(); err != nil {
		return err
	}
	_, err = Index(ctx, s.out, Intensity, nil)
	return err
}

// open finds the rows of a part's tables.
func (s *sharder) open(p *part) (*packed, error) {
	where, err := p.list(s.root)
	if err == nil {
		err = where.err
	}
	if err != nil {
		return nil, err
	}
	k := &packed{part: p, tables: map[string]*rowsOf{}, where: where, short: "faces"}
	if dir := path.Dir(p.name); dir != "." {
		k.short = strings.ReplaceAll(dir, "/", "-")
	}
	for _, name := range []string{tableName, metaName, landmarksName} {
		rows, err := readRowsOf(filepath.Join(p.path(s.root), name), func(frame uint32, first bool) {
			if name != tableName {
				return
			}
			_, ok := where.pictures[frame]
			switch {
			case !first:
				s.result.Skipped["second face of a frame"]++
			case !ok:
				s.result.Skipped["picture missing"]++
			default:
				k.frames = append(k.frames, frame)
			}
		})
		if errors.Is(err, os.ErrNotExist) && name != tableName {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("table %q: %w", name, err)
		}
		k.tables[name] = rows
	}
	return k, nil
}

func (k *packed) close() {
	for _, r := range k.tables {
		r.file.Close()
	}
}

func readRowsOf(path string, found func(frame uint32, first bool)) (*rowsOf, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &rowsOf{file: f, lines: map[uint32]span{}}
	t, err := newTable(f)
	if err == nil {
		r.columns = t.columns
		r.head, err = r.text(span{0, t.end})
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	r.head = strings.TrimPrefix(r.head, "\ufeff")
	at, err := t.column("frame")
	for err == nil {
		var cells []string
		if cells, err = t.next(); err != nil {
			if errors.Is(err, errLongLine) {
				err = nil
			}
			continue
		}
		if at[0] >= len(cells) {
			continue
		}
		if n, ok := frameNumber(cells[at[0]]); ok {
			_, twice := r.lines[uint32(n)]
			if !twice {
				r.lines[uint32(n)] = span{t.at, t.end}
			}
			found(uint32(n), !twice)
		}
	}
	if err != io.EOF {
		f.Close()
		return nil, err
	}
	return r, nil
}

// text returns a line without its end.
func (r *rowsOf) text(s span) (string, error) {
	b := make([]byte, s.end-s.at)
	if _, err := r.file.ReadAt(b, s.at); err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// pack writes the shards of a part.
func (s *sharder) pack(ctx context.Context, k *packed) error {
	for from, n := 0, 0; from < len(k.frames); n++ {
		to, size := from, int64(0)
		for to < len(k.frames) && (to == from || size < s.options.Bytes) {
			info, err := os.Stat(s.picture(k, k.frames[to]))
			if err != nil {
				return err
			}
			size += 512 + (info.Size()+511)/512*512
			to++
		}
		name := fmt.Sprintf("%s-%05d%s", k.short, n, shardEnding)
		if info, err := os.Stat(filepath.Join(s.out, name)); err == nil && s.sums[name] != "" {
			s.result.Bytes += info.Size()
		} else if err := s.write(ctx, k, name, k.frames[from:to]); err != nil {
			return err
		}
		s.result.Shards++
		s.result.Faces += to - from
		if s.options.Progress != nil {
			s.options.Progress(s.result.Faces, s.total)
		}
		from = to
	}
	return nil
}

func (s *sharder) picture(k *packed, frame uint32) string {
	return k.picture(s.root, frame, k.where.pictures[frame].ending)
}

// write writes one shard: pictures in the order of their rows, tables at the end.
func (s *sharder) write(ctx context.Context, k *packed, name string, frames []uint32) error {
	to := filepath.Join(s.out, name)
	f, err := os.Create(to + ".tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	h := sha256.New()
	buffer := bufio.NewWriterSize(io.MultiWriter(f, h), 1<<20)
	w := tar.NewWriter(buffer)
	dir := path.Join(strings.TrimSuffix(name, shardEnding), "processed")
	for _, frame := range frames {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := s.picture(k, frame)
		b, err := readSmall(from)
		if err != nil {
			return err
		}
		if err := put(w, path.Join(dir, facesName, filepath.Base(from)), b); err != nil {
			return err
		}
	}
	for _, table := range []string{tableName, metaName, landmarksName} {
		b, err := k.table(table, frames)
		if err != nil {
			return fmt.Errorf("table %q: %w", table, err)
		}
		if b == nil {
			continue
		}
		if err := put(w, path.Join(dir, table), b); err != nil {
			return err
		}
	}
	if err := errors.Join(w.Close(), buffer.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	info, err := os.Stat(f.Name())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return err
	}
	s.sums[name] = hex.EncodeToString(h.Sum(nil))
	s.result.Wrote++
	s.result.Bytes += info.Size()
	return s.writeSums()
}

// put adds a file to a tar; all of one time, so that the same files give the
// same bytes.
func put(w *tar.Writer, name string, b []byte) error {
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(b)), Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX})
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// table returns the lines of a table that belong to frames. Who is not named in
// meta.csv gets the name that the folder's part gives, so that people stay who
// they are.
func (k *packed) table(name string, frames []uint32) ([]byte, error) {
	rows := k.tables[name]
	var b bytes.Buffer
	if name == metaName {
		return k.meta(rows, frames)
	}
	if rows == nil {
		return nil, nil
	}
	b.WriteString(rows.head + "\n")
	for _, frame := range frames {
		at, ok := rows.lines[frame]
		if !ok {
			continue
		}
		line, err := rows.text(at)
		if err != nil {
			return nil, err
		}
		b.WriteString(line + "\n")
	}
	return b.Bytes(), nil
}

func (k *packed) meta(rows *rowsOf, frames []uint32) ([]byte, error) {
	head, frameAt, whoAt, width := "frame,identity", 0, 1, 2
	if rows != nil {
		cells := strings.Split(rows.head, ",")
		frameAt, width = rows.columns["frame"], len(cells)
		var named bool
		if whoAt, named = rows.columns["identity"]; !named {
			cells = append(cells, "identity")
			whoAt, width = width, width+1
		}
		head = strings.Join(cells, ",")
	}
	var b bytes.Buffer
	b.WriteString(head + "\n")
	for _, frame := range frames {
		cells := []string{}
		if rows != nil {
			if at, ok := rows.lines[frame]; ok {
				line, err := rows.text(at)
				if err != nil {
					return nil, err
				}
				cells = strings.Split(line, ",")
			}
		}
		for len(cells) < width {
			cells = append(cells, "")
		}
		cells[frameAt] = fmt.Sprint(frame)
		if cell(cells[whoAt]) == "" {
			cells[whoAt] = fmt.Sprintf("%s#%d", k.name, frame)
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	return b.Bytes(), nil
}

// readSums reads the list of finished shards, if there is one.
func (s *sharder) readSums() error {
	sums, err := readSums(s.out)
	if err == nil {
		s.sums = sums
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// readSums reads SHA256SUMS of a folder.
func readSums(dir string) (map[string]string, error) {
	f, err := os.Open(filepath.Join(dir, sumsName))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums := map[string]string{}
	lines := bufio.NewScanner(io.LimitReader(f, 1<<20))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if b, err := hex.DecodeString(sum); !ok || err != nil || len(b) != sha256.Size || filepath.Base(name) != name {
			return nil, fmt.Errorf("%s: line %q: want a sha256, two blanks and a name", sumsName, lines.Text())
		}
		sums[name] = sum
	}
	return sums, lines.Err()
}

func (s *sharder) writeSums() error {
	var names []string
	for name := range s.sums {
		names = append(names, name)
	}
	sort.Strings(names)
	var b bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&b, "%s  %s\n", s.sums[name], name)
	}
	return checkpoint.WriteFile(filepath.Join(s.out, sumsName), b.Bytes())
}

// onlyOurs wants no shard in the folder that this set does not have.
func (s *sharder) onlyOurs() error {
	if n := len(s.sums); n != s.result.Shards {
		return fmt.Errorf("%d shards listed in %s, but this set has %d: pack into an empty folder", n, sumsName, s.result.Shards)
	}
	return nil
}
