package cpu

import "mien/shared/tensor"

// place is where one coordinate falls on a line of samples: between lo and hi,
// hi having the given weight.
type place struct {
	lo, hi int
	weight float32
	inside bool // strictly between the first and the last sample
}

// placeAt finds coordinate p among n samples. Places outside, and NaN, are
// moved to the edge, so that no flow reads outside the image.
func placeAt(p float32, n int) place {
	if !(p > 0) {
		return place{}
	}
	if p >= float32(n-1) {
		return place{lo: n - 1, hi: n - 1}
	}
	lo := int(p)
	return place{lo, lo + 1, p - float32(lo), true}
}

// sampler finds where the pixels of a flow fall in an image.
type sampler struct {
	flow           []float32
	h, w, oh, ow   int     // of the image, of the flow
	halfH, halfW   float32 // half the image's extents
	scaleY, scaleX float32 // image pixels per flow pixel
}

func newSampler(flow []float32, image, f tensor.Shape) *sampler {
	h, w, oh, ow := image[1], image[2], f[1], f[2]
	return &sampler{
		flow, h, w, oh, ow, float32(h) / 2, float32(w) / 2,
		float32(h) / float32(oh), float32(w) / float32(ow),
	}
}

// at returns the places of pixel j of row i of batch n, for row = n*OH + i.
func (s *sampler) at(row, i, j int) (y, x place) {
	f := s.flow[2*(row*s.ow+j) : 2*(row*s.ow+j)+2]
	x = placeAt((float32(j)+.5)*s.scaleX-.5+f[0]*s.halfW, s.w)
	y = placeAt((float32(i)+.5)*s.scaleY-.5+f[1]*s.halfH, s.h)
	return y, x
}

func warp(o *operands) func() {
	out, image := o.out[0], o.in[0]
	xs, ys := o.inShapes[0], o.outShapes[0]
	s, c := newSampler(o.in[1], xs, o.inShapes[1]), xs[3]
	return o.pool.rows(ys[0]*ys[1], 4*ys[2]*(c+4), func(lo, hi int) {
		for row := lo; row < hi; row++ {
			n, i := row/s.oh, row%s.oh
			img := image[n*s.h*s.w*c : (n+1)*s.h*s.w*c]
			for j := range s.ow {
				y, x := s.at(row, i, j)
				dst := out[(row*s.ow+j)*c : (row*s.ow+j)*c+c]
				a := img[(y.lo*s.w+x.lo)*c:][:len(dst)]
				b := img[(y.lo*s.w+x.hi)*c:][:len(dst)]
				d := img[(y.hi*s.w+x.lo)*c:][:len(dst)]
				e := img[(y.hi*s.w+x.hi)*c:][:len(dst)]
				wa, wb := (1-y.weight)*(1-x.weight), (1-y.weight)*x.weight
				wd, we := y.weight*(1-x.weight), y.weight*x.weight
				for k := range dst {
					dst[k] = wa*a[k] + wb*b[k] + wd*d[k] + we*e[k]
				}
			}
		}
	})
}

// warpBand is how many rows of the image one task of warpInput fills: it reads
// the whole flow and adds up what falls into its band, so that no two tasks
// write the same pixel and the order of additions is fixed.
const warpBand = 64

func warpInput(o *operands) func() {
	dx, g := o.out[0], o.in[0]
	xs := o.outShapes[0]
	s, c := newSampler(o.in[1], xs, o.inShapes[1]), xs[3]
	bands := (s.h + warpBand - 1) / warpBand
	return o.pool.rows(xs[0]*bands, minBlock, func(lo, hi int) {
		for t := lo; t < hi; t++ {
			n, from := t/bands, t%bands*warpBand
			to := min(from+warpBand, s.h)
			img := dx[n*s.h*s.w*c : (n+1)*s.h*s.w*c]
			clear(img[from*s.w*c : to*s.w*c])
			for i := range s.oh {
				row := n*s.oh + i
				for j := range s.ow {
					y, x := s.at(row, i, j)
					src := g[(row*s.ow+j)*c : (row*s.ow+j)*c+c]
					if from <= y.lo && y.lo < to {
						axpy(img[(y.lo*s.w+x.lo)*c:][:c], src, (1-y.weight)*(1-x.weight))
						axpy(img[(y.lo*s.w+x.hi)*c:][:c], src, (1-y.weight)*x.weight)
					}
					if from <= y.hi && y.hi < to {
						axpy(img[(y.hi*s.w+x.lo)*c:][:c], src, y.weight*(1-x.weight))
						axpy(img[(y.hi*s.w+x.hi)*c:][:c], src, y.weight*x.weight)
					}
				}
			}
		}
	})
}

func warpFlow(o *operands) func() {
	df, image, g := o.out[0], o.in[0], o.in[2]
	xs, fs := o.inShapes[0], o.inShapes[1]
	s, c := newSampler(o.in[1], xs, fs), xs[3]
	return o.pool.rows(fs[0]*fs[1], 4*fs[2]*(c+4), func(lo, hi int) {
		for row := lo; row < hi; row++ {
			n, i := row/s.oh, row%s.oh
			img := image[n*s.h*s.w*c : (n+1)*s.h*s.w*c]
			for j := range s.ow {
				y, x := s.at(row, i, j)
				src := g[(row*s.ow+j)*c : (row*s.ow+j)*c+c]
				a := img[(y.lo*s.w+x.lo)*c:][:len(src)]
				b := img[(y.lo*s.w+x.hi)*c:][:len(src)]
				d := img[(y.hi*s.w+x.lo)*c:][:len(src)]
				e := img[(y.hi*s.w+x.hi)*c:][:len(src)]
				var du, dv float32
				for k, v := range src {
					du += v * ((b[k]-a[k])*(1-y.weight) + (e[k]-d[k])*y.weight)
					dv += v * ((d[k]-a[k])*(1-x.weight) + (e[k]-b[k])*x.weight)
				}
				if !x.inside {
					du = 0
				}
				if !y.inside {
					dv = 0
				}
				df[2*(row*s.ow+j)], df[2*(row*s.ow+j)+1] = du*s.halfW, dv*s.halfH
			}
		}
	})
}

// axpy is vector.Axpy for a pixel's few channels, where a call would cost more
// than the loop.
func axpy(y, x []float32, a float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += x[i] * a
	}
}
