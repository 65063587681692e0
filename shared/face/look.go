package face

import (
	"context"
	"fmt"
	"math"

	"mien/shared/tensor"
)

// minPresence is the probability from which the mesh network takes what it sees
// for a face.
const minPresence = .5

// look shows the mesh network a view of a photo and returns the mesh in the
// photo's pixels. A view with A[0]*A[4] < A[1]*A[3] shows the photo in a mirror; the
// mesh comes back as the person's own.
func (f *Finder) look(ctx context.Context, p *pyramid, view Frame) (Mesh, float32, error) {
	photo := tensor.New(1, meshSide, meshSide, 3)
	p.view(photo.Data, view, meshSide, 1./255, 0)
	m, presence, err := f.mesh.Mesh(ctx, photo)
	if err != nil {
		return Mesh{}, 0, fmt.Errorf("look at face: %w", err)
	}
	mirror := view.A[0]*view.A[4] < view.A[1]*view.A[3]
	depth := float32(2 * view.Scale() / meshSide)
	var out Mesh
	for i, q := range m {
		x, y := view.Photo(2*float64(q[0])/meshSide-1, 2*float64(q[1])/meshSide-1)
		if mirror {
			i = int(MirroredPoints[i])
		}
		out[i] = [3]float32{float32(x), float32(y), q[2] * depth}
	}
	if !out.finite() {
		return Mesh{}, 0, nil
	}
	return out, presence, nil
}

func (m *Mesh) finite() bool {
	for _, p := range m {
		for _, v := range p {
			if v != v || math.Abs(float64(v)) > maxFramePixels {
				return false
			}
		}
	}
	return true
}

// outerEyes are the outer corners of the eyes, the picture's left one first: the
// line between them tells how far a face is turned in the picture.
var outerEyes = [2]int{33, 263}

// Roll is how far the face is turned in the picture, radians, clockwise.
func (m *Mesh) Roll() float64 {
	a, b := m[outerEyes[0]], m[outerEyes[1]]
	return math.Atan2(float64(b[1]-a[1]), float64(b[0]-a[0]))
}

// view is what the mesh network is to see of a face whose mesh is about known: a
// square about its points along the face's own axes, grown.
func (m *Mesh) view() Frame {
	roll := m.Roll()
	s, c := math.Sincos(roll)
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, p := range m[:SkinPoints] {
		x, y := float64(p[0]), float64(p[1])
		for k, v := range [2]float64{c*x + s*y, c*y - s*x} {
			lo[k], hi[k] = min(lo[k], v), max(hi[k], v)
		}
	}
	u, v := (lo[0]+hi[0])/2, (lo[1]+hi[1])/2
	return square(c*u-s*v, s*u+c*v, grown*max(hi[0]-lo[0], hi[1]-lo[1]), roll)
}

// Eye returns the middle of an eye, by the margins of its lids.
func (m *Mesh) Eye(lids [16]int) (x, y float64) {
	for _, i := range lids {
		x, y = x+float64(m[i][0]), y+float64(m[i][1])
	}
	return x / float64(len(lids)), y / float64(len(lids))
}

// views are the crops over which a still photo's mesh is averaged, against the
// face's own view: turned by 3 degrees and scaled in opposite pairs, the second of
// each in a mirror, so that what the network takes over from a crop cancels.
var views = [...]Frame{
	{[6]float64{1.03 * .99863, -1.03 * .05234, 0, 1.03 * .05234, 1.03 * .99863, 0}},
	{[6]float64{.97 * -.99863, .97 * -.05234, 0, .97 * -.05234, .97 * .99863, 0}},
	{[6]float64{.97 * .99863, .97 * .05234, 0, -.97 * .05234, .97 * .99863, 0}},
	{[6]float64{1.03 * -.99863, 1.03 * .05234, 0, 1.03 * .05234, 1.03 * .99863, 0}},
}

// settle returns the mesh of the face that a view is about and its presence: looked
// at, looked at again from where that look says that the face is, and then in the
// mean of views where careful. Presence is the least of all looks.
func (f *Finder) settle(ctx context.Context, p *pyramid, view Frame, careful bool) (Mesh, float32, error) {
	m, presence, err := f.look(ctx, p, view)
	if err != nil || presence < minPresence/2 {
		return m, presence, err
	}
	m, presence, err = f.look(ctx, p, m.view())
	if err != nil || presence < minPresence || !careful {
		return m, presence, err
	}
	own := m.view()
	var sum Mesh
	for _, v := range views {
		n, seen, err := f.look(ctx, p, v.Then(own))
		if err != nil {
			return m, presence, err
		}
		presence = min(presence, seen)
		for i := range sum {
			for k := range sum[i] {
				sum[i][k] += n[i][k] / float32(len(views))
			}
		}
	}
	return sum, presence, nil
}
