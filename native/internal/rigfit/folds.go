package rigfit

import (
	"context"
	"math"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"

	"mien/shared/au"
	"mien/shared/face"
	"mien/shared/rig"
)

// Licence is that of a rig fitted on photos of people.
const Licence = "non-commercial research"

// PictureSize is the side of the pictures that folds are learnt from, pixels.
const PictureSize = 128

const (
	foldSide       = rig.FoldSize
	foldPixels     = foldSide * foldSide
	foldRegressors = au.Count + 3 // and yaw, pitch, yaw squared
	foldRidge      = 30.          // in faces
	foldFine       = 8.           // pixels of the map: broader is lamps and pose
	foldDark       = 8.           // of 255: luminance below is noise
	foldReach      = 1.8          // cm about what an Action Unit moves, where its folds are
	flatFace       = .05          // spread of log luminance under which a picture shows nothing
	shards         = 8            // sums of their own, so that the bytes do not depend on the cores
)

// folds returns what a unit of each Action Unit does to the log luminance of the
// skin, in spreads of the face's own, by regression within people; and how many
// pictures it learnt from.
func folds(ctx context.Context, set Set, people [][]*sample, rest *[points][3]float32, shapes *Shapes, triangles [][3]uint16, progress func(done, total int)) ([]float32, int, error) {
	uv := rig.FrameUV(rest)
	flat := rasterise(&uv, triangles)
	var several [][]*sample
	total := 0
	for _, faces := range people {
		if len(faces) > 1 {
			several = append(several, faces)
			total += len(faces)
		}
	}
	sums := make([]*foldSums, shards)
	errs := make([]error, shards)
	var done atomic.Int64
	err := parallel(ctx, shards, func(k int) {
		sums[k] = newFoldSums()
		one := newFoldSums()
		x, t := make([]float64, foldRegressors), make([]float32, foldPixels)
		for i := k; i < len(several) && errs[k] == nil && ctx.Err() == nil; i += shards {
			one.clear()
			weight := min(1, atOnce/float64(len(several[i])))
			for _, s := range several[i] {
				ok, err := flat.look(set, s, t)
				if err != nil {
					errs[k] = err
					return
				}
				done.Add(1)
				if !ok {
					continue
				}
				foldRegressor(s, x)
				one.count(x, t)
			}
			sums[k].within(one, weight)
			progress(int(done.Load()), total)
		}
	})
	if err == nil {
		err = ctx.Err()
	}
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	if err != nil {
		return nil, 0, err
	}
	for _, s := range sums[1:] {
		sums[0].join(s)
	}
	maps := sums[0].solve()
	mask := flat.skin(&uv)
	out := make([]float32, 0, au.Count*foldPixels)
	for a := range au.Count {
		m := maps[a*foldPixels : (a+1)*foldPixels]
		flat.finish(m)
		// What a lamp or a turned head adds elsewhere is no fold.
		near := reach(&shapes.rest, &shapes.action[a], foldReach)
		for i, v := range m {
			var own float32
			for k, p := range flat.corner[i] {
				own += flat.part[i][k] * float32(near[p])
			}
			out = append(out, float32(v*mask[i])*own)
		}
	}
	return out, int(sums[0].n), nil
}

func foldRegressor(s *sample, x []float64) {
	for a, v := range s.labels {
		x[a] = float64(v)
	}
	x[au.Count], x[au.Count+1], x[au.Count+2] = s.turn[0], s.turn[1], s.turn[0]*s.turn[0]
}

// foldSums are the sums of the regression of one shard, or of one person.
type foldSums struct {
	n  float64
	x  []float64 // [R]
	t  []float64 // [pixels]
	xx []float64 // [R R]
	xt []float64 // [R pixels]
}

func newFoldSums() *foldSums {
	const r = foldRegressors
	return &foldSums{x: make([]float64, r), t: make([]float64, foldPixels), xx: make([]float64, r*r), xt: make([]float64, r*foldPixels)}
}

func (f *foldSums) clear() {
	f.n = 0
	clear(f.x)
	clear(f.t)
	clear(f.xx)
	clear(f.xt)
}

// count adds a picture.
func (f *foldSums) count(x []float64, t []float32) {
	f.n++
	for i, v := range t {
		f.t[i] += float64(v)
	}
	for j, v := range x {
		f.x[j] += v
		for k, w := range x {
			f.xx[j*foldRegressors+k] += v * w
		}
		if v == 0 {
			continue
		}
		row := f.xt[j*foldPixels : (j+1)*foldPixels]
		for i, w := range t {
			row[i] += v * float64(w)
		}
	}
}

