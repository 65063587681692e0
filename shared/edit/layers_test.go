package edit

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/layer"
	"mien/shared/model"
	"mien/shared/rig"
	"mien/shared/tensor"
	"mien/weights"
)

func shippedRigging(t testing.TB, painter layer.Painter) *Rigging {
	t.Helper()
	b, err := weights.Shipped(model.KindRig)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rig.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return NewRigging(r, painter)
}

func units(t testing.TB, text string) au.Vector {
	t.Helper()
	v, err := au.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// layeredPortrait is an editor of the portrait that draws layers.
func layeredPortrait(t *testing.T) (*Editor, *image.NRGBA) {
	t.Helper()
	e := New(NewSwap(cpu.New()), nil, facetest.Finder(t))
	e.SetRigging(shippedRigging(t, nil))
	img := decode(t, "../../web/portrait/astronaut.png")
	if _, _, err := e.SetPhoto(context.Background(), img); err != nil {
		t.Fatal(err)
	}
	return e, img
}

func TestLayers(t *testing.T) {
	ctx := context.Background()
	e, img := layeredPortrait(t)
	if !e.Layered() {
		t.Fatal("a face with a mesh is not drawn as layers")
	}
	same, err := e.Picture(ctx, au.Vector{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(same.Pix, img.Pix) {
		t.Error("no change changes the photo")
	}
	f, _ := e.Face()
	side := f.Box.Dx()
	for _, text := range []string{"12=4", "45=5", "26=5,25=3", "04=4,09=3"} {
		out, err := e.Picture(ctx, units(t, text))
		if err != nil {
			t.Fatal(err)
		}
		changed := 0
		for i := 0; i < len(img.Pix); i += 4 {
			if bytes.Equal(img.Pix[i:i+4], out.Pix[i:i+4]) {
				continue
			}
			changed++
			if x, y := i/4%img.Rect.Dx(), i/4/img.Rect.Dx(); !(image.Point{x, y}).In(f.Box.Inset(-side / 3)) {
				t.Fatalf("%s: pixel (%d, %d) far from the face changes", text, x, y)
			}
		}
		if changed < side {
			t.Errorf("%s changes %d pixels", text, changed)
		}
	}
	bad := au.Vector{float32(math.NaN())}
	if _, err := e.Scene(ctx, bad, au.Vector{}); err == nil {
		t.Error("a change of NaN is drawn")
	}
}

// TestLayeredHalf winks: the other half of the face keeps its eye.
func TestLayeredHalf(t *testing.T) {
	ctx := context.Background()
	e, img := layeredPortrait(t)
	out, err := e.PictureSides(ctx, units(t, "45=5"), au.Vector{})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := e.Face()
	difference := func(eye [2]float64) (sum int) {
		for y := int(eye[1]) - 4; y < int(eye[1])+4; y++ {
			for x := int(eye[0]) - 6; x < int(eye[0])+6; x++ {
				for c := range 3 {
					i := img.PixOffset(x, y) + c
					d := int(img.Pix[i]) - int(out.Pix[i])
					sum += max(d, -d)
				}
			}
		}
		return sum
	}
	if closed, open := difference(f.Left), difference(f.Right); closed < 3000 || open > closed/20 {
		t.Errorf("a wink changes the closing eye by %d, the other by %d", closed, open)
	}
}

// TestWhoDraws: a face without a mesh is not drawn as layers, nor where the
// generator comes first.
func TestWhoDraws(t *testing.T) {
	ctx := context.Background()
	e, img := layeredPortrait(t)
	if _, err := e.SetFrame(ctx, img, face.CentreFrame(512, 512)); err != nil {
		t.Fatal(err)
	}
	if e.Layered() {
		t.Error("a face without a mesh is drawn as layers")
	}
	if _, err := e.Scene(ctx, au.Vector{}, au.Vector{}); !errors.Is(err, ErrNoLayers) {
		t.Errorf("error %v, want ErrNoLayers", err)
	}
	if _, err := e.Picture(ctx, units(t, "12=2")); !errors.Is(err, ErrNoGenerator) {
		t.Errorf("error %v, want ErrNoGenerator", err)
	}
	e, _ = layeredPortrait(t)
	b, err := weights.Shipped(model.KindGenerator)
	if err != nil {
		t.Fatal(err)
	}
	g, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	d, err := model.LoadGenerator(g, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.swap.Use(ctx, d); err != nil {
		t.Fatal(err)
	}
	if !e.Layered() {
		t.Error("a generator that is loaded draws, though it does not come first")
	}
	layered, err := e.Picture(ctx, units(t, "12=3"))
	if err != nil {
		t.Fatal(err)
	}
	e.GeneratorFirst(true)
	painted, err := e.Picture(ctx, units(t, "12=3"))
	if err != nil {
		t.Fatal(err)
	}
	if e.Layered() || bytes.Equal(layered.Pix, painted.Pix) {
		t.Error("a generator that comes first does not draw")
	}
}

// TestReadScene reads a scene in a small picture as in the whole one.
func TestReadScene(t *testing.T) {
	ctx := context.Background()
	e, _ := layeredPortrait(t)
	s, err := e.subject()
	if err != nil {
		t.Fatal(err)
	}
	scene, err := e.Scene(ctx, units(t, "26=4"), units(t, "26=4"))
	if err != nil {
		t.Fatal(err)
	}
	const side = 96
	small, err := s.mesh.layers.DrawIn(scene, s.frame, side)
	if err != nil {
		t.Fatal(err)
	}
	whole := face.Crop(s.mesh.layers.Draw(scene), s.frame, side)
	before := face.Crop(s.img, s.frame, side)
	var off, moved int
	for i := range whole.Pix {
		a, b := int(whole.Pix[i])-int(small.Pix[i]), int(whole.Pix[i])-int(before.Pix[i])
		off, moved = off+max(a, -a), moved+max(b, -b)
	}
	if off*8 > moved || moved == 0 {
		t.Errorf("drawn small it differs by %d from the whole picture made small, which the edit changes by %d", off, moved)
	}
	if _, err := e.ReadScene(ctx, scene); err != nil {
		t.Error(err)
	}
}

// shouts counts who paints.
type shouts struct{ n int }

func (s *shouts) Paint(_ context.Context, picture, _ *tensor.Tensor) (*tensor.Tensor, error) {
	s.n++
	return picture.Clone(), nil
}

func TestPainterIsAsked(t *testing.T) {
	ctx := context.Background()
	e, _ := layeredPortrait(t)
	p := &shouts{}
	e.SetRigging(shippedRigging(t, p))
	for _, text := range []string{"", "26=4"} {
		if _, err := e.Scene(ctx, units(t, text), units(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	if p.n != 1 {
		t.Errorf("the painter is asked %d times, want once: for the open mouth", p.n)
	}
}
