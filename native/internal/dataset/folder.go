package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Options say how a folder is read.
type Options struct {
	Size               int     // of the faces in pixels, 8 to 512
	TrainSize          int     // at most this many training faces, 0 for all
	ValidationSize     int     // at most this many validation faces, 0 for all
	Columns            Columns // "" is Intensity
	ValidationFraction float64 // of the people, 0 to 1
	People             Half    // whose faces to train on: half of the people, or "" for all
	// Memory bounds the bytes of decoded faces that are kept. A set that fits is
	// read at once; of a larger one faces are decoded when they are asked for.
	// Defaults to 2 GiB.
	Memory int64
	// Meshes is the folder of the meshes where they do not lie beside the pictures.
	Meshes string
	// Progress, when set, is told now and then how many pictures are read; it
	// must be safe for concurrent use.
	Progress func(done, total int)
}

// Half is one half of the people, so that two networks can learn from people
// of whom neither has seen the other's.
type Half string

// The halves.
const (
	Even Half = "even"
	Odd  Half = "odd"
)

const defaultMemory = 2 << 30

// Folder is a data set that was read: no person is in both of its sets.
type Folder struct {
	Train, Validation *Set
	Report            Report
	// Indexed says that the set's index was used instead of its tables.
	Indexed bool
	// Stale says why the index that is there could not be used.
	Stale error
	// Meshed is how many of all faces have a mesh on record, BadMeshes what is wrong
	// with files of them.
	Meshed    int
	BadMeshes error

	catalog *catalog
}

// Open reads ROOT/<part>/processed of every part, ROOT/processed, or ROOT
// itself, whichever holds EmotioNet.csv, or the shards ROOT/NAME.tar. An index
// beside them (see Index) that is up to date is read instead of the tables. Rows
// and pictures that cannot be used are left out and counted; fewer than half left
// is an error. ctx bounds all later reading of pictures, too: one that hangs is
// left behind when it ends.
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
	if o.People != "" && o.People != Even && o.People != Odd {
		return nil, fmt.Errorf("data set %q: people %q, want %q, %q or none for all", root, o.People, Even, Odd)
	}
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	d, err := within(ctx, func() (*Folder, error) { return openFolder(ctx, root, o) })
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("data set %q: %w", root, err)
	}
	return d, err
}

func openFolder(ctx context.Context, dir string, o Options) (*Folder, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, err
	}
	d := &Folder{}
	if d.catalog, d.Report, err = openIndex(root, o.Columns); err == nil {
		d.Indexed = true
	} else {
		if !errors.Is(err, os.ErrNotExist) {
			d.Stale = err
		}
		if d.catalog, err = readTables(ctx, root, o.Columns, &d.Report); err != nil {
			root.close()
			return nil, err
		}
	}
	if d.Meshed, d.BadMeshes = d.catalog.attachMeshes(o.Meshes); d.Meshed == 0 {
		d.catalog.mesh = nil
		if o.Meshes != "" {
			d.catalog.close()
			return nil, fmt.Errorf("data set %q: no meshes in %q: %w", dir, o.Meshes, d.BadMeshes)
		}
	}
	train, validation := split(d.catalog, o)
	train = halve(d.catalog, train, o.People, &d.Report)
	train = thin(train, o.TrainSize, &d.Report)
	validation = thin(validation, o.ValidationSize, &d.Report)
	room := o.Memory
	if d.Train, err = newSet(ctx, d.catalog, train, o, &room, &d.Report); err != nil {
		return nil, err
	}
	if d.Validation, err = newSet(ctx, d.catalog, validation, o, &room, &d.Report); err != nil {
		return nil, err
	}
	d.Report.Kept = d.Train.Len() + d.Validation.Len()
	if d.Report.Kept == 0 || d.Report.Kept*2 < d.Report.Rows-d.Report.unasked() {
		return nil, fmt.Errorf("data set %q: fewer than half of the rows can be used: %s", dir, d.Report)
	}
	return d, nil
}

// Close lets go of the files that a large set keeps open; its faces are then
// errors.
func (d *Folder) Close() error { return d.catalog.close() }

func (c *catalog) close() error {
	return errors.Join(c.closeFiles(), c.root.close())
}

