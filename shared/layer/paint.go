package layer

import (
	"context"
	"fmt"
	"image"
	"math"

	"mien/shared/face"
	"mien/shared/pixel"
	"mien/shared/tensor"
)

// The patch about a mouth that is painted: pixels, and where the corners of
// the lips lie in it, where pixel i covers [i, i+1).
const (
	PatchWidth  = 96
	PatchHeight = 64
	cornerLeft  = 22.5
	cornerRight = 74.5
	cornerDown  = 28.5
)

// Painter fills what the photo does not show of an open mouth.
type Painter interface {
	// Paint gets the moved face about its mouth [1 PatchHeight PatchWidth 3],
	// -1 to 1, where hole [1 PatchHeight PatchWidth 1] is 1 of any colour, and
	// returns the same with the hole filled. It keeps neither.
	Paint(ctx context.Context, picture, hole *tensor.Tensor) (*tensor.Tensor, error)
}

// PatchFrame returns the map from a photo's pixels to the patch about the mouth
// of a mesh in it: x' = A[0]*x + A[1]*y + A[2], y' = A[3]*x + A[4]*y + A[5]. It
// takes the corners of the lips to their places, and keeps angles.
func PatchFrame(mesh *face.Mesh) [6]float64 {
	a, b := mesh[face.LipsOuter[0]], mesh[face.LipsOuter[lipSize/2]]
	p, q := point{float64(a[0]), float64(a[1])}, point{float64(b[0]), float64(b[1])}
	d := q.sub(p)
	if d.length() < 1e-3 {
		d = point{1e-3, 0}
	}
	k := (cornerRight - cornerLeft) / d.dot(d)
	c, s := k*d[0], k*d[1]
	return [6]float64{c, s, cornerLeft - c*p[0] - s*p[1], -s, c, cornerDown + s*p[0] - c*p[1]}
}

// seen is how much of a pixel the hole must have to be painted.
const seen = 1. / 32

// paint fills the scene's patch, if the mouth has a hole.
func (f *Face) paint(ctx context.Context, s *Scene, moved *face.Mesh, painter Painter) error {
	a := PatchFrame(moved)
	for row := range [2]int{} {
		for c := range columns {
			v := &s.Vertices[mouthVertex(holeUpper+row, c)]
			v.FromX, v.FromY = v.X, v.Y
			x, y := float64(v.X), float64(v.Y)
			v.FromX, v.FromY = float32(a[0]*x+a[1]*y+a[2]), float32(a[3]*x+a[4]*y+a[5])
		}
	}
	hole := f.hole(s, a)
	if hole == nil {
		return nil
	}
	filled := f.cavity(s, hole.picture)
	if painter != nil {
		mask := tensor.New(1, PatchHeight, PatchWidth, 1)
		for i, v := range hole.cover {
			if v > seen {
				mask.Data[i] = 1
			}
		}
		t, err := painter.Paint(ctx, pixel.ToTensor(hole.picture), mask)
		if err != nil {
			return fmt.Errorf("paint mouth: %w", err)
		}
		if len(t.Data) != 3*PatchWidth*PatchHeight || len(t.Shape) != 4 || t.Shape[1] != PatchHeight || t.Shape[3] != 3 {
			return fmt.Errorf("paint mouth: %v from the painter, want [1 %d %d 3]", t.Shape, PatchHeight, PatchWidth)
		}
		painted := pixel.ToImage(t, 0)
		for i, plain := range plainness(hole.cover) {
			for c := 4 * i; c < 4*i+3; c++ {
				filled.Pix[c] = byte(float32(painted.Pix[c]) + plain*(float32(filled.Pix[c])-float32(painted.Pix[c])) + .5)
			}
		}
	}
	s.Patch = make([]byte, 3*PatchWidth*PatchHeight)
	for i := range hole.cover {
		p := filled.Pix[4*i:][:3]
		for c, v := range f.tone.of([3]float32{float32(p[0]), float32(p[1]), float32(p[2])}) {
			s.Patch[3*i+c] = byte(v + .5)
		}
	}
	return nil
}

// hole is the open mouth in the patch.
type hole struct {
	picture *image.NRGBA // what is around it, and what the photo shows in it
	cover   []float32    // [PatchHeight PatchWidth], how much of a pixel nothing covers
}

