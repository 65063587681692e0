package train

import (
	"math"

	"mien/native/internal/dataset"
	"mien/native/internal/prior"
	"mien/shared/au"
	"mien/shared/model"
	"mien/shared/tensor"
)

// Teacher edits faces without learning: the prior. It must be safe for
// concurrent use.
type Teacher interface {
	// Lesson returns x [S S 3] with the face at landmarks changed by d, and the
	// field, of the same size, that does it.
	Lesson(x []float32, size int, landmarks *[68][2]float32, d au.Vector) ([]float32, model.Output)
}

// feed makes the inputs of one step from its number alone. Only what the plan
// asks for is computed.
type feed struct {
	preset  Preset
	picker  *picker
	teacher Teacher
	wants   map[string]int // input name -> elements
	augment bool
	slope   au.Vector // of the fixed reader, see slopes
	overdo  float32   // of the phase
}

// inputs returns the contents of every input but the rates.
func (f *feed) inputs(step int) (map[string][]float32, error) {
	if m, ok := f.picker.source.(*mouths); ok {
		return m.inputs(f.preset, f.wants, f.picker.seed, step), nil
	}
	b, size := f.preset.Batch, f.preset.Size()
	faces, err := f.picker.faces(step, b)
	if err != nil {
		return nil, err
	}
	in := map[string][]float32{}
	for name, n := range f.wants {
		in[name] = make([]float32, n)
	}
	put := func(name string, i int, values []float32) {
		if n, ok := f.wants[name]; ok {
			copy(in[name][i*n/b:], values)
		}
	}
	seed := f.picker.seed
	each(b, func(i int) {
		x := faces[i]
		if f.augment {
			r := tensor.NewRand(seed, streamAugment, uint64(step), uint64(i))
			x = f.see(x, r)
			x = augment(x, size, f.moves(x, r), f.preset.Augment, r)
			if f.preset.Spots > 0 {
				spots(x.pixels, size, f.preset.Spots, r)
			}
		}
		put("photo", i, x.pixels)
		put("own", i, x.own[:])
		put("change", i, x.change[:])
		put("target", i, x.targets)
		if f.wants["motion"] > 0 && x.landmarks != nil {
			places, motion := motionTargets(x.landmarks, f.lesson(x.change))
			put("places", i, places)
			put("motion", i, motion)
		}
		if f.wants["teacher"] > 0 || f.wants["taught shade"] > 0 {
			picture, field := f.taught(x, size)
			put("teacher", i, picture)
			put("taught warp", i, field.Warp)
			put("taught shade", i, field.Shade)
			put("taught mask", i, field.Mask)
			put("taught colour", i, field.Colour)
		}
		if f.wants["landmarks"] > 0 && x.landmarks != nil {
			put("landmarks", i, normalised(x.landmarks[:]))
			put("known", i, []float32{1})
		}
		if c, ok := f.picker.source.(*crowd); ok {
			put("person", i, c.oneHot(x.number))
		}
		put("eyes", i, normalised(x.eyes[:]))
		if f.wants["shape"] > 0 && x.mesh != nil {
			var shape [model.SeenShape]float32
			model.Shape(&shape, x.mesh)
			put("shape", i, shape[:])
		}
		if f.wants["jitter"] > 0 {
			put("jitter", i, jitter(size, tensor.NewRand(seed, streamJitter, uint64(step), uint64(i))))
		}
	})
	if f.wants["stress"] > 0 {
		v := stress(f.picker.spread, f.preset.Balance)
		in["stress"] = v[:]
	}
	if f.wants["slope"] > 0 {
		in["slope"] = f.slope[:]
	}
	if n := f.wants["mix"]; n > 0 {
		in["mix"] = noise(seed, streamMix, step, n, (*tensor.Rand).Float32)
	}
	if n := f.wants["push"]; n > 0 {
		in["push"] = noise(seed, streamPush, step, n, func(r *tensor.Rand) float32 { return r.Range(0, f.preset.Attack) })
	}
	if n := f.wants["dropout"]; n > 0 {
		in["dropout"] = noise(seed, streamDropout, step, n, func(r *tensor.Rand) float32 {
			if r.Float32() < dropoutRate {
				return 0
			}
			return 1 / (1 - dropoutRate)
		})
	}
	return in, nil
}