// closeFiles closes all but the root.
func (c *catalog) closeFiles() error {
	var errs []error
	for _, p := range c.parts {
		if f := p.file; f != nil {
			errs = append(errs, f.Close())
		}
	}
	for _, m := range c.meshes {
		if m != nil {
			errs = append(errs, m.close())
		}
	}
	if c.marks != nil {
		errs = append(errs, c.marks.file.Close())
	}
	return errors.Join(errs...)
}

const (
	// reasonLessSure counts rows of a frame of which another face is surer.
	reasonLessSure = "less sure than another face of the frame"
	// reasonEnough counts rows that a size made unnecessary, reasonHalf those
	// of the other half of the people.
	reasonEnough = "more than asked for"
	reasonHalf   = "of the other half of the people"
)

// readTables reads the tables of all parts of root.
func readTables(ctx context.Context, root *root, columns Columns, report *Report) (*catalog, error) {
	parts, err := findParts(root)
	if err != nil {
		return nil, err
	}
	c := &catalog{root: root}
	people := map[string]uint32{}
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := c.readPart(p, columns, people, report, func(face int, l *[68][2]float32) error {
			c.mark[face] = int32(len(c.points))
			c.points = append(c.points, *l)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("data set %q: part %q: %w", root.dir, p.name, err)
		}
	}
	return c, nil
}

// readPart adds the faces of a part; mark is given their landmarks.
func (c *catalog) readPart(p *part, columns Columns, people map[string]uint32, report *Report, mark func(face int, l *[68][2]float32) error) error {
	c.parts = append(c.parts, p)
	in, err := p.list(c.root)
	if err != nil {
		return err
	}
	c.listed += len(in.pictures)
	byFrame := make(map[int]int, len(in.pictures))
	first, sure := c.len(), []float32{} // of the part's faces
	err = in.read(tableName, func(r io.Reader) error {
		return readLabels(r, columns, report, func(r row) (reason string) {
			place, ok := in.pictures[which{uint32(r.frame), r.face}]
			if !ok {
				return "picture missing"
			}
			i, twice := byFrame[r.frame]
			switch {
			case !twice:
				byFrame[r.frame] = c.len()
				c.add(r, place)
				sure = append(sure, r.confidence)
				return ""
			case r.confidence > sure[i-first]:
				c.replace(i, r, place)
				sure[i-first] = r.confidence
			}
			return reasonLessSure // of the two
		})
	})
	if err == nil {
		err = in.err
	}
	if err != nil {
		return err
	}
	find := func(frame, face int) (int, bool) {
		i, ok := byFrame[frame]
		return i, ok && (face < 0 || uint8(face) == c.face[i])
	}
	err = in.read(metaName, func(r io.Reader) error {
		return readMeta(r, find, func(i int, m meta) {
			if m.identity != "" {
				w, known := people[m.identity]
				if !known {
					w = uint32(len(c.names))
					name := m.identity
					c.names, people[name] = append(c.names, name), w
				}
				c.who[i] = w
			}
			if m.posed {
				c.pose[i] = m.pose
				c.flags[i] |= flagPosed
			}
		})
	})
	if err != nil {
		return err
	}
	return in.read(landmarksName, func(r io.Reader) error {
		return readLandmarks(r, find, func(i int, l *[68][2]float32) error {
			if c.mark[i] >= 0 {
				return nil // a second row of the same frame
			}
			return mark(i, l)
		})
	})
}

// split divides faces by a hash of the person, so that it stays the same when
// faces are added.
func split(c *catalog, o Options) (train, validation []uint32) {
	limit := o.ValidationFraction * (1 << 53)
	for i := range c.len() {
		if float64(spot(c.identity(i))>>11) < limit {
			validation = append(validation, uint32(i))
		} else {
			train = append(train, uint32(i))
		}
	}
	return train, validation
}

// halve keeps the faces of one half of the people.
func halve(c *catalog, faces []uint32, half Half, report *Report) []uint32 {
	if half == "" {
		return faces
	}
	kept := faces[:0]
	for _, f := range faces {
		if (spot(c.identity(int(f)))&1 == 0) == (half == Even) {
			kept = append(kept, f)
		} else {
			report.skip(reasonHalf)
		}
	}
	return kept
}

// thin keeps n faces (all for 0), evenly over all parts.
func thin(faces []uint32, n int, report *Report) []uint32 {
	if n <= 0 || n >= len(faces) {
		return faces
	}
	kept := make([]uint32, n)
	for i := range kept {
		kept[i] = faces[i*len(faces)/n]
	}
	for range len(faces) - n {
		report.skip(reasonEnough)
	}
	return kept
}
