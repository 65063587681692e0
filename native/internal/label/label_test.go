package label

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mien/native/internal/dataset"
	"mien/shared/device/cpu"
	"mien/shared/face/facetest"
	"mien/shared/model"
	"mien/weights"
)

// fake stands for FeatureExtraction: a row and a face for each photo, except for
// the photo whose number is in the file "blind", success 0. It ends badly while
// the file "broken" is there, early while "early" is, and says each time
// how many photos it was given.
const fake = `#!/bin/sh
here=$(dirname "$0")
while [ $# -gt 0 ]; do
	case $1 in
	-fdir) in=$2; shift;;
	-out_dir) out=$2; shift;;
	-of) name=$2; shift;;
	-nomask) nomask=1;;
	esac
	shift
done
[ -n "$nomask" ] || exit 9
mkdir -p "$out/${name}_aligned"
ls "$in" | wc -l >>"$here/log"
{
	printf 'frame, face_id, timestamp, confidence, success'
	for s in r c; do for a in 01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26 45; do printf ', AU%s_%s' $a $s; done; done
	echo
	n=0
	for f in $(ls "$in"); do
		n=$((n+1))
		[ -e "$here/broken" ] && [ $n = 3 ] && { echo "cannot load model" >&2; exit 3; }
		[ -e "$here/early" ] && [ $n = 3 ] && exit 0
		printf '%d, 0, 0.000, 0.98, %d' $n $([ "$(cat "$here/blind" 2>/dev/null)" = $n ] && echo 0 || echo 1)
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do printf ', 1.25, 1'; done
		echo
		cp "$in/$f" "$out/${name}_aligned/frame_det_00_$(printf %06d $n).bmp"
	done
} >"$out/$name.csv"
`

func writePhoto(t *testing.T, path string, encode func(b *bytes.Buffer, img image.Image) error) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	for i := range img.Pix {
		img.Pix[i] = byte(i * len(path))
	}
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func asPNG(b *bytes.Buffer, img image.Image) error { return png.Encode(b, img) }
func asGIF(b *bytes.Buffer, img image.Image) error { return gif.Encode(b, img, nil) }

