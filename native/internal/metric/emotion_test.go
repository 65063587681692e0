package metric

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"mien/native/internal/dataset"
	"mien/native/internal/synth"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/model"
	"mien/shared/tensor"
	"mien/weights"
)

func reader(t testing.TB) *Extractor {
	t.Helper()
	b, err := weights.Shipped(model.KindReader)
	if err != nil {
		t.Skipf("no reader in weights/: %v", err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewReader(f, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func photos(t testing.TB, s dataset.Source, faces ...int) *tensor.Tensor {
	t.Helper()
	x := tensor.New(len(faces), s.Size(), s.Size(), 3)
	var imgs [][]uint8
	for _, i := range faces {
		img, _, _, _, err := s.Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		imgs = append(imgs, img)
	}
	dataset.Fill(x.Data, imgs...)
	return x
}

// Drawn faces have an exact editor: it must come closer to the emotion than no
// edit does, and a painter of noise must not.
func TestEmotionsOfDrawnFaces(t *testing.T) {
	e := reader(t)
	s, err := synth.NewSource(64, 1500, 5)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	m, err := NewEmotions(ctx, e, s, Options{Faces: 60})
	if err != nil {
		t.Fatal(err)
	}
	float := func(img []uint8, err error) ([]float32, error) {
		x := make([]float32, len(img))
		dataset.Fill(x, img)
		return x, err
	}
	exact, err := m.Score(ctx, func(_ context.Context, i int, target au.Vector) ([]float32, error) {
		own := s.Labels(i)
		for k := range target {
			target[k] -= own[k]
		}
		return float(s.Edited(i, target))
	})
	if err != nil {
		t.Fatal(err)
	}
	none, err := m.Score(ctx, func(_ context.Context, i int, _ au.Vector) ([]float32, error) {
		img, _, _, _, err := s.Sample(i)
		return float(img, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	if m.Name() != ReaderName || len(exact) < 5 {
		t.Fatalf("%s: %d emotions, missing %v", m.Name(), len(exact), m.Missing)
	}
	var ratio float64
	for i, a := range exact {
		b := none[i]
		// Of so few faces the Frechet distance of one emotion wavers by some percent.
		if a.Emotion != b.Emotion || a.Floor != b.Floor || !(a.Distance < 1.1*b.Distance) || !(a.KID < b.KID) || math.Abs(a.Before-b.Distance) > 1e-9*a.Before {
			t.Errorf("exact %+v, unedited %+v", a, b)
		}
		ratio += a.Distance / b.Distance / float64(len(exact))
	}
	if ratio > .8 {
		t.Errorf("exact edits are at %.2f of the distance of no edit", ratio)
	}
	broken := errors.New("broken")
	if _, err := m.Score(ctx, func(context.Context, int, au.Vector) ([]float32, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v, want the editor's", err)
	}
}

// A batch that is not full and pictures one by one have the same features.
func TestFeaturesDoNotDependOnTheBatch(t *testing.T) {
	e := reader(t)
	s, err := synth.NewSource(96, 10, 5)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Features(context.Background(), photos(t, s, 0, 1, 2, 3, 4))
	if err != nil || len(all) != 5*e.Dim() {
		t.Fatal(len(all), err)
	}
	one, err := e.Features(context.Background(), photos(t, s, 4))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range one {
		if v != all[4*e.Dim()+i] {
			t.Fatalf("feature %d: %g alone, %g in a batch", i, v, all[4*e.Dim()+i])
		}
	}
	if _, err := e.Features(context.Background(), tensor.New(1, 8, 9, 3)); err == nil {
		t.Error("a picture that is not square was taken")
	}
	bad := tensor.New(1, 8, 8, 3)
	bad.Data[0] = float32(math.Inf(1))
	if _, err := e.Features(context.Background(), bad); err == nil {
		t.Error("an infinite pixel was taken")
	}
}

func TestFit(t *testing.T) {
	x := make([]float32, 12*12*3)
	for i := range x {
		x[i] = float32(i%17)/8 - 1
	}
	for _, to := range []int{1, 5, 8, 12, 13, 29} {
		y := make([]float32, to*to*3)
		fit(y, to, x, 12)
		var a, b float64
		for _, v := range x {
			a += float64(v) / float64(len(x))
		}
		for _, v := range y {
			b += float64(v) / float64(len(y))
		}
		if to <= 12 && math.Abs(a-b) > 1e-5 || math.Abs(a-b) > .1 {
			t.Errorf("to %d: mean %g, was %g", to, b, a)
		}
	}
	// torch.nn.functional.interpolate(torch.tensor([[[0., 1.]]]), 4, mode="linear")
	y := make([]float32, 4*4*3)
	fit(y, 4, []float32{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1}, 2)
	for i, want := range []float32{0, .25, .75, 1} {
		if y[3*i] != want {
			t.Errorf("grown: %g, want %g", y[3*i], want)
		}
	}
}

// Two halves of the held-out faces: finite, not nothing, the same both ways, and 0 against
// itself.
func TestHeldout(t *testing.T) {
	root := "../../../../shared/data/test_faces"
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no private faces at %s", root)
	}
	e := reader(t)
	d, err := dataset.Open(context.Background(), root, dataset.Options{Size: 64})
	if err != nil {
		t.Fatal(err)
	}
	var half [2][]int
	for i := range d.Train.Len() {
		half[i%2] = append(half[i%2], i)
	}
	var rows [2][]float32
	for h := range half {
		if rows[h], err = e.Features(context.Background(), photos(t, d.Train, half[h]...)); err != nil {
			t.Fatal(err)
		}
	}
	there, back := distance(t, rows[0], rows[1], e.Dim()), distance(t, rows[1], rows[0], e.Dim())
	if !(there > 0) || math.Abs(there-back) > 1e-9*there {
		t.Errorf("halves: %g and %g", there, back)
	}
	wantClose(t, "itself", distance(t, rows[0], rows[0], e.Dim()), 0, 1e-6)
	t.Logf("%s between halves of held-out faces: %.3f", e.Name(), there)
}
