package edit

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"mien/shared/au"
	"mien/shared/device/ref"
	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/tensor"
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

// TestMarkedFace has a photo in which no face is found, the sample portrait on its side,
// and marks that are off: the frame ends where the face is, read like it.
func TestMarkedFace(t *testing.T) {
	e, img, found := portrait(t)
	picture := image.NewNRGBA(image.Rect(0, 0, 500, 500))
	draw.Draw(picture, picture.Rect, image.NewUniform(color.NRGBA{90, 90, 100, 255}), image.Point{}, draw.Src)
	want := stick(picture, image.Rect(50, 50, 450, 450), img, found, 1.5, 80)
	ctx := context.Background()
	if _, _, err := e.SetPhoto(ctx, picture); !errors.Is(err, face.ErrNoFace) {
		t.Fatalf("the portrait on its side: %v, and this test wants one that is not found", err)
	}
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

// TestMarkedTestFaces marks held-out faces that the finder need not see.
func TestMarkedTestFaces(t *testing.T) {
	files := facetest.Crops("../..", 60)
	if files == nil {
		t.Skip("no private test crops beside the repository (../shared/data)")
	}
	ctx, within := context.Background(), 0
	e := New(NewSwap(ref.New()), shipped(t), nil)
	for i, file := range files {
		img, truth := facetest.Place(decode(t, file), i)
		if _, err := e.SetFrame(ctx, img, face.CentreFrame(img.Rect.Dx(), img.Rect.Dy())); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Mark(ctx, marks(truth, 4, tensor.NewRand(2, 1, 0, uint64(i)))); err != nil {
			t.Fatal(err)
		}
		frame, _ := e.Frame()
		if off := facetest.EyeError(frame, truth); off <= 3 {
			within++
		} else {
			t.Logf("%s: off by %.1f", file, off)
		}
	}
	t.Logf("%d of %d within 3 pixels", within, len(files))
	if within*100 < 95*len(files) {
		t.Errorf("%d of %d marked faces come within 3 pixels, want 95%%", within, len(files))
	}
}
