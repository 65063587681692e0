package face_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/pixel"
)

// TestHeldoutFacesComeBack finds faces with the cascades alone. MIEN_FACES asks
// for more than 40.
func TestHeldoutFacesComeBack(t *testing.T) {
	n := 40
	if s := os.Getenv("MIEN_FACES"); s != "" {
		fmt.Sscan(s, &n)
	}
	files := facetest.Crops("../..", n)
	if files == nil {
		t.Skip("no private test crops beside the repository (../shared/data)")
	}
	finder, err := face.NewFinder()
	if err != nil {
		t.Fatal(err)
	}
	var errs []float64
	within, missed := 0, 0
	for i, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		crop, err := pixel.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		img, truth := facetest.Place(crop, i)
		faces, err := finder.Find(img)
		if err != nil {
			missed++
			t.Logf("%s, %d: %v", filepath.Base(file), i, err)
			continue
		}
		e := facetest.EyeError(faces[0].Frame, truth)
		errs = append(errs, e)
		if e <= 3 {
			within++
		} else {
			t.Logf("%s, %d: off by %.1f, score %.0f, %d faces", filepath.Base(file), i, e, faces[0].Score, len(faces))
		}
	}
	slices.Sort(errs)
	t.Logf("%d of %d within 3 pixels, %d missed, median %.2f", within, n, missed, errs[len(errs)/2])
	// 38 of these 40 come back within 3 pixels, 162 of 180 (MIEN_FACES=180); the
	// margin is for pigo's perturbations. What fails is turned far aside;
	// an editor's reader puts that right (TestReaderAligns in shared/edit).
	if within*100 < n*85 {
		t.Errorf("%d of %d faces come back within 3 pixels, want 85%%", within, n)
	}
}
