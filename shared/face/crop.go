package face

import (
	"fmt"
	"image"
	"math"
)

// Crop returns the frame's square of the photo at size x size pixels, 1 to
// 4096. Each pixel is the mean of a grid of bilinear samples about one photo
// pixel apart, so that a large face does not alias; beyond the photo its
// border continues. It panics when size is out of range or the photo is empty.
func Crop(img *image.NRGBA, f Frame, size int) *image.NRGBA {
	if size < 1 || size > maxCropSide || img.Rect.Empty() {
		panic(fmt.Sprintf("face: crop of %d pixels from a photo of %v, want 1 to %d from a photo that is not empty", size, img.Rect, maxCropSide))
	}
	out := image.NewNRGBA(image.Rect(0, 0, size, size))
	step := 2 / float64(size)
	taps := int(min(max(math.Ceil(f.Scale()*step), 1), cropTapsPerSide))
	scale := 1 / float32(taps*taps)
	for py := range size {
		for px := range size {
			var sum [4]float32
			for ty := range taps {
				v := (float64(py)+(float64(ty)+.5)/float64(taps))*step - 1
				for tx := range taps {
					u := (float64(px)+(float64(tx)+.5)/float64(taps))*step - 1
					x, y := f.Photo(u, v)
					c := Sample(img, float32(x), float32(y))
					for i := range sum {
						sum[i] += c[i]
					}
				}
			}
			to := out.Pix[py*out.Stride+4*px:][:4]
			for i := range to {
				to[i] = byte(sum[i]*scale + .5)
			}
		}
	}
	return out
}

// Sample returns the photo's colour (R G B A, 0 to 255) at a point, bilinear
// between the four nearest pixel centres; pixel i covers [i, i+1). Beyond the
// photo, which has its corner at (0, 0) and is not empty, its border continues.
func Sample(img *image.NRGBA, x, y float32) [4]float32 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	x0, x1, fx := around(x, w)
	y0, y1, fy := around(y, h)
	a, b := img.Pix[y0*img.Stride+4*x0:][:4], img.Pix[y0*img.Stride+4*x1:][:4]
	c, d := img.Pix[y1*img.Stride+4*x0:][:4], img.Pix[y1*img.Stride+4*x1:][:4]
	var out [4]float32
	for i := range out {
		top := float32(a[i]) + fx*(float32(b[i])-float32(a[i]))
		bottom := float32(c[i]) + fx*(float32(d[i])-float32(c[i]))
		out[i] = top + fy*(bottom-top)
	}
	return out
}

// around returns the two pixels of 0 to n-1 whose centres enclose x, and how
// far x lies from the first towards the second. NaN counts as 0.
func around(x float32, n int) (lo, hi int, part float32) {
	x -= .5
	if !(x > 0) {
		return 0, 0, 0
	}
	if x >= float32(n-1) {
		return n - 1, n - 1, 0
	}
	lo = int(x)
	return lo, min(lo+1, n-1), x - float32(lo)
}

// The part of the frame's half side over which an edit fades out towards the frame's
// border: hair and background lie there. The chin nearly does, and must drop.
const (
	FeatherWidth = 0.25 // towards sides and top
	ChinFeather  = 0.15 // towards the bottom
)

// Feather returns the weight of an edit at a point of the frame: 1 inside,
// 0 at the border and beyond. It is the product of one smoothstep per axis,
// which, unlike their minimum, has no crease on the diagonals:
//
//	s(u) * s(v) with s(t) = smoothstep((1-|t|) / width)
func Feather(u, v float32) float32 {
	width := float32(FeatherWidth)
	if v > 0 {
		width = ChinFeather
	}
	return fade(u, FeatherWidth) * fade(v, width)
}

func fade(u, width float32) float32 {
	t := min(max((1-max(u, -u))/width, 0), 1)
	return t * t * (3 - 2*t)
}

// Paste returns the photo with a crop laid back over the frame's square,
// feathered at its border. Alpha stays the photo's. Where the frame is not a
// usable one (see Inverse) the photo comes back unchanged.
func Paste(photo, crop *image.NRGBA, f Frame) *image.NRGBA {
	out := clone(photo)
	inv, err := f.Inverse()
	if err != nil || crop.Rect.Empty() {
		return out
	}
	half := [2]float64{float64(crop.Rect.Dx()) / 2, float64(crop.Rect.Dy()) / 2}
	r := f.Bounds(out.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			u, v := inv.Photo(float64(x)+.5, float64(y)+.5)
			w := Feather(float32(u), float32(v))
			if w == 0 {
				continue
			}
			c := Sample(crop, float32((u+1)*half[0]), float32((v+1)*half[1]))
			to := out.Pix[y*out.Stride+4*x:][:3]
			for i := range to {
				to[i] = byte(float32(to[i]) + w*(c[i]-float32(to[i])) + .5)
			}
		}
	}
	return out
}

// clone returns a copy of img with its corner at (0, 0).
func clone(img *image.NRGBA) *image.NRGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		copy(out.Pix[y*out.Stride:][:4*w], img.Pix[y*img.Stride:])
	}
	return out
}
