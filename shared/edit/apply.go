package edit

import (
	"image"

	"mien/shared/face"
	"mien/shared/pixel"
)

// Apply returns the photo with the field applied inside the frame's square, at
// the photo's own resolution. Warp, shade and mask are multiplied by face.Feather, so
// the edit ends at the frame's border. Pixels where all three are then 0 keep their
// bytes, all keep their alpha; a zero field gives the photo back byte for byte.
//
// Per photo pixel at frame point u, with w = Feather(u) and A the frame's map:
//
//	m = w * mask(u)
//	out = (photo(A(u + w*warp(u))) + w*shade(u))*(1-m) + colour(u)*m
//
// The photo is sampled bilinearly, beyond its border the border continues.
// Where the field fails Check or the frame has no inverse, the photo comes back
// unchanged. The result never shares the photo's bytes.
func Apply(photo *image.NRGBA, frame face.Frame, f Field) *image.NRGBA {
	w, h := photo.Rect.Dx(), photo.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		copy(out.Pix[y*out.Stride:][:4*w], photo.Pix[y*photo.Stride:])
	}
	inv, err := frame.Inverse()
	if err != nil || f.Check() != nil || f.IsZero() {
		return out
	}
	r := frame.Bounds(out.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		applyRow(out, photo, &frame, &inv, &f, y, r.Min.X, r.Max.X)
	}
	return out
}

// applyRow does row y of Apply from column x0 up to x1.
func applyRow(out, photo *image.NRGBA, frame, inv *face.Frame, f *Field, y, x0, x1 int) {
	a := [4]float32{float32(frame.A[0]), float32(frame.A[1]), float32(frame.A[3]), float32(frame.A[4])}
	for x := x0; x < x1; x++ {
		// In float64: a frame far from the photo's corner keeps its precision.
		u64, v64 := inv.Photo(float64(x)+.5, float64(y)+.5)
		u, v := float32(u64), float32(v64)
		w := face.Feather(u, v)
		if w == 0 {
			continue
		}
		at := f.locate(u, v)
		du, dv := w*at.read(f.Warp, 2, 0), w*at.read(f.Warp, 2, 1)
		m := w * at.read(f.Mask, 1, 0)
		var shade [3]float32
		for i := range shade {
			shade[i] = w * at.read(f.Shade, 3, i)
		}
		if du == 0 && dv == 0 && m == 0 && shade == [3]float32{} {
			continue
		}
		m = min(max(m, 0), 1)
		// The shift is added to the pixel's own centre, so that no rounding of
		// the inverse blurs what moves little.
		c := face.Sample(photo, float32(x)+.5+a[0]*du+a[1]*dv, float32(y)+.5+a[2]*du+a[3]*dv)
		to := out.Pix[y*out.Stride+4*x:][:3]
		for i := range to {
			from := c[i]/127.5 - 1 + shade[i]
			to[i] = pixel.Byte(from + m*(at.read(f.Colour, 3, i)-from))
		}
	}
}
