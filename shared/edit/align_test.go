package edit

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/device/ref"
	"mien/shared/face"
	"mien/shared/face/facetest"
	"mien/shared/model"
	"mien/shared/pixel"
	"mien/shared/plan"
	"mien/shared/tensor"
	"mien/weights"
)

// stubborn is a reader that sees the eyes at the same places in every picture.
func stubborn(t *testing.T, eyes [4]float32) *model.Reader {
	t.Helper()
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Name: "photo", Role: plan.Input, Shape: tensor.Shape{1, testSize, testSize, 3}},
		{Name: "a", Role: plan.State, Shape: tensor.Shape{1, au.Count}},
		{Name: "l", Role: plan.State, Shape: tensor.Shape{1, 136}},
		{Name: "e", Role: plan.State, Shape: tensor.Shape{1, 4}},
		{Role: plan.Temp, Shape: tensor.Shape{1, au.Count}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 136}},
		{Role: plan.Temp, Shape: tensor.Shape{1, 4}},
	}, Steps: []plan.Step{
		{Kind: plan.Affine, In: []int{1}, Out: []int{4}, Floats: []float64{1, 0}},
		{Kind: plan.Affine, In: []int{2}, Out: []int{5}, Floats: []float64{1, 0}},
		{Kind: plan.Affine, In: []int{3}, Out: []int{6}, Floats: []float64{1, 0}},
	}, Outputs: []plan.Output{{Name: "au", Value: 4}, {Name: "landmarks", Value: 5}, {Name: "eyes", Value: 6}}}
	f, err := model.Pack(model.Info{Kind: model.KindReader, Size: testSize, Preset: "test", Licence: "none"},
		p, map[string][]float32{"a": make([]float32, au.Count), "l": make([]float32, 136), "e": eyes[:]})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.LoadReader(f, ref.New())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAlignFollowsTheReaderWithinBounds has a reader that sees the same in every
// picture: what it sees aside, it sees as far to the other side in a mirror.
func TestAlignFollowsTheReaderWithinBounds(t *testing.T) {
	l, r, y := float32(face.Normal(face.LeftEyeX)), float32(face.Normal(face.RightEyeX)), float32(face.Normal(face.EyeY))
	frame := frames[1]
	img := smooth(90, 61)
	// It never settles, so that there are all rounds: by oversight the frame shrinks
	// in the first ones and by its square in the rest.
	down, k := 0., 1. // along the frame
	for i := range maxRounds {
		down += .05 * k
		k /= oversight
		if i >= rounds {
			k /= oversight
		}
	}
	smaller := face.Frame{A: [6]float64{20 * k, -9 * k, 44.3, 9 * k, 20 * k, 31.7}}
	lower := smaller
	lower.A[2], lower.A[5] = 44.3-9*down, 31.7+20*down
	for _, c := range []struct {
		name string
		eyes [4]float32
		want face.Frame
	}{
		{"in place", [4]float32{l, y, r, y}, smaller},
		{"aside", [4]float32{l + .05, y, r + .05, y}, smaller},
		{"below", [4]float32{l, y + .05, r, y + .05}, lower},
		{"far below", [4]float32{l, y + .5, r, y + .5}, frame},
		{"grown", [4]float32{2 * l, y, 2 * r, y}, frame},
		{"one point", [4]float32{l, y, l, y}, frame},
	} {
		e := New(NewSwap(ref.New()), stubborn(t, c.eyes), nil)
		got, err := e.align(context.Background(), img, frame)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for i := range got.A {
			if math.Abs(got.A[i]-c.want.A[i]) > 1.2 { // the eyes' middle is not quite the mirror's
				t.Errorf("%s: frame %v, want %v", c.name, got.A, c.want.A)
				break
			}
		}
	}
}

// TestAlignForgetsWhereItStarts puts frames right that lie around the sample
// portrait's face, and wants them in one place.
func TestAlignForgetsWhereItStarts(t *testing.T) {
	e, img, found := portrait(t)
	want, err := e.align(context.Background(), img, found)
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range moves {
		got, err := e.align(context.Background(), img, start.Then(found))
		if err != nil {
			t.Fatal(err)
		}
		before, after := facetest.EyeError(start.Then(found), found), facetest.EyeError(got, want)
		t.Logf("from %.1f pixels off to %.2f", before, after)
		if after > 1.5 {
			t.Errorf("a frame that starts %.1f pixels off ends %.1f, want 1.5 at most", before, after)
		}
	}
}

