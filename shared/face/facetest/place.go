// Package facetest places face crops in larger pictures, tilted and scaled, to
// test who finds them there.
package facetest

import (
	"image"
	"math"
	"path/filepath"

	"mien/shared/face"
	"mien/shared/pixel"
	"mien/shared/tensor"
)

const streamPlace = tensor.Stream(1)

// framePerPixel is a pixel of the 128-pixel frame in normalised coordinates.
const framePerPixel = 2.0 / face.FrameSize

// Crops returns n crops of the private test set, evenly spread; none where it
// is not beside the repository, whose root is given.
func Crops(root string, n int) []string {
	files, _ := filepath.Glob(filepath.Join(root, "../shared/data/test_faces/heldout/processed/EmotioNet_aligned/*.jpg"))
	if len(files) < n {
		return nil
	}
	picked := make([]string, n)
	for i := range picked {
		picked[i] = files[i*len(files)/n]
	}
	return picked
}

// Place paints crop number i into a larger picture, scaled .7 to 4 and tilted up
// to 40 degrees either way, and returns the frame in which it then lies.
func Place(crop *image.NRGBA, i int) (img *image.NRGBA, truth face.Frame) {
	return place(crop, i, 40)
}

// PlaceTurned is Place with a tilt of any angle.
func PlaceTurned(crop *image.NRGBA, i int) (img *image.NRGBA, truth face.Frame) {
	return place(crop, i, 180)
}

func place(crop *image.NRGBA, i int, most float64) (img *image.NRGBA, truth face.Frame) {
	r := tensor.NewRand(1, streamPlace, 0, uint64(i))
	scale := .7 * math.Pow(4/.7, r.Float64())
	tilt := (r.Float64()*2 - 1) * most * math.Pi / 180
	truth, w, h := randomFrame(r, scale, tilt)
	return paint(crop, truth, w, h), truth
}

// paint draws a crop into a picture of w x h pixels so that its square is the
// frame. Around it lies a blurred, darker continuation of the crop.
func paint(crop *image.NRGBA, frame face.Frame, w, h int) *image.NRGBA {
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
			c := face.Sample(small, float32((u+1)*half), float32((v+1)*half))
			for i := range 3 {
				dim.Pix[y*dim.Stride+4*x+i] = byte(c[i] + .5)
			}
		}
	}
	return dim
}

// randomFrame places a frame scale times 128 pixels large and turned by tilt.
func randomFrame(r *tensor.Rand, scale, tilt float64) (f face.Frame, w, h int) {
	s, c := math.Sincos(tilt)
	k := 64 * scale
	room := 1.5 * k
	w, h = int(room*(2+r.Float64()*2)), int(room*(2+r.Float64()*2))
	x := room + r.Float64()*(float64(w)-2*room)
	y := room + r.Float64()*(float64(h)-2*room)
	return face.Frame{A: [6]float64{c * k, -s * k, x, s * k, c * k, y}}, w, h
}

// EyeError returns how far the worse eye of a found frame is from the truth, in
// pixels of the 128-pixel frame.
func EyeError(found, truth face.Frame) float64 {
	inv, err := truth.Inverse()
	if err != nil {
		panic(err)
	}
	worst := 0.0
	for _, x := range []float64{face.LeftEyeX, face.RightEyeX} {
		u, v := inv.Photo(found.Photo(face.Normal(x), face.Normal(face.EyeY)))
		worst = max(worst, math.Hypot(u-face.Normal(x), v-face.Normal(face.EyeY))/framePerPixel)
	}
	return worst
}
