package dataset

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"mien/shared/au"
)

// Options say how a folder is read.
type Options struct {
	Size               int     // of the faces in pixels, 8 to 512
	TrainSize          int     // at most this many training faces, 0 for all
	Columns            Columns // "" is Intensity
	ValidationFraction float64 // of the people, 0 to 1
	// Progress, when set, is told now and then how many pictures are read; it
	// must be safe for concurrent use.
	Progress func(done, total int)
}

const (
	tableName = "EmotioNet.csv"
	facesName = "EmotioNet_aligned"
	maxParts  = 1000
)

// Folder is a data set that was read: no person is in both of its sets.
type Folder struct {
	Train, Validation *Set
	Report            Report
}

// Set is a Source whose faces lie decoded in memory, S*S*3 bytes each.
type Set struct {
	size  int
	faces []face
}

type face struct {
	row
	path string
	img  []uint8
}

// Len is the number of faces.
func (s *Set) Len() int { return len(s.faces) }

// Size is the width and height of a face.
func (s *Set) Size() int { return s.size }

// Sample implements Source.
func (s *Set) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	if i < 0 || i >= len(s.faces) {
		return nil, au.Vector{}, nil, "", fmt.Errorf("face %d of %d", i, len(s.faces))
	}
	f := &s.faces[i]
	return f.img, f.labels, f.landmarks, f.identity, nil
}

// Labels implements Source.
func (s *Set) Labels(i int) au.Vector { return s.faces[i].labels }

// Pose implements Posed.
func (s *Set) Pose(i int) ([3]float32, bool) { return s.faces[i].pose, s.faces[i].posed }

// Open reads ROOT/<part>/processed of every part, ROOT/processed, or ROOT
// itself, whichever holds EmotioNet.csv. Rows and pictures that cannot be used
// are left out and counted; fewer than half left is an error.
func Open(ctx context.Context, root string, o Options) (*Folder, error) {
	if o.Size < 8 || o.Size > 512 {
		return nil, fmt.Errorf("data set %q: size %d, want 8 to 512", root, o.Size)
	}
	if o.Columns == "" {
		o.Columns = Intensity
	}
	if o.Columns != Intensity && o.Columns != Presence {
		return nil, fmt.Errorf("data set %q: columns %q, want %q or %q", root, o.Columns, Intensity, Presence)
	}
	if !(o.ValidationFraction >= 0 && o.ValidationFraction <= 1) {
		return nil, fmt.Errorf("data set %q: validation fraction %g, want 0 to 1", root, o.ValidationFraction)
	}
	parts, err := findParts(root)
	if err != nil {
		return nil, err
	}
	d := &Folder{}
	var faces []face
	for _, p := range parts {
		fs, err := readPart(p, o.Columns, &d.Report)
		if err != nil {
			return nil, fmt.Errorf("data set %q: %w", p, err)
		}
		faces = append(faces, fs...)
	}
	train, validation := split(faces, o)
	train = thin(train, o.TrainSize, &d.Report)
	if train, err = load(ctx, train, o, &d.Report); err != nil {
		return nil, err
	}
	if validation, err = load(ctx, validation, o, &d.Report); err != nil {
		return nil, err
	}
	d.Train, d.Validation = &Set{o.Size, train}, &Set{o.Size, validation}
	d.Report.Kept = len(train) + len(validation)
	if d.Report.Kept == 0 || d.Report.Kept*2 < d.Report.Rows-d.Report.Skipped[reasonEnough] {
		return nil, fmt.Errorf("data set %q: fewer than half of the rows can be used: %s", root, d.Report)
	}
	return d, nil
}

// reasonEnough counts rows that TrainSize made unnecessary.
const reasonEnough = "more than asked for"

func findParts(root string) ([]string, error) {
	for _, dir := range []string{root, filepath.Join(root, "processed")} {
		if _, err := os.Stat(filepath.Join(dir, tableName)); err == nil {
			return []string{dir}, nil
		}
	}
	parts, err := filepath.Glob(filepath.Join(escape(root), "*", "processed", tableName))
	if err != nil {
		return nil, fmt.Errorf("data set %q: %w", root, err)
	}
	if len(parts) == 0 || len(parts) > maxParts {
		return nil, fmt.Errorf("data set %q: %d parts of the form PART/processed/%s, want 1 to %d", root, len(parts), tableName, maxParts)
	}
	sort.Strings(parts)
	for i := range parts {
		parts[i] = filepath.Dir(parts[i])
	}
	return parts, nil
}