func openSet(t *testing.T, root string) *dataset.Folder {
	t.Helper()
	d, err := dataset.Open(context.Background(), root, dataset.Options{Size: 16})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOpenFaceGoesOn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program that stands for OpenFace is a shell script")
	}
	bin, in, out := t.TempDir(), t.TempDir(), t.TempDir()
	program := filepath.Join(bin, "FeatureExtraction")
	if err := os.WriteFile(program, []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for i := range 22 {
		writePhoto(t, filepath.Join(in, "pictures", fmt.Sprint(i%3), fmt.Sprintf("%03d.png", i)), asPNG)
	}
	writePhoto(t, filepath.Join(in, "b.gif"), asGIF)
	os.WriteFile(filepath.Join(in, "a.jpg"), []byte("<html>"), 0o644)
	writePhoto(t, filepath.Join(in, "quarantine", "x.png"), asPNG)
	os.WriteFile(filepath.Join(in, "notes.txt"), []byte("x"), 0o644)
	os.WriteFile(filepath.Join(bin, "blind"), []byte("1\n"), 0o644)
	l, ok := FindOpenFace()
	if !ok || l.Program != program {
		t.Fatalf("found %q", l.Program)
	}
	run := func() (Result, error) {
		return Run(context.Background(), l, Options{In: in, Out: out, Part: 10})
	}
	log := func() string {
		b, _ := os.ReadFile(filepath.Join(bin, "log"))
		return strings.Join(strings.Fields(string(b)), " ")
	}
	for _, way := range []string{"broken", "early"} {
		os.WriteFile(filepath.Join(bin, way), nil, 0o644)
		_, err := run()
		if want := map[string]string{"broken": "cannot load model", "early": "wrote 2 rows for 10 photos"}[way]; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", way, err, want)
		}
		os.Remove(filepath.Join(bin, way))
	}
	if _, err := os.Stat(filepath.Join(out, "part-00000")); err == nil {
		t.Error("a part that failed appeared")
	}
	os.Remove(filepath.Join(bin, "log"))
	ctx, stop := context.WithCancel(context.Background())
	_, err := Run(ctx, l, Options{In: in, Out: out, Part: 10, Progress: func(done, _ int) {
		if done >= 10 {
			stop()
		}
	}})
	if err == nil {
		t.Fatal("a stopped run ended well")
	}
	r, err := run()
	if err != nil || r.Photos != 24 || r.Labelled != 24 || r.Parts != 2 || !strings.HasPrefix(log(), "10") || !strings.HasSuffix(log(), "10 4") {
		t.Errorf("%+v, %v; asked for parts of %s", r, err, log())
	}
	d := openSet(t, out)
	if want := "21 of 24 faces; left out: 3 not a success"; d.Report.String() != want {
		t.Errorf("%s, want %s", d.Report, want)
	}
	b, err := os.ReadFile(filepath.Join(out, "part-00000", "processed", sourcesName))
	if err != nil || !strings.HasPrefix(string(b), "a.jpg\nb.gif\npictures/0/000.png\n") {
		t.Errorf("sources %q, %v", b, err)
	}
	// New photos come into a new part, nothing is done twice.
	writePhoto(t, filepath.Join(in, "pictures", "0", "0005.png"), asPNG)
	before := log()
	if r, err = run(); err != nil || r.Parts != 1 || r.Labelled != 25 || log() != before+" 1" {
		t.Errorf("%+v, %v; asked for %s", r, err, log())
	}
	if _, err := Run(context.Background(), own(t), Options{In: in, Out: out}); err == nil || !strings.Contains(err.Error(), "labelled by OpenFace") {
		t.Errorf("another labeller into the same folder: %v", err)
	}
}

func own(t *testing.T) *Own {
	t.Helper()
	b, err := weights.Shipped(model.KindReader)
	if err != nil {
		t.Skipf("no reader in weights/: %v", err)
	}
	f, err := model.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOwn(f, facetest.Finder(t), cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// The portrait is a smiling astronaut; other files are no faces.
func TestOwnReader(t *testing.T) {
	in, out := t.TempDir(), filepath.Join(t.TempDir(), "faces")
	portrait, err := os.ReadFile("../../../web/portrait/astronaut.png")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1.png", "2.png"} {
		os.WriteFile(filepath.Join(in, name), portrait, 0o644)
	}
	writePhoto(t, filepath.Join(in, "grey.gif"), asGIF)
	os.WriteFile(filepath.Join(in, "page.jpg"), []byte("<html>"), 0o644)
	l := own(t)
	r, err := Run(context.Background(), l, Options{In: in, Out: out})
	if err != nil || r.Labelled != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	d := openSet(t, out)
	if want := "2 of 4 faces; left out: 2 not a success"; d.Report.String() != want {
		t.Errorf("%s, want %s", d.Report, want)
	}
	_, v, marks, _, err := d.Train.Sample(0)
	if err != nil || v[8] < 1 || v[16] > 1.5 {
		t.Errorf("labels %v, %v: want a smile (AU12) and open eyes", v, err)
	}
	// Eyes where the frame has them: outer and inner corner around (44.8, 44.5).
	if x, y := (marks[36][0]+marks[39][0])/2, (marks[36][1]+marks[39][1])/2; x < 41 || x > 49 || y < 41 || y > 48 {
		t.Errorf("left eye at %.1f, %.1f", x, y)
	}
	b, err := os.ReadFile(filepath.Join(out, "part-00000", "processed", tableName))
	if err != nil || strings.Count(string(b), l.Name()) != 4 || !strings.Contains(string(b), ": no face") || !strings.Contains(string(b), ": not a picture") {
		t.Errorf("table does not say who labelled: %v\n%s", err, b)
	}
}
