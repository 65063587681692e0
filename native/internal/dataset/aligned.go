package dataset

import (
	"hash/crc32"
	"image"
	"math"

	"mien/shared/face"
)

// sample is a picture decoded: as it is, or where its mesh is known as the mesh's own
// frame shows it.
type sample struct {
	img  []uint8 // [S S 3]
	mesh *meshed // nil where unknown
}

// meshed is a mesh in the frame that it gives, in pixels of 128, and what led there.
type meshed struct {
	mesh  face.Mesh
	frame face.Frame // of the picture's 128-pixel crop, to which the mesh belongs
}

const (
	// minFace is the presence from which a picture shows a face.
	minFace = .5
	// Bounds of how far a mesh's frame may lie from the picture's own, beyond which it
	// is of another face: in growth and in half frames.
	maxFrameGrowth = 1.4
	maxFrameShift  = .3
)

// known returns the mesh of face i in the frame that it gives, whose picture is b; nil
// when there is none that holds.
func (c *catalog) known(i int, b []byte) *meshed {
	if c.mesh == nil || c.mesh[i] < 0 {
		return nil
	}
	r, err := c.meshes[c.part[i]].read(int(c.mesh[i]))
	if err != nil || r.which != (which{c.frame[i], c.face[i]}) || r.picture != crc32.Checksum(b, castagnoli) || r.presence < minFace {
		return nil // damaged, of another picture, or of no face
	}
	return newMeshed(&r.mesh)
}

// crop128 is the whole 128-pixel crop as a frame.
var crop128 = face.CentreFrame(face.FrameSize, face.FrameSize)

// newMeshed returns a mesh of a 128-pixel crop in the frame that it gives; nil where that
// frame is far from the crop's.
func newMeshed(m *face.Mesh) *meshed {
	frame := m.Frame()
	inverse, err := frame.Inverse()
	if err != nil {
		return nil
	}
	growth := frame.Scale() / crop128.Scale()
	shift := math.Hypot(frame.A[2]-crop128.A[2], frame.A[5]-crop128.A[5]) / crop128.Scale()
	if !(growth < maxFrameGrowth && growth > 1/maxFrameGrowth && shift < maxFrameShift) {
		return nil
	}
	out := &meshed{frame: frame}
	for i, p := range m {
		u, v := inverse.Photo(float64(p[0]), float64(p[1]))
		x, y := crop128.Photo(u, v)
		out.mesh[i] = [3]float32{float32(x), float32(y), p[2] / float32(growth)}
	}
	return out
}

// landmarks returns where the frame shows landmarks of the crop, both in pixel-index
// coordinates of 128 pixels.
func (m *meshed) landmarks(l *[68][2]float32) *[68][2]float32 {
	inverse, err := m.frame.Inverse()
	if err != nil {
		panic(err) // newMeshed asked for it
	}
	var out [68][2]float32
	for i, p := range l {
		u, v := inverse.Photo(float64(p[0])+.5, float64(p[1])+.5)
		x, y := crop128.Photo(u, v)
		out[i] = [2]float32{float32(x - .5), float32(y - .5)}
	}
	return &out
}

// decode returns face i, whose picture's file is b, at S x S pixels.
func (c *catalog) decode(i int, b []byte, size int) (*sample, error) {
	m := c.known(i, b)
	if m == nil {
		img, err := square(b, size)
		return &sample{img: img}, err
	}
	img, err := decodeSquare(b)
	if err != nil {
		return nil, err
	}
	return &sample{img: m.crop(img, size), mesh: m}, nil
}

// crop returns the frame's square of the picture at S x S pixels, [S S 3].
func (m *meshed) crop(img *image.NRGBA, size int) []uint8 {
	part := float64(img.Rect.Dx()) / face.FrameSize
	scaled := m.frame
	for k := range scaled.A {
		scaled.A[k] *= part
	}
	return bytesOf(face.Crop(img, scaled, size))
}

// bytesOf returns the colours of a picture, [H W 3].
func bytesOf(img *image.NRGBA) []uint8 {
	out := make([]uint8, 0, 3*img.Rect.Dx()*img.Rect.Dy())
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out = append(out, img.Pix[y*img.Stride+4*x:][:3]...)
		}
	}
	return out
}
