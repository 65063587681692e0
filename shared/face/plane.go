package face

import (
	"image"
	"math"

	pigo "github.com/esimov/pigo/core"
)

// plane is a grey picture of w x h bytes.
type plane struct {
	pix  []byte
	w, h int
}

func newPlane(w, h int) plane { return plane{make([]byte, w*h), w, h} }

func (p plane) params() pigo.ImageParams {
	return pigo.ImageParams{Pixels: p.pix, Rows: p.h, Cols: p.w, Dim: p.w}
}

// grey returns the luma of a photo (ITU-R BT.601); transparent pixels count
// with the colour that they have.
func grey(img *image.NRGBA) plane {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	p := newPlane(w, h)
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		to := p.pix[y*w:][:w]
		for x := range to {
			c := row[4*x:][:4]
			to[x] = byte((299*uint32(c[0]) + 587*uint32(c[1]) + 114*uint32(c[2]) + 500) / 1000)
		}
	}
	return p
}

// half returns the plane at half the size (rounded up), means of 2x2 pixels.
func (p plane) half() plane {
	q := newPlane((p.w+1)/2, (p.h+1)/2)
	for y := range q.h {
		a := p.pix[2*y*p.w:][:p.w]
		b := p.pix[min(2*y+1, p.h-1)*p.w:][:p.w]
		for x := range q.w {
			l, r := 2*x, min(2*x+1, p.w-1)
			q.pix[y*q.w+x] = byte((int(a[l]) + int(a[r]) + int(b[l]) + int(b[r]) + 2) / 4)
		}
	}
	return q
}

// pyramid holds a grey photo and its halves; level i is 2^i times smaller.
type pyramid []plane

// newPyramid halves until the longer side is below minSide.
func newPyramid(p plane, minSide int) pyramid {
	levels := pyramid{p}
	for max(p.w, p.h) >= 2*minSide {
		p = p.half()
		levels = append(levels, p)
	}
	return levels
}

// warp draws the photo into w x h pixels: the centre of output pixel (i, j)
// shows the photo at f.Photo(i+.5, j+.5), bilinear on the level nearest in
// size, the photo's border continued.
func (levels pyramid) warp(f Frame, w, h int) plane {
	level := int(min(max(math.Floor(math.Log2(f.Scale())+.25), 0), float64(len(levels)-1)))
	p, shrink := levels[level], math.Pow(.5, float64(level))
	out := newPlane(w, h)
	dx, dy := float32(f.A[0]*shrink), float32(f.A[3]*shrink)
	for j := range h {
		x0, y0 := f.Photo(.5, float64(j)+.5)
		x, y := float32(x0*shrink), float32(y0*shrink)
		row := out.pix[j*w:][:w]
		for i := range row {
			l, r, fx := around(x+float32(i)*dx, p.w)
			t, b, fy := around(y+float32(i)*dy, p.h)
			top, bottom := p.pix[t*p.w:][:p.w], p.pix[b*p.w:][:p.w]
			a := float32(top[l]) + fx*(float32(top[r])-float32(top[l]))
			c := float32(bottom[l]) + fx*(float32(bottom[r])-float32(bottom[l]))
			row[i] = byte(a + fy*(c-a) + .5)
		}
	}
	return out
}

// Then returns the map that applies f first and g to its result.
func (f Frame) Then(g Frame) Frame {
	a, b := f.A, g.A
	return Frame{[6]float64{
		b[0]*a[0] + b[1]*a[3], b[0]*a[1] + b[1]*a[4], b[0]*a[2] + b[1]*a[5] + b[2],
		b[3]*a[0] + b[4]*a[3], b[3]*a[1] + b[4]*a[4], b[3]*a[2] + b[4]*a[5] + b[5],
	}}
}
