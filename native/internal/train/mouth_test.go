package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"mien/native/internal/runlog"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
)

// drawnMouths are those of a few drawn faces.
func drawnMouths(t *testing.T, faces int) *mouths {
	t.Helper()
	source, err := openSource(context.Background(), Config{Data: "synth", TrainSize: faces, Seed: 1}, mouthPhoto, "")
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMouths(context.Background(), source)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDrawnMouths looks at what is cut out of drawn faces: the inside of the lips,
// which is darker or lighter than the skin, and never all of it.
func TestDrawnMouths(t *testing.T) {
	m := drawnMouths(t, 40)
	if m.Len() < 4 || m.Len() == 40 {
		t.Fatalf("%d of 40 drawn faces have open mouths", m.Len())
	}
	for i, c := range m.cuts {
		n := count(c.opening)
		if n < leastOpening || n > patchPixels/2 {
			t.Errorf("mouth %d has an opening of %d pixels", i, n)
		}
		// Next to the corners of the lips, which are at the same place in every patch.
		var middle int
		for k, v := range c.opening {
			if x := k % patchWidth; v && (x < 18 || x > 78) {
				t.Fatalf("mouth %d is open at column %d, beyond the corners of its lips", i, x)
			} else if v && x == patchWidth/2 {
				middle++
			}
		}
		if middle == 0 {
			t.Errorf("mouth %d is closed in its middle", i)
		}
	}
}

// TestGreyStaysGrey takes colour out as training does.
func TestGreyStaysGrey(t *testing.T) {
	grey, toned, coloured := 0, 0, 0
	for k := range 200 {
		x := make([]float32, 3*patchPixels)
		r := tensor.NewRand(1, 2, 0, uint64(k))
		for i := range x {
			x[i] = r.Range(-1, 1)
		}
		recolour(x, r)
		// With one colour for each lightness, red and blue rise with green.
		isGrey, isToned := true, true
		ratio := (x[0] + 1) / (x[1] + 1)
		for i := 0; i < len(x); i += 3 {
			isGrey = isGrey && x[i] == x[i+1] && x[i] == x[i+2]
			if x[i] < .9 && x[i+1] < .9 && x[i+1] > -.8 && math.Abs(float64((x[i]+1)/(x[i+1]+1)-ratio)) > .01 {
				isToned = false
			}
			for _, v := range x[i:][:3] {
				if !(v >= -1 && v <= 1) {
					t.Fatalf("a value of %g", v)
				}
			}
		}
		switch {
		case isGrey:
			grey++
		case isToned:
			toned++
		default:
			coloured++
		}
	}
	if grey < 20 || toned < 10 || coloured < 80 {
		t.Errorf("of 200 patches %d are grey, %d toned, %d coloured", grey, toned, coloured)
	}
}

// TestHoles looks at the holes that are cut into one mouth.
func TestHoles(t *testing.T) {
	m := drawnMouths(t, 40)
	own, less, more := 0, 0, 0
	for k := range 300 {
		r := tensor.NewRand(3, 4, 0, uint64(k))
		c := m.cuts[k%len(m.cuts)].opening
		hole := otherHole(c, m.cuts[r.Intn(len(m.cuts))].opening, r)
		a, b := count(hole), count(c)
		if a < leastHole {
			t.Fatalf("hole %d has %d pixels", k, a)
		}
		switch {
		case a == b:
			own++
		case a < b:
			less++
		default:
			more++
		}
		x := make([]float32, 3*patchPixels)
		for i := range x {
			x[i] = r.Range(-1, 1)
		}
		y := disturb(x, hole, r)
		near := grow(hole, disturbReach)
		for i, v := range near {
			if (hole[i] || !v) && [3]float32(x[3*i:]) != [3]float32(y[3*i:]) {
				t.Fatalf("hole %d: pixel %d, in the hole %v, is disturbed", k, i, hole[i])
			}
		}
	}
	if own < 20 || less < 20 || more < 20 {
		t.Errorf("of 300 holes %d are the mouth's own, %d smaller, %d larger", own, less, more)
	}
}

// TestPainterSeesNoTeeth changes what lies in the hole, which may change nothing
// of the picture that is painted.
func TestPainterSeesNoTeeth(t *testing.T) {
	p, err := Find("mouth")
	if err != nil {
		t.Fatal(err)
	}
	s, err := mouth(p, p.Phases[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Export(p, 0, "MIT", s.starts)
	if err != nil {
		t.Fatal(err)
	}
	painter, err := model.LoadMouth(f, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	defer painter.Close()
	hole := tensor.New(1, patchHeight, patchWidth, 1)
	for i := range hole.Data {
		if x, y := i%patchWidth, i/patchWidth; x > 30 && x < 60 && y > 25 && y < 40 {
			hole.Data[i] = 1
		}
	}
	paint := func(inside, outside float32) []float32 {
		picture := tensor.New(1, patchHeight, patchWidth, 3)
		for i := range picture.Data {
			picture.Data[i] = outside
			if hole.Data[i/3] > 0 {
				picture.Data[i] = inside
			}
		}
		out, err := painter.Paint(context.Background(), picture, hole)
		if err != nil {
			t.Fatal(err)
		}
		return out.Data
	}
	dark, light, other := paint(-.9, .1), paint(.9, .1), paint(.9, -.4)
	at := 3 * (32*patchWidth + 45)
	if !slices.Equal(dark, light) {
		t.Error("what lies in the hole changes the paint")
	}
	if light[at] == other[at] {
		t.Error("what lies about the hole does not")
	}
}

// TestMouthLearns trains on drawn faces for a little while.
func TestMouthLearns(t *testing.T) {
	c := small(t.TempDir())
	c.Preset, c.TrainSize, c.Steps, c.Batch = "mouth", 40, 60, 8
	var first, last float64
	n := 0
	c.Progress = func(e runlog.Entry) {
		if e.Kind != runlog.Step {
			return
		}
		if n++; n <= 10 {
			first += e.Losses["truth"] / 10
		}
		if n > 50 {
			last += e.Losses["truth"] / 10
		}
		if n > 12 && e.Losses["critic"] == 0 {
			t.Errorf("step %d: no critic", n)
		}
	}
	r := mustRun(t, c)
	if !(last < .85*first) {
		t.Errorf("the loss went from %.3f to %.3f in 60 steps", first, last)
	}
	mustLoad(t, r.Weights)
}
