package layer

import (
	"image"

	"mien/shared/face"
)

// DrawIn returns what a scene of this face shows in a frame, as a small picture
// of side pixels: what a network sees of an edit, whatever the photo's size.
func (f *Face) DrawIn(s *Scene, frame face.Frame, side int) (*image.NRGBA, error) {
	inverse, err := frame.Inverse()
	if err != nil {
		return nil, err
	}
	small := face.Crop(f.photo, frame, side)
	at := func(x, y float32) (float32, float32) {
		u, v := inverse.Photo(float64(x), float64(y))
		return float32((u + 1) / 2 * float64(side)), float32((v + 1) / 2 * float64(side))
	}
	in := &Scene{Vertices: make([]Vertex, len(s.Vertices)), Triangles: s.Triangles, Light: s.Light, Patch: s.Patch}
	for i, v := range s.Vertices {
		w := Vertex{FromX: v.FromX, FromY: v.FromY, Alpha: v.Alpha}
		w.X, w.Y = at(v.X, v.Y)
		if !IsPainted(i) {
			w.FromX, w.FromY = at(v.FromX, v.FromY)
		}
		in.Vertices[i] = w
	}
	out := image.NewNRGBA(small.Rect)
	copy(out.Pix, small.Pix)
	d := drawing{out: out, photo: small, scene: in, gain: gains(s.Light)}
	d.stripe(0, side)
	return out, nil
}
