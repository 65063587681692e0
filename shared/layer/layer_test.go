package layer

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"mien/shared/face"
	"mien/shared/tensor"
)

// scale is how many photo pixels a pixel of the frame is in the tests.
const scale = 3

// testMesh is a frontal face in a photo of testSide pixels.
func testMesh() *face.Mesh {
	var m face.Mesh
	for i, p := range frameUV {
		x, y := p[0]-64, p[1]-64
		m[i] = [3]float32{scale*x + testSide/2, scale*y + testSide/2, scale * (x*x + y*y) / 90}
	}
	for e, v := range irises {
		var c [2]float32
		for _, u := range eyes[e] {
			c[0] += m[u][0] / float32(eyeSize)
			c[1] += m[u][1] / float32(eyeSize)
		}
		for i := range face.IrisPoints {
			m[v+i] = [3]float32{c[0], c[1], m[eyes[e][0]][2]}
		}
	}
	return &m
}

const testSide = 640

// testPhoto has detail everywhere: noise without the finest, on a gradient. It
// is the caller's.
func testPhoto(grey bool) *image.NRGBA {
	const n = testSide
	noise := testNoise()
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			base := 120 + 30*float64(x)/n - 20*float64(y)/n + 14*noise[y*n+x]
			p := img.Pix[img.PixOffset(x, y):]
			p[0], p[1], p[2], p[3] = byte(base), byte(base), byte(base), 255
			if !grey {
				p[0], p[2] = byte(base*1.2), byte(base*.7+30*math.Sin(float64(x)/9))
			}
		}
	}
	return img
}

// testNoise has a variance of 1 and goes on at its opposite border.
var testNoise = sync.OnceValue(func() []float64 {
	const n, sigma = testSide, 1.1
	r := rand.New(rand.NewPCG(1, 2))
	a, b := make([]float64, n*n), make([]float64, n*n)
	for i := range a {
		a[i] = r.NormFloat64()
	}
	for range 2 { // across, then down
		for y := range n {
			for x := range n {
				var v, sum float64
				for k := -3; k <= 3; k++ {
					w := math.Exp(-float64(k*k) / (2 * sigma * sigma))
					v += w * a[y*n+(x+k+n)%n]
					sum += w * w
				}
				b[x*n+y] = v / math.Sqrt(sum)
			}
		}
		a, b = b, a
	}
	return a
})

func newFace(t testing.TB, photo *image.NRGBA) (*Face, *face.Mesh) {
	t.Helper()
	m := testMesh()
	f, err := New(photo, m)
	if err != nil {
		t.Fatal(err)
	}
	return f, m
}

func draw(t testing.TB, f *Face, m Motion, p Painter) *image.NRGBA {
	t.Helper()
	s, err := f.Scene(context.Background(), m, p)
	if err != nil {
		t.Fatal(err)
	}
	return f.Draw(s)
}

// shout opens the mouth, raises brows and cheeks and lets the jaw fall.
func shout(m *face.Mesh, by float32) *face.Mesh {
	to := *m
	for i := range face.SkinPoints {
		y := (m[i][1] - testSide/2) / scale
		switch {
		case y > 20: // below the upper lip
			to[i][1] += by * (y - 20) / 30
		case y < -20:
			to[i][1] -= by / 4
		}
	}
	for i := 1; i < columns-1; i++ {
		to[lowerLip(i)][1] = m[lowerLip(i)][1] + by*float32(math.Sin(math.Pi*float64(i)/float64(columns-1)))
	}
	return &to
}

// lidsTo moves the lids part of the way to where they meet.
func lidsTo(m *face.Mesh, part float32) *face.Mesh {
	to := *m
	for e := range eyes {
		for i := 1; i < eyeSize/2; i++ {
			u, l := eyes[e][across(i)], eyes[e][i]
			for c := range 3 {
				d := m[l][c] - m[u][c]
				to[u][c] += .9 * part * d
				to[l][c] -= .1 * part * d
			}
		}
	}
	return &to
}

func TestNothingMoves(t *testing.T) {
	photo := testPhoto(false)
	photo.Pix[4*1000+3] = 7
	f, m := newFace(t, photo)
	if !bytes.Equal(draw(t, f, Motion{Mesh: m}, nil).Pix, photo.Pix) {
		t.Error("a mesh that does not move changes the photo")
	}
	// What moves by less than shows is left as well.
	to := *m
	for i := range to {
		to[i][0] += unmoved / 2
	}
	if !bytes.Equal(draw(t, f, Motion{Mesh: &to}, nil).Pix, photo.Pix) {
		t.Error("a motion of half of what is taken for none changes the photo")
	}
}

