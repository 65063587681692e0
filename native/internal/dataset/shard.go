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
	"slices"
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
	// Skipped counts rows whose frame has no picture of its faces.
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
	result, err := within(ctx, func() (Sharded, error) {
		s := &sharder{out: out, options: o, sums: map[string]string{}, result: Sharded{Skipped: map[string]int{}}}
		err := s.run(ctx, root)
		return s.result, err
	})
	if err != nil {
		err = fmt.Errorf("pack %q into %q: %w", root, out, err)
	}
	return result, err
}

type sharder struct {
	root    *root
	out     string
	options ShardOptions
	sums    map[string]string // by the shard's file name
	result  Sharded
	total   int
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
	close   func() error
	comma   string
	head    string
	columns map[string]int
	lines   map[uint32]span
	more    map[uint32][]span // further lines of a frame, of its other faces
}

type span struct{ at, end int64 }

func (s *sharder) run(ctx context.Context, dir string) (err error) {
	if s.root, err = openRoot(dir); err != nil {
		return err
	}
	defer s.root.close()
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
	shown := map[uint32]bool{}
	for _, name := range []string{tableName, metaName, landmarksName} {
		rows, err := readRowsOf(s.root, path.Join(p.name, name), func(frame uint32, face uint8) {
			if _, ok := where.pictures[which{frame, face}]; name == tableName && ok && !shown[frame] {
				shown[frame] = true
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
	for frame := range k.tables[tableName].lines {
		if !shown[frame] {
			s.result.Skipped["picture missing"] += 1 + len(k.tables[tableName].more[frame])
		}
	}
	return k, nil
}

func (k *packed) close() {
	for _, r := range k.tables {
		r.close()
	}
}

func readRowsOf(root *root, name string, found func(frame uint32, face uint8)) (*rowsOf, error) {
	f, err := root.open(name)
	if err != nil {
		return nil, err
	}
	r := &rowsOf{file: f, close: f.Close, lines: map[uint32]span{}, more: map[uint32][]span{}}
	if err := r.read(found); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *rowsOf) read(found func(frame uint32, face uint8)) error {
	if err := r.narrow(); err != nil {
		return err
	}
	t, err := newTable(io.NewSectionReader(r.file, 0, 1<<62))
	if err != nil {
		return err
	}
	r.columns, r.comma = t.columns, t.comma
	if r.head, err = r.text(span{0, t.end}); err != nil {
		return err
	}
	r.head = strings.TrimPrefix(r.head, "\ufeff")
	at, err := t.column("frame")
	if err != nil {
		return err
	}
	faceAt, faced := t.columns["face_id"]
	for {
		cells, err := t.next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errLongLine):
			continue
		case err != nil:
			return err
		case at[0] >= len(cells):
			continue
		}
		n, ok := frameNumber(cells[at[0]])
		if !ok {
			continue
		}
		frame, face := uint32(n), 0
		if faced && faceAt < len(cells) {
			if face, ok = frameNumber(cells[faceAt]); !ok || face > maxFace {
				face = maxFace + 1 // of which there is no picture
			}
		}
		if _, twice := r.lines[frame]; twice {
			r.more[frame] = append(r.more[frame], span{t.at, t.end})
		} else {
			r.lines[frame] = span{t.at, t.end}
		}
		found(frame, uint8(face))
	}
}

// narrow puts a copy in UTF-8 in the place of a table in UTF-16: lines are found
// again by where they are.
func (r *rowsOf) narrow() error {
	text, err := textOf(io.NewSectionReader(r.file, 0, 1<<62))
	if err != nil {
		return err
	}
	if head, _ := text.Peek(4); sameStart(r.file, head) {
		return nil
	}
	to, err := os.CreateTemp("", "mien-table-*.csv")
	if err != nil {
		return err
	}
	from := r.file
	r.file = to
	r.close = func() error { return errors.Join(from.Close(), to.Close(), os.Remove(to.Name())) }
	_, err = io.Copy(to, text)
	return err
}

// sameStart reports whether a file begins with head.
func sameStart(f *os.File, head []byte) bool {
	b := make([]byte, len(head))
	_, err := f.ReadAt(b, 0)
	return err == nil && bytes.Equal(b, head)
}

// of returns the lines of a frame.
func (r *rowsOf) of(frame uint32) ([]string, error) {
	at, ok := r.lines[frame]
	if !ok {
		return nil, nil
	}
	var lines []string
	for _, s := range append([]span{at}, r.more[frame]...) {
		line, err := r.text(s)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
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
			for _, name := range k.pictures(k.frames[to]) {
				info, err := s.root.stat(name)
				if err != nil {
					return err
				}
				size += 512 + (info.Size()+511)/512*512
			}
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

// faces are those of a frame that have a picture.
func (k *packed) faces(frame uint32) []uint8 {
	var faces []uint8
	for face := range uint8(maxFace + 1) {
		if _, ok := k.where.pictures[which{frame, face}]; ok {
			faces = append(faces, face)
		}
	}
	return faces
}

// pictures are those of a frame's faces.
func (k *packed) pictures(frame uint32) []string {
	var names []string
	for _, face := range k.faces(frame) {
		names = append(names, k.picture(frame, face, k.where.pictures[which{frame, face}].ending))
	}
	return names
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
		for _, from := range k.pictures(frame) {
			b, err := s.root.readSmall(from)
			if err != nil {
				return err
			}
			if err := put(w, path.Join(dir, facesName, path.Base(from)), b); err != nil {
				return err
			}
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
		lines, err := rows.of(frame)
		if err != nil {
			return nil, err
		}
		for _, line := range lines {
			b.WriteString(line + "\n")
		}
	}
	return b.Bytes(), nil
}

func (k *packed) meta(rows *rowsOf, frames []uint32) ([]byte, error) {
	head, comma, frameAt, whoAt, width := "frame,identity", ",", 0, 1, 2
	faceAt, faced := 0, false
	if rows != nil {
		comma = rows.comma
		faceAt, faced = rows.columns["face_id"]
		cells := strings.Split(rows.head, comma)
		frameAt, width = rows.columns["frame"], len(cells)
		var named bool
		if whoAt, named = rows.columns["identity"]; !named {
			cells = append(cells, "identity")
			whoAt, width = width, width+1
		}
		head = strings.Join(cells, comma)
	}
	var b bytes.Buffer
	b.WriteString(head + "\n")
	for _, frame := range frames {
		lines := []string{""}
		if faced {
			lines = nil
		}
		if rows != nil {
			of, err := rows.of(frame)
			if err != nil {
				return nil, err
			}
			if len(of) > 0 {
				lines = of
			}
		}
		if faced { // whoever is not named needs a line of their own
			for _, face := range k.faces(frame) {
				if !slices.ContainsFunc(lines, func(line string) bool {
					cells := strings.Split(line, comma)
					n, ok := 0, faceAt < len(cells)
					if ok {
						n, ok = frameNumber(cell(cells[faceAt]))
					}
					return ok && n == int(face)
				}) {
					cells := make([]string, width)
					cells[faceAt] = fmt.Sprint(face)
					lines = append(lines, strings.Join(cells, comma))
				}
			}
		}
		for _, line := range lines {
			cells := strings.Split(line, comma)
			for len(cells) < width {
				cells = append(cells, "")
			}
			cells[frameAt] = fmt.Sprint(frame)
			if cell(cells[whoAt]) == "" {
				cells[whoAt] = fmt.Sprintf("%s#%d", k.name, frame)
			}
			b.WriteString(strings.Join(cells, comma) + "\n")
		}
	}
	return b.Bytes(), nil
}

// readSums reads the list of finished shards, if there is one.
func (s *sharder) readSums() error {
	out, err := openRoot(s.out)
	if err != nil {
		return err
	}
	defer out.close()
	sums, err := readSums(out)
	if err == nil {
		s.sums = sums
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// readSums reads SHA256SUMS of a folder.
func readSums(r *root) (map[string]string, error) {
	f, err := r.open(sumsName)
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
