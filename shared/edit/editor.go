package edit

import (
	"context"
	"errors"
	"fmt"
	"image"
	"sync"

	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/pixel"
	"mien/shared/tensor"
)

// ErrNoPhoto means that no photo has been set yet.
var ErrNoPhoto = errors.New("no photo set")

// Editor turns a photo and a change of Action Units into a field or a picture.
// Any number of goroutines may use it.
type Editor struct {
	swap *Swap

	// Plain tells the generator what is asked, whatever this face makes of it: see
	// calibrate. It is set before the editor is used.
	Plain bool

	reading sync.Mutex // a reader is used by one goroutine at a time
	reader  *model.Reader

	mu             sync.Mutex // guards what follows
	finder         *face.Finder
	rigging        *Rigging
	generatorFirst bool
	photo          *subject // which itself never changes
}

// subject is one photo with its face.
type subject struct {
	img   *image.NRGBA
	faces []face.Face // that were found
	face  face.Face   // the one to edit; the zero face where only its frame is known
	frame face.Frame  // of the one to edit
	read  au.Vector   // what the reader sees in it
	alone au.Vector   // what it sees in the picture alone, without the mesh

	mu      sync.Mutex
	crops   map[int]*tensor.Tensor // by size; never written after they are made
	answers answers                // to calibrate by

	mesh mesh // where the face moves as one
}

// crop returns the face as [1 S S 3]; it is shared, nobody may write to it.
func (s *subject) crop(size int) *tensor.Tensor {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.crops[size]
	if t == nil {
		t = pixel.ToTensor(face.Crop(s.img, s.frame, size))
		s.crops[size] = t
	}
	return t
}

// New returns an editor that runs the generator in swap. reader may be nil: then
// SetPhoto reads all Action Units as 0, and a generator that paints targets takes the
// face for a neutral one. finder may be nil: then faces are given by their frames.
func New(swap *Swap, reader *model.Reader, finder *face.Finder) *Editor {
	return &Editor{swap: swap, reader: reader, finder: finder}
}

// SetFinder brings the networks that find faces, for photos that are set from then on.
func (e *Editor) SetFinder(f *face.Finder) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.finder = f
}

func (e *Editor) faceFinder() *face.Finder {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.finder
}

// SetReader brings the AU reader. The photo that is set is read by it; its intensities
// are returned, zero where there is no photo. On an error the editor has no reader.
func (e *Editor) SetReader(ctx context.Context, r *model.Reader) (au.Vector, error) {
	e.reading.Lock()
	e.reader = r
	e.reading.Unlock()
	s, err := e.subject()
	if err != nil {
		return au.Vector{}, nil // no photo yet
	}
	read, err := e.set(ctx, &subject{img: s.img, faces: s.faces, face: s.face, frame: s.frame, crops: map[int]*tensor.Tensor{}})
	if err != nil {
		e.reading.Lock()
		e.reader = nil
		e.reading.Unlock()
		return au.Vector{}, fmt.Errorf("set reader: %w", err)
	}
	return read, nil
}

// SetPhoto makes img, which the editor keeps and nobody may write to from then
// on, the photo to edit. It returns its faces, the largest first, which is the
// one to edit until Choose, and the intensities (0 to au.Max) that the reader
// sees in it.
//
// When no face is found, the error wraps face.ErrNoFace and the photo is set
// all the same, with the square in its middle (face.CentreFrame) as its frame;
// other errors leave the photo before in place.
func (e *Editor) SetPhoto(ctx context.Context, img *image.NRGBA) ([]face.Face, au.Vector, error) {
	finder := e.faceFinder()
	if finder == nil {
		return nil, au.Vector{}, errors.New("set photo: the networks that find faces are not there yet")
	}
	faces, err := finder.Find(ctx, img)
	if errors.Is(err, face.ErrNoFace) {
		read, readErr := e.SetFrame(ctx, img, face.CentreFrame(img.Rect.Dx(), img.Rect.Dy()))
		if readErr != nil {
			err = readErr
		}
		return nil, read, fmt.Errorf("set photo: %w", err)
	}
	if err != nil {
		return nil, au.Vector{}, fmt.Errorf("set photo: %w", err)
	}
	read, err := e.show(ctx, img, faces, 0)
	if err != nil {
		return nil, au.Vector{}, fmt.Errorf("set photo: %w", err)
	}
	return faces, read, nil
}

