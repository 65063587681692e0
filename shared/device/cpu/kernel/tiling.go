package kernel

// lattice is every stride-th pixel of pictures [n h w c] both ways: (i, j) is pixel
// (i*stride+top, j*stride+left), which may lie outside; there is zero.
type lattice struct{ n, h, w, c, stride, top, left int }

// tiling cuts pictures into tiles of 2 x 2 pixels, counted over all pictures.
type tiling struct {
	down, across int // tiles of a picture
	edge         int // where the pixels of a tile that is copied begin in an area
}

// corner returns the picture of tile t and where pixel (0, 0) of it lies in l.
func (g *tiling) corner(l lattice, t int) (picture, y, x int) {
	return t / (g.across * g.down), 2*(t/g.across%g.down)*l.stride + l.top, 2*(t%g.across)*l.stride + l.left
}

// view is what a tile reads of a lattice: size x size pixels, n channels of each from
// c on.
type view struct {
	lattice
	data       []float32
	size, c, n int
}

// spot is where changed tiles lie in an area: place p of tile i at at + p*step + i*pitch.
type spot struct{ at, step, pitch int }

// change writes n tiles from t on in another basis of side x side places.
func (g *tiling) change(a *area, f change, v view, t, n, side int, to spot) {
	for i := range n {
		step := g.point(a, v, t+i)
		for r := range side {
			a.dst[r] = &a.floats[to.at+r*side*to.step+i*to.pitch]
		}
		f(&a.dst[0], to.step, &a.src[0], step, v.n)
	}
}

// point points a.src at the lines of tile t and returns the step from one pixel to the
// next. Where pixels lie outside, the tile is a copy.
func (g *tiling) point(a *area, v view, t int) int {
	picture, y, x := g.corner(v.lattice, t)
	last := (v.size - 1) * v.stride
	if y >= 0 && y+last < v.h && x >= 0 && x+last < v.w {
		for r := range v.size {
			a.src[r] = &v.data[((picture*v.h+y+r*v.stride)*v.w+x)*v.lattice.c+v.c]
		}
		return v.stride * v.lattice.c
	}
	for r := range v.size {
		row := a.floats[g.edge+r*v.size*v.n:][:v.size*v.n]
		a.src[r] = &row[0]
		y := y + r*v.stride
		for q := range v.size {
			pixel, x := row[q*v.n:(q+1)*v.n], x+q*v.stride
			if y < 0 || y >= v.h || x < 0 || x >= v.w {
				clear(pixel)
				continue
			}
			copy(pixel, v.data[((picture*v.h+y)*v.w+x)*v.lattice.c+v.c:])
		}
	}
	return v.n
}
