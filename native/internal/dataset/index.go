package dataset

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"mien/shared/au"
)

// The index file of a data set, ROOT/mien-intensity.index or
// ROOT/mien-presence.index: what its tables say, ready to be used. Little endian.
//
//	magic                  8 bytes
//	landmarks              markBytes each: 136 float32, CRC-32C of them
//	facts                  JSON, then the columns of the catalog
//	trailer                offset and length of facts, length of their JSON,
//	                       SHA-256 of facts, magic
const (
	indexMagic   = "mienidx1"
	trailerBytes = 3*8 + sha256.Size + 8
	markBytes    = 136*4 + 4
	maxFacts     = 4 << 20 // bytes of JSON
	tailBytes    = 64 << 10
)

// ErrStale means that an index is not of the files that are there now.
var ErrStale = errors.New("the index is not of these files")

func indexPath(root string, columns Columns) string {
	return filepath.Join(root, "mien-"+string(columns)+".index")
}

// facts is the JSON of an index.
type facts struct {
	Columns Columns     `json:"columns"`
	Rows    int         `json:"rows"`
	Marks   int         `json:"landmarks"`
	Names   int         `json:"names"` // people
	Text    int         `json:"text"`  // bytes of their names
	Parts   []partFacts `json:"parts"`
	Report  Report      `json:"report"`
}

// partFacts is a part and the files that it was read from.
type partFacts struct {
	Name  string      `json:"name"`
	Shard bool        `json:"shard,omitempty"`
	Files []fileFacts `json:"files"`
}

// fileFacts tells whether a file is still the same. A table or shard whose time
// has changed, as copies do, is the same when its hash is: of all of a table, of
// the end of a shard, where its tables lie.
type fileFacts struct {
	Name string `json:"name"` // "" is the shard itself
	Size int64  `json:"size"`
	Time int64  `json:"time"` // of modification, ns
	Hash string `json:"hash,omitempty"`
}

// look returns the facts of a part's files as they are now, without hashes.
func (p *part) look(root string) ([]fileFacts, error) {
	names := []string{tableName, metaName, landmarksName, facesName}
	if p.shard {
		names = []string{""}
	}
	var files []fileFacts
	for _, name := range names {
		info, err := os.Stat(filepath.Join(p.path(root), name))
		if errors.Is(err, os.ErrNotExist) && (name == metaName || name == landmarksName) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f := fileFacts{Name: name, Size: info.Size(), Time: info.ModTime().UnixNano()}
		if info.IsDir() {
			f.Size = 0 // says nothing
		}
		files = append(files, f)
	}
	return files, nil
}

