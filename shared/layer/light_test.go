package layer

import (
	"bytes"
	"context"
	"math"
	"testing"

	"mien/shared/face"
)

func TestLightOfTurnedSkin(t *testing.T) {
	// A photo lit from its left.
	photo := testPhoto(true)
	m := testMesh()
	n := normals(m)
	for y := range testSide {
		for x := range testSide {
			u := (float64(x) - testSide/2) / scale / 60
			v := 150 * math.Pow(max(.15, .5-.5*u), 1/encoding)
			p := photo.Pix[photo.PixOffset(x, y):]
			p[0], p[1], p[2] = byte(v), byte(v), byte(v)
		}
	}
	f, _ := newFace(t, photo)
	if f.light.x > -.05 {
		t.Errorf("light from the left is read as (%.2f %.2f %.2f), ambient %.2f", f.light.x, f.light.y, f.light.z, f.light.ambient)
	}
	turn := func(by float64) normal {
		c := n[50]
		return normal{c[0] + by, c[1], c[2]}
	}
	if to, away := f.light.change(n[50], turn(-.3)), f.light.change(n[50], turn(.3)); to <= 1 || away >= 1 {
		t.Errorf("skin that turns to the light changes by %.3f, away from it by %.3f", to, away)
	}
	for _, by := range []float64{-3, -1, 1, 3} {
		if c := f.light.change(n[50], turn(by)); c < darkest || c > brightest {
			t.Errorf("light changes by %.3f, want %.2f to %.2f", c, darkest, brightest)
		}
	}
}

func TestNormalsFaceTheCamera(t *testing.T) {
	n := normals(testMesh())
	for _, v := range [...]int{4, 50, 280, 151, 152, 9} {
		if n[v][2] > -.3 {
			t.Errorf("the normal of point %d is %v, want it towards the camera", v, n[v])
		}
	}
}

// TestFolds darkens a cheek, and no more than it may.
func TestFolds(t *testing.T) {
	photo := testPhoto(true)
	f, m := newFace(t, photo)
	folds := make([]float32, LightSize*LightSize)
	cheek := frameUV[50]
	at := int(cheek[1])*LightSize + int(cheek[0])
	for _, deep := range []float32{-1, 1, -1000, 1000} {
		for dy := -2; dy <= 2; dy++ {
			for dx := -2; dx <= 2; dx++ {
				folds[at+dy*LightSize+dx] = deep
			}
		}
		s, err := f.Scene(context.Background(), Motion{Mesh: m, Folds: folds}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := math.Log(float64(s.Light[at]) / Unlit)
		want := min(max(float64(deep)*f.light.spread, deepestFold), highestFold, math.Log(brightest)) * float64(f.light.skin[at])
		if math.Abs(got-want) > 1e-3 {
			t.Errorf("a fold of %g spreads changes the light by e^%.3f, want e^%.3f", deep, got, want)
		}
		out := f.Draw(s)
		x, y := int(m[50][0]), int(m[50][1])
		i := photo.PixOffset(x, y)
		if deep < 0 != (out.Pix[i] < photo.Pix[i]) {
			t.Errorf("a fold of %g changes the cheek from %d to %d", deep, photo.Pix[i], out.Pix[i])
		}
		if far := photo.PixOffset(3, 3); !bytes.Equal(out.Pix[far:far+4], photo.Pix[far:far+4]) {
			t.Error("a fold changes the background")
		}
	}
	// A fold leaves what is inside the eyes.
	for i := range folds {
		folds[i] = -1
	}
	out := draw(t, f, Motion{Mesh: m, Folds: folds}, nil)
	for e, v := range irises {
		i := photo.PixOffset(int(m[v][0]), int(m[v][1]))
		if out.Pix[i] != photo.Pix[i] {
			t.Errorf("eye %d: folds change the ball", e)
		}
	}
}

// TestHairIsNoSkin paints a fringe over the forehead.
func TestHairIsNoSkin(t *testing.T) {
	photo := testPhoto(true)
	m := testMesh()
	for y := range int(m[151][1]) + 10 {
		for x := range testSide {
			copy(photo.Pix[photo.PixOffset(x, y):], []byte{18, 18, 18})
		}
	}
	f, _ := newFace(t, photo)
	at := func(v int) float32 { return f.light.skin[int(frameUV[v][1])*LightSize+int(frameUV[v][0])] }
	if hair, cheek := at(151), at(50); hair > .1 || cheek < .8 {
		t.Errorf("hair is %.2f skin, a cheek %.2f", hair, cheek)
	}
}

func TestGainAt(t *testing.T) {
	g := gains(nil)
	for _, p := range [][2]float64{{0, 0}, {-5, 200}, {127, 127}, {64.3, 12.9}} {
		if v := gainAt(g, p[0], p[1]); v != 1 {
			t.Errorf("no light at %v is %g", p, v)
		}
	}
	light := make([]uint16, LightSize*LightSize)
	light[5*LightSize+6], light[5*LightSize+7] = Unlit, Unlit/2
	if v := gainAt(gains(light), 6.5, 5); v != .75 {
		t.Errorf("between 1 and .5 lies %g", v)
	}
}

func TestEveryVertexHasItsPlace(t *testing.T) {
	uv := places()
	for v := range face.SkinPoints {
		if uv[v][0] < 0 || uv[v][0] > LightSize || uv[v][1] < 0 || uv[v][1] > LightSize {
			t.Errorf("point %d lies at %v of the frame", v, uv[v])
		}
	}
	for _, v := range []int{eyeAt(0, coreRow, 3), eyeAt(1, rimRow, 0), mouthVertex(upperTop, 2), mouthVertex(lowerBottom, 10)} {
		if uv[v][0] >= 0 {
			t.Errorf("vertex %d inside an eye or the mouth is lit", v)
		}
	}
}

// TestCarry takes a map of a frame that is turned upside down and half as large.
func TestCarry(t *testing.T) {
	var at [face.SkinPoints][2]float32
	for v, p := range frameUV {
		at[v] = [2]float32{p[0]/2 + 20 + .5, 100 - p[1]/2 + .5}
	}
	m := make([]float32, LightSize*LightSize)
	for i := range m {
		m[i] = float32(i%LightSize*1000) + float32(i/LightSize)
	}
	got := Carry(m, &at)
	for _, v := range [...]int{4, 50, 280, 151, 199} {
		x, y := int(frameUV[v][0]), int(frameUV[v][1])
		want := 1000*(float64(x)/2+20) + 100 - float64(y)/2
		if d := float64(got[y*LightSize+x]) - want; math.Abs(d) > 2 {
			t.Errorf("at point %d the map is %g, want %g", v, got[y*LightSize+x], want)
		}
	}
	if got[0] != 0 {
		t.Errorf("outside the face it is %g, want 0", got[0])
	}
}
