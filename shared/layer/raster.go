package layer

import (
	"image"
	"math"
	"runtime"
	"sync"
)

// Draw returns the photo with a scene of this face drawn over it, at the
// photo's own resolution. Pixels that no triangle covers, and those that
// triangles show where they are and as they are, keep their bytes; all keep
// their alpha. The result never shares the photo's bytes.
//
// Triangles are drawn in order. A pixel belongs to a triangle when its centre
// does, one on an edge to that on its right or below. With the vertices'
// values interpolated over the triangle, and c the photo at the centre plus
// the way from (X, Y) to (FromX, FromY), by cubic convolution, or the patch,
// bilinearly,
//
//	out = out*(1-alpha) + c*gain*alpha, rounded to bytes
//
// where gain is that of the light at the vertices' place in the face's frame.
func (f *Face) Draw(s *Scene) *image.NRGBA {
	w, h := f.photo.Rect.Dx(), f.photo.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		copy(out.Pix[y*out.Stride:][:4*w], f.photo.Pix[y*f.photo.Stride:])
	}
	d := drawing{out: out, photo: f.photo, scene: s, gain: gains(s.Light)}
	top, bottom := d.reach()
	// Stripes of rows, so that none waits long for another.
	const rows = 32
	stripes := make(chan int, (bottom-top)/rows+1)
	for y := top; y < bottom; y += rows {
		stripes <- y
	}
	close(stripes)
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(stripes)) {
		all.Go(func() {
			for y := range stripes {
				d.stripe(y, min(y+rows, bottom))
			}
		})
	}
	all.Wait()
	return out
}

// drawing is a scene being drawn.
type drawing struct {
	out, photo *image.NRGBA
	scene      *Scene
	gain       []float32
	cover      []float32 // if not nil, how much of each pixel is a hole that nothing covers
}

// reach returns the rows from the first to the last that any vertex touches.
func (d *drawing) reach() (top, bottom int) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range d.scene.Vertices {
		low, high = min(low, float64(v.Y)), max(high, float64(v.Y))
	}
	h := d.out.Rect.Dy()
	return min(max(int(low)-1, 0), h), max(min(int(high)+2, h), 0)
}

// stripe draws rows top up to bottom.
func (d *drawing) stripe(top, bottom int) {
	t := d.scene.Triangles
	for i := 0; i+2 < len(t); i += 3 {
		d.triangle(int(t[i]), int(t[i+1]), int(t[i+2]), top, bottom)
	}
}

// plane is a value over a triangle: at + dx*x + dy*y.
type plane struct{ at, dx, dy float64 }

func (p plane) of(x, y float64) float64 { return p.at + p.dx*x + p.dy*y }

// triangle draws one in the rows top up to bottom.
func (d *drawing) triangle(ia, ib, ic, top, bottom int) {
	a, b, c := &d.scene.Vertices[ia], &d.scene.Vertices[ib], &d.scene.Vertices[ic]
	if a.Alpha == 0 && b.Alpha == 0 && c.Alpha == 0 {
		return
	}
	low, high := min(a.Y, b.Y, c.Y), max(a.Y, b.Y, c.Y)
	y0, y1 := max(top, int(math.Ceil(float64(low)-.5))), min(bottom, int(math.Ceil(float64(high)-.5)))
	if y0 >= y1 || max(a.X, b.X, c.X) < 0 || min(a.X, b.X, c.X) > float32(d.out.Rect.Dx()) {
		return
	}
	abx, aby := float64(b.X)-float64(a.X), float64(b.Y)-float64(a.Y)
	acx, acy := float64(c.X)-float64(a.X), float64(c.Y)-float64(a.Y)
	area := abx*acy - acx*aby
	if math.Abs(area) < 1e-9 {
		return
	}
	over := func(va, vb, vc float32) plane {
		if va == vb && vb == vc { // exactly, not but for rounding
			return plane{at: float64(va)}
		}
		p, q := float64(vb)-float64(va), float64(vc)-float64(va)
		dx, dy := (p*acy-q*aby)/area, (q*abx-p*acx)/area
		return plane{float64(va) - dx*float64(a.X) - dy*float64(a.Y), dx, dy}
	}
	t := shown{
		alpha: over(a.Alpha, b.Alpha, c.Alpha),
		u:     over(uv[ia][0], uv[ib][0], uv[ic][0]), v: over(uv[ia][1], uv[ib][1], uv[ic][1]),
		lit:  uv[ia][0] >= 0 && uv[ib][0] >= 0 && uv[ic][0] >= 0,
		dark: IsDark(ia), painted: IsPainted(ia),
	}
	if t.painted {
		t.x, t.y = over(a.FromX, b.FromX, c.FromX), over(a.FromY, b.FromY, c.FromY)
	} else {
		t.x, t.y = over(a.FromX-a.X, b.FromX-b.X, c.FromX-c.X), over(a.FromY-a.Y, b.FromY-b.Y, c.FromY-c.Y)
	}
	if t.painted && d.cover == nil && d.scene.Patch == nil {
		return
	}
	for y := y0; y < y1; y++ {
		x0, x1 := span(a, b, c, float64(y)+.5)
		d.row(&t, y, max(x0, 0), min(x1, d.out.Rect.Dx()))
	}
}