// inside reports whether p is in a polygon.
func inside(poly []point, p point) bool {
	in := false
	for i, a := range poly {
		b := poly[(i+1)%len(poly)]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1]) {
			in = !in
		}
	}
	return in
}

func TestBackgroundStays(t *testing.T) {
	photo := testPhoto(false)
	f, m := newFace(t, photo)
	out := draw(t, f, Motion{Mesh: shout(m, 50), Folds: make([]float32, LightSize*LightSize)}, nil)
	var middle point
	for _, v := range face.Oval {
		middle = middle.add(f.at[v].times(1. / float64(ovalSize)))
	}
	var ring []point
	for _, v := range face.Oval {
		ring = append(ring, middle.to(f.at[v], farReach+.01))
	}
	changed := 0
	for i := 0; i < len(photo.Pix); i += 4 {
		if bytes.Equal(out.Pix[i:i+4], photo.Pix[i:i+4]) {
			continue
		}
		changed++
		if p := (point{float64(i/4%testSide) + .5, float64(i/4/testSide) + .5}); !inside(ring, p) {
			t.Fatalf("pixel %v outside of the outer ring changes", p)
		}
	}
	if changed < 10000 {
		t.Errorf("%d pixels change, want a face that shouts", changed)
	}
}

// TestSharpness moves a whole face by parts of a pixel and wants the energy of
// its Laplacian kept.
func TestSharpness(t *testing.T) {
	photo := testPhoto(true)
	f, m := newFace(t, photo)
	energy := func(img *image.NRGBA) (e float64) {
		for y := testSide/2 - 60; y < testSide/2+60; y++ {
			for x := testSide/2 - 60; x < testSide/2+60; x++ {
				at := func(dx, dy int) float64 { return float64(img.Pix[img.PixOffset(x+dx, y+dy)]) }
				d := 4*at(0, 0) - at(1, 0) - at(-1, 0) - at(0, 1) - at(0, -1)
				e += d * d
			}
		}
		return e
	}
	var sum float64
	steps := [...][2]float32{{.25, 0}, {.5, 0}, {.5, .5}, {.25, .75}, {0, .25}, {1.5, 2.25}}
	for _, d := range steps {
		to := *m
		for i := range to {
			to[i][0] += d[0]
			to[i][1] += d[1]
		}
		r := energy(draw(t, f, Motion{Mesh: &to}, nil)) / energy(photo)
		sum += r / float64(len(steps))
		if r < .85 || r > 1.1 {
			t.Errorf("moved by %v the energy of the Laplacian is %.3f of the photo's", d, r)
		}
	}
	if sum < .95 || sum > 1.05 {
		t.Errorf("mean energy of the Laplacian %.3f of the photo's, want .95 to 1.05", sum)
	}
	t.Logf("mean energy of the Laplacian %.3f of the photo's", sum)
}