// Choose makes face i of those that SetPhoto returned the one to edit, and
// returns the intensities that the reader sees in it.
func (e *Editor) Choose(ctx context.Context, i int) (au.Vector, error) {
	s, err := e.subject()
	if err != nil {
		return au.Vector{}, fmt.Errorf("choose face: %w", err)
	}
	if i < 0 || i >= len(s.faces) {
		return au.Vector{}, fmt.Errorf("choose face %d: the photo has %d", i, len(s.faces))
	}
	read, err := e.show(ctx, s.img, s.faces, i)
	if err != nil {
		return au.Vector{}, fmt.Errorf("choose face: %w", err)
	}
	return read, nil
}

// show makes face i the one to edit.
func (e *Editor) show(ctx context.Context, img *image.NRGBA, faces []face.Face, i int) (au.Vector, error) {
	return e.set(ctx, &subject{img: img, faces: faces, face: faces[i], frame: faces[i].Frame, crops: map[int]*tensor.Tensor{}})
}

// SetFrame is SetPhoto for a frame that the caller knows: it is used as it is.
func (e *Editor) SetFrame(ctx context.Context, img *image.NRGBA, frame face.Frame) (au.Vector, error) {
	if _, err := frame.Inverse(); err != nil {
		return au.Vector{}, err
	}
	if img.Rect.Empty() {
		return au.Vector{}, fmt.Errorf("photo of %dx%d pixels: want at least one", img.Rect.Dx(), img.Rect.Dy())
	}
	return e.set(ctx, &subject{img: img, frame: frame, crops: map[int]*tensor.Tensor{}})
}

