// Package layer makes the picture of a face whose mesh has moved: skin, eyes
// and mouth as layers of triangles that take their pixels from the photo, lit
// as the photo is.
//
// Face.Scene says what to draw, Face.Draw draws it at the photo's full
// resolution and is the definition; the page's stage draws the same scene on a
// GPU.
package layer

import (
	"fmt"
	"image"
	"math"
	"slices"

	"mien/shared/face"
)

// maxPixels bounds a photo.
const maxPixels = 49 << 20

// minWidth is the width of the smallest face, in photo pixels.
const minWidth = 8

// Face is a face of a photo with what is measured once. It never changes: any
// number of goroutines may use it.
type Face struct {
	photo     *image.NRGBA
	mesh      face.Mesh
	at        [face.MeshPoints]point // of mesh, in the photo, closed lips where they meet
	width     float64                // of the face, photo pixels
	triangles []uint16               // in the order of drawing, three vertices each
	lashes    [2][eyeSize]float64    // see measureLashes
	mouth     mouth
	light     light
	tone      tone
}

// New measures the face that mesh says is in the photo, which is kept: nobody
// may write to it from then on.
func New(photo *image.NRGBA, mesh *face.Mesh) (*Face, error) {
	w, h := photo.Rect.Dx(), photo.Rect.Dy()
	if w < 1 || h < 1 || w > maxPixels/h || photo.Rect.Min != (image.Point{}) {
		return nil, fmt.Errorf("layers of a photo %v: want 1 to %d pixels from (0, 0)", photo.Rect, maxPixels)
	}
	f := &Face{photo: photo, mesh: *mesh}
	for i, p := range mesh {
		if err := check(i, p, w, h); err != nil {
			return nil, err
		}
		f.at[i] = point{float64(p[0]), float64(p[1])}
	}
	f.width = f.measureWidth()
	if !(f.width >= minWidth) {
		return nil, fmt.Errorf("layers of a face %.1f pixels wide: want %d or more", f.width, minWidth)
	}
	f.partLips()
	f.triangles = f.order()
	f.tone = f.measureTone()
	f.lashes = f.measureLashes()
	f.mouth = f.measureMouth()
	f.light = f.measureLight()
	return f, nil
}

// check refuses points that are not finite or far outside a photo.
func check(i int, p [3]float32, w, h int) error {
	far := 4 * float32(max(w, h))
	for _, v := range p {
		if !(v > -far && v < far) { // or no number
			return fmt.Errorf("mesh point %d at %v: want finite numbers of at most %g in a photo of %dx%d", i, p, far, w, h)
		}
	}
	return nil
}

// measureWidth returns the side of a square of the oval's area, near enough the
// width of a face however it is turned.
func (f *Face) measureWidth() float64 {
	var area float64
	for i, v := range face.Oval {
		p, q := f.at[v], f.at[face.Oval[(i+1)%ovalSize]]
		area += p[0]*q[1] - p[1]*q[0]
	}
	return math.Sqrt(math.Abs(area) / 2)
}

// order returns all triangles, those of the skin from the farthest to the
// nearest, so that the nose of a turned head lies over its cheek.
func (f *Face) order() []uint16 {
	depth := func(t [3]uint16) float32 {
		var z float32
		for _, v := range t {
			z += f.mesh[f.owner(int(v))][2]
		}
		return z
	}
	skin := skinOf()
	slices.SortStableFunc(skin, func(a, b [3]uint16) int {
		switch da, db := depth(a), depth(b); {
		case da > db:
			return -1
		case da < db:
			return 1
		}
		return 0
	})
	list := make([]uint16, 0, 3*(len(skin)+600))
	for _, t := range append(beneath(), skin...) {
		list = append(list, t[0], t[1], t[2])
	}
	return list
}

// owner returns the mesh's point that a vertex of the skin goes with.
func (f *Face) owner(v int) int {
	if v < face.SkinPoints {
		return v
	}
	v -= eyesAt
	return eyes[v/(eyeParts*eyeSize)][v%eyeSize]
}
