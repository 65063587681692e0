package face

import (
	"bytes"
	"image"
	"math"
	"testing"
)

func TestFitIsExactForSimilarities(t *testing.T) {
	want := Frame{[6]float64{30, -12, 200, 12, 30, 90}}
	var pairs []pair
	for i, p := range [][2]float64{{44.8, 44.5}, {83.1, 44.5}, {46.7, 85}, {81.2, 85}, {63.9, 64.8}} {
		u, v := Normal(p[0]), Normal(p[1])
		x, y := want.Photo(u, v)
		pairs = append(pairs, pair{u, v, x, y, float64(i + 1)})
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

// TestFrameOfAMesh puts a mesh whose points lie at their means into a photo by a
// similarity, and wants that similarity back but for the constant correction, wherever
// and however turned the face lies.
func TestFrameOfAMesh(t *testing.T) {
	place := func(f Frame) (m Mesh) {
		for i, p := range framePoints {
			x, y := f.Photo(frameMean[i][0], frameMean[i][1])
			m[p] = [3]float32{float32(x), float32(y), float32(frameMean[i][2] * f.Scale())}
		}
		return m
	}
	still := place(CentreFrame(128, 128))
	base := still.Frame()
	for _, want := range []Frame{{[6]float64{30, -12, 200, 12, 30, 90}}, {[6]float64{-200, 3, 500, -3, -200, 400}}} {
		m := place(want)
		got := m.Frame()
		for _, p := range [][2]float64{{0, 0}, {1, 0}, {0, 1}} {
			bx, by := base.Photo(p[0], p[1])
			x, y := want.Photo(bx/64-1, by/64-1)
			if gx, gy := got.Photo(p[0], p[1]); math.Hypot(gx-x, gy-y) > 1e-3*want.Scale() {
				t.Errorf("frame %v has %v at %g, %g, want %g, %g", want.A, p, gx, gy, x, y)
			}
		}
	}
	var nothing Mesh
	if f := nothing.Frame(); f.Scale() > minFramePixels {
		t.Errorf("a mesh without area has the frame %v", f.A)
	}
}
