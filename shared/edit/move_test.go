package edit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mien/shared/au"
	"mien/shared/device"
	"mien/shared/device/ref"
	"mien/shared/plan"
)

var errGone = errors.New("the card fell out")

// moody is a device that can fail, err by off, or take its time.
type moody struct {
	device.Device
	gone bool
	off  float32
	slow time.Duration
}

func (m *moody) Name() string { return "moody" }

func (m *moody) Compile(p *plan.Plan) (device.Program, error) {
	if m.gone {
		return nil, errGone
	}
	program, err := m.Device.Compile(p)
	return moodyProgram{program, m}, err
}

type moodyProgram struct {
	device.Program
	of *moody
}

func (p moodyProgram) Run(ctx context.Context) error {
	if p.of.gone {
		return errGone
	}
	time.Sleep(p.of.slow)
	return p.Program.Run(ctx)
}

func (p moodyProgram) Read(name string, dst []float32) error {
	err := p.Program.Read(name, dst)
	dst[0] += p.of.off
	return err
}

func frameOf(t *testing.T, s *Swap) Field {
	t.Helper()
	f, err := s.Field(context.Background(), pattern, au.Vector{}, au.Vector{1})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func draws(t *testing.T, s *Swap, want device.Device, trouble error) {
	t.Helper()
	if d, err := s.Device(); d != want || !errors.Is(err, trouble) {
		t.Fatalf("%s draws, trouble %v; want %s, %v", d.Name(), err, want.Name(), trouble)
	}
}

// TestAFailedDeviceLosesNoPicture takes the device away before each of the
// things that use it.
func TestAFailedDeviceLosesNoPicture(t *testing.T) {
	ctx := context.Background()
	first, second := generatorFile(t, 1, .01, 0), generatorFile(t, 2, .02, 0)
	for name, use := range map[string]func(s *Swap) (step int, err error){
		"a frame": func(s *Swap) (int, error) { return 1, nil },
		"a load":  func(s *Swap) (int, error) { _, err := s.Load(ctx, second, sum(second)); return 2, err },
		"rolling back": func(s *Swap) (int, error) {
			_, err := s.Rollback()
			return 0, err
		},
	} {
		home, card := ref.New(), &moody{Device: ref.New()}
		s := NewSwap(home)
		zero := generatorFile(t, 0, 0, 1e-9)
		load(t, s, zero)
		load(t, s, first)
		before := frameOf(t, s)
		if err := s.Move(ctx, card); err != nil {
			t.Fatal(err)
		}
		draws(t, s, card, nil)
		if f := frameOf(t, s); f.Warp[0] != before.Warp[0] {
			t.Errorf("%s: warp %g, and %g at home", name, f.Warp[0], before.Warp[0])
		}
		card.gone = true
		want, err := use(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f := frameOf(t, s); f.Warp[0] != float32(want)*.01 || step(s) != want {
			t.Errorf("%s: warp %g of step %d, want step %d", name, f.Warp[0], step(s), want)
		}
		draws(t, s, home, errGone)
	}
}

func TestMoveRefuses(t *testing.T) {
	ctx := context.Background()
	home := ref.New()
	s := NewSwap(home)
	for _, c := range []struct {
		want string
		card *moody
	}{{"draws wrongly", &moody{off: .01}}, {"fell out", &moody{gone: true}}} {
		c.card.Device = ref.New()
		load(t, s, generatorFile(t, 1, .01, 0))
		if err := s.Move(ctx, c.card); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("move: error %v, want %q in it", err, c.want)
		}
		if _, err := s.Race(ctx, c.card, 2); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("race: error %v, want %q in it", err, c.want)
		}
		draws(t, s, home, nil)
		frameOf(t, s)
	}
}

func TestBadWeightsAreRefusedOnEveryDevice(t *testing.T) {
	card := &moody{Device: ref.New()}
	s := NewSwap(ref.New())
	load(t, s, generatorFile(t, 1, .01, 0))
	if err := s.Move(context.Background(), card); err != nil {
		t.Fatal(err)
	}
	bad := generatorFile(t, 2, 3, 0)
	if _, err := s.Load(context.Background(), bad, sum(bad)); err == nil || step(s) != 1 {
		t.Errorf("error %v, step %d in use; want a refusal", err, step(s))
	}
	draws(t, s, card, nil)
}

// TestRace runs in a bubble, in which nothing takes time but what is told to.
func TestRace(t *testing.T) { synctest.Test(t, testRace) }

func testRace(t *testing.T) {
	ctx := context.Background()
	home, card := &moody{Device: ref.New()}, &moody{Device: ref.New()}
	s := NewSwap(home)
	if _, err := s.Race(ctx, card, 2); !errors.Is(err, ErrNoGenerator) {
		t.Errorf("race without a generator: %v", err)
	}
	if err := s.Move(ctx, card); err != nil {
		t.Fatal(err)
	}
	load(t, s, generatorFile(t, 1, .01, 0))
	draws(t, s, card, nil)
	for _, c := range []struct {
		slow, fast *moody
	}{{home, card}, {card, home}, {home, card}} {
		c.slow.slow, c.fast.slow = 20*time.Millisecond, 0
		r, err := s.Race(ctx, card, 3)
		if err != nil || (r.Rival < r.Home) != (c.fast == card) {
			t.Errorf("race: %+v, %v", r, err)
		}
		draws(t, s, c.fast, nil)
		frameOf(t, s)
	}
}
