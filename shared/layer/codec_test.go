package layer

import (
	"bytes"
	"context"
	"math"
	"reflect"
	"testing"
)

func testScenes(t testing.TB) (f *Face, rest, open *Scene) {
	f, m := newFace(t, testPhoto(false))
	rest, err := f.Scene(context.Background(), Motion{Mesh: m}, nil)
	if err != nil {
		t.Fatal(err)
	}
	open, err = f.Scene(context.Background(), Motion{Mesh: shout(m, 40)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f, rest, open
}

func TestCodec(t *testing.T) {
	_, rest, open := testScenes(t)
	if rest.Light != nil || rest.Patch != nil || open.Light == nil || open.Patch == nil {
		t.Fatal("want a scene without light and patch, and one with both")
	}
	for _, s := range []*Scene{rest, open} {
		got, err := DecodeScene(s.Encode(true))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, s) {
			t.Error("a scene that is read is not the one that was written")
		}
	}
	b := open.Encode(false)
	if len(b) > 80<<10 {
		t.Errorf("a scene takes %d bytes", len(b))
	}
	got, err := DecodeScene(b)
	if err != nil || len(got.Triangles) != 0 || !reflect.DeepEqual(got.Vertices, open.Vertices) {
		t.Errorf("without triangles: %v", err)
	}
}

func TestCodecRefuses(t *testing.T) {
	_, _, open := testScenes(t)
	good := open.Encode(true)
	for name, change := range map[string]func(b []byte) []byte{
		"empty": func([]byte) []byte { return nil }, "cut": func(b []byte) []byte { return b[:len(b)-1] },
		"long":     func(b []byte) []byte { return append(b, 0) },
		"vertices": func(b []byte) []byte { b[0]++; return b },
		"nan":      func(b []byte) []byte { copy(b[codecHead:], []byte{0, 0, 0xc0, 0x7f}); return b },
		"index": func(b []byte) []byte {
			copy(b[codecHead+codecVertex*vertexCount:], []byte{255, 255})
			return b
		},
		"flags": func(b []byte) []byte { b[4] |= 4; return b },
	} {
		if _, err := DecodeScene(change(bytes.Clone(good))); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

func FuzzDecodeScene(f *testing.F) {
	fc, rest, open := testScenes(f)
	f.Add(rest.Encode(true))
	f.Add(open.Encode(false))
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, b []byte) {
		s, err := DecodeScene(b)
		if err != nil {
			return
		}
		if len(s.Triangles) == 0 {
			s.Triangles = fc.triangles
		}
		small := *fc
		small.Draw(s) // whatever it says, it can be drawn
	})
}

func TestLerp(t *testing.T) {
	f, rest, open := testScenes(t)
	if Lerp(rest, open, 0) != rest || Lerp(rest, open, 1) != open || Lerp(rest, open, 2) != open || Lerp(rest, open, float32(math.NaN())) != rest {
		t.Error("the ends are not the scenes themselves")
	}
	half := Lerp(rest, open, .5)
	for i, v := range half.Vertices {
		if want := (rest.Vertices[i].X + open.Vertices[i].X) / 2; math.Abs(float64(v.X-want)) > 1e-3 {
			t.Fatalf("vertex %d at %g, want %g", i, v.X, want)
		}
	}
	if half.Patch == nil || half.Light == nil {
		t.Error("half way there is no light or paint")
	}
	back := Lerp(open, rest, .9999)
	a, b := f.Draw(back), f.Draw(rest)
	for i := range a.Pix {
		if d := int(a.Pix[i]) - int(b.Pix[i]); d > 3 || d < -3 {
			t.Fatalf("just before the photo byte %d differs from it by %d", i, d)
		}
	}
	if got := Lerp(&Scene{}, open, .5); got != open {
		t.Error("scenes of different faces are mixed")
	}
}
