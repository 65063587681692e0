package edit

import (
	"context"
	"errors"
	"image"
	"math"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/device/ref"
	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// TestReadEdited wants the reader to see an edit come and go: of the sample
// portrait with the shipped networks.
func TestReadEdited(t *testing.T) {
	finder := facetest.Finder(t)
	_, g := shippedGenerator(t)
	swap := NewSwap(cpu.New())
	ctx := context.Background()
	if _, err := swap.Use(ctx, g); err != nil {
		t.Fatal(err)
	}
	e := New(swap, shipped(t), finder)
	if _, err := e.ReadEdited(ctx, Field{}); !errors.Is(err, ErrNoPhoto) {
		t.Errorf("without a photo: %v, want ErrNoPhoto", err)
	}
	_, own, err := e.SetPhoto(ctx, decode(t, "../../web/portrait/astronaut.png"))
	if err != nil {
		t.Fatal(err)
	}
	if read, err := e.ReadEdited(ctx, Field{}); err != nil || read != own {
		t.Errorf("without an edit it reads %v (%v), want the photo's %v", read, err, own)
	}
	smile := au.Index("12")
	for _, by := range []float32{-2, 2} {
		var change au.Vector
		change[smile] = by
		field, err := e.Edit(ctx, change)
		if err != nil {
			t.Fatal(err)
		}
		read, err := e.ReadEdited(ctx, field)
		if moved := read[smile] - own[smile]; err != nil || moved*by < .5 {
			t.Errorf("AU12 asked to move by %g is read to move by %g (%v)", by, moved, err)
		}
	}
	bad := NewField(4)
	bad.Warp[0] = float32(math.NaN())
	if _, err := e.ReadEdited(ctx, bad); err == nil {
		t.Error("a field with NaN is read")
	}
}

// meshReader reads AU12 as 1 + the photo's first value, and 2 more where a mesh is known.
func meshReader(t *testing.T) *model.Reader {
	t.Helper()
	base, more := make([]float32, au.Count), make([]float32, au.Count)
	base[au.Index("12")], more[au.Index("12")] = 1, 2
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Name: "photo", Role: plan.Input, Shape: tensor.Shape{1, testSize, testSize, 3}},
		{Name: "shape", Role: plan.Input, Shape: tensor.Shape{1, model.SeenShape}},
		{Name: "base", Role: plan.State, Shape: tensor.Shape{1, au.Count}},
		{Name: "more", Role: plan.State, Shape: tensor.Shape{1, au.Count}},
		{Role: plan.Temp, Shape: tensor.Shape{1, testSize * testSize * 3}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 1}}, // the photo's first value
		{Role: plan.Temp, Shape: tensor.Shape{1, 1}}, // whether a mesh is known
		{Role: plan.Temp, Shape: tensor.Shape{1, au.Count}},
		{Role: plan.Temp, Shape: tensor.Shape{1, au.Count}},
		{Role: plan.Temp, Shape: tensor.Shape{1, au.Count}},
		{Role: plan.Temp, Shape: tensor.Shape{1, au.Count}},
	}, Steps: []plan.Step{
		{Kind: plan.Reshape, In: []int{0}, Out: []int{4}, Ints: []int{1, testSize * testSize * 3}},
		{Kind: plan.Slice, In: []int{4}, Out: []int{5}, Ints: []int{1, 0, 1}},
		{Kind: plan.Slice, In: []int{1}, Out: []int{6}, Ints: []int{1, model.SeenShape - 1, model.SeenShape}},
		{Kind: plan.Mul, In: []int{2, 5}, Out: []int{7}},
		{Kind: plan.Mul, In: []int{3, 6}, Out: []int{8}},
		{Kind: plan.Add, In: []int{7, 8}, Out: []int{9}},
		{Kind: plan.Add, In: []int{9, 2}, Out: []int{10}},
	}, Outputs: []plan.Output{{Name: "au", Value: 10}}}
	f, err := model.Pack(model.Info{Kind: model.KindReader, Size: testSize, Preset: "test", Licence: "none"}, p, map[string][]float32{"base": base, "more": more})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.LoadReader(f, ref.New())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReadEditedKnowsNoMesh adds what an edit changes, seen in the picture alone, to what
// picture and mesh say of the photo.
func TestReadEditedKnowsNoMesh(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = 128
	}
	var found face.Face
	found.Mesh = face.Mesh{10: {1, 2, 3}, 234: {-9, 4, 5}, 454: {9, 4, 5}, 168: {0, 4, 0}}
	found.Frame = face.CentreFrame(64, 64)
	e := New(NewSwap(cpu.New()), meshReader(t), nil)
	smile := au.Index("12")
	own, err := e.set(context.Background(), &subject{img: img, face: found, frame: found.Frame, crops: map[int]*tensor.Tensor{}})
	if err != nil || math.Abs(float64(own[smile])-3) > .02 {
		t.Fatalf("the photo is read as %g, %v, want 3", own[smile], err)
	}
	light := NewField(testSize)
	for i := range light.Shade {
		light.Shade[i] = .5
	}
	read, err := e.ReadEdited(context.Background(), light)
	if moved := read[smile] - own[smile]; err != nil || moved < .005 || moved > .6 {
		t.Errorf("lit by half it is read to move by %g, %v, want some of .5", moved, err)
	}
}
