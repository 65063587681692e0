package model

import (
	"context"
	"strings"
	"testing"

	"mien/shared/device/ref"
	"mien/shared/layer"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// negative is a painter of mouths that paints the opposite of what it sees, in
// a patch of the given height.
func negative(t *testing.T, height int) *File {
	t.Helper()
	picture := tensor.Shape{1, height, layer.PatchWidth, 3}
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Name: "picture", Role: plan.Input, Shape: picture},
		{Name: "hole", Role: plan.Input, Shape: tensor.Shape{1, height, layer.PatchWidth, 1}},
		{Role: plan.Temp, Shape: picture},
		{Role: plan.Temp, Shape: picture},
	}, Steps: []plan.Step{
		{Kind: plan.Mul, In: []int{0, 1}, Out: []int{2}},
		{Kind: plan.Affine, In: []int{2}, Out: []int{3}, Floats: []float64{-1, .125}},
	}, Outputs: []plan.Output{{Name: "painted", Value: 3}}}
	f, err := Pack(Info{Kind: KindMouth, Size: layer.PatchWidth, Preset: "test", Licence: "MIT"}, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMouthPaintsTheHoleAlone(t *testing.T) {
	m, err := LoadMouth(negative(t, layer.PatchHeight), ref.New())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	picture, hole := tensor.New(1, layer.PatchHeight, layer.PatchWidth, 3), tensor.New(1, layer.PatchHeight, layer.PatchWidth, 1)
	r := tensor.NewRand(1, 1, 0, 0)
	for i := range picture.Data {
		picture.Data[i] = r.Range(-1, 1)
	}
	for i := range hole.Data {
		if r.Float32() < .3 {
			hole.Data[i] = 1
		}
	}
	before := picture.Clone()
	got, err := m.Paint(context.Background(), picture, hole)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Data {
		want := before.Data[i]
		if hole.Data[i/3] > 0 {
			want = .125 - want
		}
		if v != want {
			t.Fatalf("value %d is %g, want %g; hole %g", i, v, want, hole.Data[i/3])
		}
		if picture.Data[i] != before.Data[i] {
			t.Fatal("the painter changed what it was given")
		}
	}
}

func TestLoadMouthRefuses(t *testing.T) {
	if _, err := LoadMouth(negative(t, 48), ref.New()); err == nil || !strings.Contains(err.Error(), "picture") {
		t.Errorf("a patch of another height: error %v", err)
	}
	if _, err := LoadMouth(tiny(t), ref.New()); err == nil || !strings.Contains(err.Error(), "generator") {
		t.Errorf("a generator: error %v", err)
	}
}
