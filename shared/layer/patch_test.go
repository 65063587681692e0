package layer

import (
	"math"
	"testing"

	"mien/shared/face"
)

// TestPatchIsTheScenes cuts the patch that a painter gets of an unmoved face:
// what it learns from looks like what it paints into.
func TestPatchIsTheScenes(t *testing.T) {
	for name, turn := range map[string]float64{"level": 0, "tilted": .4} {
		photo := testPhoto(false)
		m := testMesh()
		sin, cos := math.Sincos(turn)
		for i, p := range m {
			x, y := float64(p[0])-testSide/2, float64(p[1])-testSide/2
			m[i][0], m[i][1] = float32(cos*x-sin*y+testSide/2), float32(sin*x+cos*y+testSide/2)
		}
		f, err := New(photo, m)
		if err != nil {
			t.Fatal(err)
		}
		b := builder{f: f, m: &Motion{Mesh: m}, to: f.at}
		for c := 1; c < columns-1; c++ { // a hole, without which nothing is drawn
			b.to[lowerLip(c)] = b.to[lowerLip(c)].add(point{-sin * 20, cos * 20})
		}
		b.skin()
		b.lips()
		drawn := f.hole(&Scene{Vertices: b.vertices[:], Triangles: f.triangles}, PatchFrame(m))
		if drawn == nil {
			t.Fatal("the opened mouth has no hole")
		}
		cut := CutPatch(photo, m)
		var sum float64
		n := 0
		in := Opening(m)
		for i := range PatchWidth * (PatchHeight / 3) { // above the lips' corners
			if drawn.cover[i] > 0 || in[i] {
				continue
			}
			for c := range 3 {
				sum += math.Abs(float64(cut.Pix[4*i+c]) - float64(drawn.picture.Pix[4*i+c]))
				n++
			}
		}
		if n < PatchWidth*PatchHeight/2 || sum/float64(n) > 1 {
			t.Errorf("%s: %d values differ from the scene's by %.2f in the mean, want at most 1", name, n, sum/float64(n))
		}
	}
}

func TestOpening(t *testing.T) {
	m := testMesh()
	for i := 1; i < columns-1; i++ { // a mouth of known height
		x := m[upperLip(i)][0]
		m[upperLip(i)] = [3]float32{x, 400, 0}
		m[lowerLip(i)] = [3]float32{x, 430, 0}
	}
	in := Opening(m)
	n := 0
	for _, v := range in {
		if v {
			n++
		}
	}
	k := PatchFrame(m)
	var area float64
	for i, v := range face.LipsInner {
		p, q := m[v], m[face.LipsInner[(i+1)%lipSize]]
		area += float64(p[0])*float64(q[1]) - float64(q[0])*float64(p[1])
	}
	area = math.Abs(area) / 2 * (k[0]*k[0] + k[1]*k[1])
	if math.Abs(float64(n)-area) > .05*area {
		t.Errorf("%d pixels of the patch are inside lips of %.0f pixels", n, area)
	}
	for i := 1; i < columns-1; i++ {
		m[lowerLip(i)] = m[upperLip(i)]
	}
	for i, v := range Opening(m) {
		if v {
			t.Fatalf("closed lips are open at pixel %d", i)
		}
	}
	far := *m
	for i := range far {
		far[i][1] += 1e6
	}
	far[face.LipsOuter[0]] = m[face.LipsOuter[0]]
	Opening(&far) // lies nowhere, and does not fail
}
