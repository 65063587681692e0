package pixel

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"mien/shared/tensor"

	"github.com/nfnt/resize"
)

// toNRGBA returns img with its corner at (0, 0), its bytes its own.
func toNRGBA(img image.Image) *image.NRGBA {
	r := img.Bounds()
	w, h := r.Dx(), r.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	switch src := img.(type) {
	case *image.NRGBA:
		for y := range h {
			copy(out.Pix[y*out.Stride:][:4*w], src.Pix[src.PixOffset(r.Min.X, r.Min.Y+y):])
		}
		return out
	case *image.YCbCr, *image.Gray, *image.CMYK:
		// Opaque pixels are the same bytes premultiplied or not, and package
		// draw is quick for RGBA only.
		same := &image.RGBA{Pix: out.Pix, Stride: out.Stride, Rect: out.Rect}
		draw.Draw(same, same.Rect, img, r.Min, draw.Src)
		return out
	case *image.RGBA:
		for y := range h {
			row := out.Pix[y*out.Stride:][:4*w]
			copy(row, src.Pix[src.PixOffset(r.Min.X, r.Min.Y+y):])
			for i := 0; i < len(row); i += 4 {
				if row[i+3] != 255 {
					c := color.NRGBAModel.Convert(color.RGBA{row[i], row[i+1], row[i+2], row[i+3]}).(color.NRGBA)
					row[i], row[i+1], row[i+2] = c.R, c.G, c.B
				}
			}
		}
		return out
	}
	for y := range h {
		for x := range w {
			out.SetNRGBA(x, y, color.NRGBAModel.Convert(img.At(r.Min.X+x, r.Min.Y+y)).(color.NRGBA))
		}
	}
	return out
}

// Resize returns img at w x h pixels: Lanczos of radius 3, which also filters
// what a smaller picture cannot show. The result is the caller's even where
// the size stays. It panics when w or h is less than 1 or the result would
// have more than MaxPixels.
func Resize(img *image.NRGBA, w, h int) *image.NRGBA {
	if err := checkSize(w, h); err != nil {
		panic("pixel: resize: " + err.Error())
	}
	if img.Rect.Dx() == w && img.Rect.Dy() == h {
		return toNRGBA(img)
	}
	return toNRGBA(resize.Resize(uint(w), uint(h), img, resize.Lanczos3))
}

// ToTensor returns the picture as [1 H W 3], RGB, byte b as b/127.5 - 1. Alpha
// is left out: a transparent pixel keeps the colour that the file gives it.
func ToTensor(img image.Image) *tensor.Tensor {
	src, ok := img.(*image.NRGBA)
	if !ok {
		src = toNRGBA(img)
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	t := tensor.New(1, h, w, 3)
	i := 0
	for y := range h {
		row := src.Pix[y*src.Stride:][:4*w]
		for x := 0; x < len(row); x += 4 {
			t.Data[i] = float32(row[x])/127.5 - 1
			t.Data[i+1] = float32(row[x+1])/127.5 - 1
			t.Data[i+2] = float32(row[x+2])/127.5 - 1
			i += 3
		}
	}
	return t
}

// ToImage returns picture n of a batch [N H W 3] in [-1, 1], opaque; what lies
// outside the range is clamped, NaN becomes 0. It panics when t has another
// shape or no picture n. ToImage undoes ToTensor exactly for opaque pictures.
func ToImage(t *tensor.Tensor, n int) *image.NRGBA {
	if len(t.Shape) != 4 || t.Shape[3] != 3 || n < 0 || n >= t.Shape[0] {
		panic(fmt.Sprintf("pixel: picture %d of a tensor %v, want [N H W 3]", n, t.Shape))
	}
	h, w := t.Shape[1], t.Shape[2]
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	data := t.Data[n*h*w*3:][:h*w*3]
	for i := range h * w {
		img.Pix[4*i] = Byte(data[3*i])
		img.Pix[4*i+1] = Byte(data[3*i+1])
		img.Pix[4*i+2] = Byte(data[3*i+2])
		img.Pix[4*i+3] = 255
	}
	return img
}

// Byte returns the byte nearest to x, which is clamped to [-1, 1]; NaN gives 0.
func Byte(x float32) byte {
	if !(x > -1) {
		return 0
	}
	return byte((min(x, 1)+1)*127.5 + .5)
}
