package face

import (
	"bytes"
	"encoding/binary"
	"image"
	"math"
	"testing"

	"mien/shared/tensor"
)

func TestFitIsExactForSimilarities(t *testing.T) {
	want := Frame{[6]float64{30, -12, 200, 12, 30, 90}}
	var pairs []pair
	for i, m := range marks {
		for _, p := range [][2]float64{m.left, m.right} {
			u, v := Normal(p[0]), Normal(p[1])
			x, y := want.Photo(u, v)
			pairs = append(pairs, pair{u, v, x, y, float64(i + 1)})
		}
	}
	got := fit(pairs)
	inv, err := got.Inverse()
	if err != nil {
		t.Fatal(err)
	}
	same := inv.Then(got).A
	for i := range want.A {
		if math.Abs(got.A[i]-want.A[i]) > 1e-9 {
			t.Errorf("fit %v, want %v", got.A, want.A)
		}
		if identity := [6]float64{1, 0, 0, 0, 1, 0}; math.Abs(same[i]-identity[i]) > 1e-9 {
			t.Errorf("inverse, then the frame: %v", same)
		}
	}
	if s := want.Scale(); math.Abs(s-math.Hypot(30, 12)) > 1e-9 {
		t.Errorf("scale %g", s)
	}
}

func TestEyesOfTheTrainingFrame(t *testing.T) {
	// A 128-pixel crop is its own frame: pixel index p has its centre at p+.5.
	x, y := CentreFrame(FrameSize, FrameSize).Photo(Normal(LeftEyeX), Normal(EyeY))
	if math.Abs(x-LeftEyeX-.5) > 1e-9 || math.Abs(y-EyeY-.5) > 1e-9 {
		t.Errorf("left eye at %g, %g, want %g, %g", x, y, LeftEyeX+.5, EyeY+.5)
	}
	if CentreFrame(300, 100).A != [6]float64{50, 0, 150, 0, 50, 50} {
		t.Errorf("centre frame %v", CentreFrame(300, 100).A)
	}
}

func waves(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		x, y := float64(i%w), float64(i/w)
		img.Pix[4*i] = byte(128 + 100*math.Sin(x/17)*math.Cos(y/23))
		img.Pix[4*i+1] = byte(128 + 90*math.Sin(y/19))
		img.Pix[4*i+2] = byte(128 + 80*math.Cos((x+y)/29))
		img.Pix[4*i+3] = byte(200 + i%50)
	}
	return img
}

func TestCropAndPasteUndoEachOther(t *testing.T) {
	photo := waves(300, 200)
	if got := Crop(photo, CentreFrame(200, 200), 200); !bytes.Equal(got.Pix[:40], photo.Pix[:40]) {
		t.Error("a crop of the photo's own size moves pixels")
	}
	for _, frame := range []Frame{CentreFrame(300, 200), {[6]float64{60, -25, 150, 25, 60, 100}}, {[6]float64{80, 0, 20, 0, 80, 190}}} {
		back := Paste(photo, Crop(photo, frame, 128), frame)
		worst := 0
		for i := range photo.Pix {
			d := int(back.Pix[i]) - int(photo.Pix[i])
			worst = max(worst, d, -d)
			if i%4 == 3 && d != 0 {
				t.Fatal("alpha changes")
			}
		}
		if worst > 4 {
			t.Errorf("frame %v: pixels move by %d", frame.A, worst)
		}
	}
	// A large face is averaged, not picked: a chequered photo becomes grey.
	board := image.NewNRGBA(image.Rect(0, 0, 512, 512))
	for i := range 512 * 512 {
		v := byte(255 * ((i%512 + i/512) % 2))
		copy(board.Pix[4*i:], []byte{v, v, v, 255})
	}
	for i, v := range Crop(board, CentreFrame(512, 512), 64).Pix {
		if i%4 < 3 && (v < 126 || v > 129) {
			t.Fatalf("byte %d of a shrunk chequerboard is %d, want 127 or 128", i, v)
		}
	}
	if !bytes.Equal(Paste(photo, board, Frame{}).Pix, photo.Pix) {
		t.Error("a frame without area pastes")
	}
}

func TestFeatherFades(t *testing.T) {
	for _, c := range []struct{ u, v, want float32 }{
		{0, 0, 1}, {.75, -.75, 1}, {-.75, .85, 1}, {1, 0, 0}, {0, -1, 0}, {0, 1, 0}, {2, 0, 0},
		{.875, 0, .5}, {-.875, 0, .5}, {0, -.875, .5}, {0, .925, .5}, {.875, -.875, .25}, {.875, .925, .25},
	} {
		if got := Feather(c.u, c.v); math.Abs(float64(got-c.want)) > 1e-5 {
			t.Errorf("Feather(%g, %g) = %g, want %g", c.u, c.v, got, c.want)
		}
	}
}

func TestCascadesAreBounded(t *testing.T) {
	for name, parse := range parsers {
		b, err := readCascade(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := parse(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, n := range []int{0, 3, 15, 16, 17, len(b) / 2, len(b) - 1} {
			if parse(b[:n]) == nil {
				t.Errorf("%s cut to %d bytes: accepted", name, n)
			}
		}
		for at := 0; at < 16; at += 4 {
			if name == "facefinder" && at < 8 {
				continue // unused
			}
			for _, v := range []uint32{0, 31, 1 << 20, math.MaxUint32} {
				c := bytes.Clone(b)
				binary.LittleEndian.PutUint32(c[at:], v)
				if parse(c) == nil {
					t.Errorf("%s: word at %d set to %d: accepted", name, at, v)
				}
			}
		}
		c := bytes.Clone(b)
		binary.LittleEndian.PutUint32(c[len(c)-8:], math.Float32bits(float32(math.NaN())))
		if parse(c) == nil {
			t.Errorf("%s: a leaf that is no number: accepted", name)
		}
	}
	if _, err := readCascade("none"); err == nil {
		t.Error("a cascade that is not there is read")
	}
}

var parsers = map[string]func([]byte) error{
	"facefinder": func(b []byte) error { _, err := faceCascade(b); return err },
	"lp38":       func(b []byte) error { _, err := pointCascade(b); return err },
}

func FuzzCascade(f *testing.F) {
	// One tree of depth 1 for either layout.
	f.Add(append(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(make([]byte, 8), 1), 1), make([]byte, 16)...))
	f.Add(append([]byte{1, 0, 0, 0, 0, 0, 128, 63, 1, 0, 0, 0, 1, 0, 0, 0}, make([]byte, 20)...))
	p := newPlane(24, 24)
	r := tensor.NewRand(1, streamPlace, 3, 3)
	for i := range p.pix {
		p.pix[i] = byte(r.Intn(256))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := faceCascade(b); err == nil {
			(&Finder{face: c}).detect(p, 8, 20, .2, 1.2)
		}
		if c, err := pointCascade(b); err == nil {
			(&Finder{}).visit(nil, c, marks[0], p)
		}
	})
}
