package prior

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mien/native/internal/dataset"
	"mien/shared/au"
	"mien/shared/tensor"
)

// waves is a source of people whose picture gets a bright mouth with AU25.
type waves struct {
	n      int
	alone  bool                             // everybody is there once
	points func(int, *Landmarks) *Landmarks // what becomes of a face's landmarks; nil leaves them
}

func (w waves) Len() int  { return w.n }
func (w waves) Size() int { return 64 }
func (w waves) Labels(i int) au.Vector {
	r := tensor.NewRand(1, 1, 0, uint64(i))
	return au.Vector{14: r.Range(0, 5), 8: r.Range(0, 5)}
}
func (w waves) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	v := w.Labels(i)
	l := face
	img := make([]uint8, 64*64*3)
	for p := range 64 * 64 {
		b := 80 + p%64 + p/64/2
		if x, y := p%64, p/64; x > 28 && x < 36 && y > 40 && y < 46 {
			b += int(10 * v[14])
		}
		for c := range 3 {
			img[3*p+c] = uint8(b)
		}
	}
	who := string(rune('a' + i/4))
	if w.alone {
		who = string(rune('a' + i))
	}
	if w.points != nil {
		return img, v, w.points(i, &l), who, nil
	}
	return img, v, &l, who, nil
}

// face is the neutral face with the lips apart.
var face = func() Landmarks {
	l := Neutral
	for k := 65; k < 68; k++ {
		l[k][1] += 5
	}
	return l
}()

func TestMoveNeverCrosses(t *testing.T) {
	for i := range 400 {
		r := tensor.NewRand(2, 1, 0, uint64(i))
		var d au.Vector
		for k := range d {
			d[k] = r.Range(-au.Max, au.Max)
		}
		m := Move(face, d)
		for _, p := range facing {
			if gap := m[p[1]][1] - m[p[0]][1]; gap < leastOpening*(face[p[1]][1]-face[p[0]][1])-.01 {
				t.Fatalf("change %v: points %v are %g apart, want at least %g", d, p, gap, leastOpening*(face[p[1]][1]-face[p[0]][1]))
			}
		}
	}
	if Move(face, au.Vector{}) != face {
		t.Error("no change moves landmarks")
	}
}

// TestEyesOpenWithinReason raises all that lifts a lid, further and further.
func TestEyesOpenWithinReason(t *testing.T) {
	for _, e := range eyes {
		before := face[e.low][1] - face[e.up][1]
		wide := max(widest*(face[e.right][0]-face[e.left][0]), (1+wider)*before) + 1e-4
		for a := float32(1); a <= au.Max; a++ {
			var d au.Vector
			for _, code := range []string{"02", "05"} {
				d[au.Index(code)] = a
			}
			m := Move(face, d)
			now := m[e.low][1] - m[e.up][1]
			if now < before || a == 1 && now < before+.5 || now > wide {
				t.Errorf("lid %d at intensity %g is %g open, after %g, want more (by half a pixel at 1), and at most %g", e.up, a, now, before, wide)
			}
			before = now
		}
	}
}

