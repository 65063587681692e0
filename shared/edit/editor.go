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
	swap   *Swap
	finder *face.Finder

	reading sync.Mutex // a reader is used by one goroutine at a time
	reader  *model.Reader

	mu    sync.Mutex // guards subject, which itself never changes
	photo *subject
}

// subject is one photo with its face.
type subject struct {
	img   *image.NRGBA
	frame face.Frame

	mu    sync.Mutex
	crops map[int]*tensor.Tensor // by size; never written after they are made
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

// New returns an editor that runs the generator in swap. reader may be nil:
// then SetPhoto reads all Action Units as 0.
func New(swap *Swap, reader *model.Reader, finder *face.Finder) *Editor {
	return &Editor{swap: swap, reader: reader, finder: finder}
}

// SetPhoto makes img, which the editor keeps and nobody may write to from then
// on, the photo to edit. It returns the largest face and the intensities
// (0 to au.Max) that the reader sees in it.
//
// When no face is found, the error wraps face.ErrNoFace and the photo is set
// all the same, with the square in its middle (face.CentreFrame) as its frame;
// other errors leave the photo before in place.
func (e *Editor) SetPhoto(ctx context.Context, img *image.NRGBA) (face.Face, au.Vector, error) {
	faces, err := e.finder.Find(img)
	if err != nil && !errors.Is(err, face.ErrNoFace) {
		return face.Face{}, au.Vector{}, fmt.Errorf("set photo: %w", err)
	}
	found := face.Face{Frame: face.CentreFrame(img.Rect.Dx(), img.Rect.Dy())}
	if err == nil {
		found = faces[0]
	}
	read, readErr := e.SetFrame(ctx, img, found.Frame)
	if readErr != nil {
		err = readErr
	}
	if err != nil {
		return found, read, fmt.Errorf("set photo: %w", err)
	}
	return found, read, nil
}

// SetFrame is SetPhoto for a face that the caller has found, such as another
// one of a group.
func (e *Editor) SetFrame(ctx context.Context, img *image.NRGBA, frame face.Frame) (au.Vector, error) {
	if _, err := frame.Inverse(); err != nil {
		return au.Vector{}, err
	}
	if img.Rect.Empty() {
		return au.Vector{}, fmt.Errorf("photo of %dx%d pixels: want at least one", img.Rect.Dx(), img.Rect.Dy())
	}
	photo := &subject{img: img, frame: frame, crops: map[int]*tensor.Tensor{}}
	var read au.Vector
	if e.reader != nil {
		e.reading.Lock()
		v, _, err := e.reader.Read(ctx, photo.crop(e.reader.Size()))
		e.reading.Unlock()
		if err != nil {
			return au.Vector{}, err
		}
		read = v
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.photo = photo
	return read, nil
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
	for i, v := range change {
		if v != v {
			return Field{}, fmt.Errorf("edit: change of action unit %s is %g, want -%d to %d", au.Units[i].Code, v, au.Max, au.Max)
		}
	}
	change = change.Clamp(-au.Max, au.Max)
	if change.IsZero() {
		return Field{}, nil
	}
	f, err := e.swap.Field(ctx, s.crop, change)
	if err != nil {
		return Field{}, fmt.Errorf("edit: %w", err)
	}
	return f, nil
}

// Picture returns the photo with the change applied, at its full resolution.
func (e *Editor) Picture(ctx context.Context, change au.Vector) (*image.NRGBA, error) {
	s, err := e.subject() // once: the photo may be replaced while the field is computed
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	f, err := e.edit(ctx, s, change)
	if err != nil {
		return nil, err
	}
	return Apply(s.img, s.frame, f), nil
}
