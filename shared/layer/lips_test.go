package layer

import (
	"bytes"
	"context"
	"math"
	"testing"

	"mien/shared/face"
)

// TestLipsPartWhereTheyMeet draws the line between closed lips beside the
// mesh's.
func TestLipsPartWhereTheyMeet(t *testing.T) {
	const beside = 5
	photo := testPhoto(true)
	m := testMesh()
	for c := 1; c < columns-1; c++ { // closed
		u, l := upperLip(c), lowerLip(c)
		m[l][1] = (m[u][1] + m[l][1]) / 2
		m[u] = m[l]
	}
	y := m[13][1]
	for c := range columns {
		m[upperLip(c)][1], m[lowerLip(c)][1] = y, y
		m[upperRim(c)][1], m[lowerRim(c)][1] = y-18, y+20
	}
	for x := range testSide {
		for dy := -1; dy <= 1; dy++ {
			copy(photo.Pix[photo.PixOffset(x, int(y)+beside+dy):], []byte{30, 30, 30})
		}
	}
	f, err := New(photo, m)
	if err != nil {
		t.Fatal(err)
	}
	for c := 3; c < columns-3; c++ {
		if d := f.at[upperLip(c)][1] - float64(y) - beside; math.Abs(d) > 1.6 {
			t.Errorf("column %d parts %.1f pixels beside the line", c, d)
		}
		if f.at[upperLip(c)] != f.at[lowerLip(c)] {
			t.Errorf("column %d is no longer closed", c)
		}
	}
	if !bytes.Equal(draw(t, f, Motion{Mesh: m}, nil).Pix, photo.Pix) {
		t.Error("a mesh that does not move changes the photo")
	}
	// No lip takes the line along, so that none shows it twice.
	s, err := f.Scene(context.Background(), Motion{Mesh: shout(m, 40)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := f.Draw(s)
	middle := int(m[13][0])
	for dy := 6; dy < 12; dy++ {
		low := int(s.Vertices[lowerLip(columns/2)].Y)
		if v := out.Pix[out.PixOffset(middle, low+dy)]; v < 60 {
			t.Errorf("%d pixels below its margin the lower lip is %d: the line went along", dy, v)
		}
	}
}

// TestLipsPartRound moves the lips beside the corners as far as the middle.
func TestLipsPartRound(t *testing.T) {
	f, m := newFace(t, testPhoto(false))
	to := *m
	for i := range face.SkinPoints {
		if m[i][1] > m[14][1]-1 {
			to[i][1] += 40
		}
	}
	for c := 1; c < columns-1; c++ {
		to[lowerLip(c)][1] = m[lowerLip(c)][1] + 40
	}
	s, err := f.Scene(context.Background(), Motion{Mesh: &to}, nil)
	if err != nil {
		t.Fatal(err)
	}
	open := func(c int) float64 { return float64(s.Vertices[lowerLip(c)].Y - s.Vertices[upperLip(c)].Y) }
	if open(5) < 35 {
		t.Fatalf("the middle opens by %.1f pixels, want 40 or so", open(5))
	}
	if open(1) > .75*open(5) {
		t.Errorf("beside the corner the lips open by %.1f pixels, %.1f in the middle", open(1), open(5))
	}
}

// TestClosedLidsAreLit draws dark creases and wants them lighter where the lids
// lie over the eyes.
func TestClosedLidsAreLit(t *testing.T) {
	photo := testPhoto(true)
	m := testMesh()
	for e := range eyes {
		for i := eyeSize/2 + 1; i < eyeSize; i++ {
			p := m[around[e][i]]
			for y := int(p[1]) - 4; y < int(p[1])+4; y++ {
				for x := int(p[0]) - 5; x < int(p[0])+5; x++ {
					copy(photo.Pix[photo.PixOffset(x, y):], []byte{70, 70, 70})
				}
			}
		}
	}
	f, _ := newFace(t, photo)
	at := int(frameUV[27][1])*LightSize + int(frameUV[27][0])
	for _, v := range f.light.lids[0] {
		if v < 0 || v > mostLid {
			t.Fatalf("a lid is lit by e^%.2f, want 0 to %.2f", v, mostLid)
		}
	}
	for _, part := range []float32{0, .5, 1} {
		s, err := f.Scene(context.Background(), Motion{Mesh: lidsTo(m, part), Folds: make([]float32, LightSize*LightSize)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, want := math.Log(float64(s.Light[at])/Unlit), float64(part)*.2
		if part == 0 && got != 0 || got < want {
			t.Errorf("a lid closed by %g is lit by e^%.2f, want e^%.2f or more", part, got, want)
		}
	}
	if face.SkinPoints != len(frameUV) {
		t.Error("the frame has another number of points than the mesh")
	}
}
