package edit

import (
	"context"
	"math"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/face/facetest"
	"mien/shared/model"
	"mien/shared/tensor"
)

// TestGain asks faces that answer in known ways.
func TestGain(t *testing.T) {
	curve := func(falls bool, moved ...float32) answer {
		return answer{known: true, at: tries[:len(moved)], moved: moved, falls: falls}
	}
	root := func(x float64) float32 { return float32(math.Pow(x, trust)) }
	for name, c := range map[string]struct {
		a       answer
		v, want float32
	}{
		"as it should":          {curve(false, 1, 2), 1, 1},
		"as it should, beyond":  {curve(false, 1, 2), 5, 1},
		"a little less":         {curve(false, .8, 1.6), 2, root(1 / .8)},
		"more":                  {curve(false, 1.25, 2.5), 2, root(.8)},
		"slow, then fast":       {curve(false, .8, 2), 3, root((2 + 2*.7/1.2) / 3)},
		"slow, then fast, at 1": {curve(false, .8, 2), 1, root(1 / .8)},
		"hardly":                {curve(false, .01, .02), 3, mostGain},
		"far too much":          {curve(false, 4, 5), 2, leastGain},
		"not past 2":            {curve(true, .9), 2.5, root(2 / 2.5)},
		"not at all":            {curve(true), 2, 1},
	} {
		if got := c.a.gain(c.v, .5); math.Abs(float64(got-c.want)) > 1e-5 {
			t.Errorf("a face that moves %s is asked for %g times %g, want %g", name, got, c.v, c.want)
		}
	}
}

// TestGainIsSteady wants a slider that moves on to move the face on: no answer
// makes a larger change ask for less.
func TestGainIsSteady(t *testing.T) {
	for _, a := range []answer{{at: tries[:], moved: []float32{.3, 2}}, {at: tries[:], moved: []float32{2, 2.1}}, {at: tries[:1], moved: []float32{1.4}, falls: true}} {
		last := float32(0)
		for v := float32(.01); v <= au.Max; v += .01 {
			ask := v * a.gain(v, .6)
			if ask < last || ask > last+.05 {
				t.Fatalf("%v: %g asks for %g, a hundredth less for %g", a.moved, v, ask, last)
			}
			last = ask
		}
	}
}

// TestWithin wants a slider to move a face to its end, and not to what would be too far.
func TestWithin(t *testing.T) {
	for i := range au.Units {
		last := float32(-au.Max - 1)
		for v := float32(-au.Max); v <= au.Max; v += .25 {
			got := within(i, v)
			if got <= last || v <= 0 && got != v || got > v {
				t.Fatalf("AU%s: %g is held to %g, a quarter less to %g", au.Units[i].Code, v, got, last)
			}
			last = got
		}
		want, ok := furthest[i]
		if !ok {
			want = au.Max
		}
		if last != want || within(i, 9) != want {
			t.Errorf("AU%s: the end is %g and beyond it %g, want %g", au.Units[i].Code, last, within(i, 9), want)
		}
	}
}

// counted is a generator that counts its pictures and remembers what it was told last.
type counted struct {
	*model.Generator
	n    int
	told au.Vector
}

func (c *counted) Field(ctx context.Context, photo *tensor.Tensor, own, change au.Vector) (model.Output, error) {
	c.n++
	c.told = change
	return c.Generator.Field(ctx, photo, own, change)
}