// within adds what differs among the pictures of a person.
func (f *foldSums) within(one *foldSums, weight float64) {
	if one.n < 2 {
		return
	}
	f.n += one.n
	for j, v := range one.x {
		for k, w := range one.x {
			f.xx[j*foldRegressors+k] += weight * (one.xx[j*foldRegressors+k] - v*w/one.n)
		}
		from, to := one.xt[j*foldPixels:(j+1)*foldPixels], f.xt[j*foldPixels:(j+1)*foldPixels]
		mean := v / one.n
		for i, w := range from {
			to[i] += weight * (w - mean*one.t[i])
		}
	}
}

func (f *foldSums) join(o *foldSums) {
	f.n += o.n
	for i, v := range o.xx {
		f.xx[i] += v
	}
	for i, v := range o.xt {
		f.xt[i] += v
	}
}

// solve returns the maps [17 pixels] of the ridge regression.
func (f *foldSums) solve() []float64 {
	const r = foldRegressors
	sym := mat.NewSymDense(r, nil)
	for j := range r {
		for k := j; k < r; k++ {
			sym.SetSym(j, k, f.xx[j*r+k])
		}
		if j < au.Count {
			sym.SetSym(j, j, f.xx[j*r+j]+foldRidge)
		} else {
			sym.SetSym(j, j, f.xx[j*r+j]+1)
		}
	}
	var chol mat.Cholesky
	chol.Factorize(sym) // positive definite by the ridge
	var inverse mat.SymDense
	if err := chol.InverseTo(&inverse); err != nil {
		if _, poor := err.(mat.Condition); !poor {
			panic(err)
		}
	}
	out := make([]float64, au.Count*foldPixels)
	for a := range au.Count {
		for j := range r {
			w := inverse.At(a, j)
			for i, v := range f.xt[j*foldPixels : (j+1)*foldPixels] {
				out[a*foldPixels+i] += w * v
			}
		}
	}
	return out
}

// flatFrame says which triangle of the mesh each pixel of the flat frame shows.
type flatFrame struct {
	corner [foldPixels][3]uint16
	part   [foldPixels][3]float32 // barycentric
	inside [foldPixels]bool
}

func rasterise(uv *[points][2]float32, triangles [][3]uint16) *flatFrame {
	f := &flatFrame{}
	for _, t := range triangles {
		a, b, c := uv[t[0]], uv[t[1]], uv[t[2]]
		area := (b[0]-a[0])*(c[1]-a[1]) - (c[0]-a[0])*(b[1]-a[1])
		if math.Abs(float64(area)) < 1e-6 {
			continue
		}
		for y := max(int(min(a[1], b[1], c[1])-.5), 0); y < foldSide && float32(y)+.5 <= max(a[1], b[1], c[1])+1; y++ {
			for x := max(int(min(a[0], b[0], c[0])-.5), 0); x < foldSide && float32(x)+.5 <= max(a[0], b[0], c[0])+1; x++ {
				px, py := float32(x)+.5, float32(y)+.5
				u := ((px-a[0])*(c[1]-a[1]) - (c[0]-a[0])*(py-a[1])) / area
				v := ((b[0]-a[0])*(py-a[1]) - (px-a[0])*(b[1]-a[1])) / area
				if u >= -1e-5 && v >= -1e-5 && u+v <= 1+1e-5 {
					i := y*foldSide + x
					f.corner[i], f.part[i], f.inside[i] = t, [3]float32{1 - u - v, u, v}, true
				}
			}
		}
	}
	return f
}

// look writes the log luminance of a face in the flat frame, its mean and spread
// taken out; false for a picture that shows nothing.
func (f *flatFrame) look(set Set, s *sample, t []float32) (bool, error) {
	img, _, _, _, err := set.Sample(s.index)
	if err != nil {
		return false, err
	}
	size := set.Size()
	scale := float32(size) / 128
	var light [PictureSize * PictureSize]float32
	lum := light[:]
	if len(lum) != size*size {
		lum = make([]float32, size*size)
	}
	for i := range lum {
		lum[i] = .299*float32(img[3*i]) + .587*float32(img[3*i+1]) + .114*float32(img[3*i+2])
	}
	var sum, square, n float64
	for i, in := range f.inside {
		if !in {
			t[i] = 0
			continue
		}
		var x, y float32
		for k, p := range f.corner[i] {
			x += f.part[i][k] * s.mesh[p][0]
			y += f.part[i][k] * s.mesh[p][1]
		}
		v := math.Log(float64(bilinear(lum, size, x*scale-.5, y*scale-.5)) + foldDark)
		t[i] = float32(v)
		sum += v
		square += v * v
		n++
	}
	mean := sum / n
	spread := math.Sqrt(max(square/n-mean*mean, 0))
	if spread < flatFace {
		return false, nil
	}
	for i, in := range f.inside {
		if in {
			t[i] = float32((float64(t[i]) - mean) / spread)
		}
	}
	return true, nil
}

