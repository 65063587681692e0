package synth

import "math"

// point is a place in pixel-index coordinates of the 128 x 128 crop.
type point [2]float32

// colour is RGB in 0 to 1.
type colour [3]float32

func (c colour) mix(d colour, t float32) colour {
	for i := range c {
		c[i] += (d[i] - c[i]) * t
	}
	return c
}

func (c colour) times(f float32) colour { return colour{c[0] * f, c[1] * f, c[2] * f} }

// maxSize is the largest picture in pixels.
const maxSize = 512

// canvas is a picture [S S 3] that shapes are painted on; edges are exact area
// coverage, so that a feature thinner than a pixel still moves smoothly.
type canvas struct {
	size  int
	scale float32   // pixels per crop pixel
	pix   []float32 // [S S 3]
	acc   []float32 // [S S+2] signed areas, zero between uses
	clip  []float32 // [S S] when set, multiplies what is painted
	spare []float32 // [S S] memory of clip
}

func newCanvas(size int) *canvas {
	return &canvas{size: size, scale: float32(size) / 128, pix: make([]float32, size*size*3),
		acc: make([]float32, size*(size+2)), spare: make([]float32, size*size)}
}

// place turns crop coordinates into canvas coordinates, where pixel i covers
// i to i+1.
func (c *canvas) place(p point) (x, y float32) { return (p[0] + .5) * c.scale, (p[1] + .5) * c.scale }

// cover gives every pixel that the closed polygon touches, with its coverage.
//
// Method: accumulation of signed areas, one pass over the edges and one over
// the rows (Levien: font-rs, 2016).
func (c *canvas) cover(poly []point, give func(i int, a float32)) {
	if len(poly) < 3 {
		return
	}
	top, bottom := c.size, 0
	for i, p := range poly {
		x0, y0 := c.place(p)
		x1, y1 := c.place(poly[(i+1)%len(poly)])
		top = min(top, max(int(math.Floor(float64(min(y0, y1)))), 0))
		bottom = max(bottom, min(int(math.Ceil(float64(max(y0, y1)))), c.size))
		c.edge(x0, y0, x1, y1)
	}
	for y := top; y < bottom; y++ {
		row := c.acc[y*(c.size+2) : (y+1)*(c.size+2)]
		var sum float32
		for x := range c.size {
			sum += row[x]
			if a := min(max(sum, -sum), 1); a > 1e-3 {
				give(y*c.size+x, a)
			}
		}
		clear(row)
	}
}

// edge adds the area to the right of one edge to the accumulator.
func (c *canvas) edge(x0, y0, x1, y1 float32) {
	if y0 == y1 {
		return
	}
	dir := float32(1)
	if y0 > y1 {
		dir, x0, y0, x1, y1 = -1, x1, y1, x0, y0
	}
	slope := (x1 - x0) / (y1 - y0)
	x := x0
	if y0 < 0 {
		x -= y0 * slope
	}
	right := float32(c.size)
	for y := max(int(y0), 0); y < c.size && float32(y) < y1; y++ {
		row := c.acc[y*(c.size+2):]
		dy := min(float32(y+1), y1) - max(float32(y), y0)
		next := x + slope*dy
		d := dy * dir
		a, b := min(max(min(x, next), 0), right), min(max(max(x, next), 0), right)
		x = next
		ai := int(a)
		bi := int(math.Ceil(float64(b)))
		if bi <= ai+1 {
			m := (a+b)/2 - float32(ai)
			row[ai] += d * (1 - m)
			row[ai+1] += d * m
			continue
		}
		// the edge crosses several pixels of this row
		s := 1 / (b - a)
		var done float32
		for i := ai; i < bi; i++ {
			from, to := max(a, float32(i)), min(b, float32(i+1))
			part := d * (to - from) * s
			m := (from+to)/2 - float32(i)
			row[i] += part * (1 - m)
			row[i+1] += part * m
			done += part
		}
	}
}

// fill paints a polygon.
func (c *canvas) fill(poly []point, paint colour, alpha float32) {
	c.cover(poly, func(i int, a float32) { c.blend(i, paint, a*alpha) })
}

func (c *canvas) blend(i int, paint colour, a float32) {
	if c.clip != nil {
		a *= c.clip[i]
	}
	p := c.pix[3*i : 3*i+3]
	for k := range p {
		p[k] += (paint[k] - p[k]) * a
	}
}

// within paints only inside the polygon until do returns.
func (c *canvas) within(poly []point, do func()) {
	clear(c.spare)
	c.cover(poly, func(i int, a float32) { c.spare[i] = a })
	c.clip = c.spare
	do()
	c.clip = nil
}

// glow multiplies the picture around a place by 1+amount, fading as a Gaussian
// of deviations sx and sy; negative amounts are shadows.
func (c *canvas) glow(at point, sx, sy, amount float32) {
	c.around(at, sx, sy, func(i int, w float32) {
		if c.clip != nil {
			w *= c.clip[i]
		}
		p := c.pix[3*i : 3*i+3]
		for k := range p {
			p[k] *= 1 + amount*w
		}
	})
}

// tint blends a colour in around a place.
func (c *canvas) tint(at point, sx, sy float32, paint colour, alpha float32) {
	c.around(at, sx, sy, func(i int, w float32) { c.blend(i, paint, alpha*w) })
}

func (c *canvas) around(at point, sx, sy float32, do func(i int, w float32)) {
	x, y := c.place(at)
	sx, sy = max(sx*c.scale, .4), max(sy*c.scale, .4)
	x0, x1 := max(int(x-3*sx), 0), min(int(x+3*sx)+1, c.size)
	y0, y1 := max(int(y-3*sy), 0), min(int(y+3*sy)+1, c.size)
	const tail = .0111 // of the Gaussian at 3 deviations, where it is cut off
	var wx [maxSize]float32
	for i := x0; i < x1; i++ {
		u := (float32(i) + .5 - x) / sx
		wx[i-x0] = float32(math.Exp(float64(-u * u / 2)))
	}
	for j := y0; j < y1; j++ {
		v := (float32(j) + .5 - y) / sy
		wy := float32(math.Exp(float64(-v * v / 2)))
		for i := x0; i < x1; i++ {
			if w := wy*wx[i-x0] - tail; w > 0 {
				do(j*c.size+i, w)
			}
		}
	}
}

// stroke paints a smooth line through points that is width wide in its middle
// and tapers to nothing at its ends.
func (c *canvas) stroke(line []point, width float32, paint colour, alpha float32) {
	c.fill(ribbon(smooth(line), width, true), paint, alpha)
}
