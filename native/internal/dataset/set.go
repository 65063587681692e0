package dataset

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"mien/native/internal/disk"
	"mien/shared/au"
	"mien/shared/face"
)

// Set is a Source of faces in a folder or in shards. Where meshes are known (see
// Meshes) it shows the frame that they give, else the pictures as they are. Decoded
// faces, S*S*3 bytes each and their meshes, are kept in memory as far as Options.Memory
// goes; the others are read and decoded each time they are asked for.
type Set struct {
	ctx     context.Context // ends all reading
	size    int
	catalog *catalog
	faces   []uint32 // into the catalog
	held    []atomic.Pointer[sample]
	room    atomic.Int64 // bytes that may still be kept
}

// newSet makes a set and, where it fits, reads it. room is what memory is left.
func newSet(ctx context.Context, c *catalog, faces []uint32, o Options, room *int64, report *Report) (*Set, error) {
	s := &Set{ctx: ctx, size: o.Size, catalog: c, faces: faces, held: make([]atomic.Pointer[sample], len(faces))}
	whole := int64(len(faces)) * int64(s.bytes())
	if whole > *room {
		s.room.Store(*room)
		*room = 0
		return s, nil
	}
	*room -= whole
	s.room.Store(whole)
	return s, s.load(ctx, o, report)
}

// bytes is the memory of a face.
func (s *Set) bytes() int {
	n := s.size * s.size * 3
	if s.catalog.mesh != nil {
		n += int(unsafe.Sizeof(meshed{}))
	}
	return n
}

// load decodes all pictures and drops those it cannot read.
func (s *Set) load(ctx context.Context, o Options, report *Report) error {
	workers := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	var done atomic.Int64
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(s.faces); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				_, _ = s.face(i) // what cannot be read is not held
				if n := int(done.Add(1)); o.Progress != nil && (n%256 == 0 || n == len(s.faces)) {
					o.Progress(n, len(s.faces))
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("read pictures: %w", err)
	}
	n := 0
	for i := range s.faces {
		held := s.held[i].Load()
		if held == nil {
			report.skip("picture unreadable")
			continue
		}
		s.faces[n] = s.faces[i]
		s.held[n].Store(held)
		n++
	}
	s.faces, s.held = s.faces[:n], s.held[:n]
	return nil
}

// face returns face i decoded, from memory or from its file.
func (s *Set) face(i int) (*sample, error) {
	if held := s.held[i].Load(); held != nil {
		return held, nil
	}
	face := int(s.faces[i])
	b, err := disk.Within(s.ctx, func() ([]byte, error) { return s.catalog.picture(face) })
	if err != nil {
		return nil, fmt.Errorf("picture %q: %w", s.catalog.name(face), err)
	}
	seen, err := s.catalog.decode(face, b, s.size)
	if err != nil {
		return nil, fmt.Errorf("picture %q: %w", s.catalog.name(face), err)
	}
	if n := int64(s.bytes()); s.room.Add(-n) >= 0 {
		s.held[i].Store(seen)
	} else {
		s.room.Add(n)
	}
	return seen, nil
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
	seen, err := s.face(i)
	if err != nil {
		return nil, au.Vector{}, nil, "", err
	}
	face := int(s.faces[i])
	l, err := s.catalog.landmarks(face)
	if err != nil {
		return nil, au.Vector{}, nil, "", err
	}
	if l != nil && seen.mesh != nil {
		l = seen.mesh.landmarks(l)
	}
	return seen.img, s.catalog.labels[face], l, s.catalog.identity(face), nil
}

// Mesh implements Meshed.
func (s *Set) Mesh(i int) (face.Mesh, bool) {
	if s.catalog.mesh == nil || i < 0 || i >= len(s.faces) {
		return face.Mesh{}, false
	}
	seen, err := s.face(i)
	if err != nil || seen.mesh == nil {
		return face.Mesh{}, false
	}
	return seen.mesh.mesh, true
}

// Labels implements Source.
func (s *Set) Labels(i int) au.Vector { return s.catalog.labels[s.faces[i]] }

// Pose implements Posed.
func (s *Set) Pose(i int) ([3]float32, bool) {
	face := s.faces[i]
	return s.catalog.pose[face], s.catalog.flags[face]&flagPosed != 0
}

// Identity says who face i is, without a look at its picture.
func (s *Set) Identity(i int) string { return s.catalog.identity(int(s.faces[i])) }

// Name says which picture face i is: PART/EmotioNet_aligned/frame_det_00_NNNNNN.jpg.
func (s *Set) Name(i int) string { return s.catalog.name(int(s.faces[i])) }