func TestFitFindsTheShade(t *testing.T) {
	p, report, err := Fit(context.Background(), waves{n: 520}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Faces != 520 || report.People != 130 || report.Without != 0 || len(report.Flat) != au.Count-2 {
		t.Errorf("report %+v", report)
	}
	n := side * side * 3
	at := func(i, x, y int) float32 { return p.shading[i*n+(y*side+x)*3] }
	if at(14, 32, 43) < .02 || at(14, 32, 20) > .2*at(14, 32, 43) || at(8, 32, 43) > .2*at(14, 32, 43) {
		t.Errorf("shading of AU25 at the mouth %g, at the brow %g; of AU12 at the mouth %g", at(14, 32, 43), at(14, 32, 20), at(8, 32, 43))
	}
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	q, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 64*64*3)
	for i := range x {
		x[i] = float32(i%97)/48 - 1
	}
	d := au.Vector{14: 2, 8: 1}
	a, _, err := p.Teach(x, 64, face, d)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := q.Lesson(x, 64, &face, d)
	o, err := p.Field(x, 64, face, d, d, 32)
	if err != nil {
		t.Fatal(err)
	}
	var moved float32
	for i := range a {
		if a[i] != c[i] {
			t.Fatal("a prior read back edits differently")
		}
	}
	for _, v := range o.Warp {
		moved = max(moved, v, -v)
	}
	if moved < .01 || moved > .5 {
		t.Errorf("largest warp %g, want .01 to .5", moved)
	}
	same, _, err := p.Teach(x, 64, face, au.Vector{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range x {
		if same[i] != x[i] {
			t.Fatal("no change changes the picture")
		}
	}
	if _, err := Decode(b[:len(b)-1]); err == nil {
		t.Error("a cut file was read")
	}
}

// TestFitRefuses: every set of faces that teaches nothing gets its own message.
func TestFitRefuses(t *testing.T) {
	lost := func(int, *Landmarks) *Landmarks { return nil }
	far := func(_ int, l *Landmarks) *Landmarks { l[8][1] = 400; return l }
	none := func(_ int, l *Landmarks) *Landmarks { l[3][0] = float32(math.NaN()); return l }
	for _, c := range []struct {
		faces waves
		want  string
	}{
		{waves{n: 499}, "499 have their landmarks in the picture, want at least 500"},
		{waves{n: 520, alone: true}, "nobody is there twice"},
		{waves{n: 520, points: lost}, "0 have their landmarks"},
		{waves{n: 520, points: far}, "0 have their landmarks"},
		{waves{n: 520, points: none}, "0 have their landmarks"},
	} {
		_, _, err := Fit(context.Background(), c.faces, nil)
		if !errors.Is(err, ErrData) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestFitLeavesOut: some faces without landmarks and Action Units that never
// vary do no harm.
func TestFitLeavesOut(t *testing.T) {
	some := func(i int, l *Landmarks) *Landmarks {
		if i%50 == 0 {
			return nil
		}
		return l
	}
	p, report, err := Fit(context.Background(), waves{n: 560, points: some}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Without != 12 || !strings.Contains(report.String(), "12 left out") || !strings.Contains(report.String(), "AU 01, 02") {
		t.Errorf("report %q", report)
	}
	const n = side * side * 3
	for i, v := range p.shading {
		if flat := i/n != au.Index("12") && i/n != au.Index("25"); v != v || flat && v != 0 {
			t.Fatalf("shading of AU%s: %g, want 0", au.Units[i/n].Code, v)
		}
	}
}

// TestMouthOpens: lips that part show a dark inside; parted ones keep theirs.
func TestMouthOpens(t *testing.T) {
	p := &Prior{mean: Neutral, shading: make([]float32, au.Count*side*side*3)}
	x := make([]float32, 64*64*3)
	d := au.Vector{14: 3, 15: 3}
	o, err := p.Field(x, 64, Neutral, d, d, 128)
	if err != nil {
		t.Fatal(err)
	}
	inside := Move(Neutral, d)[66]
	at := (int(inside[1])-3)*128 + int(inside[0])
	if o.Mask[at] < .9 || o.Colour[3*at] > -.5 {
		t.Errorf("mask %g and colour %g inside the opened mouth", o.Mask[at], o.Colour[3*at])
	}
	open := Neutral
	for k := 65; k < 68; k++ {
		open[k][1] += 14
	}
	if o, err = p.Field(x, 64, open, au.Vector{14: 1}, au.Vector{14: 1}, 128); err != nil {
		t.Fatal(err)
	}
	for i, m := range o.Mask {
		if m != 0 {
			t.Fatalf("mask %g at %d over a mouth that was open", m, i)
		}
	}
}

// TestSmilePaintsNothing: lips that are drawn out, up or together stay closed, so
// there is no inside to paint.
func TestSmilePaintsNothing(t *testing.T) {
	p := &Prior{mean: Neutral, shading: make([]float32, au.Count*side*side*3)}
	for _, code := range []string{"12", "14", "20", "23"} {
		var d au.Vector
		d[au.Index(code)] = 5
		o, err := p.Field(make([]float32, 64*64*3), 64, Neutral, d, d, 96)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range o.Mask {
			if m != 0 {
				t.Fatalf("AU%s paints %g at %d", code, m, i)
			}
		}
	}
}

// TestLipsStay: pressed as far as can be asked, and further, a lip keeps a part of
// its height.
func TestLipsStay(t *testing.T) {
	for _, by := range []float32{1, 5, 12} {
		d := au.Vector{}
		d[au.Index("23")] = by
		m := Move(Neutral, d)
		for _, lip := range lips {
			was, now := Neutral[lip[1]][1]-Neutral[lip[0]][1], m[lip[1]][1]-m[lip[0]][1]
			if part := now / was; part < leastLip || part > 1 {
				t.Errorf("AU23 at %g leaves %g of the lip at %d, want %g to 1", by, part, lip[0], leastLip)
			}
		}
	}
}

// TestCornersStayInTheFace: asked for all that draws them out, corners of a mouth
// stay clear of the face's edge, also of the near edge of a turned head; a smile
// alone goes as far as ever.
func TestCornersStayInTheFace(t *testing.T) {
	turned := Neutral
	for k := range 8 {
		turned[k][0] = Neutral[48][0] - (Neutral[48][0]-Neutral[k][0])*.4
	}
	all := au.Vector{}
	for _, code := range []string{"12", "14", "20"} {
		all[au.Index(code)] = 5
	}
	for name, l := range map[string]Landmarks{"frontal": Neutral, "turned": turned} {
		m := Move(l, all)
		if drawn, way := l[48][0]-m[48][0], l[48][0]-l[4][0]; drawn < .3*way || drawn > .55*way {
			t.Errorf("%s: drawn out by %g of %g, want .3 to .55 of it", name, drawn, way)
		}
	}
	if drawn := Neutral[48][0] - Move(Neutral, au.Vector{8: 3})[48][0]; drawn < 4.7 {
		t.Errorf("AU12 at 3 draws a corner out by %g, want 4.7", drawn)
	}
}

// TestSides: a change of one half leaves the other where it is.
func TestSides(t *testing.T) {
	m := MoveSides(Neutral, au.Vector{1: 3}, au.Vector{})
	if m[18][1] > Neutral[18][1]-3 || m[25] != Neutral[25] {
		t.Errorf("left brow moved by %g, right by %g", m[18][1]-Neutral[18][1], m[25][1]-Neutral[25][1])
	}
}

func TestWarpCarriesLandmarks(t *testing.T) {
	p := &Prior{mean: face, shading: make([]float32, au.Count*side*side*3)}
	d := au.Vector{8: 3}
	o, err := p.Field(make([]float32, 64*64*3), 64, face, d, d, 128)
	if err != nil {
		t.Fatal(err)
	}
	moved := Move(face, d)
	for _, k := range []int{48, 54} { // the corners of a smile
		var w [2]float32
		sample(o.Warp, 128, 2, (moved[k][0]+.5)/64-1, (moved[k][1]+.5)/64-1, w[:])
		for c := range 2 {
			want := face[k][c] - moved[k][c]
			if got := w[c] * 64; got-want > .8 || want-got > .8 {
				t.Errorf("landmark %d looks back by %g pixels, want %g", k, got, want)
			}
		}
	}
}

func BenchmarkTeach(b *testing.B) {
	p := &Prior{mean: face, shading: make([]float32, au.Count*side*side*3)}
	x := make([]float32, 64*64*3)
	for b.Loop() {
		if _, _, err := p.Teach(x, 64, face, au.Vector{8: 3, 4: 2}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPrivateFit fits on the private faces and writes the prior and a sheet of
// edits into the directory MIEN_PRIOR, which must lie outside the repository.
func TestPrivateFit(t *testing.T) {
	dir, root := os.Getenv("MIEN_PRIOR"), "../../../../shared/data"
	if _, err := os.Stat(root); err != nil || dir == "" {
		t.Skipf("set MIEN_PRIOR=DIRECTORY, and have private faces at %s, to fit the prior", root)
	}
	ctx := context.Background()
	begin := time.Now()
	train, err := dataset.Open(ctx, filepath.Join(root, "faces"), dataset.Options{Size: 64, ValidationFraction: .05})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("read in %v: %s", time.Since(begin), train.Report)
	begin = time.Now()
	p, _, err := Fit(ctx, train.Train, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("fitted in %v", time.Since(begin))
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "prior.safetensors"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	held := train.Validation
	changes := []string{"", "12=3", "6=3,12=3,25=2", "1=3,2=3", "4=3", "15=3", "25=3,26=3", "9=3", "45=4", "10=3", "14=3", "17=3", "20=3", "23=3", "5=3", "7=3", "12=-3"}
	const size = 64
	sheet := image.NewNRGBA(image.Rect(0, 0, size*len(changes), size*7))
	for row := range 7 {
		img, _, l, _, _ := held.Sample(row * 117 % held.Len())
		x := make([]float32, len(img))
		dataset.Fill(x, img)
		for col, s := range changes {
			d, err := au.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			y, _ := p.Lesson(x, size, l, d)
			for i := range size * size {
				b := func(c int) uint8 { return uint8((y[3*i+c]+1)*127.5 + .5) }
				sheet.Set(col*size+i%size, row*size+i/size, color.NRGBA{b(0), b(1), b(2), 255})
			}
		}
	}
	f, err := os.Create(filepath.Join(dir, "edits.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, sheet); err != nil {
		t.Fatal(err)
	}
}

func FuzzDecode(f *testing.F) {
	good, err := (&Prior{mean: face, shading: make([]float32, au.Count*side*side*3)}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:200])
	f.Add(bytes.Replace(good, []byte(`"shading"`), []byte(`"shadows"`), 1))
	f.Add(bytes.Replace(good, []byte("[68,2]"), []byte("[2,68]"), 1))
	nan := bytes.Clone(good)
	copy(nan[len(nan)-4:], []byte{0, 0, 0xc0, 0x7f})
	f.Add(nan)
	x := make([]float32, 16*16*3)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			return
		}
		y, _ := p.Lesson(x, 16, &face, au.Vector{8: 3})
		for i, v := range y {
			if v != v {
				t.Fatalf("value %d of the picture is no number", i)
			}
		}
	})
}
