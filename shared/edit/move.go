package edit

import (
	"context"
	"fmt"
	"math"
	"time"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/model"
	"mien/shared/tensor"
)

// agree bounds the difference between a field of another device and home's, in
// each of its values: half a step of 255 for colours, a tenth of a pixel of a
// 64-pixel network for shifts. Devices that are right differ by some 1e-5.
const agree = 2e-3

// hopeless is how many times slower a device is that loses a race after two
// frames.
const hopeless = 4

// Device returns the device that draws, and why it is home again when another
// failed.
func (s *Swap) Device() (device.Device, error) {
	s.running.Lock()
	defer s.running.Unlock()
	return s.device, s.trouble
}

// makeFor compiles the generator in f for d and warms it up.
func makeFor(ctx context.Context, f *model.File, d device.Device) (*held, error) {
	g, err := model.LoadGenerator(f, d)
	if err != nil {
		return nil, err
	}
	if err := warmUp(ctx, g); err != nil {
		g.Close()
		return nil, err
	}
	return &held{g, f, d}, nil
}

// compile makes a generator for the device that draws. Where that fails the
// file is made at home: a GPU that is lost, or too small for a new network, is
// no fault of the weights.
func (s *Swap) compile(ctx context.Context, f *model.File) (*held, error) {
	d, _ := s.Device()
	next, err := makeFor(ctx, f, d)
	if err == nil || d == s.home || ctx.Err() != nil {
		return next, err
	}
	next, atHome := makeFor(ctx, f, s.home)
	if atHome != nil {
		return nil, atHome
	}
	s.running.Lock()
	defer s.running.Unlock()
	s.device, s.trouble = s.home, err
	return next, nil
}

// retreat makes the generator in use again at home after it failed on another
// device. It reports whether there is another to try. Called with running held.
func (s *Swap) retreat(ctx context.Context, err error) bool {
	if s.current.file == nil || s.current.device == s.home || ctx.Err() != nil {
		return false
	}
	next, atHome := makeFor(ctx, s.current.file, s.home)
	if atHome != nil {
		return false
	}
	s.current.Close() // what failed may fail here too
	s.current, s.device, s.trouble = next, s.home, err
	return true
}

// Move makes d the device that draws. The generator in use is compiled for it,
// warmed up, and compared with itself at home before it draws there; on an
// error all stays as it was. What Use brought is not moved.
func (s *Swap) Move(ctx context.Context, d device.Device) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	s.running.Lock()
	now := s.current
	s.running.Unlock()
	if now == nil || now.file == nil || now.device == d {
		s.settle(nil, d)
		return nil
	}
	next, err := makeFor(ctx, now.file, d)
	if err != nil {
		return fmt.Errorf("move generator: %w", err)
	}
	if d != s.home {
		home, err := makeFor(ctx, now.file, s.home)
		if err == nil {
			err = compare(ctx, home, next)
			home.Close()
		}
		if err != nil {
			next.Close()
			return fmt.Errorf("move generator: %w", err)
		}
	}
	s.settle(next, d)
	return nil
}

// settle makes d the device that draws, and next, unless it is nil, the
// generator in use.
func (s *Swap) settle(next *held, d device.Device) {
	s.running.Lock()
	defer s.running.Unlock()
	if next != nil {
		s.current.Close()
		s.current = next
	}
	s.device, s.trouble = d, nil
}

// Race says how long a frame takes, the fastest of some: others had to share
// the processor.
type Race struct{ Home, Rival time.Duration }

// Race measures some frames of the generator in use at home and on another
// device, and lets the faster one draw. Errors are those of Move; without a
// generator, or with one that Use brought, it is ErrNoGenerator.
func (s *Swap) Race(ctx context.Context, rival device.Device, frames int) (Race, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	s.running.Lock()
	now := s.current
	s.running.Unlock()
	if now == nil || now.file == nil {
		return Race{}, ErrNoGenerator
	}
	away, err := makeFor(ctx, now.file, rival)
	if err != nil {
		return Race{}, fmt.Errorf("race: %w", err)
	}
	home, err := makeFor(ctx, now.file, s.home)
	if err != nil {
		away.Close()
		return Race{}, fmt.Errorf("race: %w", err)
	}
	r, err := run(ctx, home, away, frames)
	if err != nil {
		home.Close()
		away.Close()
		return Race{}, fmt.Errorf("race: %w", err)
	}
	if r.Rival < r.Home {
		home.Close()
		s.settle(away, rival)
	} else {
		away.Close()
		s.settle(home, s.home)
	}
	return r, nil
}

// run compares both and measures them in turns.
func run(ctx context.Context, home, away *held, frames int) (Race, error) {
	if err := compare(ctx, home, away); err != nil {
		return Race{}, err
	}
	r := Race{math.MaxInt64, math.MaxInt64}
	photo := pattern(home.Size())
	for i := range frames {
		change := au.Vector{float32(i) / float32(frames)}
		for _, one := range []struct {
			g    *held
			best *time.Duration
		}{{home, &r.Home}, {away, &r.Rival}} {
			began := time.Now()
			if _, err := one.g.Field(ctx, photo, au.Vector{}, change); err != nil {
				return Race{}, err
			}
			*one.best = min(*one.best, time.Since(began))
			time.Sleep(time.Millisecond) // in a page, whoever waits for a picture gets it
		}
		if i > 0 && (r.Home > hopeless*r.Rival || r.Rival > hopeless*r.Home) {
			break
		}
	}
	return r, nil
}

// compare refuses a device that draws something else than home.
func compare(ctx context.Context, home, away *held) error {
	photo, change := pattern(home.Size()), au.Vector{}
	for i := range change {
		change[i] = float32(i%3) - .5
	}
	want, err := home.Field(ctx, photo, au.Vector{}, change)
	if err != nil {
		return err
	}
	got, err := away.Field(ctx, photo, au.Vector{}, change)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name      string
		got, want []float32
	}{{"warp", got.Warp, want.Warp}, {"shade", got.Shade, want.Shade}, {"mask", got.Mask, want.Mask}, {"colour", got.Colour, want.Colour}} {
		for i, w := range part.want {
			if d := part.got[i] - w; !(d <= agree && d >= -agree) {
				return fmt.Errorf("%s draws wrongly: %s value %d is %g, and %g on %s", away.device.Name(), part.name, i, part.got[i], w, home.device.Name())
			}
		}
	}
	return nil
}

// pattern is a photo of waves [1 S S 3].
func pattern(size int) *tensor.Tensor {
	t := tensor.New(1, size, size, 3)
	for i := range t.Data {
		x, y, c := i/3%size, i/3/size, i%3
		t.Data[i] = float32(math.Sin(float64(x)*.3+float64(c)) * math.Cos(float64(y)*.2))
	}
	return t
}
