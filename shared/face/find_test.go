package face

import (
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
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

// heldout returns n crops of the private test set, evenly spread, or skips.
func heldout(t testing.TB, n int) []string {
	t.Helper()
	files, _ := filepath.Glob("../../../shared/data/test_faces/heldout/processed/EmotioNet_aligned/*.jpg")
	if len(files) < n {
		t.Skip("no private test crops beside the repository (../shared/data)")
	}
	picked := make([]string, n)
	for i := range picked {
		picked[i] = files[i*len(files)/n]
	}
	return picked
}

// paintIn draws a crop into a picture of w x h pixels so that its square is the
// frame. Around it lies a blurred, darker continuation of the crop.
func paintIn(crop *image.NRGBA, frame Frame, w, h int) *image.NRGBA {
	dim := pixel.Resize(pixel.Resize(crop, 3, 3), w, h)
	for i := range dim.Pix {
		if i%4 != 3 {
			dim.Pix[i] = dim.Pix[i]/2 + 40
		}
	}
	inv, err := frame.Inverse()
	if err != nil {
		panic(err)
	}
	half := float64(crop.Rect.Dx()) / 2
	shrink := int(max(half/frame.Scale(), 1) + .5)
	small := pixel.Resize(crop, crop.Rect.Dx()/shrink, crop.Rect.Dy()/shrink)
	half = float64(small.Rect.Dx()) / 2
	for y := range h {
		for x := range w {
			u, v := inv.Photo(float64(x)+.5, float64(y)+.5)
			if math.Abs(u) > 1 || math.Abs(v) > 1 {
				continue
			}
			c := Sample(small, float32((u+1)*half), float32((v+1)*half))
			for i := range 3 {
				dim.Pix[y*dim.Stride+4*x+i] = byte(c[i] + .5)
			}
		}
	}
	return dim
}

// randomFrame places a frame scale times 128 pixels large and turned by tilt.
func randomFrame(r *tensor.Rand, scale, tilt float64) (f Frame, w, h int) {
	s, c := math.Sincos(tilt)
	k := 64 * scale
	room := 1.5 * k
	w, h = int(room*(2+r.Float64()*2)), int(room*(2+r.Float64()*2))
	x := room + r.Float64()*(float64(w)-2*room)
	y := room + r.Float64()*(float64(h)-2*room)
	return Frame{[6]float64{c * k, -s * k, x, s * k, c * k, y}}, w, h
}

// eyeError returns how far the worse eye is from the truth, in pixels of the
// 128-pixel frame.
func eyeError(found Face, truth Frame) float64 {
	inv, err := truth.Inverse()
	if err != nil {
		panic(err)
	}
	worst := 0.0
	for _, e := range [][3]float64{{found.Left[0], found.Left[1], LeftEyeX}, {found.Right[0], found.Right[1], RightEyeX}} {
		u, v := inv.Photo(e[0], e[1])
		worst = max(worst, math.Hypot(u-Normal(e[2]), v-Normal(EyeY))/framePerPixel)
	}
	return worst
}

func TestHeldoutFacesComeBack(t *testing.T) {
	n := 40
	if s := os.Getenv("MIEN_FACES"); s != "" {
		fmt.Sscan(s, &n)
	}
	finder := newFinder(t)
	var errs []float64
	var scores []float32
	within, missed := 0, 0
	for i, file := range heldout(t, n) {
		r := tensor.NewRand(1, streamPlace, 0, uint64(i))
		scale := .7 * math.Pow(4/.7, r.Float64())
		tilt := (r.Float64()*2 - 1) * 40 * math.Pi / 180
		frame, w, h := randomFrame(r, scale, tilt)
		faces, err := finder.Find(paintIn(load(t, file), frame, w, h))
		if err != nil {
			missed++
			t.Logf("%s: scale %.2f, tilt %.0f degrees: %v", filepath.Base(file), scale, tilt*180/math.Pi, err)
			continue
		}
		e := eyeError(faces[0], frame)
		errs = append(errs, e)
		scores = append(scores, faces[0].Score)
		if e <= 3 {
			within++
		} else {
			t.Logf("%s: scale %.2f, tilt %.0f degrees: off by %.1f, score %.0f, %d faces", filepath.Base(file), scale, tilt*180/math.Pi, e, faces[0].Score, len(faces))
		}
	}
	slices.Sort(errs)
	slices.Sort(scores)
	t.Logf("scores from %.0f, a tenth below %.0f", scores[0], scores[len(scores)/10])
	t.Logf("%d of %d within 3 pixels, %d missed, median %.2f", within, n, missed, errs[len(errs)/2])
	// 38 of these 40 come back within 3 pixels, 162 of 180 (MIEN_FACES=180); the
	// margin is for pigo's unseeded perturbations. What fails is turned far aside.
	if within*100 < n*85 {
		t.Errorf("%d of %d faces come back within 3 pixels, want 85%%", within, n)
	}
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
