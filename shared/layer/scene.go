package layer

import (
	"context"
	"fmt"
	"math"

	"mien/shared/face"
)

// Vertex is a corner of triangles: where it is drawn and where the photo, or
// the painted patch, shows what is drawn there, both in pixels that cover
// [i, i+1).
type Vertex struct {
	X, Y         float32
	FromX, FromY float32
	Alpha        float32 // 0 to 1, over what is drawn before
}

// Scene is what is drawn: triangles in order, each taking its pixels from the
// photo. It never changes once it is made.
type Scene struct {
	Vertices  []Vertex
	Triangles []uint16 // three vertices each
	Light     []uint16 // [LightSize LightSize] in the face's frame, see Unlit; nil for the photo's own
	Patch     []byte   // [PatchHeight PatchWidth 3] RGB, what is painted in the mouth; nil for nothing
}

// unmoved is how far a vertex may move and be taken as unmoved, in photo pixels:
// less than a byte of the photo shows.
const unmoved = .02

// How far the rings about the face reach, as parts of its oval, and how much
// the nearer one moves with it.
const (
	nearReach = 1.25
	farReach  = 1.6
	nearPart  = .45
)

// Rigid is a motion of what does not bend, in the photo: a point p, x, y in
// photo pixels and z in the same unit as a mesh's, goes to Turn p + Shift.
type Rigid struct {
	Turn  [3][3]float64
	Shift [3]float64
}

// at returns where a point of depth z goes in the picture; nil leaves it.
func (r *Rigid) at(p point, z float32) point {
	if r == nil {
		return p
	}
	var q point
	for c := range q {
		q[c] = r.Turn[c][0]*p[0] + r.Turn[c][1]*p[1] + r.Turn[c][2]*float64(z) + r.Shift[c]
	}
	return q
}

// Motion is how a face moves.
type Motion struct {
	Mesh  *face.Mesh // where its points go, in the photo's pixels
	Skull *Rigid     // how the head moves, upper teeth and eyes with it; nil for a head that rests
	Jaw   *Rigid     // how the lower teeth move; nil for a jaw that rests
	// Folds, [LightSize LightSize] in the face's frame, are added to the logarithm
	// of the skin's light, in standard deviations of it; nil for none.
	Folds []float32
}

// Scene returns what is drawn when the face moves. painter may be nil.
func (f *Face) Scene(ctx context.Context, m Motion, painter Painter) (*Scene, error) {
	b := builder{f: f, m: &m}
	still := true
	for i, p := range m.Mesh {
		if err := check(i, p, f.photo.Rect.Dx(), f.photo.Rect.Dy()); err != nil {
			return nil, fmt.Errorf("scene: %w", err)
		}
		b.to[i] = f.at[i]
		if d := (point{float64(p[0]) - float64(f.mesh[i][0]), float64(p[1]) - float64(f.mesh[i][1])}); d.length() > unmoved {
			b.to[i], still = f.at[i].add(d), false
		}
	}
	if m.Folds != nil && len(m.Folds) != LightSize*LightSize {
		return nil, fmt.Errorf("scene: folds of %d values, want %d", len(m.Folds), LightSize*LightSize)
	}
	if !still {
		b.shapeLips()
		b.unfold()
		b.seal()
	}
	b.skin()
	for e := range eyes {
		b.eye(e)
	}
	b.lips()
	s := &Scene{Vertices: b.vertices[:], Triangles: f.triangles}
	s.Light = f.lightOf(m.Mesh, m.Folds, b.closed(), still)
	if err := f.paint(ctx, s, m.Mesh, painter); err != nil {
		return nil, err
	}
	return s, nil
}

// builder places the vertices of one scene.
type builder struct {
	f        *Face
	m        *Motion
	to       [face.MeshPoints]point
	vertices [vertexCount]Vertex
}

// grid is how many places a photo pixel has for a vertex: as many as GPUs tell
// apart at least, so that they find the same pixels inside a triangle.
const grid = 16

// put places a vertex at the nearest place of the grid, and what it shows as
// much beside.
func (b *builder) put(v int, to, from point, alpha float64) {
	for c := range to {
		snapped := math.Round(to[c]*grid) / grid
		if to[c] == from[c] {
			from[c] = snapped // exactly unmoved
		} else {
			from[c] += snapped - to[c]
		}
		to[c] = snapped
	}
	b.vertices[v] = Vertex{float32(to[0]), float32(to[1]), float32(from[0]), float32(from[1]), float32(alpha)}
}

// skull returns where a point of the photo's mesh goes with the head alone.
func (b *builder) skull(v int) point { return b.m.Skull.at(b.f.at[v], b.f.mesh[v][2]) }

// jaw returns where a place of the photo, as deep as point v of the mesh, goes
// with the jaw, or with the head where the jaw rests.
func (b *builder) jaw(p point, v int) point {
	if b.m.Jaw != nil {
		return b.m.Jaw.at(p, b.f.mesh[v][2])
	}
	return b.m.Skull.at(p, b.f.mesh[v][2])
}

// skin places the mesh's points and the rings.
func (b *builder) skin() {
	for v := range face.SkinPoints {
		b.put(v, b.to[v], b.f.at[v], 1)
	}
	var middle point
	for _, v := range face.Oval {
		middle = middle.add(b.f.at[v].times(1 / float64(ovalSize)))
	}
	for i, v := range face.Oval {
		near, far := middle.to(b.f.at[v], nearReach), middle.to(b.f.at[v], farReach)
		b.put(nearRing+i, near.add(b.to[v].sub(b.f.at[v]).times(nearPart)), near, 1)
		b.put(farRing+i, far, far, 1)
	}
}

// How small a triangle may become, as a part of its area in the photo, and how
// often the mesh is looked over.
const (
	leastArea   = .12
	unfoldTurns = 30
)

// unfold takes back, step by step, what would turn triangles over: their
// vertices move more like each other.
func (b *builder) unfold() {
	for range unfoldTurns {
		var change [face.SkinPoints]point
		var count [face.SkinPoints]float64
		for _, t := range skinTriangles {
			was := area(b.f.at[t[0]], b.f.at[t[1]], b.f.at[t[2]])
			is := area(b.to[t[0]], b.to[t[1]], b.to[t[2]])
			if is/was >= leastArea || math.Abs(was) < 1e-6*b.f.width*b.f.width {
				continue
			}
			var move point
			for _, v := range t {
				move = move.add(b.to[v].sub(b.f.at[v]).times(1. / 3))
			}
			for _, v := range t {
				change[v] = change[v].add(move.sub(b.to[v].sub(b.f.at[v])).times(.3))
				count[v]++
			}
		}
		folded := false
		for v, n := range count {
			if n > 0 {
				b.to[v] = b.to[v].add(change[v].times(1 / n))
				folded = true
			}
		}
		if !folded {
			return
		}
	}
}

// area returns twice the area of a triangle, negative when it is seen from its
// front.
func area(a, b, c point) float64 {
	p, q := b.sub(a), c.sub(a)
	return p[0]*q[1] - p[1]*q[0]
}