// TestGuessesAreJudged gives the shipped reader guesses on the sample portrait: a
// rough one on the face, and two on suit and flag.
func TestGuessesAreJudged(t *testing.T) {
	e, img, truth := portrait(t)
	rough := face.Frame{A: [6]float64{1.1, -.1, .12, .1, 1.1, -.08}}.Then(truth)
	guesses := []face.Guess{
		{Frame: rough, Score: 5},
		{Frame: face.Frame{A: [6]float64{70, 0, 240, 0, 70, 420}}, Score: 5},
		{Frame: face.Frame{A: [6]float64{60, 0, 80, 0, 60, 120}}, Score: 5},
	}
	faces, err := e.steady(context.Background(), img, guesses)
	if err != nil {
		t.Fatal(err)
	}
	if len(faces) != 1 {
		t.Fatalf("%d faces among the guesses, want 1", len(faces))
	}
	if off := facetest.EyeError(faces[0].Frame, truth); off > 3 {
		t.Errorf("the rough guess ends %.1f pixels off, want 3 at most", off)
	}
	// Eyes seen a little apart convince where the cascade saw a lot, and only there.
	for _, c := range []struct {
		score float32
		want  int
	}{{1e-3, 0}, {100, 1}} {
		faces, err := e.steady(context.Background(), img, []face.Guess{{Frame: rough, Score: c.score}})
		if err != nil || len(faces) != c.want {
			t.Errorf("score %g: %d faces, %v, want %d", c.score, len(faces), err, c.want)
		}
	}
	l, r, y := float32(face.Normal(face.LeftEyeX)), float32(face.Normal(face.RightEyeX)), float32(face.Normal(face.EyeY))
	e = New(NewSwap(ref.New()), stubborn(t, [4]float32{l, y, r, y}), e.finder)
	if faces, err := e.steady(context.Background(), img, guesses); err != nil || len(faces) != 0 {
		t.Errorf("a reader that does not look finds %d faces, %v", len(faces), err)
	}
}

// TestMainFaceBesideASureOne has the sample portrait twice in one picture: small
// and upright, so that the finder is sure at once, and large and tilted so far
// that it is not seen there.
func TestMainFaceBesideASureOne(t *testing.T) {
	e, img, truth := portrait(t)
	picture := image.NewNRGBA(image.Rect(0, 0, 800, 560))
	draw.Draw(picture, picture.Rect, image.NewUniform(color.NRGBA{90, 90, 100, 255}), image.Point{}, draw.Src)
	small := stick(picture, image.Rect(560, 20, 760, 220), img, truth, 2, 0)
	main := stick(picture, image.Rect(40, 60, 500, 520), img, truth, 2, 40)
	faces, err := e.find(context.Background(), picture)
	if err != nil || len(faces) != 2 {
		t.Fatalf("%d faces, %v, want 2", len(faces), err)
	}
	for i, want := range []face.Frame{main, small} {
		if off := facetest.EyeError(faces[i].Frame, want); off > 6 {
			t.Errorf("face %d is off by %.1f pixels, want 6 at most", i, off)
		}
	}
}

// TestFaceBetweenTheTilts has the sample portrait between cap and scarf, tilted by
// 30 degrees: the cascade sees it at 30, not at 20 and 40.
func TestFaceBetweenTheTilts(t *testing.T) {
	e, img, truth := portrait(t)
	dressed := face.Crop(img, truth, 256)
	cap, scarf := image.NewUniform(color.NRGBA{20, 20, 30, 255}), image.NewUniform(color.NRGBA{60, 20, 30, 255})
	draw.Draw(dressed, image.Rect(0, 0, 256, 60), cap, image.Point{}, draw.Src)
	draw.Draw(dressed, image.Rect(0, 190, 256, 256), scarf, image.Point{}, draw.Src)
	picture := image.NewNRGBA(image.Rect(0, 0, 500, 500))
	want := stick(picture, picture.Rect, dressed, face.CentreFrame(256, 256), 250./128, 30)
	faces, err := e.find(context.Background(), picture)
	if err != nil {
		t.Fatal(err)
	}
	if off := facetest.EyeError(faces[0].Frame, want); off > 6 {
		t.Errorf("the face is off by %.1f pixels, want 6 at most", off)
	}
}

// TestAlignGrowsASmallFrame starts at a frame of .6 of the face's size, as the
// finder leaves some: two rounds are not enough.
func TestAlignGrowsASmallFrame(t *testing.T) {
	e, img, truth := portrait(t)
	want, err := e.align(context.Background(), img, truth)
	if err != nil {
		t.Fatal(err)
	}
	start := face.Frame{A: [6]float64{.6, 0, 0, 0, .6, 0}}.Then(truth)
	got, err := e.align(context.Background(), img, start)
	if err != nil {
		t.Fatal(err)
	}
	if off := facetest.EyeError(got, want); off > 1.5 {
		t.Errorf("a frame that starts %.1f pixels off ends %.1f, want 1.5 at most", facetest.EyeError(start, want), off)
	}
}

