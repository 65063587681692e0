package synth

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"

	"mien/native/internal/dataset"
	"mien/shared/au"
)

var _ dataset.Source = (*Source)(nil)

// box is a part of the face in pixels of the 128 x 128 crop.
type box struct{ x0, y0, x1, y1 int }

// moves is where each Action Unit may change the picture (AU06: down to the lips,
// whose outer part it draws up).
var moves = [au.Count][]box{
	{{34, 4, 93, 44}}, {{16, 4, 112, 50}}, {{20, 20, 108, 52}}, {{28, 34, 100, 54}},
	{{10, 24, 118, 98}}, {{28, 34, 100, 58}}, {{34, 24, 93, 100}}, {{36, 56, 91, 96}},
	{{20, 36, 108, 108}}, {{28, 66, 100, 102}}, {{32, 72, 95, 112}}, {{32, 74, 95, 122}},
	{{22, 66, 106, 104}}, {{36, 68, 91, 106}}, {{32, 76, 95, 127}}, {{14, 56, 114, 127}},
	{{28, 26, 100, 58}},
}

func TestEveryUnitMovesItsRegion(t *testing.T) {
	const size = 64
	for seed := range uint64(6) {
		id := Face(seed)
		neutral, _ := Render(id, au.Vector{}, size)
		for i, boxes := range moves {
			var v au.Vector
			v[i] = 4
			img, _ := Render(id, v, size)
			var in, out float64
			for p := range size * size {
				x, y := p%size*2, p/size*2
				d := 0.
				for c := range 3 {
					d += max(float64(img[3*p+c]), float64(neutral[3*p+c])) - min(float64(img[3*p+c]), float64(neutral[3*p+c]))
				}
				if b := boxes[0]; x >= b.x0-1 && x <= b.x1 && y >= b.y0-1 && y <= b.y1 {
					in += d
				} else {
					out += d
				}
			}
			if in < 600 || out > .06*in {
				t.Errorf("seed %d: AU%s changes its region by %.0f, the rest by %.0f; want at least 600 and next to nothing", seed, au.Units[i].Code, in, out)
			}
		}
	}
}

func TestDeterminism(t *testing.T) {
	s, err := NewSource(32, 100, 7)
	if err != nil {
		t.Fatal(err)
	}
	a, va, _, who, _ := s.Sample(5)
	b, vb, _, _, _ := s.Sample(5)
	if !bytes.Equal(a, b) || va != vb || va != s.Labels(5) {
		t.Error("face 5 is not always the same")
	}
	other, err := NewSource(32, 100, 8)
	if err != nil {
		t.Fatal(err)
	}
	if c, _, _, stranger, _ := other.Sample(5); stranger == who || bytes.Equal(a, c) {
		t.Error("two sources share a person")
	}
	if _, _, _, _, err := s.Sample(100); err == nil {
		t.Error("face 100 of 100 exists")
	}
}

func TestMirror(t *testing.T) {
	for seed := range uint64(5) {
		id := Face(seed).Symmetric()
		v := au.Vector{3: 2, 8: 3, 14: 2, 2: 2, 6: 1}
		img, l := Render(id, v, 64)
		mirrored, ml := Render(id.Mirror(), v, 64)
		flipped, fl := dataset.Flip(img, 64, &l)
		worst := 0
		for i := range flipped {
			worst = max(worst, int(flipped[i])-int(mirrored[i]), int(mirrored[i])-int(flipped[i]))
		}
		if worst > 3 {
			t.Errorf("seed %d: the mirror image differs by %d, want at most 3", seed, worst)
		}
		for k := range fl {
			if d := fl[k][0] - ml[k][0]; d > 1e-3 || d < -1e-3 {
				t.Errorf("seed %d: landmark %d at %v, want %v", seed, k, ml[k], fl[k])
			}
		}
	}
}

// maxChin is how far down a dropped jaw of a long face reaches: beyond the frame,
// since its motion is the prior's (the lowest chin of 12,861 photos is at 124).
const maxChin = 134

func TestLandmarksInsideFrame(t *testing.T) {
	s, err := NewSource(16, 2000, 1)
	if err != nil {
		t.Fatal(err)
	}
	active := 0
	for i := range s.Len() {
		v := s.Labels(i)
		if v != v.Clamp(0, au.Max) {
			t.Fatalf("face %d: intensities %v", i, v)
		}
		for _, x := range v {
			if x >= 1 {
				active++
			}
		}
		for k, p := range Face(s.person(i)).Landmarks(v) {
			if p[0] < 0 || p[0] > 127 || p[1] < 0 || p[1] > maxChin {
				t.Errorf("face %d: landmark %d at %v", i, k, p)
			}
		}
	}
	if mean := float64(active) / 2000; mean < 1 || mean > 4 {
		t.Errorf("%.2f active units a face, want 1 to 4", mean)
	}
}

func BenchmarkRender(b *testing.B) {
	for _, size := range []int{32, 64, 128} {
		b.Run(map[int]string{32: "32", 64: "64", 128: "128"}[size], func(b *testing.B) {
			s, _ := NewSource(size, 0, 1)
			for i := 0; b.Loop(); i++ {
				s.Sample(i)
			}
		})
	}
}

// TestContactSheet writes people by expressions where MIEN_SHEET says, to look at.
func TestContactSheet(t *testing.T) {
	path := os.Getenv("MIEN_SHEET")
	if path == "" {
		t.Skip("set MIEN_SHEET=FILE.png to draw a contact sheet")
	}
	const size = 128
	var vs []au.Vector
	vs = append(vs, au.Vector{})
	for i := range au.Count {
		var v au.Vector
		v[i] = 4
		vs = append(vs, v)
	}
	for _, e := range []string{"6=3,12=4,25=3", "1=3,4=3,15=4", "1=3,2=4,5=4,26=5,25=3", "4=4,5=3,7=3,23=4"} {
		v, err := au.Parse(e)
		if err != nil {
			t.Fatal(err)
		}
		vs = append(vs, v)
	}
	sheet := image.NewNRGBA(image.Rect(0, 0, size*11, size*4))
	for i, v := range vs {
		for k := range 2 {
			img, _ := Render(Face(uint64(3+k*5)), v, size)
			for p := range size * size {
				sheet.Set(i%11*size+p%size, (i/11*2+k)*size+p/size, color.NRGBA{img[3*p], img[3*p+1], img[3*p+2], 255})
			}
		}
	}
	writeSheet(t, path, sheet)
	sheet = image.NewNRGBA(image.Rect(0, 0, size*10, size*4))
	s, _ := NewSource(size, 0, 1)
	for i := range 40 {
		img, _, _, _, _ := s.Sample(i * 4)
		for p := range size * size {
			sheet.Set(i%10*size+p%size, i/10*size+p/size, color.NRGBA{img[3*p], img[3*p+1], img[3*p+2], 255})
		}
	}
	writeSheet(t, path+".people.png", sheet)
}

func writeSheet(t *testing.T, path string, img image.Image) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}
