package edit

import (
	"bytes"
	"image"
	"math"
	"testing"

	"mien/shared/face"
	"mien/shared/tensor"
)

// noise returns a picture of random pixels, alpha included.
func noise(w, h int) *image.NRGBA {
	r := tensor.NewRand(1, 1, 0, 0)
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Intn(256))
	}
	return img
}

// smooth returns a picture whose red rises by 2 per column and green by 3 per row.
func smooth(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+3] = byte(2*(i%w)), byte(3*(i/w)), 255
	}
	return img
}

func randomField(size int, sample uint64) Field {
	r := tensor.NewRand(2, 2, 0, sample)
	f := NewField(size)
	for i := range f.Warp {
		f.Warp[i] = r.Range(-.2, .2)
	}
	for i := range f.Shade {
		f.Shade[i] = r.Range(-.5, .5)
	}
	for i := range f.Mask {
		f.Mask[i] = r.Float32()
	}
	for i := range f.Colour {
		f.Colour[i] = r.Range(-1, 1)
	}
	return f
}

// frames on a photo of 90 x 61 pixels: upright, tilted, half outside.
var frames = []face.Frame{
	face.CentreFrame(90, 61),
	{A: [6]float64{20, -9, 44.3, 9, 20, 31.7}},
	{A: [6]float64{25, 0, 0, 0, 25, 61}},
}

func TestZeroFieldKeepsEveryByte(t *testing.T) {
	photo := noise(90, 61)
	colourOnly := randomField(7, 0)
	clear(colourOnly.Warp)
	clear(colourOnly.Mask)
	clear(colourOnly.Shade)
	for _, frame := range frames {
		for _, f := range []Field{{}, NewField(64), colourOnly} {
			out := Apply(photo, frame, f)
			if !f.IsZero() || !bytes.Equal(out.Pix, photo.Pix) {
				t.Errorf("frame %v, field of size %d: bytes change", frame.A, f.Size)
			}
			out.Pix[0]++
			if out.Pix[0] == photo.Pix[0] {
				t.Fatal("the result shares the photo's bytes")
			}
		}
	}
	// A field that is not zero, but where the frame shows it: one far sample.
	f := NewField(64)
	f.Warp[2*(5*64+5)] = .1
	if out := Apply(photo, frames[0], f); f.IsZero() || !bytes.Equal(out.Pix[4*(40*90+45):], photo.Pix[4*(40*90+45):]) {
		t.Error("pixels change where warp and mask are 0")
	}
}

func TestNothingChangesOutsideTheFrame(t *testing.T) {
	photo := noise(90, 61)
	for n, frame := range frames {
		inv, err := frame.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		out := Apply(photo, frame, randomField(31, uint64(n)))
		inside := 0
		for y := range 61 {
			for x := range 90 {
				i := out.PixOffset(x, y)
				u, v := inv.Photo(float64(x)+.5, float64(y)+.5)
				if same := bytes.Equal(out.Pix[i:i+4], photo.Pix[i:i+4]); !same {
					inside++
					if math.Abs(u) > 1 || math.Abs(v) > 1 {
						t.Fatalf("frame %v: pixel %d,%d at %.2f,%.2f changes", frame.A, x, y, u, v)
					}
				}
				if out.Pix[i+3] != photo.Pix[i+3] {
					t.Fatalf("frame %v: alpha of pixel %d,%d changes", frame.A, x, y)
				}
			}
		}
		if inside < 300 {
			t.Errorf("frame %v: a random field changes %d pixels", frame.A, inside)
		}
	}
}

// TestShadeAdds wants shade to lighten and darken without touching detail.
func TestShadeAdds(t *testing.T) {
	photo := smooth(90, 61)
	f := NewField(4)
	for i := range 16 {
		copy(f.Shade[3*i:], []float32{.2, -.2, 0})
	}
	out := Apply(photo, face.CentreFrame(90, 61), f)
	const at = 4 * (30*90 + 45)              // the middle, where nothing fades
	for c, want := range []int{25, -25, 0} { // .2 of 127.5
		d := int(out.Pix[at+c]) - int(photo.Pix[at+c])
		if d < want-1 || d > want+1 {
			t.Errorf("channel %d changes by %d, want %d", c, d, want)
		}
	}
	if half := Lerp(Field{}, f, .5); half.Shade[0] != .1 || f.IsZero() {
		t.Errorf("half of the shade is %g, want .1", half.Shade[0])
	}
	if Apply(photo, face.CentreFrame(90, 61), f).Pix[0] != photo.Pix[0] {
		t.Error("a pixel outside the frame changes")
	}
}

