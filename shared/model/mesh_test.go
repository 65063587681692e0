package model

import (
	"math"
	"slices"
	"strings"
	"testing"

	"mien/shared/device/ref"
	"mien/shared/face"
	"mien/shared/tensor"
	"mien/weights"
)

func shipped(t testing.TB, kind string) *File {
	t.Helper()
	b, err := weights.Shipped(kind)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestPartsToMesh gives every number of the parts a value of its own.
func TestPartsToMesh(t *testing.T) {
	var p MeshParts
	for at, part := range [][]float32{p.Skin[:], p.Lips[:], p.LeftEye[:], p.RightEye[:], p.LeftIris[:], p.RightIris[:]} {
		for i := range part {
			part[i] = float32(10000*at + i)
		}
	}
	m := p.Mesh()
	mean := func(points []uint16) (z float32) {
		for _, i := range points {
			z += p.Skin[3*i+2] / float32(len(points))
		}
		return z
	}
	for _, c := range []struct {
		point int
		want  [3]float32
	}{
		{1, [3]float32{3, 4, 5}},
		{61, [3]float32{10000, 10001, 61*3 + 2}},
		{407, [3]float32{10158, 10159, 407*3 + 2}},
		{33, [3]float32{20000, 20001, 33*3 + 2}},
		{193, [3]float32{20140, 20141, 193*3 + 2}},
		{263, [3]float32{30000, 30001, 263*3 + 2}},
		{468, [3]float32{40000, 40001, mean([]uint16{33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173})}},
		{477, [3]float32{50008, 50009, mean([]uint16{263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398})}},
	} {
		if m[c.point] != c.want {
			t.Errorf("point %d is %v, want %v", c.point, m[c.point], c.want)
		}
	}
}

// TestPartsMirror holds the lists of points against the canonical mesh, whose
// halves are mirror images.
func TestPartsMirror(t *testing.T) {
	c, err := LoadCanonical(shipped(t, KindCanonical))
	if err != nil {
		t.Fatal(err)
	}
	mirrored := func(i uint16) uint16 {
		best, least := uint16(0), math.Inf(1)
		for j, q := range c.Points {
			p := c.Points[i]
			d := math.Hypot(math.Hypot(float64(p[0]+q[0]), float64(p[1]-q[1])), float64(p[2]-q[2]))
			if d < least {
				best, least = uint16(j), d
			}
		}
		return best
	}
	for k, i := range leftEye {
		if c.Points[i][0] >= 0 || mirrored(i) != rightEye[k] {
			t.Errorf("point %d of the left eye, %d, is at x = %g, its mirror image is %d, want %d", k, i, c.Points[i][0], mirrored(i), rightEye[k])
		}
	}
	for _, i := range lips {
		if !slices.Contains(lips[:], mirrored(i)) {
			t.Errorf("the mirror image of point %d of the lips, %d, is none", i, mirrored(i))
		}
	}
	seen := map[uint16]bool{}
	for _, i := range slices.Concat(lips[:], leftEye[:], rightEye[:]) {
		if seen[i] {
			t.Errorf("point %d stands twice", i)
		}
		seen[i] = true
	}
}

// TestCanonical checks that the mean face looks at the camera, is of a face's size
// and has its triangles turned outwards.
func TestCanonical(t *testing.T) {
	c, err := LoadCanonical(shipped(t, KindCanonical))
	if err != nil {
		t.Fatal(err)
	}
	const nose, chin, forehead = 1, 152, 10
	if c.Points[nose][2] < 5 || c.Points[forehead][1]-c.Points[chin][1] < 12 || c.Points[forehead][1]-c.Points[chin][1] > 25 {
		t.Errorf("nose %v, chin %v, forehead %v", c.Points[nose], c.Points[chin], c.Points[forehead])
	}
	if c.UV[forehead][1] > c.UV[chin][1] {
		t.Errorf("the forehead's place %v is below the chin's %v", c.UV[forehead], c.UV[chin])
	}
	outwards := 0
	for _, tri := range c.Triangles {
		a, b, d := c.Points[tri[0]], c.Points[tri[1]], c.Points[tri[2]]
		if (b[0]-a[0])*(d[1]-a[1])-(b[1]-a[1])*(d[0]-a[0]) > 0 {
			outwards++
		}
	}
	if outwards < face.Triangles*9/10 {
		t.Errorf("%d of %d triangles turn towards the camera", outwards, face.Triangles)
	}
	weighted := 0
	for _, w := range c.Pose {
		if w > 0 {
			weighted++
		}
	}
	if weighted < 10 || weighted > 100 {
		t.Errorf("a pose is fitted to %d points", weighted)
	}
}

func TestImportedRefuses(t *testing.T) {
	load := map[string]func(f *File) error{
		KindDetector:  func(f *File) error { _, err := LoadDetector(f, ref.New()); return err },
		KindMesh:      func(f *File) error { _, err := LoadMesh(f, ref.New()); return err },
		KindCanonical: func(f *File) error { _, err := LoadCanonical(f); return err },
	}
	for _, c := range []struct {
		kind, want string
		change     func(f *File)
	}{
		{KindDetector, `kind "mesh"`, func(f *File) { f.Meta[keyKind] = KindMesh }},
		{KindDetector, "size", func(f *File) { f.Meta[keySize] = "0" }},
		{KindDetector, "no input", func(f *File) { f.Meta[keySize] = "64" }},
		{KindDetector, "source", func(f *File) { delete(f.Meta, keySource) }},
		{KindDetector, "sha256", func(f *File) { f.Meta[keySum] = "12" }},
		{KindDetector, `output "scores"`, func(f *File) {
			f.Meta[keyPlan] = strings.Replace(f.Meta[keyPlan], `"name":"scores"`, `"name":"other"`, 1)
		}},
		{KindMesh, `output "lips"`, func(f *File) {
			f.Meta[keyPlan] = strings.Replace(f.Meta[keyPlan], `"name":"lips"`, `"name":"other"`, 1)
		}},
		{KindMesh, `kind "cat": want`, func(f *File) { f.Meta[keyKind] = "cat" }},
		{KindCanonical, `kind "prior"`, func(f *File) {
			prior := shipped(t, KindPrior)
			f.Meta = prior.Meta
		}},
		{KindCanonical, `tensor "uv": missing`, func(f *File) { delete(f.Tensors, "uv") }},
		{KindCanonical, `tensor "pose": shape [2]`, func(f *File) { f.Tensors["pose"] = tensor.New(2) }},
		{KindCanonical, "triangle 3: point 468 of 468", func(f *File) { f.Tensors["triangles"].Data[10] = 468 }},
		{KindCanonical, "triangle 3: point 0.5 of 468", func(f *File) { f.Tensors["triangles"].Data[10] = .5 }},
		{KindCanonical, "point 7 counts -1", func(f *File) { f.Tensors["pose"].Data[7] = -1 }},
	} {
		f := shipped(t, c.kind)
		if err := load[c.kind](f); err != nil {
			t.Fatalf("%s as shipped: %v", c.kind, err)
		}
		c.change(f)
		if err := load[c.kind](f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", c.kind, err, c.want)
		}
	}
}

// TestCanonicalRoundTrip packs what was loaded.
func TestCanonicalRoundTrip(t *testing.T) {
	f := shipped(t, KindCanonical)
	c, err := LoadCanonical(f)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Info()
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadCanonical(PackCanonical(info, c))
	if err != nil || *again != *c {
		t.Errorf("packed and loaded it is another: %v", err)
	}
}
