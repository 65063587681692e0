package layer

import (
	"math"
	"sync"

	"mien/shared/face"
)

// How the shape of a face is lit.
const (
	encoding      = 2.2  // of the photo's values: light is value^2.2
	lightStrength = .5   // of the change of light that the normals tell
	hollow        = .35  // power of the change of how far the skin faces the camera
	darkest       = .6   // bounds of the change of a photo's values
	brightest     = 1.15 // with folds, too: skin that is lighter still looks lit by a lamp of its own
	leastLight    = .25  // of the skin's mean, what a normal is taken to receive at least
	outlier       = .06  // of full light: a sample so far from the fit counts half
	fitTurns      = 6
	lightBlur     = 1.5 // samples of the frame
)

// Bounds of the logarithm of what folds do.
const (
	deepestFold = -.6
	highestFold = .25
	maxSpread   = .45
)

// light is what the photo tells of its light, measured once.
type light struct {
	ambient, x, y, z float64      // light of skin with the normal n is ambient + (x, y, z).n, 0 to 1
	mean             float64      // over the skin
	spread           float64      // standard deviation of the skin's log luminance
	skin             []float32    // [LightSize LightSize], 1 on skin, 0 on hair and what else is no skin
	lids             [2][]float32 // [LightSize LightSize], logarithm of the light that a closed lid gets beside
}

// normal is a direction: x right, y down, z away from the camera.
type normal [3]float64

// normals returns those of the mesh's surface, towards the camera.
func normals(mesh *face.Mesh) (n [face.SkinPoints]normal) {
	for _, t := range skinTriangles {
		a, b, c := mesh[t[0]], mesh[t[1]], mesh[t[2]]
		var p, q normal
		for i := range p {
			p[i], q[i] = float64(b[i])-float64(a[i]), float64(c[i])-float64(a[i])
		}
		for _, v := range t {
			n[v][0] += p[1]*q[2] - p[2]*q[1]
			n[v][1] += p[2]*q[0] - p[0]*q[2]
			n[v][2] += p[0]*q[1] - p[1]*q[0]
		}
	}
	for i, v := range n {
		if l := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2]); l > 0 {
			n[i] = normal{v[0] / l, v[1] / l, v[2] / l}
		}
	}
	return n
}

// luminance of a colour, in the colour's unit (ITU-R BT.601).
func luminance(c [3]float32) float32 { return .299*c[0] + .587*c[1] + .114*c[2] }

// featured marks the mesh's points that are no plain skin: eyes, brows, lips.
var featured = func() (m [face.SkinPoints]bool) {
	for _, part := range [][]int{face.RightEye[:], face.LeftEye[:], around[0][:], around[1][:], face.RightBrow[:], face.LeftBrow[:], face.LipsOuter[:], face.LipsInner[:]} {
		for _, v := range part {
			m[v] = true
		}
	}
	for _, t := range skinTriangles { // between the rims of the lips
		for _, v := range t {
			inLips := true
			for _, u := range t {
				inLips = inLips && m[u]
			}
			m[v] = m[v] || inLips
		}
	}
	return m
}()

// measureLight fits ambient and directed light to the luminance of the skin by
// its normals: least squares, samples far from the fit counting less.
func (f *Face) measureLight() light {
	n := normals(&f.mesh)
	type spot struct {
		a     [4]float64
		value float64
	}
	var spots []spot
	var logs, logs2 float64
	for v := range face.SkinPoints {
		if featured[v] || n[v][2] > -.2 {
			continue
		}
		l := f.skinAt(f.at[v])
		spots = append(spots, spot{[4]float64{1, n[v][0], n[v][1], n[v][2]}, math.Pow(l/255, encoding)})
		g := math.Log(l + 8)
		logs += g
		logs2 += g * g
	}
	lt := light{ambient: .5, mean: .5}
	if k := float64(len(spots)); k > 0 {
		lt.spread = min(math.Sqrt(max(logs2/k-logs*logs/k/k, 0)), maxSpread)
	}
	weights := make([]float64, len(spots))
	for i := range weights {
		weights[i] = 1
	}
	var x [4]float64
	for range fitTurns {
		var m [4][5]float64
		for i, s := range spots {
			for r := range 4 {
				for c := range 4 {
					m[r][c] += weights[i] * s.a[r] * s.a[c]
				}
				m[r][4] += weights[i] * s.a[r] * s.value
			}
		}
		for r := 1; r < 4; r++ { // a face seen from one side tells little of some directions
			m[r][r] += 1e-2 * float64(len(spots))
		}
		m[0][0] += 1e-6
		x = solve(m)
		for i, s := range spots {
			e := (x[0]*s.a[0] + x[1]*s.a[1] + x[2]*s.a[2] + x[3]*s.a[3] - s.value) / outlier
			weights[i] = 1 / (1 + e*e)
		}
	}
	lt.ambient, lt.x, lt.y, lt.z = x[0], x[1], x[2], x[3]
	var sum, all float64
	for i, s := range spots {
		sum += weights[i] * (x[0] + x[1]*s.a[1] + x[2]*s.a[2] + x[3]*s.a[3])
		all += weights[i]
	}
	if all > 0 {
		lt.mean = max(sum/all, 1e-3)
	}
	lt.skin = f.measureSkin(&lt, &n)
	for e := range eyes {
		lt.lids[e] = f.measureLid(e)
	}
	return lt
}