// bilinear reads a picture [size size], its border repeated.
func bilinear(p []float32, size int, x, y float32) float32 {
	most := float32(size - 1)
	x, y = min(max(x, 0), most), min(max(y, 0), most)
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, size-1), min(y0+1, size-1)
	u, v := x-float32(x0), y-float32(y0)
	top := p[y0*size+x0]*(1-u) + p[y0*size+x1]*u
	low := p[y1*size+x0]*(1-u) + p[y1*size+x1]*u
	return top*(1-v) + low*v
}

// finish makes a map symmetric and keeps of it what is fine.
func (f *flatFrame) finish(m []float64) {
	for y := range foldSide {
		for x := range foldSide / 2 {
			i, j := y*foldSide+x, y*foldSide+foldSide-1-x
			v := (m[i] + m[j]) / 2
			m[i], m[j] = v, v
		}
	}
	in, sum := make([]float64, foldPixels), make([]float64, foldPixels)
	for i, is := range f.inside {
		if is {
			in[i], sum[i] = 1, m[i]
		}
	}
	in, sum = blur(in, foldFine), blur(sum, foldFine)
	for i, is := range f.inside {
		if is {
			m[i] -= sum[i] / max(in[i], 1e-3)
		} else {
			m[i] = 0
		}
	}
}

// skin is 1 where folds may be: not on lips, not in eyes, not at the edge.
func (f *flatFrame) skin(uv *[points][2]float32) []float64 {
	mask := make([]float64, foldPixels)
	for i := range mask {
		mask[i] = 1
	}
	for _, part := range []struct {
		rim   []int
		grown float64 // pixels
	}{{face.LipsOuter[:], 2}, {face.RightEye[:], 1.2}, {face.LeftEye[:], 1.2}} {
		m := make([]float64, foldPixels)
		for i := range m {
			if away(uv, part.rim, float64(i%foldSide)+.5, float64(i/foldSide)+.5) < part.grown {
				m[i] = 1
			}
		}
		for i, v := range blur(m, 1.5) {
			mask[i] *= 1 - v
		}
	}
	edge := make([]float64, foldPixels)
	for i := range edge {
		if away(uv, face.Oval[:], float64(i%foldSide)+.5, float64(i/foldSide)+.5) < -6 {
			edge[i] = 1
		}
	}
	for i, v := range blur(edge, 3) {
		mask[i] *= v
		if !f.inside[i] || mask[i] < .004 {
			mask[i] = 0
		}
	}
	return mask
}

// away returns how far a place is from a closed rim, negative inside.
func away(uv *[points][2]float32, rim []int, x, y float64) float64 {
	best, inside := math.Inf(1), false
	for k, p := range rim {
		a, b := uv[p], uv[rim[(k+1)%len(rim)]]
		ax, ay, bx, by := float64(a[0]), float64(a[1]), float64(b[0]), float64(b[1])
		dx, dy := bx-ax, by-ay
		t := min(max(((x-ax)*dx+(y-ay)*dy)/max(dx*dx+dy*dy, 1e-12), 0), 1)
		best = min(best, math.Hypot(x-ax-t*dx, y-ay-t*dy))
		if (ay > y) != (by > y) && x < ax+(y-ay)/(by-ay)*dx {
			inside = !inside
		}
	}
	if inside {
		return -best
	}
	return best
}

// blur is a Gaussian of a map [foldSide foldSide], nothing beyond its border.
func blur(m []float64, sigma float64) []float64 {
	reach := int(math.Ceil(3 * sigma))
	kernel := make([]float64, 2*reach+1)
	var sum float64
	for i := range kernel {
		d := float64(i-reach) / sigma
		kernel[i] = math.Exp(-d * d / 2)
		sum += kernel[i]
	}
	pass := func(m []float64, step, across int) []float64 {
		out := make([]float64, len(m))
		for line := range foldSide {
			for i := range foldSide {
				var s float64
				for k, w := range kernel {
					if at := i + k - reach; at >= 0 && at < foldSide {
						s += w * m[line*across+at*step]
					}
				}
				out[line*across+i*step] = s / sum
			}
		}
		return out
	}
	return pass(pass(m, 1, foldSide), foldSide, 1)
}
