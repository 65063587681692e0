package face_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/pixel"
	"mien/shared/tensor"
)

// TestNoFacesInPatterns draws gratings, rings, checks and blots, of which none is a face.
func TestNoFacesInPatterns(t *testing.T) {
	finder := facetest.Finder(t)
	for n := range 24 {
		r := tensor.NewRand(9, 1, 0, uint64(n))
		img := pixel.Resize(load(t, "../../web/portrait/astronaut.png"), 200, 160)
		a, b, c := r.Float64()*.2+.05, r.Float64()*.2+.05, r.Float64()*6
		for y := range 160 {
			for x := range 200 {
				u, v := float64(x)-100, float64(y)-80
				var s float64
				switch n % 4 {
				case 0:
					s = math.Sin(a*u+b*v) * math.Cos(b*u-a*v)
				case 1:
					s = math.Sin(a * math.Hypot(u, v*(1+b)))
				case 2:
					s = math.Copysign(1, math.Sin(a*u)*math.Sin(b*v+c))
				default:
					s = math.Sin(a*u+3*math.Sin(b*v)) + math.Sin(b*u*.5+c)
				}
				p := img.Pix[y*img.Stride+4*x:][:3]
				for k := range p {
					p[k] = byte(128 + 60*s*(1+.2*float64(k)))
				}
			}
		}
		if faces, err := finder.Find(context.Background(), img); !errors.Is(err, face.ErrNoFace) {
			t.Errorf("pattern %d: %d faces, %v, want none", n, len(faces), err)
		}
	}
}

// TestNoFacesInFolder looks for faces in the pictures of the folder MIEN_NOFACES, in which
// there is none: by hand, see CONTRIBUTING.
func TestNoFacesInFolder(t *testing.T) {
	dir := os.Getenv("MIEN_NOFACES")
	if dir == "" {
		t.Skip("MIEN_NOFACES names no folder of pictures without a face")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pictures in %q: %v", dir, err)
	}
	finder := facetest.Finder(t)
	seen, wrong := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		img, err := pixel.Decode(b)
		if err != nil {
			t.Logf("%s: %v", file, err)
			continue
		}
		seen++
		faces, err := finder.Find(context.Background(), img)
		if err == nil {
			wrong++
			t.Logf("%s: %d faces, the first of %v, score %.3f", filepath.Base(file), len(faces), faces[0].Box, faces[0].Score)
		} else if !errors.Is(err, face.ErrNoFace) {
			t.Error(err)
		}
	}
	t.Logf("%d of %d pictures have faces", wrong, seen)
	if wrong > 0 {
		t.Errorf("faces in %d of %d pictures without one", wrong, seen)
	}
}
