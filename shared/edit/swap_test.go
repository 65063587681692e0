package edit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"maps"
	"strings"
	"sync"
	"testing"

	"mien/shared/au"
	"mien/shared/device/ref"
	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
)

const testSize = 8

// generatorFile is a model file whose warp is the change of the first Action
// Unit times shift, everywhere and on both axes, whose mask is maskValue, and
// whose colour is the photo's.
func generatorFile(t testing.TB, step int, shift, maskValue float32) []byte {
	t.Helper()
	const n = testSize * testSize
	weights := make([]float32, au.Count*2*n)
	for i := range 2 * n {
		weights[i] = shift
	}
	mask := make([]float32, n)
	for i := range mask {
		mask[i] = maskValue
	}
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Name: "photo", Role: plan.Input, Shape: tensor.Shape{1, testSize, testSize, 3}},
		{Name: "change", Role: plan.Input, Shape: tensor.Shape{1, au.Count}},
		{Name: "w", Role: plan.State, Shape: tensor.Shape{au.Count, 2 * n}},
		{Name: "m", Role: plan.State, Shape: tensor.Shape{1, testSize, testSize, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 2 * n}},
		{Role: plan.Temp, Shape: tensor.Shape{1, testSize, testSize, 2}},
		{Role: plan.Temp, Shape: tensor.Shape{1, testSize, testSize, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, testSize, testSize, 3}},
	}, Steps: []plan.Step{
		{Kind: plan.MatMul, In: []int{1, 2}, Out: []int{4}, Ints: []int{0, 0}},
		{Kind: plan.Reshape, In: []int{4}, Out: []int{5}, Ints: []int{1, testSize, testSize, 2}},
		{Kind: plan.Affine, In: []int{3}, Out: []int{6}, Floats: []float64{1, 0}},
		{Kind: plan.Affine, In: []int{0}, Out: []int{7}, Floats: []float64{1, 0}},
	}, Outputs: []plan.Output{{Name: "warp", Value: 5}, {Name: "mask", Value: 6}, {Name: "colour", Value: 7}}}
	f, err := model.Pack(model.Info{Kind: model.KindGenerator, Size: testSize, Preset: "test", Step: step, Licence: "none"},
		p, map[string][]float32{"w": weights, "m": mask})
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func load(t testing.TB, s *Swap, b []byte) {
	t.Helper()
	if _, err := s.Load(context.Background(), b, sum(b)); err != nil {
		t.Fatal(err)
	}
}

func step(s *Swap) int {
	info, ok := s.Info()
	if !ok {
		return -1
	}
	return info.Step
}

func TestSwapKeepsTheOldGeneratorUnlessTheNewOneIsGood(t *testing.T) {
	s := NewSwap(ref.New())
	if _, err := s.Field(context.Background(), nil, au.Vector{}, au.Vector{}); !errors.Is(err, ErrNoGenerator) {
		t.Errorf("empty swap: %v", err)
	}
	if _, err := s.Rollback(); err == nil {
		t.Error("empty swap rolls back")
	}
	load(t, s, generatorFile(t, 10, .01, 0))
	good := generatorFile(t, 20, .02, 0)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 0xff
	for _, bad := range []struct {
		name, want, sum string
		b               []byte
	}{
		{"wrong sum", "sha256", sum(good), flipped},
		{"no sum", "sha256", "", good},
		{"empty", "read model", sum(nil), nil},
		{"cut", "read model", sum(good[:len(good)-4]), good[:len(good)-4]},
		{"warps too far", "warp value 0", "", generatorFile(t, 30, 3, 0)},
		{"mask out of range", "mask value 0", "", generatorFile(t, 30, 0, 1.5)},
	} {
		if bad.sum == "" && bad.name != "no sum" {
			bad.sum = sum(bad.b)
		}
		if _, err := s.Load(context.Background(), bad.b, bad.sum); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: error %v, want %q in it", bad.name, err, bad.want)
		}
		if step(s) != 10 {
			t.Fatalf("%s: step %d in use, want 10", bad.name, step(s))
		}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Load(cancelled, good, sum(good)); !errors.Is(err, context.Canceled) || step(s) != 10 {
		t.Errorf("cancelled: %v, step %d", err, step(s))
	}
	if info, err := s.Load(context.Background(), good, strings.ToUpper(sum(good))); err != nil || info.Step != 20 || step(s) != 20 {
		t.Errorf("good file: %v, step %d", err, step(s))
	}
	for _, want := range []int{10, 20} {
		if info, err := s.Rollback(); err != nil || info.Step != want || step(s) != want {
			t.Errorf("roll back: %v, step %d, want %d", err, step(s), want)
		}
	}
	if err := s.Close(); err != nil || step(s) != -1 {
		t.Errorf("close: %v", err)
	}
}

