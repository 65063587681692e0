package meshtest

import (
	"context"
	"image"
	"math"
	"testing"
	"time"

	"mien/native/internal/synth"
	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/tensor"
)

// video draws frames of 320 x 240 pixels of a drawn face that is 128 pixels large, its
// middle at path(frame), with noise of a camera of 3 of 255.
type video struct {
	face  *image.NRGBA
	noise *tensor.Rand
}

func newVideo() *video {
	const side = 128
	pix, _ := synth.Render(synth.Face(3), au.Vector{}, side)
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		copy(img.Pix[4*i:], pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return &video{img, tensor.NewRand(7, 1, 0, 0)}
}

func (v *video) frame(x, y float64) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 320, 240))
	for j := range 240 {
		for i := range 320 {
			u, w := float64(i)+.5-x+64, float64(j)+.5-y+64
			c := face.Sample(v.face, float32(u), float32(w)) // beyond it its border goes on
			to := img.Pix[j*img.Stride+4*i:][:4]
			for k := range 3 {
				to[k] = byte(min(max(c[k]+3*v.noise.Normal(), 0), 255))
			}
			to[3] = 255
		}
	}
	return img
}

// middle is the mean of a mesh's points.
func middle(m face.Mesh) (x float64) {
	for _, p := range m[:face.SkinPoints] {
		x += float64(p[0]) / face.SkinPoints
	}
	return x
}

// TestVideo follows a drawn face through 60 frames at 30 a second: it rests, then moves
// to and fro by the width of a face a second. It is there in every frame; at rest its points
// tremble by less than .2 pixels of 128, and moving it lags by less than two frames.
func TestVideo(t *testing.T) {
	v := newVideo()
	tracker := face.NewTracker(facetest.Finder(t))
	const rest, frames = 25, 60
	place := func(i int) float64 {
		return 160 + 40*math.Sin(math.Max(0, float64(i-rest))/30*math.Pi)
	}
	var still [face.SkinPoints][2][]float64
	var offset, lag float64
	n := 0
	for i := range frames {
		faces, err := tracker.Next(context.Background(), v.frame(place(i), 120), time.Duration(i)*time.Second/30)
		if err != nil || len(faces) != 1 {
			t.Fatalf("frame %d: %d faces, %v, want 1", i, len(faces), err)
		}
		m := faces[0].Mesh
		switch {
		case i >= 5 && i < rest:
			for k := range still {
				for c := range 2 {
					still[k][c] = append(still[k][c], float64(m[k][c]))
				}
			}
			offset += (middle(m) - place(i)) / (rest - 5)
		case i >= rest+3:
			if speed := place(i+1) - place(i-1); math.Abs(speed) > 4 {
				lag += (place(i) + offset - middle(m)) / (speed / 2)
				n++
			}
		}
	}
	tremble := 0.
	for k := range still {
		for c := range 2 {
			tremble += deviation(still[k][c]) / (2 * face.SkinPoints)
		}
	}
	lag /= float64(n)
	t.Logf("trembles by %.3f pixels of 128, lags by %.2f frames", tremble, lag)
	if tremble > .2 || lag > 2 || lag < -.5 {
		t.Errorf("trembles by %.3f pixels of 128 and lags by %.2f frames, want .2 and 2", tremble, lag)
	}
}

// deviation is the standard deviation.
func deviation(x []float64) float64 {
	var mean, sum float64
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sum += (v - mean) * (v - mean) / float64(len(x))
	}
	return math.Sqrt(sum)
}