// see is how a reader that looks at meshes sees one while it learns: trembling as the mesh
// network's do, now and then not at all.
func (f *feed) see(x face, r *tensor.Rand) face {
	if x.mesh == nil || f.wants["shape"] == 0 {
		return x
	}
	if r.Float32() < f.preset.Blind {
		x.mesh = nil
		return x
	}
	mesh := *x.mesh
	for i := range mesh {
		for k := range mesh[i] {
			mesh[i][k] += f.preset.Tremble * r.Normal()
		}
	}
	x.mesh = &mesh
	return x
}

// moves is how far the picture of x is moved, of what augment's ranges allow.
func (f *feed) moves(x face, r *tensor.Rand) float32 {
	switch p := f.preset; {
	case x.mesh != nil && p.Steady > 0:
		return p.Steady
	case p.Mild > 0 && r.Float32() < p.Mild:
		return p.Augment * mildness
	default:
		return p.Augment
	}
}

// mildness is how far a mildly moved picture is moved of a preset's Augment.
const mildness = .35

// stress weighs the errors of each Action Unit by spread^-balance, 1 in the
// mean: a rare one, whose labels hardly vary, else counts for nothing. A spread
// under .1 is taken for .1, so that an AU that never varies stays finite.
func stress(spread au.Vector, balance float64) (v au.Vector) {
	var mean float32
	for k, s := range spread {
		v[k] = float32(math.Pow(float64(max(s, .1)), -balance))
		mean += v[k] / au.Count
	}
	for k := range v {
		v[k] /= mean
	}
	return v
}

// hasTeacher reports whether edited pictures to learn from are at hand.
func (f *feed) hasTeacher() bool {
	_, paired := f.picker.source.(dataset.Paired)
	return f.teacher != nil || paired
}

// lesson is the change that is shown where d is asked. A source's own pictures
// are exact: only a teacher overdoes.
func (f *feed) lesson(d au.Vector) au.Vector {
	if f.overdo > 0 && f.teacher != nil {
		for k := range d {
			d[k] *= f.overdo * short[k]
		}
	}
	return d
}

// taught is the picture of x under its lesson, and the field that makes it: the
// teacher's, or the source's own picture alone where no teacher was given. A face
// that cannot be drawn stays as it is.
func (f *feed) taught(x face, size int) ([]float32, model.Output) {
	d := f.lesson(x.change)
	if f.teacher != nil {
		return f.teacher.Lesson(x.pixels, size, x.landmarks, d)
	}
	img, err := f.picker.source.(dataset.Paired).Edited(x.number, d)
	if err != nil {
		return x.pixels, model.Output{}
	}
	if x.mirrored {
		return mirror(unit(img), size), model.Output{}
	}
	return unit(img), model.Output{}
}

// dropoutRate is the share of the reader's features that a step leaves out.
const dropoutRate = .3

// motionTargets returns where the motion loss looks, as offsets from the
// centres of a [1 points] map, and the warp wanted there: at a landmark's new
// place the field points back to the old one, at the frame's border nowhere.
func motionTargets(landmarks *[68][2]float32, change au.Vector) (places, motion []float32) {
	places, motion = make([]float32, 2*points), make([]float32, 2*points)
	moved := prior.Move(*landmarks, change)
	for i := range points {
		var u, v float32
		if i < 68 {
			u, v = (moved[i][0]+.5)/64-1, (moved[i][1]+.5)/64-1
			motion[2*i] = (landmarks[i][0] - moved[i][0]) / 64
			motion[2*i+1] = (landmarks[i][1] - moved[i][1]) / 64
		} else {
			u, v = border(i - 68)
		}
		places[2*i] = u - ((2*float32(i)+1)/points - 1)
		places[2*i+1] = v
	}
	return places, motion
}

// border returns the i-th of the 33 places along the frame that stay fixed.
func border(i int) (u, v float32) {
	if i < 21 {
		return float32(i/3)/3*.97 - .97, [3]float32{-.97, -.8, .97}[i%3]
	}
	i -= 21
	return [2]float32{-.97, .97}[i/6], float32(i%6)*.28 - .7
}