// span returns the pixels whose centres lie in the triangle in the row whose
// centres lie at y: from the first up to, not including, the second.
func span(a, b, c *Vertex, y float64) (x0, x1 int) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, e := range [3][2]*Vertex{{a, b}, {b, c}, {c, a}} {
		p, q := e[0], e[1]
		if p.Y > q.Y || p.Y == q.Y && p.X > q.X { // the same numbers for both triangles of an edge
			p, q = q, p
		}
		if float64(p.Y) > y || float64(q.Y) <= y {
			continue
		}
		x := float64(p.X) + (float64(q.X)-float64(p.X))*(y-float64(p.Y))/(float64(q.Y)-float64(p.Y))
		low, high = min(low, x), max(high, x)
	}
	if !(low < high) {
		return 0, 0
	}
	const most = 1 << 30
	return int(math.Ceil(max(low, -most) - .5)), int(math.Ceil(min(high, most) - .5))
}

// shown is what a triangle shows.
type shown struct {
	x, y          plane // the way to the photo's pixel, or the place in the patch
	alpha, u, v   plane
	lit           bool
	dark, painted bool
}

// row draws pixels x0 up to x1 of row y.
func (d *drawing) row(t *shown, y, x0, x1 int) {
	for x := x0; x < x1; x++ {
		if d.cover != nil && t.painted {
			d.cover[y*d.out.Rect.Dx()+x] = 1
			continue
		}
		px, py := float64(x)+.5, float64(y)+.5
		alpha := float32(t.alpha.of(px, py))
		if !(alpha > 0) {
			continue
		}
		if d.cover != nil {
			d.cover[y*d.out.Rect.Dx()+x] *= 1 - min(alpha, 1)
		}
		gain := float32(1)
		if t.lit {
			gain = gainAt(d.gain, t.u.of(px, py), t.v.of(px, py))
		}
		var c [3]float32
		switch {
		case t.dark:
		case t.painted:
			c = samplePatch(d.scene.Patch, t.x.of(px, py), t.y.of(px, py))
		default:
			dx, dy := t.x.of(px, py), t.y.of(px, py)
			if dx == 0 && dy == 0 {
				p := d.photo.Pix[y*d.photo.Stride+4*x:][:3]
				c = [3]float32{float32(p[0]), float32(p[1]), float32(p[2])}
			} else {
				c = sample(d.photo, px+dx, py+dy)
			}
		}
		to := d.out.Pix[y*d.out.Stride+4*x:][:3]
		if alpha > .999 {
			for i := range to {
				to[i] = byte(min(c[i]*gain, 255) + .5)
			}
			continue
		}
		for i := range to {
			to[i] = byte(min(float32(to[i])*(1-alpha)+min(c[i]*gain, 255)*alpha, 255) + .5)
		}
	}
}
