package face

// How many points a mesh has.
const (
	SkinPoints = 468                       // of the face's surface, lids and lips among them
	IrisPoints = 5                         // of each iris: its middle, then right, top, left, bottom of its rim
	MeshPoints = SkinPoints + 2*IrisPoints // the iris on the picture's left first
)

// Mesh is a dense face in a photo, the points of MediaPipe's face mesh in their
// order (Kartynnik et al.: Real-time Facial Surface Geometry from Monocular
// Video on Mobile GPUs, arXiv 1907.06724; Grishchenko et al.: Attention Mesh,
// arXiv 2006.10962). x to the right and y down in photo pixels, where pixel i
// covers [i, i+1); z in the same unit, negative towards the camera, 0 at about
// the middle of the head.
type Mesh [MeshPoints][3]float32

// Mirror returns the mesh in a mirror: of the photo of the given width that is flipped.
func (m *Mesh) Mirror(width float32) Mesh {
	var out Mesh
	for i, p := range m {
		out[MirroredPoints[i]] = [3]float32{width - p[0], p[1], p[2]}
	}
	return out
}