// sum hashes a file of a part; directories have no hash.
func (p *part) sum(root string, f fileFacts) (string, error) {
	if f.Name == facesName {
		return "", nil
	}
	in, err := os.Open(filepath.Join(p.path(root), f.Name))
	if err != nil {
		return "", err
	}
	defer in.Close()
	if f.Name == "" {
		if _, err := in.Seek(max(f.Size-tailBytes, 0), io.SeekStart); err != nil {
			return "", err
		}
	}
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Index reads the tables of a data set and writes its index, from which Open
// starts at once. It never holds the landmarks. Progress may be nil.
func Index(ctx context.Context, root string, columns Columns, progress func(faces int)) (Report, error) {
	report, err := index(ctx, root, columns, progress)
	if err != nil {
		return report, fmt.Errorf("index %q: %w", root, err)
	}
	return report, nil
}

func index(ctx context.Context, root string, columns Columns, progress func(faces int)) (report Report, err error) {
	parts, err := findParts(root)
	if err != nil {
		return report, err
	}
	path := indexPath(root, columns)
	file, err := os.CreateTemp(root, filepath.Base(path)+".*.tmp")
	if err != nil {
		return report, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close(), os.Remove(file.Name()))
		}
	}()
	c := &catalog{root: root}
	defer c.close()
	out := bufio.NewWriterSize(file, 1<<20)
	out.WriteString(indexMagic)
	marks, people := 0, map[string]uint32{}
	f := facts{Columns: columns}
	for _, p := range parts {
		files, err := p.look(root) // before its tables are read: what changes later is noticed
		if err != nil {
			return report, err
		}
		for i := range files {
			if files[i].Hash, err = p.sum(root, files[i]); err != nil {
				return report, err
			}
		}
		f.Parts = append(f.Parts, partFacts{p.name, p.shard, files})
		err = c.readPart(p, columns, people, &report, func(face int, l *[68][2]float32) error {
			if marks%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			c.mark[face] = int32(marks)
			marks++
			return writeMark(out, l)
		})
		if err != nil {
			return report, fmt.Errorf("%q: %w", p.name, err)
		}
		if err := ctx.Err(); err != nil {
			return report, err
		}
		if progress != nil {
			progress(c.len())
		}
	}
	report.Kept = c.len()
	f.Rows, f.Marks, f.Names, f.Report = c.len(), marks, len(c.names), report
	for _, name := range c.names {
		f.Text += len(name) + 1
	}
	if err := c.write(out, f, int64(len(indexMagic))+int64(marks)*markBytes); err != nil {
		return report, err
	}
	if err := errors.Join(out.Flush(), file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return report, err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return report, err
	}
	dir, err := os.Open(root)
	if err != nil {
		return report, err
	}
	return report, errors.Join(dir.Sync(), dir.Close())
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func writeMark(w io.Writer, l *[68][2]float32) error {
	b := make([]byte, 0, markBytes)
	for _, p := range l {
		for _, v := range p {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	_, err := w.Write(binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)))
	return err
}

// markFile holds landmarks in an index.
type markFile struct{ file *os.File }

func (m *markFile) read(k int) (*[68][2]float32, error) {
	var b [markBytes]byte
	if _, err := m.file.ReadAt(b[:], int64(len(indexMagic))+int64(k)*markBytes); err != nil {
		return nil, err
	}
	if crc32.Checksum(b[:markBytes-4], castagnoli) != binary.LittleEndian.Uint32(b[markBytes-4:]) {
		return nil, fmt.Errorf("index %q: landmarks %d are damaged: make it again", m.file.Name(), k)
	}
	var l [68][2]float32
	for i := range l {
		for j := range 2 {
			v := math.Float32frombits(binary.LittleEndian.Uint32(b[8*i+4*j:]))
			if !(v >= -maxOutside && v <= 127+maxOutside) {
				return nil, fmt.Errorf("index %q: landmarks %d out of range", m.file.Name(), k)
			}
			l[i][j] = v
		}
	}
	return &l, nil
}

// write writes facts, columns and trailer; offset is where they begin.
func (c *catalog) write(w io.Writer, f facts, offset int64) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if len(text) > maxFacts {
		return fmt.Errorf("facts of %d bytes, at most %d can be stored", len(text), maxFacts)
	}
	h := sha256.New()
	out := &counter{w: io.MultiWriter(w, h)}
	out.Write(text)
	b := make([]byte, 0, 1<<16)
	flush := func() {
		out.Write(b)
		b = b[:0]
	}
	for i := range c.len() {
		b = binary.LittleEndian.AppendUint16(b, c.part[i])
		b = append(b, c.flags[i])
		b = binary.LittleEndian.AppendUint32(b, c.frame[i])
		b = binary.LittleEndian.AppendUint32(b, c.who[i])
		b = binary.LittleEndian.AppendUint64(b, uint64(c.at[i]))
		b = binary.LittleEndian.AppendUint32(b, c.size[i])
		b = binary.LittleEndian.AppendUint32(b, uint32(c.mark[i]))
		for _, v := range c.pose[i] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		for _, v := range c.labels[i] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		if len(b) > 1<<16-2*rowBytes {
			flush()
		}
	}
	flush()
	for _, name := range c.names {
		out.Write(append([]byte(name), 0))
	}
	tail := binary.LittleEndian.AppendUint64(nil, uint64(offset))
	tail = binary.LittleEndian.AppendUint64(tail, uint64(out.n))
	tail = binary.LittleEndian.AppendUint64(tail, uint64(len(text)))
	tail = append(h.Sum(tail), indexMagic...)
	if out.err == nil {
		_, out.err = w.Write(tail)
	}
	return out.err
}

