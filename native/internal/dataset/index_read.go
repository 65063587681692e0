package dataset

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"mien/shared/au"
)

// openIndex reads the index of root. The error wraps os.ErrNotExist when there
// is none, ErrStale when it is of other files.
func openIndex(root *root, columns Columns) (*catalog, Report, error) {
	file, err := root.open(indexName(columns))
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
func (f facts) check(root *root) error {
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
	switch end := string(tail[24+sha256.Size:]); {
	case end == indexMagic:
	case end[:len(end)-1] == indexMagic[:len(end)-1]:
		return nil, f, fmt.Errorf("%w: of version %q, this program reads %q", ErrStale, end, indexMagic)
	default:
		return nil, f, errors.New("no index, or cut off")
	}
	if at > uint64(size) || length > uint64(size) || at+length != uint64(size)-trailerBytes || text > maxFacts || text > length {
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
	c.face = make([]uint8, n)
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
			c.part[i], c.flags[i], c.face[i], c.frame[i], c.who[i] = binary.LittleEndian.Uint16(b), b[2], b[3], binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
			c.at[i], c.size[i] = int64(binary.LittleEndian.Uint64(b[12:])), binary.LittleEndian.Uint32(b[20:])
			c.mark[i] = int32(binary.LittleEndian.Uint32(b[24:]))
			if int(c.part[i]) >= len(c.parts) || int(c.flags[i]&flagEnding) >= len(endings) || c.who[i] != nobody && int(c.who[i]) >= f.Names ||
				c.at[i] < 0 || c.size[i] > maxFile || c.mark[i] < -1 || int(c.mark[i]) >= f.Marks || c.frame[i] > maxFrame || c.face[i] > maxFace {
				return fmt.Errorf("row %d is damaged", i)
			}
			for k := range c.pose[i] {
				v := math.Float32frombits(binary.LittleEndian.Uint32(b[28+4*k:]))
				if !(v >= -4 && v <= 4) {
					return fmt.Errorf("row %d: pose %g", i, v)
				}
				c.pose[i][k] = v
			}
			for k := range c.labels[i] {
				v := math.Float32frombits(binary.LittleEndian.Uint32(b[40+4*k:]))
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
