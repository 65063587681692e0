package face

import (
	"errors"
	"image"
	"os"
	"testing"

	"mien/shared/pixel"
	"mien/shared/tensor"
)

const streamPlace = tensor.Stream(1)

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

func newFinder(t testing.TB) *Finder {
	t.Helper()
	f, err := NewFinder()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNoFace(t *testing.T) {
	finder := newFinder(t)
	flat := image.NewNRGBA(image.Rect(0, 0, 320, 200))
	if _, err := finder.Find(flat); !errors.Is(err, ErrNoFace) {
		t.Errorf("flat picture: %v", err)
	}
	r := tensor.NewRand(1, streamPlace, 1, 1)
	for i := range flat.Pix {
		flat.Pix[i] = byte(r.Intn(256))
	}
	if _, err := finder.Find(flat); !errors.Is(err, ErrNoFace) {
		t.Errorf("noise: %v", err)
	}
	for _, size := range [][2]int{{1, 1}, {1, 900}, {900, 1}, {31, 7}} {
		if _, err := finder.Find(image.NewNRGBA(image.Rect(0, 0, size[0], size[1]))); !errors.Is(err, ErrNoFace) {
			t.Errorf("%v pixels: %v", size, err)
		}
	}
	if _, err := finder.Find(&image.NRGBA{}); err == nil || errors.Is(err, ErrNoFace) {
		t.Errorf("empty picture: %v", err)
	}
}