// skinAt returns the luminance of the photo about a place, 0 to 255.
func (f *Face) skinAt(p point) float64 {
	r := max(f.width*.012, .5)
	var sum float64
	for _, d := range [...]point{{0, 0}, {-r, 0}, {r, 0}, {0, -r}, {0, r}} {
		q := p.add(d)
		sum += float64(luminance(sample(f.photo, q[0], q[1])))
	}
	return sum / 5
}

// of returns the light that a normal receives.
func (l *light) of(n normal) float64 {
	return max(l.ambient+l.x*n[0]+l.y*n[1]+l.z*n[2], leastLight*l.mean)
}

// solve returns the solution of four linear equations that are positive
// definite.
func solve(m [4][5]float64) (x [4]float64) {
	for k := range 4 {
		for r := k + 1; r < 4; r++ {
			q := m[r][k] / m[k][k]
			for c := k; c < 5; c++ {
				m[r][c] -= q * m[k][c]
			}
		}
	}
	for k := 3; k >= 0; k-- {
		x[k] = m[k][4]
		for c := k + 1; c < 4; c++ {
			x[k] -= m[k][c] * x[c]
		}
		x[k] /= m[k][k]
	}
	return x
}

// measureSkin returns how far each place of the frame is skin: what is much
// darker than the light tells, hair and glasses, is not.
func (f *Face) measureSkin(l *light, n *[face.SkinPoints]normal) []float32 {
	expected := spread(func(v int) float64 { return math.Log(math.Pow(l.of(n[v]), 1/encoding)*255 + 8) })
	xs := spread(func(v int) float64 { return f.at[v][0] })
	ys := spread(func(v int) float64 { return f.at[v][1] })
	within, skin := inland(), make([]float32, LightSize*LightSize)
	for i := range skin {
		if expected[i] != expected[i] {
			continue // outside the face
		}
		c := sample(f.photo, float64(xs[i]), float64(ys[i]))
		off := math.Log(float64(luminance(c))+8) - float64(expected[i])
		skin[i] = float32(smooth(off, -1, -.5) * (1 - smooth(off, .5, 1)) * float64(within[i]))
	}
	return blur(skin, lightBlur)
}

// above are the mesh's points of the next row above around, under the brow, from
// the inner corner to the outer one as the upper half of around is.
var above = [2][eyeSize/2 - 1]int{{189, 221, 222, 223, 224, 225, 113}, {413, 441, 442, 443, 444, 445, 342}}

// mostLid bounds what a closed lid is lightened by, a logarithm.
const mostLid = .4

// measureLid returns how much lighter a closed upper lid is than what it is
// drawn out of, the crease that lies in its own shadow while the eye is open: up
// to what is under the brow.
func (f *Face) measureLid(e int) []float32 {
	var lighter [face.SkinPoints]float64
	for k, v := range above[e] {
		i := eyeSize/2 + 1 + k
		crease := around[e][i]
		under := f.skinAt(f.at[v])
		lighter[crease] = min(max(math.Log(under+8)-math.Log(f.skinAt(f.at[crease])+8), 0), mostLid)
		// Between the crease and the lashes as well.
		lash := f.at[eyes[e][i]].to(f.at[crease], .6)
		lighter[eyes[e][i]] = .5 * min(max(math.Log(under+8)-math.Log(f.skinAt(lash)+8), 0), mostLid)
	}
	m := spread(func(v int) float64 { return lighter[v] })
	for i, v := range m {
		if v != v {
			m[i] = 0
		}
	}
	return blur(m, 1)
}