// set reads the face of s and makes s the photo to edit.
func (e *Editor) set(ctx context.Context, s *subject) (au.Vector, error) {
	if e.reader != nil {
		var mesh *face.Mesh
		if s.face.Mesh != (face.Mesh{}) {
			mesh = &s.face.Mesh
		}
		crop := s.crop(e.reader.Size())
		v, err := e.readBoth(ctx, crop, mesh)
		if err != nil {
			return au.Vector{}, err
		}
		s.read, s.alone = v.AU, v.AU
		if mesh != nil && e.reader.SeesMesh() {
			if v, err = e.readBoth(ctx, crop, nil); err != nil {
				return au.Vector{}, err
			}
			s.alone = v.AU
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.photo = s
	return s.read, nil
}

// readBoth is the mean of what the reader sees in a face and in its mirror image; mesh is
// nil where it is not known.
func (e *Editor) readBoth(ctx context.Context, crop *tensor.Tensor, mesh *face.Mesh) (model.Reading, error) {
	e.reading.Lock()
	defer e.reading.Unlock()
	return e.reader.ReadBoth(ctx, crop, mesh)
}

// Face returns the face that is edited; false when there is no photo, or only the
// frame of the face is known.
func (e *Editor) Face() (face.Face, bool) {
	s, err := e.subject()
	if err != nil || s.face.Mesh == (face.Mesh{}) {
		return face.Face{}, false
	}
	return s.face, true
}

func (e *Editor) subject() (*subject, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.photo == nil {
		return nil, ErrNoPhoto
	}
	return e.photo, nil
}

// Frame returns the frame of the photo that is set; false when there is none.
func (e *Editor) Frame() (face.Frame, bool) {
	s, err := e.subject()
	if err != nil {
		return face.Frame{}, false
	}
	return s.frame, true
}

// Edit returns the field for a change of Action Units, -au.Max to au.Max each;
// what lies beyond is clamped. No change is the empty field, whatever the
// generator would say, so that all sliders at 0 show the photo byte for byte.
func (e *Editor) Edit(ctx context.Context, change au.Vector) (Field, error) {
	s, err := e.subject()
	if err != nil {
		return Field{}, fmt.Errorf("edit: %w", err)
	}
	return e.edit(ctx, s, change)
}

func (e *Editor) edit(ctx context.Context, s *subject, change au.Vector) (Field, error) {
	if err := checkChange(change); err != nil {
		return Field{}, err
	}
	change = change.Clamp(-au.Max, au.Max)
	if change.IsZero() {
		return Field{}, nil
	}
	change, err := e.calibrate(ctx, s, change)
	if err != nil {
		return Field{}, fmt.Errorf("edit: %w", err)
	}
	f, err := e.swap.Field(ctx, s.crop, s.read, change)
	if err != nil {
		return Field{}, fmt.Errorf("edit: %w", err)
	}
	return f, nil
}

// checkChange refuses what is no number.
func checkChange(change au.Vector) error {
	for i, v := range change {
		if v != v {
			return fmt.Errorf("edit: change of action unit %s is %g, want -%d to %d", au.Units[i].Code, v, au.Max, au.Max)
		}
	}
	return nil
}

// EditSides is Edit with a change for each half of the face, the picture's left
// one first.
func (e *Editor) EditSides(ctx context.Context, left, right au.Vector) (Field, error) {
	s, err := e.subject()
	if err != nil {
		return Field{}, fmt.Errorf("edit: %w", err)
	}
	return e.sides(ctx, s, left, right)
}

func (e *Editor) sides(ctx context.Context, s *subject, left, right au.Vector) (Field, error) {
	a, err := e.edit(ctx, s, left)
	if err != nil || left == right {
		return a, err
	}
	b, err := e.edit(ctx, s, right)
	if err != nil {
		return Field{}, err
	}
	f, err := Sides(a, b)
	if err != nil { // the generator was replaced in between
		return Field{}, fmt.Errorf("edit: %w", err)
	}
	return f, nil
}

// ReadEdited returns the intensities (0 to au.Max) that the reader sees in the
// face under a field of the photo that is set: what an edit has come to, to be
// held against what was asked for. It looks at a small copy, so that the photo's
// size costs nothing.
func (e *Editor) ReadEdited(ctx context.Context, f Field) (au.Vector, error) {
	s, err := e.subject()
	if err != nil {
		return au.Vector{}, fmt.Errorf("read edited face: %w", err)
	}
	if err := f.Check(); err != nil {
		return au.Vector{}, fmt.Errorf("read edited face: %w", err)
	}
	if e.reader == nil || f.IsZero() {
		return s.read, nil
	}
	v, err := e.readUnder(ctx, s, f)
	if err != nil {
		return au.Vector{}, fmt.Errorf("read edited face: %w", err)
	}
	return v, nil
}

// readUnder is what the reader sees in a face under a field.
func (e *Editor) readUnder(ctx context.Context, s *subject, f Field) (au.Vector, error) {
	side := 2 * e.reader.Size() // the border between moved and unmoved stays finer than what the reader sees
	return e.readAlone(ctx, s, Apply(face.Crop(s.img, s.frame, side), face.CentreFrame(side, side), f))
}

// readAlone is what the reader sees in the face of s as edited shows it, its frame's
// square. Nobody looked for the mesh of what is edited, so what the picture alone says to
// have changed is added to what the reader saw in the photo.
func (e *Editor) readAlone(ctx context.Context, s *subject, edited *image.NRGBA) (au.Vector, error) {
	whole := face.CentreFrame(edited.Rect.Dx(), edited.Rect.Dy())
	v, err := e.readBoth(ctx, pixel.ToTensor(face.Crop(edited, whole, e.reader.Size())), nil)
	if s.alone == s.read {
		return v.AU, err
	}
	return v.AU.Sub(s.alone).Add(s.read).Clamp(0, au.Max), err
}

// Picture returns the photo with the change applied, at its full resolution: as
// layers where it can be, unless the generator comes first.
func (e *Editor) Picture(ctx context.Context, change au.Vector) (*image.NRGBA, error) {
	return e.PictureSides(ctx, change, change)
}

// PictureSides is Picture with a change for each half of the face, the picture's
// left one first.
func (e *Editor) PictureSides(ctx context.Context, left, right au.Vector) (*image.NRGBA, error) {
	s, err := e.subject() // once: the photo may be replaced while the field is computed
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	if e.layered(s) {
		return e.layeredPicture(ctx, s, left, right)
	}
	f, err := e.sides(ctx, s, left, right)
	if err != nil {
		return nil, err
	}
	return Apply(s.img, s.frame, f), nil
}