func TestSwapWhileEditing(t *testing.T) {
	s := NewSwap(ref.New())
	load(t, s, generatorFile(t, 1, .01, 0))
	finder := facetest.Finder(t)
	e := New(s, nil, finder)
	ctx := context.Background()
	if _, err := e.SetFrame(ctx, smooth(90, 61), frames[1]); err != nil {
		t.Fatal(err)
	}
	files := [][]byte{generatorFile(t, 2, .02, 0), generatorFile(t, 3, .03, 0)}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 20 {
				f, err := e.Edit(ctx, au.Vector{2})
				if err != nil || f.Warp[0] != f.Warp[len(f.Warp)-1] {
					t.Errorf("edit: %v, a field of two generators", err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 10 {
			b := files[i%2]
			if _, err := s.Load(ctx, b, sum(b)); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		for range 10 {
			if _, err := e.SetFrame(ctx, smooth(50, 50), face.CentreFrame(50, 50)); err != nil {
				t.Error(err)
			}
			if _, err := e.Picture(ctx, au.Vector{1}); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}

func TestEditor(t *testing.T) {
	finder := facetest.Finder(t)
	s := NewSwap(ref.New())
	e := New(s, nil, finder)
	ctx := context.Background()
	if _, err := e.Edit(ctx, au.Vector{1}); !errors.Is(err, ErrNoPhoto) {
		t.Errorf("no photo: %v", err)
	}
	photo := smooth(90, 61)
	if _, _, err := e.SetPhoto(ctx, photo); !errors.Is(err, face.ErrNoFace) {
		t.Errorf("photo without a face: %v", err)
	}
	if f, ok := e.Frame(); !ok || f != face.CentreFrame(90, 61) {
		t.Errorf("frame %v, want the middle", f)
	}
	if same, err := e.Picture(ctx, au.Vector{}); err != nil || !bytes.Equal(same.Pix, photo.Pix) {
		t.Errorf("no change: %v, want the photo byte for byte", err)
	}
	if _, err := e.Edit(ctx, au.Vector{1}); !errors.Is(err, ErrNoGenerator) {
		t.Errorf("no generator: %v", err)
	}
	load(t, s, generatorFile(t, 1, .04, 0))
	f, err := e.Edit(ctx, au.Vector{2})
	if err != nil || f.Size != testSize || f.Warp[0] != .08 {
		t.Errorf("edit: %v, field %v", err, f)
	}
	if far, err := e.Edit(ctx, au.Vector{99}); err != nil || far.Warp[0] != float32(.04)*au.Max {
		t.Errorf("a change beyond the range is not clamped: %v", err)
	}
	nan := au.Vector{}
	nan[3] /= nan[3]
	if _, err := e.Edit(ctx, nan); err == nil {
		t.Error("a change that is no number is accepted")
	}
	got, err := e.Picture(ctx, au.Vector{2})
	frame, _ := e.Frame()
	if err != nil || !bytes.Equal(got.Pix, Apply(photo, frame, f).Pix) || bytes.Equal(got.Pix, photo.Pix) {
		t.Errorf("picture: %v, is not the field applied", err)
	}
	if _, _, err := e.SetPhoto(ctx, &image.NRGBA{}); err == nil || errors.Is(err, face.ErrNoFace) {
		t.Errorf("empty photo: %v", err)
	}
	if f, _ := e.Frame(); f != frame {
		t.Error("a refused photo replaces the one before")
	}
}

// FuzzSwapLoad changes the plan and the weights of a small generator: the gate
// in front of them has a fuzzer of its own, and of bytes changed at random
// hardly any would pass it. One Swap takes them all, so that thousands can be
// tried in a second; left to minimise what it finds, go spends its time on that
// (make fuzz does not).
func FuzzSwapLoad(f *testing.F) {
	good, err := model.Decode(smallFile(f, 7))
	if err != nil {
		f.Fatal(err)
	}
	ctx, s := context.Background(), NewSwap(ref.New())
	load(f, s, smallFile(f, 7))
	f.Add(good.Meta["mien.plan"], float32(.01), 1, 1)
	f.Add(good.Meta["mien.plan"], float32(3), 1, 1)
	f.Add(strings.Replace(good.Meta["mien.plan"], `"in":[1]`, `"in":[8]`, 1), float32(.01), 2, 3)
	f.Fuzz(func(t *testing.T, plan string, weight float32, height, width int) {
		if len(plan) > 1<<12 || height < 0 || width < 0 || height > 64 || width > 64 || weight-weight != 0 {
			return
		}
		w := tensor.New(height, width)
		for i := range w.Data {
			w.Data[i] = weight
		}
		file := &model.File{Meta: maps.Clone(good.Meta), Tensors: map[string]*tensor.Tensor{"w": w}}
		file.Meta["mien.plan"], file.Meta["mien.step"] = plan, "8"
		b, err := file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		want := 8
		if _, err := s.Load(ctx, b, sum(b)); err != nil {
			want = 7
		}
		if step(s) != want {
			t.Errorf("step %d is in use, want %d", step(s), want)
		}
		if _, err := s.Field(ctx, func(n int) *tensor.Tensor { return tensor.New(1, n, n, 3) }, au.Vector{}, au.Vector{1}); err != nil {
			t.Errorf("the generator in use fails: %v", err)
		}
		if want == 8 {
			if _, err := s.Rollback(); err != nil {
				t.Error(err)
			}
		}
	})
}

// smallFile is a generator of one weight, by which it shifts a face as it is
// asked for.
func smallFile(t testing.TB, step int) []byte {
	t.Helper()
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Name: "photo", Role: plan.Input, Shape: tensor.Shape{1, testSize, testSize, 3}},
		{Name: "change", Role: plan.Input, Shape: tensor.Shape{1, au.Count}},
		{Name: "w", Role: plan.State, Shape: tensor.Shape{1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 1, 1, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, testSize, testSize, 1}},
		{Role: plan.Temp, Shape: tensor.Shape{1, testSize, testSize, 2}},
		{Role: plan.Temp, Shape: tensor.Shape{1, testSize, testSize, 3}},
	}, Steps: []plan.Step{
		{Kind: plan.SumTo, In: []int{1}, Out: []int{3}, Ints: []int{1, 1}},
		{Kind: plan.Mul, In: []int{3, 2}, Out: []int{4}},
		{Kind: plan.Reshape, In: []int{4}, Out: []int{5}, Ints: []int{1, 1, 1, 1}},
		{Kind: plan.Spread, In: []int{5}, Out: []int{6}, Ints: []int{1, testSize, testSize, 1}},
		{Kind: plan.Concat, In: []int{6, 6}, Out: []int{7}, Ints: []int{3}},
		{Kind: plan.Affine, In: []int{0}, Out: []int{8}, Floats: []float64{1, 0}},
	}, Outputs: []plan.Output{{Name: "warp", Value: 7}, {Name: "mask", Value: 6}, {Name: "colour", Value: 8}}}
	f, err := model.Pack(model.Info{Kind: model.KindGenerator, Size: testSize, Preset: "test", Step: step, Licence: "none"}, p, map[string][]float32{"w": {.01}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
