package edit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/model"
	"mien/shared/tensor"
)

// ErrNoGenerator means that no generator has been loaded yet.
var ErrNoGenerator = errors.New("no generator loaded")

const (
	// maxWarp bounds a shift in the warm-up: 2 is the frame's side. Half-trained
	// networks shift by .2; more than 2 is a broken file.
	maxWarp = 2
	// slack is what rounding may add to a mask in [0, 1] or a colour in [-1, 1].
	slack = 1e-2
)

// Drawer turns a face and a change into a field: a model.Generator, or whatever
// stands in for one. It is used by one goroutine at a time.
type Drawer interface {
	Info() model.Info
	// Size is the side of the photo that Field takes, [1 Size Size 3] in [-1, 1].
	Size() int
	// own is what the face shows, for those that are asked for expressions, not
	// changes.
	Field(ctx context.Context, photo *tensor.Tensor, own, change au.Vector) (model.Output, error)
	Close() error
}

// Swap holds the generator in use and lets a newer one take its place while
// the page goes on. Any number of goroutines may use it; pictures are computed
// one at a time.
//
// It compiles for the device that it was made with, its home, until Move or
// Race choose another. What fails on another is done again at home, where all
// stays from then on: see Device.
type Swap struct {
	home    device.Device
	loading sync.Mutex // one Load, Rollback, Move or Race at a time, so that they keep their order

	running  sync.Mutex // guards what follows, held while the generator runs
	device   device.Device
	trouble  error // why device is home again
	current  *held
	previous *held
	version  int // grows whenever another generator becomes the current one
}

// held is a generator with what it was made of, so that it can be made again
// for another device.
type held struct {
	Drawer
	file   *model.File // nil for what Use brought
	device device.Device
}

// NewSwap returns a Swap without a generator that compiles for d.
func NewSwap(d device.Device) *Swap { return &Swap{home: d, device: d} }

// Load makes the generator in the model file b the current one. sum is the
// file's sha256 in hex as it was announced. The file is verified, loaded and
// warmed up (one frame without change, one with) before it replaces anything:
// on an error the generator in use stays. The replaced one is kept for
// Rollback; the one before is closed.
func (s *Swap) Load(ctx context.Context, b []byte, sum string) (model.Info, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	digest := sha256.Sum256(b)
	if got := hex.EncodeToString(digest[:]); !strings.EqualFold(got, sum) {
		return model.Info{}, fmt.Errorf("swap generator: file of %d bytes has sha256 %s, want %q", len(b), got, sum)
	}
	f, err := model.Decode(b)
	if err != nil {
		return model.Info{}, fmt.Errorf("swap generator: %w", err)
	}
	next, err := s.compile(ctx, f)
	if err != nil {
		return model.Info{}, fmt.Errorf("swap generator: %w", err)
	}
	return s.replace(next)
}

// Use makes next, which the Swap then owns, the current one, as Load does.
func (s *Swap) Use(ctx context.Context, next Drawer) (model.Info, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	if err := warmUp(ctx, next); err != nil {
		next.Close()
		return model.Info{}, fmt.Errorf("swap generator: %w", err)
	}
	return s.replace(&held{Drawer: next})
}

// replace puts next in the place of the generator in use.
func (s *Swap) replace(next *held) (model.Info, error) {
	s.running.Lock()
	defer s.running.Unlock()
	if s.previous != nil {
		s.previous.Close() // nobody runs it: only current is run, under this lock
	}
	s.previous, s.current = s.current, next
	s.version++
	return next.Info(), nil
}

// warmUp runs the generator on a grey picture, with no change and with every
// Action Unit changed, and refuses outputs out of their range. Those that are
// not finite the model itself refuses.
func warmUp(ctx context.Context, g Drawer) error {
	photo := tensor.New(1, g.Size(), g.Size(), 3)
	var change au.Vector
	for _, by := range []float32{0, 1} {
		for i := range change {
			change[i] = by
		}
		o, err := g.Field(ctx, photo, au.Vector{}, change)
		if err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		for _, part := range []struct {
			name   string
			values []float32
			lo, hi float32
		}{{"warp", o.Warp, -maxWarp, maxWarp}, {"shade", o.Shade, -1 - slack, 1 + slack}, {"mask", o.Mask, -slack, 1 + slack}, {"colour", o.Colour, -1 - slack, 1 + slack}} {
			for i, v := range part.values {
				if !(v >= part.lo && v <= part.hi) {
					return fmt.Errorf("warm up: %s value %d is %g, want %g to %g", part.name, i, v, part.lo, part.hi)
				}
			}
		}
	}
	return nil
}

// Rollback makes the previous generator the current one again, and keeps the
// replaced one as the previous.
func (s *Swap) Rollback() (model.Info, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	s.running.Lock()
	last, d := s.previous, s.device
	s.running.Unlock()
	if last == nil {
		return model.Info{}, errors.New("roll back generator: none before this one")
	}
	if last.file != nil && last.device != d {
		next, err := s.compile(context.Background(), last.file)
		if err != nil {
			return model.Info{}, fmt.Errorf("roll back generator: %w", err)
		}
		last.Close()
		last = next
	}
	s.running.Lock()
	defer s.running.Unlock()
	s.current, s.previous = last, s.current
	s.version++
	return s.current.Info(), nil
}

// Info describes the generator in use; false when there is none.
func (s *Swap) Info() (model.Info, bool) {
	s.running.Lock()
	defer s.running.Unlock()
	if s.current == nil {
		return model.Info{}, false
	}
	return s.current.Info(), true
}

// Version is another one whenever another generator has come into use.
func (s *Swap) Version() int {
	s.running.Lock()
	defer s.running.Unlock()
	return s.version
}

// Field runs the generator in use. crop returns the photo's face at the size
// that this generator asks for, [1 S S 3]; own is what the face shows. What is dark
// stays so (see Light). Without
// a generator the error is ErrNoGenerator.
func (s *Swap) Field(ctx context.Context, crop func(size int) *tensor.Tensor, own, change au.Vector) (Field, error) {
	s.running.Lock()
	defer s.running.Unlock()
	if s.current == nil {
		return Field{}, ErrNoGenerator
	}
	if err := ctx.Err(); err != nil {
		return Field{}, err
	}
	photo := crop(s.current.Size())
	o, err := s.current.Field(ctx, photo, own, change)
	if err != nil && s.retreat(ctx, err) {
		o, err = s.current.Field(ctx, photo, own, change)
	}
	if err != nil {
		return Field{}, err
	}
	f := Field(o)
	if err := f.Check(); err != nil {
		return f, err
	}
	if g, ok := s.current.Drawer.(interface{ Target() bool }); !ok || !g.Target() {
		f.slant() // others warp and shade nothing, and paint whole faces
		f.light(photo, Deepest(change))
		f.thin(photo)
		f.lids(photo)
		f.teeth(photo)
	}
	return f, nil
}

// Close releases both generators; the Swap is then as new.
func (s *Swap) Close() error {
	s.loading.Lock()
	defer s.loading.Unlock()
	s.running.Lock()
	defer s.running.Unlock()
	var errs []error
	for _, g := range []*held{s.current, s.previous} {
		if g != nil {
			errs = append(errs, g.Close())
		}
	}
	s.current, s.previous = nil, nil
	return errors.Join(errs...)
}