// normalised returns points in normalised frame coordinates, flattened.
func normalised(l [][2]float32) []float32 {
	x := make([]float32, 2*len(l))
	for i, p := range l {
		x[2*i], x[2*i+1] = (p[0]+.5)/64-1, (p[1]+.5)/64-1
	}
	return x
}

// jitter is the flow [S S 2] of a small random rotation, scale and shift.
func jitter(size int, r *tensor.Rand) []float32 {
	m := similarity(r, .08, .06, .05)
	f := make([]float32, size*size*2)
	for y := range size {
		for x := range size {
			u, v := (2*float32(x)+1)/float32(size)-1, (2*float32(y)+1)/float32(size)-1
			f[(y*size+x)*2] = m[0]*u + m[1]*v + m[2] - u
			f[(y*size+x)*2+1] = -m[1]*u + m[0]*v + m[3] - v
		}
	}
	return f
}

// similarity draws (a, b, tx, ty) of u' = a*u + b*v + tx, v' = -b*u + a*v + ty.
func similarity(r *tensor.Rand, angle, scale, shift float32) [4]float32 {
	t, s := float64(r.Range(-angle, angle)), 1+r.Range(-scale, scale)
	return [4]float32{s * float32(math.Cos(t)), -s * float32(math.Sin(t)), r.Range(-shift, shift), r.Range(-shift, shift)}
}

// augment moves, lights and colours a face at random for the reader, so that
// it reads photos that are aligned less well than its training set.
// moves scales the ranges of turn, scale and shift, strength those of light and colour.
func augment(x face, size int, moves, strength float32, r *tensor.Rand) face {
	s := strength
	m := similarity(r, .15*moves, .12*moves, .12*moves)
	contrast, light, colour := r.Range(1-.3*s, 1+.3*s), r.Range(-.25*s, .25*s), r.Range(1-s, 1+.2*s)
	grain := .08 * s * r.Float32()
	var mean float32
	for _, v := range x.pixels {
		mean += v / float32(len(x.pixels))
	}
	y := face{own: x.own, change: x.change, mesh: x.mesh, number: x.number, mirrored: x.mirrored, pixels: make([]float32, len(x.pixels))}
	for row := range size {
		for col := range size {
			u, v := (2*float32(col)+1)/float32(size)-1, (2*float32(row)+1)/float32(size)-1
			p := lookup(x.pixels, size, m[0]*u+m[1]*v+m[2], -m[1]*u+m[0]*v+m[3])
			grey := (p[0] + p[1] + p[2]) / 3
			for c := range p {
				w := grey + (p[c]-grey)*colour
				w = (w-mean)*contrast + mean + light + grain*r.Normal()
				y.pixels[(row*size+col)*3+c] = min(max(w, -1.2), 1.2)
			}
		}
	}
	n := m[0]*m[0] + m[1]*m[1]
	now := func(q [2]float32) [2]float32 { // the inverse: where what was at q is now
		u, v := (q[0]+.5)/64-1-m[2], (q[1]+.5)/64-1-m[3]
		return [2]float32{((m[0]*u-m[1]*v)/n+1)*64 - .5, ((m[1]*u+m[0]*v)/n+1)*64 - .5}
	}
	for i, q := range x.eyes {
		y.eyes[i] = now(q)
	}
	if x.landmarks != nil {
		y.landmarks = new([68][2]float32)
		for i, q := range x.landmarks {
			y.landmarks[i] = now(q)
		}
	}
	return y
}

// lookup samples [S S 3] bilinearly at (u, v) in -1 to 1, the edge repeated.
func lookup(x []float32, size int, u, v float32) (p [3]float32) {
	top := float32(size - 1)
	fx := min(max((u+1)*float32(size)/2-.5, 0), top)
	fy := min(max((v+1)*float32(size)/2-.5, 0), top)
	x0, y0 := min(int(fx), size-2), min(int(fy), size-2)
	ax, ay := fx-float32(x0), fy-float32(y0)
	a, b := x[(y0*size+x0)*3:], x[((y0+1)*size+x0)*3:]
	for c := range p {
		p[c] = (a[c]*(1-ax)+a[c+3]*ax)*(1-ay) + (b[c]*(1-ax)+b[c+3]*ax)*ay
	}
	return p
}