// hole draws the scene into the patch's frame; nil where nothing is left to
// paint.
func (f *Face) hole(s *Scene, a [6]float64) *hole {
	photo, k, at := f.mouth.photo, f.mouth.scale, f.mouth.corner
	small := &Scene{Vertices: make([]Vertex, len(s.Vertices)), Triangles: s.Triangles, Light: s.Light}
	for i, v := range s.Vertices {
		x, y := float64(v.X), float64(v.Y)
		small.Vertices[i] = Vertex{
			float32(a[0]*x + a[1]*y + a[2]), float32(a[3]*x + a[4]*y + a[5]),
			float32((float64(v.FromX) - at[0]) * k), float32((float64(v.FromY) - at[1]) * k),
			v.Alpha,
		}
	}
	h := &hole{image.NewNRGBA(image.Rect(0, 0, PatchWidth, PatchHeight)), make([]float32, PatchWidth*PatchHeight)}
	d := drawing{out: h.picture, photo: photo, scene: small, gain: gains(s.Light), cover: h.cover}
	d.stripe(0, PatchHeight)
	for i := 3; i < len(h.picture.Pix); i += 4 {
		h.picture.Pix[i] = 255
	}
	for _, v := range h.cover {
		if v > seen {
			return h
		}
	}
	return nil
}

// Colours of an open mouth, as parts of the lower lip's.
var (
	cavityColour = [3]float32{.2, .13, .13}
	tongueColour = [3]float32{.62, .5, .52}
	teethLight   = float32(.62) // of the skin's lightness
)

// cavity is the plain picture of an open mouth where no painter has learnt a
// better one: dark, the upper teeth's edge in the shadow of the lip, a tongue
// where the mouth is wide open.
func (f *Face) cavity(s *Scene, picture *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(picture.Rect)
	copy(out.Pix, picture.Pix)
	var upper, lower [columns]point
	for c := range columns {
		u, l := s.Vertices[mouthVertex(holeUpper, c)], s.Vertices[mouthVertex(holeLower, c)]
		upper[c], lower[c] = point{float64(u.FromX), float64(u.FromY)}, point{float64(l.FromX), float64(l.FromY)}
	}
	lip := f.mouth.lip
	teeth := teethLight * f.mouth.skin
	for x := range PatchWidth {
		px := float64(x) + .5
		top, low := crossing(upper[:], px), crossing(lower[:], px)
		across := min(max((px-upper[0][0])/max(upper[columns-1][0]-upper[0][0], 1), 0), 1)
		side := math.Sin(math.Pi * across)
		for y := range PatchHeight {
			down := float64(y) + .5 - top // patch pixels below the upper lip
			open := max(low-top, 1)
			t := min(max(down/open, 0), 1)
			tongue := float32(.8 * smooth(open, 10, 22) * smooth(t, .45, .85) * side * side)
			tooth := float32(.4 * smooth(open, 4, 10) * (1 - smooth(down, 2.5, 5.5)) * smooth(side, .3, .9) * (.55 + .45*smooth(down, 0, 3)))
			to := out.Pix[4*(y*PatchWidth+x):][:3]
			for i := range to {
				v := lip[i] * (cavityColour[i] + tongue*(tongueColour[i]-cavityColour[i]))
				v += tooth * (teeth*[3]float32{1.08, .98, .88}[i] - v)
				to[i] = byte(min(max(v, 0), 255) + .5)
			}
		}
	}
	return out
}

// crossing returns where a line of points, x rising, is at x.
func crossing(line []point, x float64) float64 {
	for i := 1; i < len(line); i++ {
		if p, q := line[i-1], line[i]; x < q[0] || i == len(line)-1 {
			t := min(max((x-p[0])/max(q[0]-p[0], 1e-6), 0), 1)
			return p[1] + t*(q[1]-p[1])
		}
	}
	return line[0][1]
}

// samplePatch reads the patch bilinearly, beyond its border the border
// continues: 0 to 255.
func samplePatch(patch []byte, x, y float64) (c [3]float32) {
	x, y = min(max(x-.5, 0), PatchWidth-1), min(max(y-.5, 0), PatchHeight-1)
	ix, iy := min(int(x), PatchWidth-2), min(int(y), PatchHeight-2)
	fx, fy := float32(x)-float32(ix), float32(y)-float32(iy)
	r, q := patch[3*(iy*PatchWidth+ix):][:6], patch[3*((iy+1)*PatchWidth+ix):][:6]
	for i := range c {
		top := float32(r[i]) + fx*(float32(r[3+i])-float32(r[i]))
		low := float32(q[i]) + fx*(float32(q[3+i])-float32(q[i]))
		c[i] = top + fy*(low-top)
	}
	return c
}