// portrait is an editor with the shipped reader, and the sample portrait with its
// face's frame.
func portrait(t *testing.T) (*Editor, *image.NRGBA, face.Frame) {
	t.Helper()
	img := decode(t, "../../web/portrait/astronaut.png")
	finder, err := face.NewFinder()
	if err != nil {
		t.Fatal(err)
	}
	found, err := finder.Find(img)
	if err != nil {
		t.Fatal(err)
	}
	return New(NewSwap(ref.New()), shipped(t), finder), img, found[0].Frame
}

// stick fills a square of a picture with the surroundings of a photo's face, k times
// as far as its frame reaches and tilted by degrees, and returns the face's frame
// in the picture.
func stick(picture *image.NRGBA, square image.Rectangle, photo *image.NRGBA, f face.Frame, k, degrees float64) face.Frame {
	s, c := math.Sincos(degrees * math.Pi / 180)
	view := face.Frame{A: [6]float64{k * c, k * s, 0, -k * s, k * c, 0}}.Then(f)
	draw.Draw(picture, square, face.Crop(photo, view, square.Dx()), image.Point{}, draw.Src)
	half := float64(square.Dx()) / 2
	return face.Frame{A: [6]float64{c / k, -s / k, 0, s / k, c / k, 0}}.Then(
		face.Frame{A: [6]float64{half, 0, float64(square.Min.X) + half, 0, half, float64(square.Min.Y) + half}})
}

// shipped is the reader in weights.
func shipped(t *testing.T) *model.Reader {
	t.Helper()
	b, err := weights.Shipped(model.KindReader)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.LoadReader(f, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReaderAligns finds held-out faces, scaled .7 to 4 and tilted up to 40
// degrees, with the shipped reader's help. MIEN_FACES asks for more than 40;
// MIEN_VALIDATION=1 takes the 916 faces of the validation people instead: what to
// develop on.
func TestReaderAligns(t *testing.T) {
	n := 40
	if s := os.Getenv("MIEN_FACES"); s != "" {
		fmt.Sscan(s, &n)
	}
	files := facetest.Crops("../..", n)
	if os.Getenv("MIEN_VALIDATION") != "" {
		files = validation(t)
		n = len(files)
	}
	if files == nil {
		t.Skip("no private test crops beside the repository (../shared/data)")
	}
	finder, err := face.NewFinder()
	if err != nil {
		t.Fatal(err)
	}
	e := New(NewSwap(ref.New()), shipped(t), finder)
	var errs []float64
	within, lost := 0, 0
	for i, file := range files {
		img, truth := facetest.Place(decode(t, file), i)
		if _, _, err := e.SetPhoto(context.Background(), img); err != nil {
			t.Logf("%s, %d: %v", filepath.Base(file), i, err)
			lost++
			continue
		}
		frame, _ := e.Frame()
		off := facetest.EyeError(frame, truth)
		errs = append(errs, off)
		if off > 9 {
			lost++
		}
		if off <= 3 {
			within++
		} else {
			t.Logf("%s, %d: off by %.1f", filepath.Base(file), i, off)
		}
	}
	slices.Sort(errs)
	t.Logf("%d of %d within 3 pixels, median %.2f, worst %.2f", within, n, errs[len(errs)/2], errs[len(errs)-1])
	// All of these 40 do, 574 of all 585 (MIEN_FACES=585), median .74 there: 2 of the
	// rest are not found, 8 are 3 to 5.4 pixels off, in 1 the label has an eye on the temple.
	if within*100 < n*97 {
		t.Errorf("%d of %d faces come back within 3 pixels, want 97%%", within, n)
	}
	if lost*100 > n {
		t.Errorf("%d of %d faces are not found or more than 9 pixels off, want 1%% at most", lost, n)
	}
	if median := errs[len(errs)/2]; median > 1 {
		t.Errorf("half of the faces are off by %.2f pixels or more, want 1", median)
	}
}

// validation returns the faces of the people whom training leaves out: the split
// of native/internal/dataset at a fraction of .05.
func validation(t *testing.T) []string {
	t.Helper()
	tables, err := filepath.Glob("../../../shared/data/faces/*/processed/meta.csv")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, table := range tables {
		b, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		who := slices.Index(rows[0], "identity")
		for _, row := range rows[1:] {
			h := fnv.New64a()
			h.Write([]byte(row[who]))
			z := h.Sum64()
			z = (z ^ z>>33) * 0xff51afd7ed558ccd
			z ^= z >> 33
			if float64(z>>11) < .05*(1<<53) {
				files = append(files, filepath.Join(filepath.Dir(table), fmt.Sprintf("EmotioNet_aligned/frame_det_00_%06s.jpg", row[0])))
			}
		}
	}
	return files
}

func decode(t *testing.T, file string) *image.NRGBA {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := pixel.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
