package face

// Triangles is how many triangles cover the skin of a mesh.
const Triangles = 898

// Canonical is the mean face that meshes are compared with, at rest and seen from
// the front: MediaPipe's canonical face model. x to the right of the picture, y
// up, z towards the camera, in centimetres; 0 is the middle of the head.
type Canonical struct {
	Points    [SkinPoints][3]float32
	UV        [SkinPoints][2]float32 // place in a flat picture of the skin, 0 to 1, (0, 0) its upper left corner
	Triangles [Triangles][3]uint16   // points, counterclockwise as seen from outside
	// Pose is how much each point counts where a pose is fitted to a mesh: those
	// that expressions move little; 0 for most.
	Pose [SkinPoints]float32
}