func TestNoTriangleTurnsOver(t *testing.T) {
	f, m := newFace(t, testPhoto(false))
	r := rand.New(rand.NewPCG(3, 4))
	for _, to := range []*face.Mesh{shout(m, 60), shout(m, -20), lidsTo(m, 1), lidsTo(m, -.6)} {
		for i := range 468 { // and rough
			to[i][0] += float32(r.NormFloat64())
			to[i][1] += float32(r.NormFloat64())
		}
		s, err := f.Scene(context.Background(), Motion{Mesh: to}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range skinTriangles {
			var p, q [3]point
			for k, v := range tr {
				p[k], q[k] = f.at[v], point{float64(s.Vertices[v].X), float64(s.Vertices[v].Y)}
			}
			was, is := area(p[0], p[1], p[2]), area(q[0], q[1], q[2])
			if math.Abs(was) > 1 && is/was < 0 {
				t.Errorf("triangle %v turns over: area %.1f, was %.1f", tr, is, was)
			}
		}
	}
}

// TestEyesClose paints the balls green and wants none of it left.
func TestEyesClose(t *testing.T) {
	photo := testPhoto(true)
	m := testMesh()
	var lids [2][]point
	for e := range eyes {
		for _, v := range eyes[e] {
			lids[e] = append(lids[e], point{float64(m[v][0]), float64(m[v][1])})
		}
	}
	green := func(img *image.NRGBA) (n int) {
		for i := 0; i < len(img.Pix); i += 4 {
			if int(img.Pix[i+1]) > int(img.Pix[i])+40 {
				n++
			}
		}
		return n
	}
	for y := range testSide {
		for x := range testSide {
			if p := (point{float64(x) + .5, float64(y) + .5}); inside(lids[0], p) || inside(lids[1], p) {
				copy(photo.Pix[photo.PixOffset(x, y):], []byte{20, 200, 20})
			}
		}
	}
	f, _ := newFace(t, photo)
	open := green(photo)
	last := open
	for _, part := range []float32{.25, .5, .75} {
		out := draw(t, f, Motion{Mesh: lidsTo(m, part)}, nil)
		n := green(out)
		if want := float64(open) * float64(1-part); math.Abs(float64(n)-want) > .15*float64(open) || n >= last {
			t.Errorf("closed by %g, %d of %d pixels of the eyes are seen, want about %.0f", part, n, open, want)
		}
		last = n
	}
	if n := green(draw(t, f, Motion{Mesh: lidsTo(m, 1)}, nil)); n > open/25 {
		t.Errorf("closed eyes show %d pixels of %d", n, open)
	}
	// Wider eyes are eye up to the lids.
	if n := green(draw(t, f, Motion{Mesh: lidsTo(m, -.3)}, nil)); float64(n) < 1.2*float64(open) {
		t.Errorf("eyes open by .3 more show %d pixels, %d before", n, open)
	}
}

func TestBallStays(t *testing.T) {
	photo := testPhoto(false)
	f, m := newFace(t, photo)
	out := draw(t, f, Motion{Mesh: lidsTo(m, .3)}, nil)
	for e, v := range irises {
		x, y := int(m[v][0]), int(m[v][1])+2
		i := photo.PixOffset(x, y)
		if !bytes.Equal(out.Pix[i:i+4], photo.Pix[i:i+4]) {
			t.Errorf("eye %d: the ball changes under a lid that does not cover it", e)
		}
	}
	// An iris that turns takes its pixels along.
	to := *m
	for _, v := range irises {
		to[v][0] += 3
	}
	out = draw(t, f, Motion{Mesh: &to}, nil)
	for e, v := range irises {
		x, y := int(m[v][0]), int(m[v][1])
		if got, want := out.Pix[out.PixOffset(x+3, y)], photo.Pix[photo.PixOffset(x, y)]; got != want {
			t.Errorf("eye %d: the iris has not turned along: %d, want %d", e, got, want)
		}
	}
}

// red paints the mouth in a red that no grey photo has.
type red struct{ holes, bad int }

func (r *red) Paint(_ context.Context, picture, hole *tensor.Tensor) (*tensor.Tensor, error) {
	out := picture.Clone()
	for i, v := range hole.Data {
		if v == 1 {
			r.holes++
			out.Data[3*i], out.Data[3*i+1], out.Data[3*i+2] = .5, -.9, -.9
		} else if v != 0 {
			r.bad++
		}
	}
	return out, nil
}

func TestMouthOpens(t *testing.T) {
	for _, grey := range []bool{false, true} {
		photo := testPhoto(grey)
		f, m := newFace(t, photo)
		to := shout(m, 50)
		painter := &red{}
		for _, p := range []Painter{nil, painter} {
			out := draw(t, f, Motion{Mesh: to}, p)
			i := out.PixOffset(int(to[14][0]), int(to[14][1]+to[13][1])/2)
			if bytes.Equal(out.Pix[i:i+3], photo.Pix[i:i+3]) {
				t.Error("nothing is painted in an open mouth")
			}
			if got := int(out.Pix[i]) - int(out.Pix[i+1]); p != nil && !grey && got < 80 {
				t.Errorf("the painter's red comes out as %v", out.Pix[i:i+3])
			}
			for i := 0; grey && i < len(out.Pix); i += 4 {
				if out.Pix[i] != out.Pix[i+1] || out.Pix[i] != out.Pix[i+2] {
					t.Fatalf("a grey photo becomes %v at pixel %d", out.Pix[i:i+3], i/4)
				}
			}
		}
		if painter.holes < 300 || painter.bad > 0 {
			t.Errorf("the painter was shown a hole of %d pixels, %d of them neither 0 nor 1", painter.holes, painter.bad)
		}
	}
}

// broken gives back what is no patch.
type broken struct{ err error }

func (b broken) Paint(context.Context, *tensor.Tensor, *tensor.Tensor) (*tensor.Tensor, error) {
	return tensor.New(1, 8, 8, 3), b.err
}

func TestPainterFails(t *testing.T) {
	f, m := newFace(t, testPhoto(false))
	to := shout(m, 50)
	if _, err := f.Scene(context.Background(), Motion{Mesh: to}, broken{}); err == nil {
		t.Error("a patch of 8x8 is taken")
	}
	wrong := errors.New("no paint")
	if _, err := f.Scene(context.Background(), Motion{Mesh: to}, broken{wrong}); !errors.Is(err, wrong) {
		t.Errorf("error %v, want the painter's", err)
	}
	if _, err := f.Scene(context.Background(), Motion{Mesh: m}, broken{wrong}); err != nil {
		t.Errorf("a closed mouth is painted: %v", err)
	}
}

func TestToned(t *testing.T) {
	photo := testPhoto(true)
	for i := 0; i < len(photo.Pix); i += 4 {
		y := float64(photo.Pix[i])
		photo.Pix[i], photo.Pix[i+2] = byte(min(y*1.1+4, 255)), byte(y*.8)
	}
	f, _ := newFace(t, photo)
	if f.tone.colour > .01 {
		t.Fatalf("a toned photo is taken for one of %.2f colour", f.tone.colour)
	}
	c := f.tone.of([3]float32{200, 30, 30})
	y := (c[1]*.587 + .299*c[0] + .114*c[2])
	if c[0] < c[1] || c[1] < c[2] || math.Abs(float64(y)-81) > 4 {
		t.Errorf("red of lightness 81 in a brown photo is %v", c)
	}
	if f, _ := newFace(t, testPhoto(false)); f.tone.colour < .99 {
		t.Errorf("a photo with colours is taken for one of %.2f colour", f.tone.colour)
	}
}

func TestRefuses(t *testing.T) {
	photo := testPhoto(true)
	f, m := newFace(t, photo)
	nan := float32(math.NaN())
	for name, change := range map[string]func(m *face.Mesh){
		"nan": func(m *face.Mesh) { m[3][0] = nan }, "far": func(m *face.Mesh) { m[470][1] = 1e9 },
		"deep": func(m *face.Mesh) { m[3][2] = float32(math.Inf(1)) },
	} {
		bad := *m
		change(&bad)
		if _, err := New(photo, &bad); err == nil {
			t.Errorf("%s: New takes the mesh", name)
		}
		if _, err := f.Scene(context.Background(), Motion{Mesh: &bad}, nil); err == nil {
			t.Errorf("%s: Scene takes the mesh", name)
		}
	}
	small := *m
	for i := range small {
		for c := range 3 {
			small[i][c] *= .01
		}
	}
	if _, err := New(photo, &small); err == nil {
		t.Error("a face of 4 pixels is taken")
	}
	if _, err := New(&image.NRGBA{Rect: image.Rect(0, 0, 1<<20, 1<<20)}, m); err == nil {
		t.Error("a photo of a million million pixels is taken")
	}
	if _, err := f.Scene(context.Background(), Motion{Mesh: m, Folds: make([]float32, 3)}, nil); err == nil {
		t.Error("three folds are taken")
	}
}

// TestBeyondThePhoto draws a face that the photo cuts off.
func TestBeyondThePhoto(t *testing.T) {
	photo := testPhoto(false)
	m := testMesh()
	for i := range m {
		m[i][0] += 250
		m[i][1] -= 200
	}
	f, err := New(photo, m)
	if err != nil {
		t.Fatal(err)
	}
	to := *m
	for i := range to {
		to[i][0] -= 9
	}
	if bytes.Equal(draw(t, f, Motion{Mesh: &to}, nil).Pix, photo.Pix) {
		t.Error("nothing moves")
	}
}

func BenchmarkDraw(b *testing.B) {
	f, m := newFace(b, testPhoto(false))
	s, err := f.Scene(context.Background(), Motion{Mesh: shout(m, 40)}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Draw(s)
	}
}

func BenchmarkScene(b *testing.B) {
	f, m := newFace(b, testPhoto(false))
	to := shout(m, 40)
	for b.Loop() {
		if _, err := f.Scene(context.Background(), Motion{Mesh: to}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
