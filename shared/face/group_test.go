package face_test

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/tensor"
)

// group is a picture of 12 megapixels with the sample portrait 30 times in it, 24 to 80
// pixels between the eyes, turned by up to 25 degrees, every second one in a mirror. It
// returns the middles between the eyes.
func group(t testing.TB) (*image.NRGBA, [][2]float64) {
	portrait := load(t, "../../web/portrait/astronaut.png")
	img := image.NewNRGBA(image.Rect(0, 0, 4000, 3000))
	draw.Draw(img, img.Rect, image.NewUniform(color.NRGBA{120, 128, 140, 255}), image.Point{}, draw.Src)
	r := tensor.NewRand(5, 1, 0, 0)
	var middles [][2]float64
	const eyes = 43.4 // pixels of the portrait between the pupils
	for i := range 30 {
		k := 24 * math.Pow(80./24, float64(i)/29) / eyes // picture pixels a portrait pixel
		s, c := math.Sincos((r.Float64()*2 - 1) * 25 * math.Pi / 180)
		half := 75. // portrait pixels about the face
		f := face.Frame{A: [6]float64{c * half, -s * half, 226, s * half, c * half, 110}}
		if i%2 == 1 {
			f.A[0], f.A[3] = -f.A[0], -f.A[3]
		}
		side := int(2 * half * k)
		x, y := 100+(i%6)*640+r.Intn(300), 80+(i/6)*580+r.Intn(250)
		draw.Draw(img, image.Rect(x, y, x+side, y+side), face.Crop(portrait, f, side), image.Point{}, draw.Src)
		inv, err := f.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		u, v := inv.Photo((pupils[0][0]+pupils[1][0])/2, (pupils[0][1]+pupils[1][1])/2)
		middles = append(middles, [2]float64{float64(x) + (u+1)/2*float64(side), float64(y) + (v+1)/2*float64(side)})
	}
	return img, middles
}

// TestGroup finds 30 faces in a picture of 12 megapixels.
func TestGroup(t *testing.T) {
	img, middles := group(t)
	faces, err := facetest.Finder(t).Find(context.Background(), img)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range middles {
		found := false
		for _, f := range faces {
			apart := math.Hypot(f.Right[0]-f.Left[0], f.Right[1]-f.Left[1])
			found = found || math.Hypot((f.Left[0]+f.Right[0])/2-m[0], (f.Left[1]+f.Right[1])/2-m[1]) < .15*apart
		}
		if !found {
			t.Errorf("face %d at %.0f is not found", i, m)
		}
	}
	if len(faces) != len(middles) {
		t.Errorf("%d faces, want %d", len(faces), len(middles))
	}
	for i := range faces[1:] {
		if faces[i+1].Frame.Scale() > faces[i].Frame.Scale() {
			t.Errorf("face %d is larger than the one before", i+1)
		}
	}
}

func BenchmarkGroup(b *testing.B) {
	img, _ := group(b)
	finder := facetest.Finder(b)
	for b.Loop() {
		if _, err := finder.Find(context.Background(), img); err != nil {
			b.Fatal(err)
		}
	}
}
