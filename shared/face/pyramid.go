package face

import (
	"image"
	"math"
)

// pyramid holds a photo and its halves, level i 2^i times smaller. Each is made
// when it is first needed. It is used by one goroutine at a time until prepare.
type pyramid struct{ levels []*image.NRGBA }

func newPyramid(img *image.NRGBA) *pyramid { return &pyramid{[]*image.NRGBA{img}} }

// level returns the level on which a step of the given number of photo pixels is
// between one and two pixels, and how many photo pixels one of its pixels spans.
func (p *pyramid) level(step float64) (img *image.NRGBA, span float64) {
	n := 0
	for span = 1; step >= 2*span; span *= 2 {
		last := p.levels[n]
		if max(last.Rect.Dx(), last.Rect.Dy()) < 2 {
			break
		}
		if n++; n == len(p.levels) {
			p.levels = append(p.levels, half(last))
		}
	}
	return p.levels[n], span
}

// prepare makes every level down to the given step, so that several goroutines
// may draw views of at least that step.
func (p *pyramid) prepare(step float64) { p.level(step) }

// half returns a picture at half the size (rounded up), means of 2x2 pixels.
func half(img *image.NRGBA) *image.NRGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, (w+1)/2, (h+1)/2))
	for y := range out.Rect.Dy() {
		a := img.Pix[2*y*img.Stride:][:4*w]
		b := img.Pix[min(2*y+1, h-1)*img.Stride:][:4*w]
		to := out.Pix[y*out.Stride:][:4*out.Rect.Dx()]
		for x := 0; x < len(to); x += 4 {
			l := 2 * x
			r := min(l+4, 4*(w-1))
			for c := range 4 {
				to[x+c] = byte((int(a[l+c]) + int(a[r+c]) + int(b[l+c]) + int(b[r+c]) + 2) / 4)
			}
		}
	}
	return out
}

// view draws the frame's square into dst, size x size pixels of RGB, byte b as
// b*scale + shift: bilinear on the level of the pyramid where the frame's pixels
// are one to two pixels apart, four samples a pixel where they are more than 1.4. Beyond
// the photo its border continues: a face that it cuts is seen more surely than against
// black.
func (p *pyramid) view(dst []float32, f Frame, size int, scale, shift float32) {
	step := 2 * f.Scale() / float64(size)
	img, span := p.level(step)
	// The map from pixel (i, j) of dst to the level's pixels.
	k := 2 / float64(size) / span
	ax, bx, ay, by := f.A[0]*k, f.A[1]*k, f.A[3]*k, f.A[4]*k
	cx := (f.A[2] - f.A[0] - f.A[1]) / span
	cy := (f.A[5] - f.A[3] - f.A[4]) / span
	taps := 1
	if step > 1.4*span {
		taps = int(min(max(math.Ceil(step/span), 2), 4))
	}
	weight := scale / float32(taps*taps)
	at := 0
	for j := range size {
		for i := range size {
			var r, g, b float32
			for ty := range taps {
				v := float64(j) + (float64(ty)+.5)/float64(taps)
				for tx := range taps {
					u := float64(i) + (float64(tx)+.5)/float64(taps)
					x, y := ax*u+bx*v+cx, ay*u+by*v+cy
					c := Sample(img, float32(x), float32(y))
					r, g, b = r+c[0], g+c[1], b+c[2]
				}
			}
			dst[at], dst[at+1], dst[at+2] = r*weight+shift, g*weight+shift, b*weight+shift
			at += 3
		}
	}
}