// rowBytes is a row of the columns.
const rowBytes = 2 + 1 + 4 + 4 + 8 + 4 + 4 + 4*3 + 4*au.Count

// counter writes until the first error and counts.
type counter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counter) Write(b []byte) (int, error) {
	if c.err == nil {
		_, c.err = c.w.Write(b)
		c.n += int64(len(b))
	}
	return len(b), c.err
}

// openIndex reads the index of root. The error wraps os.ErrNotExist when there
// is none, ErrStale when it is of other files.
func openIndex(root string, columns Columns) (*catalog, Report, error) {
	file, err := os.Open(indexPath(root, columns))
	if err != nil {
		return nil, Report{}, err
	}
	c, f, err := readIndex(file, columns)
	if err == nil {
		c.root = root
		err = f.check(root)
	}
	if err != nil {
		file.Close()
		return nil, Report{}, fmt.Errorf("index %q: %w", file.Name(), err)
	}
	c.marks = &markFile{file}
	return c, f.Report, nil
}

// check wants the parts and their files to be those that were indexed.
func (f facts) check(root string) error {
	parts, err := findParts(root)
	if err != nil {
		return err
	}
	if len(parts) != len(f.Parts) {
		return fmt.Errorf("%w: %d parts, indexed %d", ErrStale, len(parts), len(f.Parts))
	}
	for i, p := range parts {
		was := f.Parts[i]
		now, err := p.look(root)
		if err != nil {
			return err
		}
		if p.name != was.Name || p.shard != was.Shard || len(now) != len(was.Files) {
			return fmt.Errorf("%w: part %q, indexed %q", ErrStale, p.name, was.Name)
		}
		for k, n := range now {
			o := was.Files[k]
			same := n.Name == o.Name && n.Size == o.Size
			if same && n.Time != o.Time {
				sum, err := p.sum(root, n)
				if err != nil {
					return err
				}
				same = sum != "" && sum == o.Hash
			}
			if !same {
				return fmt.Errorf("%w: %s has changed since %s", ErrStale, filepath.Join(p.name, n.Name), time.Unix(0, o.Time).Format(time.DateTime))
			}
		}
	}
	return nil
}

// readIndex reads everything but the landmarks.
func readIndex(file io.ReaderAt, columns Columns) (*catalog, facts, error) {
	var f facts
	size, err := sizeOf(file)
	if err != nil {
		return nil, f, err
	}
	var tail [trailerBytes]byte
	if size < int64(len(indexMagic)+trailerBytes) {
		return nil, f, fmt.Errorf("%d bytes: too short", size)
	}
	if _, err := file.ReadAt(tail[:], size-trailerBytes); err != nil {
		return nil, f, err
	}
	at, length, text := binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:]), binary.LittleEndian.Uint64(tail[16:])
	sum := tail[24 : 24+sha256.Size]
	if string(tail[24+sha256.Size:]) != indexMagic || at > uint64(size) || length > uint64(size) || at+length != uint64(size)-trailerBytes || text > maxFacts || text > length {
		return nil, f, errors.New("no index, or cut off")
	}
	h := sha256.New()
	r := &hashed{bufio.NewReaderSize(io.NewSectionReader(file, int64(at), int64(length)), 1<<20), h}
	head := make([]byte, text)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, f, err
	}
	d := json.NewDecoder(bytes.NewReader(head))
	if err := d.Decode(&f); err != nil {
		return nil, f, fmt.Errorf("facts: %w", err)
	}
	if f.Rows < 0 || f.Rows > maxRows || f.Names < 0 || f.Names > f.Rows || f.Marks < 0 || f.Marks > f.Rows || f.Text < f.Names || f.Text > f.Names*(maxIdentity+1) || len(f.Parts) > maxParts || f.Columns != columns ||
		length != text+uint64(f.Rows)*uint64(rowBytes)+uint64(f.Text) || at != uint64(len(indexMagic))+uint64(f.Marks)*markBytes {
		return nil, f, errors.New("its lengths do not fit")
	}
	c := &catalog{}
	for _, p := range f.Parts {
		c.parts = append(c.parts, &part{name: p.Name, shard: p.Shard})
	}
	if err := c.readRows(r, f); err != nil {
		return nil, f, err
	}
	if !bytes.Equal(h.Sum(nil), sum) {
		return nil, f, errors.New("damaged: its hash is another")
	}
	return c, f, nil
}

