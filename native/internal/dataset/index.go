package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"

	"mien/shared/au"
)

// The index file of a data set, ROOT/mien-intensity.index or
// ROOT/mien-presence.index: what its tables say, ready to be used. Little endian.
//
//	magic                  8 bytes, the last one its version
//	landmarks              markBytes each: 136 float32, CRC-32C of them
//	facts                  JSON, then the columns of the catalog
//	trailer                offset and length of facts, length of their JSON,
//	                       SHA-256 of facts, magic
const (
	indexMagic   = "mienidx2"
	trailerBytes = 3*8 + sha256.Size + 8
	markBytes    = 136*4 + 4
	maxFacts     = 4 << 20 // bytes of JSON
	tailBytes    = 64 << 10
)

// ErrStale means that an index is not of the files that are there now.
var ErrStale = errors.New("the index is not of these files")

func indexName(columns Columns) string { return "mien-" + string(columns) + ".index" }

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
func (p *part) look(r *root) ([]fileFacts, error) {
	names := []string{tableName, metaName, landmarksName, facesName}
	if p.shard {
		names = []string{""}
	}
	var files []fileFacts
	for _, name := range names {
		info, err := r.stat(path.Join(p.name, name))
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
func (p *part) sum(r *root, f fileFacts) (string, error) {
	if f.Name == facesName {
		return "", nil
	}
	in, err := r.open(path.Join(p.name, f.Name))
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
	report, err := within(ctx, func() (Report, error) { return index(ctx, root, columns, progress) })
	if err != nil {
		return report, fmt.Errorf("index %q: %w", root, err)
	}
	return report, nil
}

func index(ctx context.Context, dir string, columns Columns, progress func(faces int)) (report Report, err error) {
	root, err := openRoot(dir)
	if err != nil {
		return report, err
	}
	parts, err := findParts(root)
	if err != nil {
		return report, errors.Join(err, root.close())
	}
	to := filepath.Join(dir, indexName(columns))
	file, err := os.CreateTemp(dir, indexName(columns)+".*.tmp")
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
	if err := os.Rename(file.Name(), to); err != nil {
		return report, err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return report, err
	}
	return report, errors.Join(folder.Sync(), folder.Close())
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
		b = append(b, c.flags[i], c.face[i])
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
const rowBytes = 2 + 1 + 1 + 4 + 4 + 8 + 4 + 4 + 4*3 + 4*au.Count

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
