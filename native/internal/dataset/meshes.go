package dataset

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"mien/shared/face"
)

// MeshFinder looks at the face whose eyes are at two points of a picture. face.Finder
// is one.
type MeshFinder interface {
	At(ctx context.Context, img *image.NRGBA, eyes [2][2]float64) (face.Face, error)
}

// MeshOptions say how the meshes of a data set are made.
type MeshOptions struct {
	Out     string            // folder for the files; "" is beside the pictures or, where nobody may write there, the user's cache
	Network [sha256.Size]byte // of the mesh network's file
	Finders []MeshFinder      // each is used by one goroutine
	// Progress may be nil.
	Progress func(done, total int)
	// Say is told in words what a person wants to know; nil for nobody.
	Say func(string)
}

// MeshReport says what making meshes came to.
type MeshReport struct {
	Pictures   int      `json:"pictures"`
	Known      int      `json:"known"` // from an earlier run
	Made       int      `json:"made"`  // by this one, those without a face among them
	Faceless   int      `json:"faceless"`
	Unreadable int      `json:"unreadable"`
	Files      []string `json:"files"`
}

// Meshes makes the mesh of every picture of a data set, folders or shards, where the eyes
// are that the training frame has. What another run made of the same pictures by the
// same network is kept, so that an interrupted one goes on.
func Meshes(ctx context.Context, root string, o MeshOptions) (MeshReport, error) {
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	r, err := (&mesher{root: root, options: o}).run(ctx)
	if err != nil {
		return r, fmt.Errorf("meshes of %q: %w", root, err)
	}
	return r, nil
}

type mesher struct {
	root    string
	options MeshOptions
	report  MeshReport
	done    int
}

func (m *mesher) run(ctx context.Context) (MeshReport, error) {
	if len(m.options.Finders) == 0 {
		return m.report, errors.New("no finder")
	}
	root, err := openRoot(m.root)
	if err != nil {
		return m.report, err
	}
	c := &catalog{root: root}
	defer c.close()
	parts, err := findParts(root)
	if err != nil {
		return m.report, err
	}
	var ends []int // of each part's pictures
	for _, p := range parts {
		c.parts = append(c.parts, p)
		in, err := p.list(root)
		if err == nil {
			err = in.err
		}
		if err != nil {
			return m.report, err
		}
		faces := slices.SortedFunc(maps.Keys(in.pictures), func(a, b which) int { return cmp.Or(cmp.Compare(a.frame, b.frame), cmp.Compare(a.face, b.face)) })
		for _, f := range faces {
			c.add(row{frame: int(f.frame), face: f.face}, in.pictures[f])
		}
		ends = append(ends, c.len())
	}
	m.report.Pictures = c.len()
	from := 0
	for i, p := range parts {
		if err := m.part(ctx, c, p, from, ends[i]); err != nil {
			return m.report, fmt.Errorf("part %q: %w", p.name, err)
		}
		from = ends[i]
	}
	return m.report, nil
}