// escape keeps characters of a directory's name from meaning a pattern.
func escape(dir string) string {
	if runtime.GOOS == "windows" {
		return dir // Glob knows no escape there
	}
	var b []rune
	for _, r := range dir {
		if r == '*' || r == '?' || r == '[' || r == '\\' {
			b = append(b, '\\')
		}
		b = append(b, r)
	}
	return string(b)
}

// readPart reads the tables of one processed directory.
func readPart(dir string, columns Columns, report *Report) ([]face, error) {
	var rows []row
	err := read(filepath.Join(dir, tableName), func(r io.Reader) (err error) {
		rows, err = readLabels(r, columns, report)
		return err
	})
	if err != nil {
		return nil, err
	}
	byFrame := make(map[int]*row, len(rows))
	for i := range rows {
		byFrame[rows[i].frame] = &rows[i]
	}
	for name, parse := range map[string]func(io.Reader, map[int]*row) error{"meta.csv": readMeta, "landmarks68.csv": readLandmarks} {
		err := read(filepath.Join(dir, name), func(r io.Reader) error { return parse(r, byFrame) })
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	pictures, err := list(filepath.Join(dir, facesName))
	if err != nil {
		return nil, err
	}
	var faces []face
	for _, x := range rows {
		path, ok := pictures[fmt.Sprintf("frame_det_00_%06d", x.frame)]
		if !ok {
			report.skip("picture missing")
			continue
		}
		if x.identity == "" { // nobody knows who it is: a person of its own
			x.identity = dir + "#" + strconv.Itoa(x.frame)
		}
		faces = append(faces, face{row: x, path: path})
	}
	return faces, nil
}

func read(path string, parse func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := parse(f); err != nil {
		return fmt.Errorf("table %q: %w", path, err)
	}
	return nil
}

// list returns the pictures of a directory by their names without ending.
func list(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	pictures := make(map[string]string, len(entries))
	for _, e := range entries {
		name := e.Name()
		switch ext := filepath.Ext(name); ext {
		case ".bmp", ".jpg", ".jpeg", ".png":
			pictures[name[:len(name)-len(ext)]] = filepath.Join(dir, name)
		}
	}
	return pictures, nil
}

// split divides faces by a hash of the person, so that it stays the same when
// faces are added.
func split(faces []face, o Options) (train, validation []face) {
	limit := o.ValidationFraction * (1 << 53)
	for _, f := range faces {
		h := fnv.New64a()
		h.Write([]byte(f.identity))
		// FNV's upper bits hardly differ for names that end differently.
		z := h.Sum64()
		z = (z ^ z>>33) * 0xff51afd7ed558ccd
		z ^= z >> 33
		if float64(z>>11) < limit {
			validation = append(validation, f)
		} else {
			train = append(train, f)
		}
	}
	return train, validation
}

// thin keeps n faces (all for 0), evenly over all parts.
func thin(faces []face, n int, report *Report) []face {
	if n <= 0 || n >= len(faces) {
		return faces
	}
	kept := make([]face, n)
	for i := range kept {
		kept[i] = faces[i*len(faces)/n]
	}
	for range len(faces) - n {
		report.skip(reasonEnough)
	}
	return kept
}

// load decodes the pictures of faces and drops those it cannot read.
func load(ctx context.Context, faces []face, o Options, report *Report) ([]face, error) {
	workers := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	var done atomic.Int64
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(faces); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				img, err := picture(faces[i].path, o.Size)
				if err == nil {
					faces[i].img = img
				}
				if n := int(done.Add(1)); o.Progress != nil && (n%256 == 0 || n == len(faces)) {
					o.Progress(n, len(faces))
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("read pictures: %w", err)
	}
	sound := faces[:0]
	for _, f := range faces {
		if f.img == nil {
			report.skip("picture unreadable")
			continue
		}
		sound = append(sound, f)
	}
	return sound, nil
}