func TestMaskPaintsItsColour(t *testing.T) {
	photo := noise(90, 61)
	f := NewField(8)
	for i := range f.Mask {
		f.Mask[i] = 1
		copy(f.Colour[3*i:], []float32{1, -1, 0})
	}
	out := Apply(photo, frames[0], f)
	if c := out.NRGBAAt(45, 30); c.R != 255 || c.G != 0 || c.B != 128 || c.A != photo.NRGBAAt(45, 30).A {
		t.Errorf("centre %v, want 255 0 128", c)
	}
	for i := range f.Mask {
		f.Mask[i] = .25
	}
	got, from := Apply(photo, frames[0], f).NRGBAAt(45, 30), photo.NRGBAAt(45, 30)
	if want := .75*float64(from.R) + .25*255; math.Abs(float64(got.R)-want) > .51 {
		t.Errorf("quarter mask: red %d, want %.1f", got.R, want)
	}
	// Half way through the feather on one side: u = 1 - FeatherWidth/2.
	if w := face.Feather(1-face.FeatherWidth/2, 0); math.Abs(float64(w)-.5) > 1e-6 {
		t.Errorf("feather half way %g, want .5", w)
	}
	if face.Feather(.7, -.7) != 1 || face.Feather(1, 0) != 0 || face.Feather(0, -1.5) != 0 {
		t.Error("feather is not 1 inside or not 0 at the border")
	}
}

func TestWarpShifts(t *testing.T) {
	photo := smooth(90, 61)
	f := NewField(16)
	for i := 0; i < len(f.Warp); i += 2 {
		f.Warp[i], f.Warp[i+1] = .1, -.05
	}
	for _, frame := range frames[:2] {
		out := Apply(photo, frame, f)
		for _, p := range []image.Point{{44, 31}, {48, 28}, {40, 33}} {
			dx := .1*frame.A[0] - .05*frame.A[1]
			dy := .1*frame.A[3] - .05*frame.A[4]
			got := out.NRGBAAt(p.X, p.Y)
			wantR, wantG := 2*(float64(p.X)+dx), 3*(float64(p.Y)+dy)
			if math.Abs(float64(got.R)-wantR) > .51 || math.Abs(float64(got.G)-wantG) > .51 {
				t.Errorf("frame %v: pixel %v is %v, want red %.1f green %.1f", frame.A, p, got, wantR, wantG)
			}
		}
	}
}

// TestFieldIsReadAtItsSamples compares the bilinear look-up with a field that
// rises linearly in u and v, which it must reproduce between the samples.
func TestFieldIsReadAtItsSamples(t *testing.T) {
	for _, size := range []int{1, 7, 8, 64} {
		f := NewField(size)
		for y := range size {
			for x := range size {
				u, v := float32(2*x+1)/float32(size)-1, float32(2*y+1)/float32(size)-1
				f.Warp[2*(y*size+x)], f.Warp[2*(y*size+x)+1] = u+.5*v, v
			}
		}
		edge := 1 - 1/float32(size)
		for _, p := range [][2]float32{{0, 0}, {.3, -.7}, {-1, 1}, {.99, .2}} {
			u, v := min(max(p[0], -edge), edge), min(max(p[1], -edge), edge)
			s := f.locate(p[0], p[1])
			if got, want := s.read(f.Warp, 2, 0), u+.5*v; math.Abs(float64(got-want)) > 1e-5 {
				t.Errorf("size %d at %v: %g, want %g", size, p, got, want)
			}
			if got := s.read(f.Warp, 2, 1); math.Abs(float64(got-v)) > 1e-5 {
				t.Errorf("size %d at %v: %g, want %g", size, p, got, v)
			}
		}
	}
}