func sizeOf(file io.ReaderAt) (int64, error) {
	switch f := file.(type) {
	case *os.File:
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	case *bytes.Reader:
		return f.Size(), nil
	}
	panic(fmt.Sprintf("dataset: index in a %T", file))
}

// hashed reads and hashes what it reads.
type hashed struct {
	r io.Reader
	h hash.Hash
}

func (h *hashed) Read(b []byte) (int, error) {
	n, err := h.r.Read(b)
	h.h.Write(b[:n])
	return n, err
}

// readRows reads the columns and the names, which may hold anything.
func (c *catalog) readRows(r io.Reader, f facts) error {
	n := f.Rows
	c.part, c.frame, c.labels, c.pose = make([]uint16, n), make([]uint32, n), make([]au.Vector, n), make([][3]float32, n)
	c.flags, c.who, c.at, c.size, c.mark = make([]uint8, n), make([]uint32, n), make([]int64, n), make([]uint32, n), make([]int32, n)
	const chunk = 512
	buffer := make([]byte, chunk*rowBytes)
	top := float32(au.Max)
	if f.Columns == Presence {
		top = 1
	}
	for from := 0; from < n; from += chunk {
		to := min(from+chunk, n)
		rows := buffer[:(to-from)*rowBytes]
		if _, err := io.ReadFull(r, rows); err != nil {
			return err
		}
		for i := from; i < to; i++ {
			b := rows[(i-from)*rowBytes:]
			c.part[i], c.flags[i], c.frame[i], c.who[i] = binary.LittleEndian.Uint16(b), b[2], binary.LittleEndian.Uint32(b[3:]), binary.LittleEndian.Uint32(b[7:])
			c.at[i], c.size[i] = int64(binary.LittleEndian.Uint64(b[11:])), binary.LittleEndian.Uint32(b[19:])
			c.mark[i] = int32(binary.LittleEndian.Uint32(b[23:]))
			if int(c.part[i]) >= len(c.parts) || int(c.flags[i]&flagEnding) >= len(endings) || c.who[i] != nobody && int(c.who[i]) >= f.Names ||
				c.at[i] < 0 || c.size[i] > maxFile || c.mark[i] < -1 || int(c.mark[i]) >= f.Marks || c.frame[i] > maxFrame {
				return fmt.Errorf("row %d is damaged", i)
			}
			for k := range c.pose[i] {
				v := math.Float32frombits(binary.LittleEndian.Uint32(b[27+4*k:]))
				if !(v >= -4 && v <= 4) {
					return fmt.Errorf("row %d: pose %g", i, v)
				}
				c.pose[i][k] = v
			}
			for k := range c.labels[i] {
				v := math.Float32frombits(binary.LittleEndian.Uint32(b[39+4*k:]))
				if !(v >= 0 && v <= top) {
					return fmt.Errorf("row %d: label %g", i, v)
				}
				c.labels[i][k] = v
			}
		}
	}
	text := make([]byte, f.Text)
	if _, err := io.ReadFull(r, text); err != nil {
		return err
	}
	c.names = make([]string, 0, f.Names)
	all := string(text) // the names share it
	for len(c.names) < f.Names {
		end := bytes.IndexByte(text, 0)
		if end < 0 || end > maxIdentity {
			return fmt.Errorf("name %d is damaged", len(c.names))
		}
		c.names = append(c.names, all[:end])
		text, all = text[end+1:], all[end+1:]
	}
	if len(text) != 0 {
		return errors.New("text after the last name")
	}
	return nil
}
