package edit

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/device/ref"
	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/model"
	"mien/shared/pixel"
	"mien/shared/tensor"
	"mien/weights"
)

// marks are a frame's eyes in the photo, each up to off pixels of 128 beside its place
// either way.
func marks(frame face.Frame, off float32, r *tensor.Rand) (eyes [2][2]float64) {
	for i, x := range [...]float64{face.LeftEyeX, face.RightEyeX} {
		dx, dy := float64(r.Range(-off, off)), float64(r.Range(-off, off))
		eyes[i][0], eyes[i][1] = frame.Photo(face.Normal(x+dx), face.Normal(face.EyeY+dy))
	}
	return eyes
}

// TestMarkedFace marks the eyes of the sample portrait on its side, a little off: the
// frame ends where the face is, read like it.
func TestMarkedFace(t *testing.T) {
	e, img, found := portrait(t)
	picture := image.NewNRGBA(image.Rect(0, 0, 500, 500))
	draw.Draw(picture, picture.Rect, image.NewUniform(color.NRGBA{90, 90, 100, 255}), image.Point{}, draw.Src)
	want := stick(picture, image.Rect(50, 50, 450, 450), img, found, 1.5, 80)
	ctx := context.Background()
	upright, err := e.SetFrame(ctx, img, found)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.SetFrame(ctx, picture, face.CentreFrame(500, 500)); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		eyes := marks(want, 3, tensor.NewRand(1, 1, 0, uint64(i)))
		if i%2 == 1 {
			eyes[0], eyes[1] = eyes[1], eyes[0]
		}
		read, err := e.Mark(ctx, eyes)
		if err != nil {
			t.Fatal(err)
		}
		frame, _ := e.Frame()
		if off := facetest.EyeError(frame, want); off > 3 {
			t.Errorf("marks %v: off by %.1f pixels, want 3 at most", eyes, off)
		}
		if k := au.Index("12"); math.Abs(float64(read[k]-upright[k])) > .6 {
			t.Errorf("AU12 is read as %.1f, upright as %.1f", read[k], upright[k])
		}
	}
}

// TestMarksThatAreNone wants an error, and the face before kept.
func TestMarksThatAreNone(t *testing.T) {
	ctx, eyes := context.Background(), [2][2]float64{{10, 10}, {40, 12}}
	e := New(NewSwap(ref.New()), nil, nil)
	if _, err := e.Mark(ctx, eyes); err == nil {
		t.Error("a face is marked where there is no photo")
	}
	if _, err := e.SetFrame(ctx, smooth(90, 61), frames[1]); err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for _, eyes := range [][2][2]float64{
		{{10, 10}, {12, 11}},
		{{10, 10}, {10, 10}},
		{{-1, 10}, {40, 12}},
		{{10, 10}, {40, 62}},
		{{nan, 10}, {40, 12}},
		{{10, 10}, {40, math.Inf(1)}},
	} {
		if _, err := e.Mark(ctx, eyes); err == nil {
			t.Errorf("eyes at %v are taken", eyes)
		}
	}
	if frame, _ := e.Frame(); frame != frames[1] {
		t.Errorf("after marks that are none the frame is %v, want %v", frame, frames[1])
	}
	if _, err := e.Mark(ctx, eyes); err != nil {
		t.Error(err)
	}
	if frame, _ := e.Frame(); frame == frames[1] {
		t.Error("a marked face is not taken")
	}
}

// portrait is an editor with the shipped networks, and the sample portrait with its
// face's frame.
func portrait(t *testing.T) (*Editor, *image.NRGBA, face.Frame) {
	t.Helper()
	img := decode(t, "../../web/portrait/astronaut.png")
	finder := facetest.Finder(t)
	found, err := finder.Find(context.Background(), img)
	if err != nil {
		t.Fatal(err)
	}
	return New(NewSwap(ref.New()), shipped(t), finder), img, found[0].Frame
}

// stick fills a square of a picture with the surroundings of a photo's face, k times
// as far as its frame reaches and tilted by degrees, and returns the face's frame
// in the picture.
func stick(picture *image.NRGBA, square image.Rectangle, photo *image.NRGBA, f face.Frame, k, degrees float64) face.Frame {
	s, c := math.Sincos(degrees * math.Pi / 180)
	view := face.Frame{A: [6]float64{k * c, k * s, 0, -k * s, k * c, 0}}.Then(f)
	draw.Draw(picture, square, face.Crop(photo, view, square.Dx()), image.Point{}, draw.Src)
	half := float64(square.Dx()) / 2
	return face.Frame{A: [6]float64{c / k, -s / k, 0, s / k, c / k, 0}}.Then(
		face.Frame{A: [6]float64{half, 0, float64(square.Min.X) + half, 0, half, float64(square.Min.Y) + half}})
}

// shipped is the reader in weights.
func shipped(t *testing.T) *model.Reader {
	t.Helper()
	b, err := weights.Shipped(model.KindReader)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.LoadReader(f, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func decode(t *testing.T, file string) *image.NRGBA {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := pixel.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