func TestLerp(t *testing.T) {
	a, b := randomField(9, 1), randomField(9, 2)
	for i := 0; i < len(a.Mask); i += 2 {
		a.Mask[i] = 0
	}
	mid := Lerp(a, b, .25)
	for i := range mid.Mask {
		if want := .75*a.Mask[i] + .25*b.Mask[i]; math.Abs(float64(mid.Mask[i]-want)) > 1e-6 {
			t.Fatalf("mask %d is %g, want %g", i, mid.Mask[i], want)
		}
		if a.Mask[i] == 0 && b.Mask[i] > 0 && mid.Colour[3*i] != b.Colour[3*i] {
			t.Fatalf("colour %d is %g: a colour under no mask shines through", i, mid.Colour[3*i])
		}
		if want := .75*a.Warp[i] + .25*b.Warp[i]; math.Abs(float64(mid.Warp[i]-want)) > 1e-6 {
			t.Fatalf("warp %d is %g, want %g", i, mid.Warp[i], want)
		}
	}
	same := func(x, y Field) bool { return x.Size == y.Size && &x.Warp[0] == &y.Warp[0] }
	if !same(Lerp(a, b, 0), a) || !same(Lerp(a, b, 1), b) || !same(Lerp(a, b, -1), a) || !same(Lerp(a, b, 2), b) || !same(Lerp(a, b, float32(math.NaN())), a) {
		t.Error("the ends are not the two fields")
	}
	if f := Lerp(Field{}, b, .5); f.Size != 9 || f.Warp[3] != b.Warp[3]/2 || f.Colour[5] != b.Colour[5] {
		t.Error("an empty field does not fade in like zeros")
	}
	if f := Lerp(a, Field{}, .5); f.Size != 9 || f.Warp[3] != a.Warp[3]/2 || Lerp(Field{}, Field{}, .5).Size != 0 || Lerp(a, NewField(3), .5).Size != 3 {
		t.Error("fields of size 0 or different sizes mix wrongly")
	}
}

func TestBadInputChangesNothing(t *testing.T) {
	photo := noise(90, 61)
	good := randomField(9, 1)
	short, nan, inf := randomField(9, 1), randomField(9, 1), randomField(9, 1)
	short.Colour = short.Colour[1:]
	nan.Mask[3] = float32(math.NaN())
	inf.Warp[3] = float32(math.Inf(-1))
	for _, f := range []Field{short, nan, inf, {Size: -1}, {Size: 1 << 30}} {
		if f.Check() == nil || !bytes.Equal(Apply(photo, frames[0], f).Pix, photo.Pix) {
			t.Errorf("field of size %d: accepted", f.Size)
		}
	}
	for _, frame := range []face.Frame{{}, {A: [6]float64{math.NaN(), 0, 0, 0, 1, 0}}, {A: [6]float64{1, 1, 0, 1, 1, 0}}, {A: [6]float64{1e300, 0, 0, 0, 1e300, 0}}} {
		if !bytes.Equal(Apply(photo, frame, good).Pix, photo.Pix) {
			t.Errorf("frame %v: used", frame.A)
		}
	}
	if bytes.Equal(Apply(photo, frames[0], good).Pix, photo.Pix) {
		t.Error("the good field changes nothing")
	}
}

// A photo of 12 megapixels with a face a quarter of its height.
func BenchmarkApply12MP(b *testing.B) {
	photo := smooth(4000, 3000)
	frame := face.Frame{A: [6]float64{700, -50, 2000, 50, 700, 1400}}
	f := randomField(64, 1)
	for b.Loop() {
		Apply(photo, frame, f)
	}
}

// TestSides: each half of a field comes from its own side, the seam is between.
func TestSides(t *testing.T) {
	a, b := randomField(32, 1), randomField(32, 2)
	f, err := Sides(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Mask {
		switch x := i % 32; {
		case x < 13 && (f.Warp[2*i] != a.Warp[2*i] || f.Mask[i] != a.Mask[i]),
			x > 18 && (f.Shade[3*i] != b.Shade[3*i] || f.Mask[i] != b.Mask[i]):
			t.Fatalf("sample %d of column %d is of the wrong side", i, x)
		}
	}
	if f, err := Sides(Field{}, b); err != nil || f.Warp[0] != 0 || f.Warp[2*31] != b.Warp[2*31] {
		t.Error("a side that does not move is not still")
	}
	if f, err := Sides(Field{}, Field{}); err != nil || f.Size != 0 {
		t.Error("two sides that do not move make a field")
	}
	if _, err := Sides(a, NewField(3)); err == nil {
		t.Error("fields of two sizes are mixed")
	}
}
