package layer

import (
	"image"
	"math"
	"slices"

	"mien/shared/face"
	"mien/shared/pixel"
)

// CutPatch returns what a photo shows about the mouth of a mesh in it, in the
// frame that a painter sees: PatchWidth x PatchHeight, opaque. What it learns
// from is cut by it.
func CutPatch(photo *image.NRGBA, mesh *face.Mesh) *image.NRGBA {
	a := PatchFrame(mesh)
	small, corner, k := aboutMouth(photo, mesh)
	det := a[0]*a[0] + a[1]*a[1]
	out := image.NewNRGBA(image.Rect(0, 0, PatchWidth, PatchHeight))
	for y := range PatchHeight {
		for x := range PatchWidth {
			u, v := float64(x)+.5-a[2], float64(y)+.5-a[5]
			px, py := (a[0]*u-a[1]*v)/det, (a[1]*u+a[0]*v)/det
			c := sample(small, (px-corner[0])*k, (py-corner[1])*k)
			p := out.Pix[out.PixOffset(x, y):]
			p[0], p[1], p[2], p[3] = byte(c[0]+.5), byte(c[1]+.5), byte(c[2]+.5), 255
		}
	}
	return out
}

// Opening returns which pixels of the patch about a mesh's mouth lie between its
// lips, by their centres: [PatchHeight PatchWidth].
func Opening(mesh *face.Mesh) []bool {
	a := PatchFrame(mesh)
	var rim [lipSize]point
	for i, v := range face.LipsInner {
		x, y := float64(mesh[v][0]), float64(mesh[v][1])
		rim[i] = point{a[0]*x + a[1]*y + a[2], a[3]*x + a[4]*y + a[5]}
	}
	in := make([]bool, PatchWidth*PatchHeight)
	for y := range PatchHeight {
		at := float64(y) + .5
		var cuts []float64
		for i, p := range rim {
			q := rim[(i+1)%lipSize]
			if (p[1] <= at) != (q[1] <= at) {
				cuts = append(cuts, p[0]+(at-p[1])/(q[1]-p[1])*(q[0]-p[0]))
			}
		}
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			from, to := min(max(cuts[i], 0), PatchWidth), min(max(cuts[i+1], 0), PatchWidth)
			for x := int(math.Ceil(from - .5)); float64(x)+.5 < to; x++ {
				in[y*PatchWidth+x] = true
			}
		}
	}
	return in
}

// aboutMouth cuts the photo about the mouth of a mesh in it, no finer than the
// patch: where its corner lies in the photo, and its pixels a photo pixel.
func aboutMouth(photo *image.NRGBA, mesh *face.Mesh) (small *image.NRGBA, corner point, scale float64) {
	a := PatchFrame(mesh)
	size := math.Hypot(a[0], a[1])
	p, q := mesh[face.LipsOuter[0]], mesh[face.LipsOuter[lipSize/2]]
	middle := point{float64(p[0]), float64(p[1])}.to(point{float64(q[0]), float64(q[1])}, .5)
	reach := 1.6 * PatchWidth / size // beyond the patch, for what moves into it
	r := image.Rect(int(middle[0]-reach), int(middle[1]-reach), int(middle[0]+reach)+1, int(middle[1]+reach)+1).Intersect(photo.Rect)
	if r.Empty() {
		r = image.Rect(0, 0, 1, 1)
	}
	cut := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		copy(cut.Pix[y*cut.Stride:][:cut.Stride], photo.Pix[photo.PixOffset(r.Min.X, r.Min.Y+y):])
	}
	scale = min(size, 1)
	w, h := max(1, int(float64(r.Dx())*scale+.5)), max(1, int(float64(r.Dy())*scale+.5))
	return pixel.Resize(cut, w, h), point{float64(r.Min.X), float64(r.Min.Y)}, float64(w) / float64(r.Dx())
}
