package survey

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mien/native/internal/dataset"
	"mien/shared/au"
)

// writeSet writes n faces: face i shows AU12 and AU06 at i%5, AU04 at 5-i%5 and
// is of person i/4; its picture is grey i.
func writeSet(t *testing.T, n int) *dataset.Folder {
	t.Helper()
	dir := t.TempDir()
	faces := filepath.Join(dir, "EmotioNet_aligned")
	if err := os.Mkdir(faces, 0o755); err != nil {
		t.Fatal(err)
	}
	table, meta := "frame,success", "frame,identity,pose_Rx,pose_Ry,pose_Rz\n"
	for _, u := range au.Units {
		table += ",AU" + u.Code + "_r"
	}
	for i := range n {
		table += fmt.Sprintf("\n%d,1", i)
		for _, u := range au.Units {
			v := map[string]int{"12": i % 5, "06": i % 5, "04": 5 - i%5}[u.Code]
			table += fmt.Sprintf(",%d", v)
		}
		meta += fmt.Sprintf("%d,person %d,0,.5,0\n", i, i/4)
		img := image.NewGray(image.Rect(0, 0, 16, 16))
		for p := range img.Pix {
			img.Pix[p] = uint8(i)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(faces, fmt.Sprintf("frame_det_00_%06d.png", i)), b.Bytes(), 0o644)
	}
	os.WriteFile(filepath.Join(dir, "EmotioNet.csv"), []byte(table+"\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "meta.csv"), []byte(meta), 0o644)
	d, err := dataset.Open(context.Background(), dir, dataset.Options{Size: 16, Memory: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestSurvey(t *testing.T) {
	d := writeSet(t, 50)
	r, err := Of(context.Background(), d.Train)
	if err != nil {
		t.Fatal(err)
	}
	r.Tables = d.Report
	smile, brow, cheek, nose := r.Units[au.Index("12")], r.Units[au.Index("04")], au.Index("06"), r.Units[au.Index("09")]
	if smile.Mean != 2 || smile.Max != 4 || smile.AtLeast != [5]int{40, 30, 20, 10, 0} || smile.Histogram != [Bins]int{10, 0, 10, 0, 10, 0, 10, 0, 10, 0} {
		t.Errorf("AU12: %+v", smile)
	}
	if brow.Max != 5 || brow.Histogram[Bins-1] != 10 || brow.Mean != 3 {
		t.Errorf("AU04: %+v", brow)
	}
	if *smile.With[cheek] != 1 || *brow.With[cheek] != .8 || nose.With[cheek] != nil {
		t.Errorf("together: %v %v %v", *smile.With[cheek], *brow.With[cheek], nose.With[cheek])
	}
	if r.People != 13 || r.PerFaces["3-5"] != 12 || r.PerFaces["2"] != 1 || r.Most != 4 || r.Posed != 50 || r.Turn[1] != .5 {
		t.Errorf("people %d, %v, most %d; posed %d, %v", r.People, r.PerFaces, r.Most, r.Posed, r.Turn)
	}
	if r.Emotions[0].Faces != 40 || r.Emotions[1].Faces != 0 {
		t.Errorf("emotions %v", r.Emotions)
	}
	var b strings.Builder
	r.Text(&b)
	for _, want := range []string{"50 of 50 faces", "13 people, 1 with 2, 12 with 3-5", "AU12   █ █ █ █ █    2.00   4.00       40", "joy 40", "0, 29 and 0 degrees"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestSheet(t *testing.T) {
	d := writeSet(t, 50)
	img, err := Sheet(context.Background(), d.Train, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Each cell shows a face of its row's intensity, or is white.
	for k, u := range au.Units {
		for c := range columns {
			p := img.NRGBAAt(margin+c*18+8, top+k*18+8)
			if p == (color.NRGBA{255, 255, 255, 255}) {
				if u.Code == "12" && c < 10 || u.Code == "09" && c < 2 {
					t.Errorf("AU%s, column %d is empty", u.Code, c)
				}
				continue
			}
			i := int(p.R)
			if got := d.Train.Labels(i)[k]; int(got) != c/2 {
				t.Errorf("AU%s, column %d shows face %d of intensity %g", u.Code, c, i, got)
			}
		}
	}
}