// part makes the meshes of the faces from to to of the catalog, which are those of a part.
func (m *mesher) part(ctx context.Context, c *catalog, p *part, from, to int) (err error) {
	file, err := m.create(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lock := flock.New(strings.TrimSuffix(file.Name(), ".bin") + ".lock")
	if ok, err := lock.TryLock(); err != nil || !ok {
		return errors.Join(fmt.Errorf("%q is being made by another process", file.Name()), err)
	}
	defer lock.Unlock()
	m.report.Files = append(m.report.Files, file.Name())
	known, err := m.resume(file)
	if err != nil {
		return err
	}
	var next atomic.Int64
	next.Store(int64(from))
	g, group := errgroup.WithContext(ctx)
	found := make(chan outcome)
	left := atomic.Int64{}
	left.Store(int64(len(m.options.Finders)))
	for _, finder := range m.options.Finders {
		g.Go(func() error {
			defer func() {
				if left.Add(-1) == 0 {
					close(found)
				}
			}()
			for {
				i := int(next.Add(1)) - 1
				if i >= to {
					return nil
				}
				seen, err := look(group, c, i, finder, known)
				if err != nil {
					return err
				}
				select {
				case found <- seen:
				case <-group.Done():
					return group.Err()
				}
			}
		})
	}
	// What is made is written at once, so that little is lost when the machine stops.
	writeErr := m.write(file, found)
	if err := g.Wait(); err != nil {
		return errors.Join(err, writeErr)
	}
	return writeErr
}

// outcome is what became of a picture.
type outcome struct {
	record     meshRecord
	known      bool
	unreadable bool
}

// look makes the mesh of face i, unless it is known.
func look(ctx context.Context, c *catalog, i int, finder MeshFinder, known map[which]uint32) (o outcome, err error) {
	if err := ctx.Err(); err != nil {
		return o, err
	}
	b, err := c.picture(i)
	if err != nil {
		return outcome{unreadable: true}, nil
	}
	o.record = meshRecord{which: which{c.frame[i], c.face[i]}, picture: crc32.Checksum(b, castagnoli)}
	if sum, ok := known[o.record.which]; ok && sum == o.record.picture {
		o.known = true
		return o, nil
	}
	img, err := decodeSquare(b)
	if err != nil {
		return outcome{unreadable: true}, nil
	}
	part := float64(img.Rect.Dx()) / face.FrameSize
	eye := func(x float64) [2]float64 { return [2]float64{(x + .5) * part, (face.EyeY + .5) * part} }
	f, err := finder.At(ctx, img, [2][2]float64{eye(face.LeftEyeX), eye(face.RightEyeX)})
	if err != nil {
		return o, fmt.Errorf("picture %q: %w", c.name(i), err)
	}
	o.record.presence = min(max(f.Score, 0), 1)
	for k, p := range f.Mesh {
		for j, v := range p {
			o.record.mesh[k][j] = v / float32(part)
		}
	}
	return o, nil
}

// write appends what is found to the file and counts it.
func (m *mesher) write(file *os.File, found <-chan outcome) error {
	w := bufio.NewWriterSize(file, 16*meshBytes)
	var failed error
	for o := range found {
		m.done++
		switch {
		case o.unreadable:
			m.report.Unreadable++
		case o.known:
			m.report.Known++
		default:
			m.report.Made++
			if o.record.presence < minFace {
				m.report.Faceless++
			}
			if failed == nil {
				_, failed = w.Write(o.record.append(nil))
			}
		}
		m.options.Progress(m.done, m.report.Pictures)
	}
	return errors.Join(failed, w.Flush(), file.Sync())
}

// create opens the file of a part's meshes, in the first place where that is possible.
func (m *mesher) create(p *part) (*os.File, error) {
	paths, err := p.meshPaths(m.root, m.options.Out)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			var file *os.File
			if file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644); err == nil {
				return file, nil
			}
		}
		if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
			break
		}
	}
	return nil, err
}

// resume returns the pictures' checksums, by frame, of which a file has sound records,
// and leaves the file at its end. A torn record at the end is cut off; a file of another
// network begins anew.
func (m *mesher) resume(file *os.File) (map[which]uint32, error) {
	head := meshHeader(m.options.Network)
	old, err := readMeshHead(file)
	if err == nil && old.network != m.options.Network {
		err = errOtherNetwork
	}
	if err != nil {
		size, sizeErr := sizeOf(file)
		if sizeErr != nil {
			return nil, sizeErr
		}
		if size > 0 {
			m.options.Say(fmt.Sprintf("%s: %v, begun anew", file.Name(), err))
		}
		if err := file.Truncate(0); err != nil {
			return nil, err
		}
		_, err := file.WriteAt(head, 0)
		if err == nil {
			_, err = file.Seek(int64(len(head)), io.SeekStart)
		}
		return nil, err
	}
	known, damaged := map[which]uint32{}, 0
	for k := range old.records {
		r, err := old.read(k)
		if err != nil {
			damaged++
			if face, err := old.which(k); err == nil {
				delete(known, face) // readers take the last record of a face
			}
			continue
		}
		known[r.which] = r.picture
	}
	if damaged > 0 {
		m.options.Say(fmt.Sprintf("%s: %d damaged meshes, made again", file.Name(), damaged))
	}
	end := old.at(old.records)
	if err := file.Truncate(end); err != nil {
		return nil, err
	}
	_, err = file.Seek(end, io.SeekStart)
	return known, err
}