// TestCalibratedEdits holds edits of the sample portrait to what the reader should
// see of them, and wants each Action Unit tried once a photo and generator.
func TestCalibratedEdits(t *testing.T) {
	finder := facetest.Finder(t)
	_, g := shippedGenerator(t)
	count := &counted{Generator: g}
	swap := NewSwap(cpu.New())
	ctx := context.Background()
	if _, err := swap.Use(ctx, count); err != nil {
		t.Fatal(err)
	}
	reader := shipped(t)
	slopes := reader.Info().Slopes
	if slopes.IsZero() {
		t.Fatal("the shipped reader does not say how far it moves")
	}
	missed := func(plain bool) (sum float64) {
		e := New(swap, reader, finder)
		e.Plain = plain
		_, own, err := e.SetPhoto(ctx, decode(t, "../../web/portrait/astronaut.png"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range au.Units {
			var change au.Vector
			change[i] = 2
			field, err := e.Edit(ctx, change)
			if err != nil {
				t.Fatal(err)
			}
			read, err := e.ReadEdited(ctx, field)
			if err != nil {
				t.Fatal(err)
			}
			sum += math.Abs(float64((read[i]-own[i])/slopes[i] - change[i]))
		}
		return sum / au.Count
	}
	plain, calibrated := missed(true), missed(false)
	t.Logf("asked for 2, the reader misses %.2f as it is, %.2f calibrated", plain, calibrated)
	if calibrated > .9*plain {
		t.Errorf("asked for 2, the reader misses %g calibrated and %g without, want a tenth less", calibrated, plain)
	}

	e := New(swap, reader, finder)
	if _, _, err := e.SetPhoto(ctx, decode(t, "../../web/portrait/astronaut.png")); err != nil {
		t.Fatal(err)
	}
	edit := func(change au.Vector) (pictures int, told au.Vector) {
		before := count.n
		if _, err := e.Edit(ctx, change); err != nil {
			t.Fatal(err)
		}
		return count.n - before, count.told
	}
	pictures := func(code string, by float32) int {
		n, _ := edit(only(code, by))
		return n
	}
	for _, c := range []struct {
		what, code string
		by         float32
		want       int
	}{
		{"the first smile", "12", 1, 1 + len(tries)}, {"the next", "12", 2, 1}, {"another Action Unit", "25", 1, 1 + len(tries)},
		{"what is taken back alone", "06", -1, 1}, {"nothing", "06", 0, 0},
	} {
		if got := pictures(c.code, c.by); got != c.want {
			t.Errorf("%s costs %d pictures, want %d", c.what, got, c.want)
		}
	}
	if _, err := swap.Use(ctx, count); err != nil {
		t.Fatal(err)
	}
	if got := pictures("12", 1); got != 1+len(tries) {
		t.Errorf("with a new generator a smile costs %d pictures, want %d", got, 1+len(tries))
	}

	// A smile and raised cheeks are told what they are told alone.
	both := only("12", 1).Add(only("06", 1))
	for _, code := range []string{"06", "12"} {
		_, alone := edit(only(code, 1))
		_, among := edit(both)
		if k := au.Index(code); among[k] != alone[k] {
			t.Errorf("AU%s is told %g alone and %g in a smile with raised cheeks, want the same", code, alone[k], among[k])
		}
	}

	// Some go no further than they may, however far they are asked to; others do.
	for _, code := range []string{"15", "23"} {
		if _, told := edit(only(code, 5)); told[au.Index(code)] != 3 {
			t.Errorf("AU%s asked for 5 is told %g, want 3", code, told[au.Index(code)])
		}
	}
	if _, told := edit(only("12", 5)); told[au.Index("12")] <= 3 {
		t.Errorf("a smile asked for 5 is told %g, want more than 3", told[au.Index("12")])
	}

	// A raised upper lip is part of a wrinkled nose anyway, and goes down less far with one.
	for _, by := range []float32{1, -1} {
		_, alone := edit(only("10", by))
		_, among := edit(only("10", by).Add(only("09", 2)))
		k := au.Index("10")
		if gap := among[k] - alone[k]; gap >= 0 || gap < -leastLeft*mostGain {
			t.Errorf("an upper lip asked for %g is told %g alone and %g beside a wrinkled nose, want less", by, alone[k], among[k])
		}
	}
}

// TestLeft gives an Action Unit what others bring of it, and wants its own part of that
// not asked for again.
func TestLeft(t *testing.T) {
	jaw, told := au.Index("26"), only("26", 2)
	for _, c := range []struct {
		code               string
		brings, want, left float32 // of the jaw at its first try, in what is read
	}{
		{"25", .2, 1, .8}, {"25", -.2, 1, 1.2}, {"25", .2, -1, 1.2}, {"25", 3, 1, leastLeft}, {"25", -3, 1, mostLeft},
		{"04", .2, 1, .9}, {"12", .9, 1, 1}, {"06", .9, 1, 1}, {"26", .9, 1, 1},
	} {
		var of [au.Count]answer
		i := au.Index(c.code)
		of[jaw].brings[i] = c.brings * tries[0] / 2
		if got := left(i, c.want, told, of); math.Abs(float64(got-c.left)) > 1e-6 {
			t.Errorf("AU%s that shall be read to move by %g and is brought by %g has %g of it left, want %g", c.code, c.want, c.brings, got, c.left)
		}
	}
}

// TestBeside wants what is told of an Action Unit to change with the sliders of others
// bit by bit, and not at all where it is alone.
func TestBeside(t *testing.T) {
	for i := range company {
		for _, by := range []float32{2, -2} {
			change := au.Vector{}
			change[i] = by
			last := beside(change, i)
			if last != 1 {
				t.Errorf("%s asked for %g alone is told %g of it", au.Units[i].Code, by, last)
			}
			for change[0] > -au.Max {
				change[0] -= .05
				part := beside(change, i)
				if step := part - last; step > .01 || step < -.01 {
					t.Fatalf("%s asked for %g is told %g of it beside %g of another, %g a twentieth before", au.Units[i].Code, by, part, change[0], last)
				}
				last = part
			}
			if last == 1 && by < 0 {
				t.Errorf("%s taken back by %g is told all of it beside %g of another", au.Units[i].Code, by, change[0])
			}
		}
	}
}

// only is a change of one Action Unit.
func only(code string, by float32) (v au.Vector) {
	v[au.Index(code)] = by
	return v
}
