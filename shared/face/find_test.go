package face_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"testing"

	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/pixel"
	"mien/shared/tensor"
)

func load(t testing.TB, path string) *image.NRGBA {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := pixel.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// The middles of the sample portrait's pupils, read off the picture by eye, and how many
// photo pixels are one of the 128-pixel frame.
var pupils = [2][2]float64{{204, 101}, {247.4, 103}}

const portraitUnit = 66.5 / 64

// turnedPortrait is a square of the sample portrait, half its side long from the face's
// middle, at a number of pixels and turned by degrees, and the frame that leads from it
// to the portrait.
func turnedPortrait(t testing.TB, side int, half, degrees float64) (*image.NRGBA, face.Frame) {
	s, k := math.Sincos(-degrees * math.Pi / 180)
	view := face.Frame{A: [6]float64{k * half, -s * half, 226, s * half, k * half, 120}}
	return face.Crop(load(t, "../../web/portrait/astronaut.png"), view, side), view
}

// TestPortrait finds the sample portrait as it is, turned by any angle, small and large.
func TestPortrait(t *testing.T) {
	finder := facetest.Finder(t)
	for _, c := range []struct {
		side int
		half float64
		tilt float64
	}{
		{512, 200, 0}, {400, 110, 40}, {400, 110, -40}, {400, 110, 20}, {640, 150, -20}, {150, 100, 10}, {1500, 120, -30},
		{400, 110, 90}, {400, 110, -90}, {400, 110, 180}, {400, 110, 135}, {400, 110, -115},
	} {
		img, view := turnedPortrait(t, c.side, c.half, c.tilt)
		faces, err := finder.Find(context.Background(), img)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		f := faces[0]
		if f.Score < .8 {
			t.Errorf("%+v: score %g, want .8", c, f.Score)
		}
		worst := 0.0
		for i, eye := range [2]int{face.RightIris[0], face.LeftIris[0]} {
			px := 2*float64(f.Mesh[eye][0])/float64(c.side) - 1
			py := 2*float64(f.Mesh[eye][1])/float64(c.side) - 1
			x, y := view.Photo(px, py)
			worst = max(worst, math.Hypot(x-pupils[i][0], y-pupils[i][1])/portraitUnit)
		}
		if worst > 1.6 {
			t.Errorf("%+v: irises off by %.2f pixels of 128, want 1.6", c, worst)
		}
		if off := math.Abs(math.Remainder(f.Tilt-c.tilt*math.Pi/180, 2*math.Pi)); off > .12 {
			t.Errorf("%+v: tilt %.2f, off by %.2f", c, f.Tilt, off)
		}
	}
}

// TestCutPortrait finds the sample portrait half out of the picture.
func TestCutPortrait(t *testing.T) {
	finder := facetest.Finder(t)
	img := load(t, "../../web/portrait/astronaut.png")
	for _, r := range []image.Rectangle{image.Rect(226, 40, 426, 240), image.Rect(26, 40, 236, 240), image.Rect(126, 40, 326, 150), image.Rect(126, 95, 326, 250)} {
		cut := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
		draw.Draw(cut, cut.Rect, img, r.Min, draw.Src)
		if _, err := finder.Find(context.Background(), cut); err != nil {
			t.Errorf("%v of the portrait: %v", r, err)
		}
	}
}

func TestNoFace(t *testing.T) {
	finder, ctx := facetest.Finder(t), context.Background()
	flat := image.NewNRGBA(image.Rect(0, 0, 320, 200))
	if _, err := finder.Find(ctx, flat); !errors.Is(err, face.ErrNoFace) {
		t.Errorf("flat picture: %v", err)
	}
	r := tensor.NewRand(1, 1, 1, 1)
	for i := range flat.Pix {
		flat.Pix[i] = byte(r.Intn(256))
	}
	if _, err := finder.Find(ctx, flat); !errors.Is(err, face.ErrNoFace) {
		t.Errorf("noise: %v", err)
	}
	for _, size := range [][2]int{{1, 1}, {1, 900}, {900, 1}, {31, 7}} {
		if _, err := finder.Find(ctx, image.NewNRGBA(image.Rect(0, 0, size[0], size[1]))); !errors.Is(err, face.ErrNoFace) {
			t.Errorf("%v pixels: %v", size, err)
		}
	}
	if _, err := finder.Find(ctx, &image.NRGBA{}); err == nil || errors.Is(err, face.ErrNoFace) {
		t.Errorf("empty picture: %v", err)
	}
	ctx, stop := context.WithCancel(ctx)
	stop()
	if _, err := finder.Find(ctx, flat); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTwoDots wants two dots on a plain ground refused: with a mouth and a circle around
// them they would be a face that somebody drew.
func TestTwoDots(t *testing.T) {
	finder := facetest.Finder(t)
	for _, apart := range []float64{20, 40, 80} {
		img := image.NewNRGBA(image.Rect(0, 0, 300, 300))
		draw.Draw(img, img.Rect, image.NewUniform(color.NRGBA{230, 210, 180, 255}), image.Point{}, draw.Src)
		for y := range 300 {
			for x := range 300 {
				if dx, dy := float64(x-150), float64(y-150); math.Hypot(math.Abs(dx)-apart, dy+30) < apart/4 {
					img.SetNRGBA(x, y, color.NRGBA{20, 20, 20, 255})
				}
			}
		}
		if faces, err := finder.Find(context.Background(), img); !errors.Is(err, face.ErrNoFace) {
			t.Errorf("two dots %g pixels apart: %d faces, %v, want none", 2*apart, len(faces), err)
		}
	}
}
