package face

import (
	"math"
	"testing"

	"mien/shared/tensor"
)

// anyMesh returns a mesh whose stable points lie about where a face has them.
func anyMesh(seed uint64) (m Mesh) {
	r := tensor.NewRand(seed, 1, 0, 0)
	for i := range m {
		m[i] = [3]float32{r.Range(-1, 1), r.Range(-1, 1), r.Range(-.5, .5)}
	}
	for _, s := range stable {
		for k, v := range s.mean {
			m[s.point][k] = float32(v) + r.Range(-.03, .03)
		}
	}
	return m
}

func TestShapeTakesThePoseOut(t *testing.T) {
	m := anyMesh(1)
	want := m.Shape()
	for name, angles := range map[string][3]float64{"roll": {0, 0, 2.9}, "yaw": {0, 1.2, 0}, "pitch": {-.8, 0, 0}, "all": {.5, -1, 1.5}, "none": {}} {
		var moved Mesh
		for i, p := range m {
			v := [3]float64{float64(p[0]), float64(p[1]), float64(p[2])}
			for axis, a := range angles {
				j, k := (axis+1)%3, (axis+2)%3
				c, s := math.Cos(a), math.Sin(a)
				v[j], v[k] = c*v[j]-s*v[k], s*v[j]+c*v[k]
			}
			moved[i] = [3]float32{float32(v[0]*300 + 1000), float32(v[1]*300 - 50), float32(v[2]*300 + 7)}
		}
		got := moved.Shape()
		for i, v := range got {
			if math.Abs(float64(v-want[i])) > 1e-3 {
				t.Errorf("%s: number %d is %g, want %g", name, i, v, want[i])
				break
			}
		}
	}
}

func TestShapeOfAFaceOfTheMeanLiesOnIt(t *testing.T) {
	m := anyMesh(2)
	for _, s := range stable {
		for k, v := range s.mean {
			m[s.point][k] = float32(v*20 + 5)
		}
	}
	shape := m.Shape()
	var middle [3]float64
	for _, s := range stable {
		for k := range middle {
			middle[k] += s.mean[k] / float64(len(stable))
		}
	}
	for _, s := range stable {
		for k, v := range s.mean {
			if got := float64(shape[3*s.point+k]); math.Abs(got-(v-middle[k])) > 1e-4 {
				t.Errorf("point %d lies at %g in axis %d, want %g", s.point, got, k, v-middle[k])
			}
		}
	}
}

// TestShapeOfAMirroredFace is the shape in a mirror.
func TestShapeOfAMirroredFace(t *testing.T) {
	m := anyMesh(3)
	mirrored := m.Mirror(40)
	a, b := m.Shape(), mirrored.Shape()
	for i, j := range MirroredPoints {
		for k, sign := range [3]float64{-1, 1, 1} {
			if math.Abs(float64(a[3*i+k])*sign-float64(b[3*int(j)+k])) > 1e-4 {
				t.Fatalf("point %d is at %v, in a mirror at %v", i, a[3*i:][:3], b[3*j:][:3])
			}
		}
	}
	if back := mirrored.Mirror(40); back != m {
		for i := range m {
			if math.Abs(float64(back[i][0]-m[i][0])) > 1e-4 {
				t.Fatalf("twice mirrored point %d is at %v, was at %v", i, back[i], m[i])
			}
		}
	}
}

func TestShapeOfNoFace(t *testing.T) {
	nan := float32(math.NaN())
	for name, m := range map[string]Mesh{"a point": {}, "no numbers": {0: {nan, nan, nan}, 1: {nan, nan, nan}}} {
		shape := m.Shape()
		for i, v := range shape {
			if v != 0 {
				t.Errorf("%s: number %d is %g, want 0", name, i, v)
				break
			}
		}
	}
}
