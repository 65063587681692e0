package face

import (
	"fmt"
	"image"
	"math"
)

// The frame in which the networks see a face: a square of FrameSize pixels,
// in whose pixel-index coordinates (the centre of pixel 0 is 0) the eyes'
// centres are the means over the training set.
const (
	FrameSize       = 128
	EyeY            = 44.5
	LeftEyeX        = 44.8 // left in the picture: the person's right
	RightEyeX       = 83.1
	framePerPixel   = 2.0 / FrameSize
	frameOfPixel0   = framePerPixel/2 - 1
	minFramePixels  = 1e-3
	maxFramePixels  = 1e6
	minEyesApart    = 4 // photo pixels
	maxCropSide     = 4096
	cropTapsPerSide = 16
)

// Normal turns a pixel-index coordinate of the 128-pixel frame into a
// normalised one, in [-1, 1] across the frame.
func Normal(p float64) float64 { return p*framePerPixel + frameOfPixel0 }

// Frame is an affine map from normalised frame coordinates (u, v), in [-1, 1]
// with v downwards, to the coordinates of a photo in which pixel i covers
// [i, i+1):
//
//	x = A[0]*u + A[1]*v + A[2]
//	y = A[3]*u + A[4]*v + A[5]
//
// Those that this package makes are similarities: no mirroring, no shear.
type Frame struct{ A [6]float64 }

// Photo returns the photo coordinates of a frame point.
func (f Frame) Photo(u, v float64) (x, y float64) {
	return f.A[0]*u + f.A[1]*v + f.A[2], f.A[3]*u + f.A[4]*v + f.A[5]
}

// Inverse returns the map from photo to frame coordinates. It fails where the
// frame has no area to speak of, or numbers that are not finite.
func (f Frame) Inverse() (Frame, error) {
	det := f.A[0]*f.A[4] - f.A[1]*f.A[3]
	for _, a := range f.A {
		if math.IsNaN(a) || math.Abs(a) > maxFramePixels {
			return Frame{}, fmt.Errorf("frame %v: want finite numbers up to %g", f.A, float64(maxFramePixels))
		}
	}
	if math.Abs(det) < minFramePixels {
		return Frame{}, fmt.Errorf("frame %v: area %g square pixels, want %g or more", f.A, 4*math.Abs(det), 4*minFramePixels)
	}
	a, b, c, d := f.A[4]/det, -f.A[1]/det, -f.A[3]/det, f.A[0]/det
	return Frame{[6]float64{
		a, b, -(a*f.A[2] + b*f.A[5]),
		c, d, -(c*f.A[2] + d*f.A[5]),
	}}, nil
}

// Bounds returns the smallest rectangle that holds every pixel that the
// frame's square touches, cut to within.
func (f Frame) Bounds(within image.Rectangle) image.Rectangle {
	rx := math.Abs(f.A[0]) + math.Abs(f.A[1])
	ry := math.Abs(f.A[3]) + math.Abs(f.A[4])
	clamp := func(v float64) int { return int(min(max(v, -maxFramePixels), maxFramePixels)) }
	return image.Rect(
		clamp(math.Floor(f.A[2]-rx)), clamp(math.Floor(f.A[5]-ry)),
		clamp(math.Ceil(f.A[2]+rx)), clamp(math.Ceil(f.A[5]+ry)),
	).Intersect(within)
}

// Scale returns how many photo pixels one unit of the frame spans: half the
// frame's side.
func (f Frame) Scale() float64 { return math.Sqrt(math.Abs(f.A[0]*f.A[4] - f.A[1]*f.A[3])) }

// CentreFrame returns the fallback for photos in which no face is found: the
// largest upright square in the middle.
func CentreFrame(w, h int) Frame {
	r := float64(min(w, h)) / 2
	return Frame{[6]float64{r, 0, float64(w) / 2, 0, r, float64(h) / 2}}
}

// FromEyes returns the upright frame of a face whose eyes' centres lie at two points of
// a photo, in its pixels and in either order.
func FromEyes(eyes [2][2]float64) (Frame, error) {
	if eyes[0][0] > eyes[1][0] {
		eyes[0], eyes[1] = eyes[1], eyes[0]
	}
	apart := math.Hypot(eyes[1][0]-eyes[0][0], eyes[1][1]-eyes[0][1])
	if !(apart >= minEyesApart) { // or no number
		return Frame{}, fmt.Errorf("eyes at %v and %v: want them %d pixels apart or more", eyes[0], eyes[1], minEyesApart)
	}
	f := fit([]pair{
		{Normal(LeftEyeX), Normal(EyeY), eyes[0][0], eyes[0][1], 1},
		{Normal(RightEyeX), Normal(EyeY), eyes[1][0], eyes[1][1], 1},
	})
	if _, err := f.Inverse(); err != nil {
		return Frame{}, fmt.Errorf("eyes at %v and %v: %w", eyes[0], eyes[1], err)
	}
	return f, nil
}

// WithEyes returns the frame whose eyes' centres (LeftEyeX, RightEyeX, EyeY) lie
// where f has the points eyes, left first, in normalised coordinates. It is what
// a reader of the aligned face says of how f is off.
func (f Frame) WithEyes(eyes [2][2]float32) Frame {
	var pairs [2]pair
	for i, x := range [...]float64{LeftEyeX, RightEyeX} {
		px, py := f.Photo(float64(eyes[i][0]), float64(eyes[i][1]))
		pairs[i] = pair{Normal(x), Normal(EyeY), px, py, 1}
	}
	return fit(pairs[:])
}

// pair is a point of the frame and where a photo shows it.
type pair struct {
	u, v, x, y, weight float64
}

// fit returns the similarity that takes the pairs' frame points closest to
// their photo points, in weighted least squares. It needs two distinct points.
//
// Method: the closed form of Umeyama, IEEE PAMI 13(4), 1991, for the plane,
// where a similarity is a complex number times z plus another.
func fit(pairs []pair) Frame {
	var w, mu, mv, mx, my float64
	for _, p := range pairs {
		w += p.weight
		mu += p.weight * p.u
		mv += p.weight * p.v
		mx += p.weight * p.x
		my += p.weight * p.y
	}
	mu, mv, mx, my = mu/w, mv/w, mx/w, my/w
	var a, b, n float64
	for _, p := range pairs {
		u, v, x, y := p.u-mu, p.v-mv, p.x-mx, p.y-my
		a += p.weight * (u*x + v*y)
		b += p.weight * (u*y - v*x)
		n += p.weight * (u*u + v*v)
	}
	a, b = a/n, b/n
	return Frame{[6]float64{a, -b, mx - a*mu + b*mv, b, a, my - b*mu - a*mv}}
}

// Then returns the map that applies f first and g to its result.
func (f Frame) Then(g Frame) Frame {
	a, b := f.A, g.A
	return Frame{[6]float64{
		b[0]*a[0] + b[1]*a[3], b[0]*a[1] + b[1]*a[4], b[0]*a[2] + b[1]*a[5] + b[2],
		b[3]*a[0] + b[4]*a[3], b[3]*a[1] + b[4]*a[4], b[3]*a[2] + b[4]*a[5] + b[5],
	}}
}
