package metric

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"strings"
	"testing"

	"mien/native/internal/dataset"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
)

// uniform returns n numbers in [0, 1) that are a function of name; those of
// tools/golden/inception.py.
func uniform(name string, n int) []float32 {
	seed := uint64(14695981039346656037)
	for i := range len(name) {
		seed = (seed ^ uint64(name[i])) * 1099511628211
	}
	r := tensor.NewRand(seed, 0, 0, 0)
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32()
	}
	return x
}

// madeUp are weights under which no layer's values vanish or explode.
func madeUp(name string, shape tensor.Shape) []float32 {
	lo, hi := float32(-.1), float32(.1)
	switch {
	case strings.HasSuffix(name, ".conv.weight"):
		hi = float32(math.Sqrt(6 / float64(shape[1]*shape[2]*shape[3])))
		lo = -hi
	case strings.HasSuffix(name, ".bn.running_var"), strings.HasSuffix(name, ".bn.weight"):
		lo, hi = .5, 1.5
	}
	x := uniform(name, shape.Numel())
	for i := range x {
		x[i] = lo + (hi-lo)*x[i]
	}
	return x
}

// The features are PyTorch's, of torchvision's network and of FID's, to 1e-4
// of the largest.
func TestInceptionIsPyTorchs(t *testing.T) {
	b, err := os.ReadFile("testdata/inception.f32")
	if err != nil {
		t.Fatal(err)
	}
	picture := tensor.Of(uniform("picture", 75*75*3), 1, 75, 75, 3)
	for i := range picture.Data {
		picture.Data[i] = 2*picture.Data[i] - 1
	}
	for n, tf := range []bool{false, true} {
		e, err := newInception(tf, cpu.New(), madeUp)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Features(context.Background(), picture)
		if err != nil || len(got) != InceptionDim {
			t.Fatal(len(got), err)
		}
		var off, top float64
		for i, v := range got {
			want := math.Float32frombits(binary.LittleEndian.Uint32(b[4*(n*InceptionDim+i):]))
			off = max(off, math.Abs(float64(v-want)))
			top = max(top, math.Abs(float64(want)))
		}
		if !(off < 1e-4*top) || top == 0 {
			t.Errorf("%s: off by %g, values up to %g", e.Name(), off, top)
		}
		t.Logf("%s: off by %.1e of the largest", e.Name(), off/top)
		e.Close()
	}
}

func TestInceptionSaysWhatIsMissing(t *testing.T) {
	f := &model.File{Tensors: map[string]*tensor.Tensor{"Conv2d_1a_3x3.conv.weight": tensor.New(32, 3, 3, 4)}}
	_, err := NewInception(f, cpu.New())
	for _, want := range []string{"[32 3 3 4], want [32 3 3 3]", `"Conv2d_1a_3x3.bn.weight": missing, want [32]`, "more"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// BenchmarkInception measures pictures a second.
func BenchmarkInception(b *testing.B) {
	e, err := newInception(false, cpu.New(), madeUp)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	x := tensor.New(8, 128, 128, 3)
	for b.Loop() {
		if _, err := e.Features(context.Background(), x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(8*float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
}

// Two halves of held-out faces under Inception, of made-up weights: finite, the
// same both ways, 0 against itself, with far fewer pictures than features.
func TestHeldoutInception(t *testing.T) {
	root := "../../../../shared/data/test_faces"
	if _, err := os.Stat(root); err != nil || testing.Short() {
		t.Skipf("no private faces at %s, or in a hurry", root)
	}
	d, err := dataset.Open(context.Background(), root, dataset.Options{Size: 128, TrainSize: 24})
	if err != nil {
		t.Fatal(err)
	}
	e, err := newInception(true, cpu.New(), madeUp)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var rows [2][]float32
	for h := range rows {
		var faces []int
		for i := h; i < d.Train.Len(); i += 2 {
			faces = append(faces, i)
		}
		if rows[h], err = e.Features(context.Background(), photos(t, d.Train, faces...)); err != nil {
			t.Fatal(err)
		}
	}
	there, back := distance(t, rows[0], rows[1], e.Dim()), distance(t, rows[1], rows[0], e.Dim())
	if !(there > 0) || math.Abs(there-back) > 1e-9*there {
		t.Errorf("halves: %g and %g", there, back)
	}
	wantClose(t, "itself", distance(t, rows[0], rows[0], e.Dim()), 0, 1e-6)
}
