package train

import (
	"math"
	"testing"

	"mien/native/internal/dataset"
	"mien/native/internal/net"
	"mien/native/internal/synth"
	frame "mien/shared/face"
	"mien/shared/model"
	"mien/shared/tensor"
)

// meshes gives drawn faces meshes: each its own, and every fourth none.
type meshes struct{ *synth.Source }

func (s meshes) Mesh(i int) (m frame.Mesh, ok bool) {
	r := tensor.NewRand(uint64(i), 1, 0, 0)
	for k := range m {
		m[k] = [3]float32{r.Range(20, 108), r.Range(20, 108), r.Range(-20, 20)}
	}
	return m, i%4 != 3
}

var _ dataset.Meshed = meshes{}

// meshFeed is the feed of a small reader that sees meshes.
func meshFeed(t *testing.T, p Preset) *feed {
	t.Helper()
	p.Reader = net.Reader{Size: 32, Window: 16, Width: 4, Hidden: 8, Form: 6}
	p.Batch, p.Balance, p.Mirror = 64, .7, true
	source, err := synth.NewSource(32, 64, 1)
	if err != nil {
		t.Fatal(err)
	}
	return &feed{preset: p, picker: newPicker(meshes{source}, 1, p), augment: true,
		wants: map[string]int{"photo": 64 * 32 * 32 * 3, "own": 64 * 17, "shape": 64 * model.SeenShape}}
}

// TestFeedShowsMeshes shows a reader the shape of each face's own mesh, in a mirror
// where the face is, and says where there is none.
func TestFeedShowsMeshes(t *testing.T) {
	f := meshFeed(t, Preset{})
	in, err := f.inputs(3)
	if err != nil {
		t.Fatal(err)
	}
	faces, err := f.picker.faces(3, 64)
	if err != nil {
		t.Fatal(err)
	}
	mirrored := 0
	for i, x := range faces {
		got := in["shape"][i*model.SeenShape:][:model.SeenShape]
		var want [model.SeenShape]float32
		if mesh, ok := f.picker.source.(meshes).Mesh(x.number); ok {
			if x.mirrored {
				mesh = mesh.Mirror(frame.FrameSize)
				mirrored++
			}
			model.Shape(&want, &mesh)
		}
		for k := range want {
			if math.Abs(float64(got[k]-want[k])) > 1e-5 {
				t.Fatalf("face %d: number %d of the shape is %g, want %g", i, k, got[k], want[k])
			}
		}
	}
	if mirrored == 0 {
		t.Error("no face in a mirror")
	}
}

// TestBlindAndTremble hides the share of meshes that the preset says, and moves the
// points of the others by as much.
func TestBlindAndTremble(t *testing.T) {
	f := meshFeed(t, Preset{Blind: .25, Tremble: .4})
	var hidden, n, square float64
	mesh, _ := f.picker.source.(meshes).Mesh(0)
	for i := range 400 {
		x := f.see(face{mesh: &mesh}, tensor.NewRand(1, streamMesh, 0, uint64(i)))
		if x.mesh == nil {
			hidden++
			continue
		}
		for k := range mesh {
			d := float64(x.mesh[k][0] - mesh[k][0])
			square, n = square+d*d, n+1
		}
	}
	if hidden < 70 || hidden > 130 {
		t.Errorf("%g of 400 meshes hidden, want about 100", hidden)
	}
	if dev := math.Sqrt(square / n); math.Abs(dev-.4) > .02 {
		t.Errorf("points tremble by %.3f pixels, want .4", dev)
	}
	delete(f.wants, "shape")
	if x := f.see(face{mesh: &mesh}, tensor.NewRand(1, streamMesh, 0, 0)); x.mesh != &mesh {
		t.Error("what no network sees is changed")
	}
}

// TestSteadyFacesMoveLess moves a picture that its mesh has aligned as far as the preset
// says, and others as far as before.
func TestSteadyFacesMoveLess(t *testing.T) {
	f := meshFeed(t, Preset{Augment: 1, Steady: .2})
	r := tensor.NewRand(1, streamMesh, 0, 0)
	if got := f.moves(face{mesh: &frame.Mesh{}}, r); got != .2 {
		t.Errorf("a face with a mesh is moved %g fold, want .2", got)
	}
	if got := f.moves(face{}, r); got != 1 {
		t.Errorf("a face without is moved %g fold, want 1", got)
	}
	x := face{pixels: make([]float32, 32*32*3)}
	x.eyes[0] = [2]float32{44, 44}
	y := augment(x, 32, 0, 1, r)
	if d := math.Hypot(float64(y.eyes[0][0]-44), float64(y.eyes[0][1]-44)); d > 1e-3 {
		t.Errorf("a face that is not moved moves by %g pixels", d)
	}
}

func TestShapesAreMeasured(t *testing.T) {
	f := meshFeed(t, Preset{})
	mean, dev := shapes(f.picker.source)
	source := f.picker.source.(meshes)
	var sum, square, n float64
	const k = 3*200 + 1
	for i := range source.Len() {
		mesh, ok := source.Mesh(i)
		if !ok {
			continue
		}
		v := float64(mesh.Shape()[k])
		sum, square, n = sum+v, square+v*v, n+1
	}
	if m := sum / n; math.Abs(float64(mean[k])-m) > 1e-5 || math.Abs(float64(dev[k])-math.Sqrt(square/n-m*m)) > 1e-4 {
		t.Errorf("mean %g, deviation %g, want %g and %g", mean[k], dev[k], m, math.Sqrt(square/n-m*m))
	}
	if mean, dev = shapes(source.Source); mean[k] != 0 || dev[k] != 1 {
		t.Errorf("without meshes mean %g, deviation %g, want 0 and 1", mean[k], dev[k])
	}
}

// TestReaderOf recovers what a reader's file does not say in words.
func TestReaderOf(t *testing.T) {
	for _, want := range []net.Reader{
		{Size: 48, Window: 32, Width: 4, Hidden: 8, Form: 6}, {Size: 32, Width: 4, Hidden: 8, Residual: true}, {Size: 48, Width: 4, Hidden: 8, Form: 3},
	} {
		p := Preset{Name: "test", Reader: want, Batch: 2}
		s, err := reading(p, 1)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Export(p, 1, "MIT", s.starts)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := readerOf(f)
		if err != nil || *got != want {
			t.Errorf("%+v comes back as %+v, %v", want, got, err)
		}
	}
}
