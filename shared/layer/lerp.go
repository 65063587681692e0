package layer

// Lerp returns the scene between a (t = 0) and b (t = 1), t clamped to 0..1, of
// one face. Scenes with different numbers of vertices cannot be mixed: b comes
// back. The result may share a's or b's slices.
func Lerp(a, b *Scene, t float32) *Scene {
	switch {
	case t >= 1 || len(a.Vertices) != len(b.Vertices):
		return b
	case !(t > 0):
		return a
	}
	s := &Scene{Vertices: make([]Vertex, len(a.Vertices)), Triangles: b.Triangles}
	between := func(x, y float32) float32 { return x + t*(y-x) }
	for i, v := range a.Vertices {
		w := b.Vertices[i]
		s.Vertices[i] = Vertex{between(v.X, w.X), between(v.Y, w.Y), between(v.FromX, w.FromX), between(v.FromY, w.FromY), between(v.Alpha, w.Alpha)}
	}
	if a.Light != nil || b.Light != nil {
		s.Light = make([]uint16, LightSize*LightSize)
		for i := range s.Light {
			x, y := float32(Unlit), float32(Unlit)
			if a.Light != nil {
				x = float32(a.Light[i])
			}
			if b.Light != nil {
				y = float32(b.Light[i])
			}
			s.Light[i] = uint16(between(x, y) + .5)
		}
	}
	switch { // paint that one of them lacks is covered there
	case a.Patch == nil:
		s.Patch = b.Patch
	case b.Patch == nil:
		s.Patch = a.Patch
	default:
		s.Patch = make([]byte, len(a.Patch))
		for i := range s.Patch {
			s.Patch[i] = byte(between(float32(a.Patch[i]), float32(b.Patch[i])) + .5)
		}
	}
	return s
}