// inland is 1 inside the face's oval in the frame and falls to 0 at it.
var inland = sync.OnceValue(func() []float32 {
	m := spread(func(int) float64 { return 1 })
	for i, v := range m {
		if v != v {
			m[i] = 0
		}
	}
	const edge = 6
	m = blur(m, edge)
	for i, v := range m {
		m[i] = float32(smooth(float64(v), .5, .95))
	}
	return m
})

// spread returns values of the mesh's points at every sample of the frame,
// interpolated over the skin's triangles, NaN where there is none. Eyes and
// mouth are bridged.
func spread(of func(v int) float64) []float32 {
	m := make([]float32, LightSize*LightSize)
	for i := range m {
		m[i] = float32(math.NaN())
	}
	fill := func(t [3]uint16) {
		var p [3]Vertex
		var value [3]float64
		for k, v := range t {
			p[k] = Vertex{X: frameUV[v][0] + .5, Y: frameUV[v][1] + .5}
			value[k] = of(int(v))
		}
		area := float64(p[1].X-p[0].X)*float64(p[2].Y-p[0].Y) - float64(p[2].X-p[0].X)*float64(p[1].Y-p[0].Y)
		if area == 0 {
			return
		}
		for y := max(int(min(p[0].Y, p[1].Y, p[2].Y)), 0); y <= min(int(max(p[0].Y, p[1].Y, p[2].Y)), LightSize-1); y++ {
			x0, x1 := span(&p[0], &p[1], &p[2], float64(y)+.5)
			for x := max(x0, 0); x < min(x1, LightSize); x++ {
				dx, dy := float64(x)+.5-float64(p[0].X), float64(y)+.5-float64(p[0].Y)
				b := (dx*float64(p[2].Y-p[0].Y) - dy*float64(p[2].X-p[0].X)) / area
				c := (dy*float64(p[1].X-p[0].X) - dx*float64(p[1].Y-p[0].Y)) / area
				m[y*LightSize+x] = float32(value[0] + b*(value[1]-value[0]) + c*(value[2]-value[0]))
			}
		}
	}
	for _, t := range fanned {
		fill(t)
	}
	for _, t := range skinTriangles {
		fill(t)
	}
	return m
}

// fanned are triangles over the eyes and the inner lips.
var fanned = func() (t [][3]uint16) {
	for _, loop := range [][]int{face.RightEye[:], face.LeftEye[:], face.LipsInner[:]} {
		n := len(loop)
		for i := range n / 2 { // across, from corner to corner
			a, b, c, d := loop[i], loop[(i+1)%n], loop[(n-i-1)%n], loop[(n-i)%n]
			t = append(t, [3]uint16{uint16(a), uint16(b), uint16(c)}, [3]uint16{uint16(a), uint16(c), uint16(d)})
		}
	}
	return t
}()

// lightOf returns the light of a scene: how the change of normals changes the
// light that the skin receives, times what folds do and what lids get that close
// by a part of their opening.
func (f *Face) lightOf(moved *face.Mesh, folds []float32, closed [2]float64, unmoved bool) []uint16 {
	if unmoved && folds == nil {
		return nil
	}
	was, is := normals(&f.mesh), normals(moved)
	logs := spread(func(v int) float64 { return math.Log(f.light.change(was[v], is[v])) })
	for i, v := range logs {
		if v != v {
			logs[i] = 0
		}
	}
	logs = blur(logs, lightBlur)
	out := make([]uint16, len(logs))
	for i, v := range logs {
		l := float64(v)
		if folds != nil {
			l += min(max(float64(folds[i])*f.light.spread, deepestFold), highestFold)
		}
		l = min(l, math.Log(brightest)) * float64(f.light.skin[i])
		for e, c := range closed {
			l += c * float64(f.light.lids[e][i])
		}
		out[i] = uint16(math.Round(min(math.Exp(l), 1.99) * Unlit))
	}
	return out
}

// change returns the factor of the photo's values where the skin turns from one
// normal to another.
func (l *light) change(was, is normal) float64 {
	ratio := math.Pow(l.of(is)/l.of(was), lightStrength/encoding)
	facing := min(max(min(max(-is[2], .05), 1)/min(max(-was[2], .05), 1), .6), 1.3)
	return min(max(ratio*math.Pow(facing, hollow), darkest), brightest)
}
