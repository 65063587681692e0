package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mien/shared/au"
)

// writePart writes a processed directory whose face n is filled with colour n.
func writePart(t *testing.T, dir, table string, frames ...int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, facesName), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, tableName), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, n := range frames {
		img := image.NewNRGBA(image.Rect(0, 0, 32, 32))
		for i := range 32 * 32 {
			img.Set(i%32, i/32, color.NRGBA{uint8(n), uint8(n + 1), uint8(n + 2), 255})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, facesName, fmt.Sprintf("frame_det_00_%06d.png", n))
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// header returns a padded header with a byte-order mark.
func header(suffix string) string {
	h := "\ufeffframe, confidence, success"
	for _, u := range au.Units {
		h += ", AU" + u.Code + suffix
	}
	return h + "\r\n"
}

func line(frame, success int, value string) string {
	return fmt.Sprintf("%d, 0.9, %d", frame, success) + strings.Repeat(", "+value, au.Count) + "\r\n"
}

func TestOpenCountsWhatItLeavesOut(t *testing.T) {
	dir := t.TempDir()
	table := header("_r") + line(1, 1, "1.5") + line(2, 1, "0") + line(3, 0, "1") + line(4, 1, "nan") + "5, 0.9, 1, 2\r\n" +
		"6" + strings.Repeat("x", maxLine) + "\r\n" + line(7, 1, "5") + line(8, 1, "2") + line(9, 1, "1") + line(10, 1, "1") + line(10, 1, "2") +
		line(11, 1, "3") + line(12, 1, "4") + line(13, 1, "9")
	writePart(t, filepath.Join(dir, "a", "processed"), table, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12)
	if err := os.WriteFile(filepath.Join(dir, "a", "processed", facesName, "frame_det_00_000008.png"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Open(context.Background(), dir, Options{Size: 8})
	if err != nil {
		t.Fatal(err)
	}
	want := "7 of 14 faces; left out: 1 label is not a number, 1 label out of range, 1 less sure than another face of the frame, 1 line too long, 1 not a success, 1 picture unreadable, 1 short row"
	if got := d.Report.String(); got != want {
		t.Errorf("report:\n%s\nwant\n%s", got, want)
	}
	img, labels, landmarks, identity, err := d.Train.Sample(0)
	if err != nil || len(img) != 8*8*3 || img[0] != 1 || img[5] != 3 || labels[0] != 1.5 || labels[16] != 1.5 || landmarks != nil || identity == "" {
		t.Errorf("face 0: %v %v %v %q %v", img[:6], labels, landmarks, identity, err)
	}
}

func TestOpenRefusesMostlyBroken(t *testing.T) {
	dir := t.TempDir()
	writePart(t, dir, header("_r")+line(1, 1, "1")+line(2, 0, "1")+line(3, 0, "1"), 1, 2, 3)
	if _, err := Open(context.Background(), dir, Options{Size: 8}); err == nil || !strings.Contains(err.Error(), "2 not a success") {
		t.Errorf("error %v, want one that counts the reasons", err)
	}
}

func TestSplitKeepsPeopleTogether(t *testing.T) {
	dir := t.TempDir()
	table, meta := header("_c"), "frame,identity\n"
	var frames []int
	for i := range 60 {
		table += line(i, 1, "1")
		meta += fmt.Sprintf("%d,person %d\n", i, i/3)
		frames = append(frames, i)
	}
	writePart(t, dir, table, frames...)
	if err := os.WriteFile(filepath.Join(dir, "meta.csv"), []byte(meta), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Open(context.Background(), dir, Options{Size: 8, Columns: Presence, ValidationFraction: .3})
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Len()+d.Validation.Len() != 60 || d.Validation.Len() == 0 || d.Train.Len() == 0 {
		t.Fatalf("%d and %d faces, want 60 in two sets", d.Train.Len(), d.Validation.Len())
	}
	people := map[string]bool{}
	for i := range d.Train.Len() {
		_, _, _, who, _ := d.Train.Sample(i)
		people[who] = true
	}
	for i := range d.Validation.Len() {
		if _, _, _, who, _ := d.Validation.Sample(i); people[who] {
			t.Errorf("%s is in both sets", who)
		}
	}
	some, err := Open(context.Background(), dir, Options{Size: 8, Columns: Presence, ValidationFraction: .3, TrainSize: 7, ValidationSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	if some.Train.Len() != 7 || some.Validation.Len() != 4 {
		t.Errorf("%d and %d faces, want 7 and 4", some.Train.Len(), some.Validation.Len())
	}
}

func TestReduceIsTheMean(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 12, 12))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
	}
	for _, size := range []int{12, 8, 5, 3, 1} {
		var want, got float64
		for y := range 12 {
			for x := range 12 {
				want += float64(img.Pix[y*img.Stride+x*4]) / 144
			}
		}
		out := reduce(img, size)
		for i := 0; i < len(out); i += 3 {
			got += float64(out[i]) / float64(size*size)
		}
		if d := got - want; d < -.5 || d > .5 {
			t.Errorf("size %d: mean %g, want %g", size, got, want)
		}
	}
}

// A reduction by a whole factor has the same bytes as the general one.
func TestReduceByBlocks(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 60, 60))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * i >> 3)
	}
	for _, k := range []int{2, 3, 4, 5, 60} {
		size := 60 / k
		got := reduce(img, size)
		for i, v := range got {
			x, y, sum := i/3%size, i/3/size, 0
			for a := range k {
				for b := range k {
					sum += int(img.Pix[(y*k+a)*img.Stride+(x*k+b)*4+i%3])
				}
			}
			// The general form: the sum in units of 1/size of a pixel, twice.
			total, area := uint64(sum)*uint64(size*size), uint64(60*60)
			if want := uint8((total + area/2) / area); v != want {
				t.Fatalf("factor %d, byte %d: %d, want %d", k, i, v, want)
			}
		}
	}
}

// A PNG of a few bytes that claims 7000 x 7000 pixels is refused before they are
// allocated.
func TestLargePicturesAreNotDecoded(t *testing.T) {
	head := []byte("IHDR\x00\x00\x1b\x58\x00\x00\x1b\x58\x08\x02\x00\x00\x00")
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head))
	b = append(b, "\x00\x00\x00\x00IDAT"...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := square(b, 64)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, errSquare) {
		t.Errorf("error %v, want %v", err, errSquare)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

func TestFlipTwiceIsNothing(t *testing.T) {
	img := make([]uint8, 4*4*3)
	var l [68][2]float32
	for i := range img {
		img[i] = uint8(i)
	}
	for i := range l {
		l[i] = [2]float32{float32(i), float32(2 * i)}
	}
	once, lo := Flip(img, 4, &l)
	if once[0] != img[9] || lo[36] != [2]float32{127 - 45, 90} {
		t.Errorf("flipped: first pixel %d, outer eye corner %v", once[0], lo[36])
	}
	twice, lt := Flip(once, 4, lo)
	if !bytes.Equal(twice, img) || *lt != l {
		t.Error("two flips change the picture or the landmarks")
	}
}

func TestFill(t *testing.T) {
	dst := make([]float32, 4)
	Fill(dst, []uint8{0, 255}, []uint8{51, 102})
	if dst[0] != -1 || dst[1] != 1 || dst[2] != float32(51)/127.5-1 {
		t.Errorf("got %v", dst)
	}
}

func TestPrivateData(t *testing.T) {
	root := "../../../../shared/data/faces/ytf/processed"
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no private faces at %s", root)
	}
	d, err := Open(context.Background(), root, Options{Size: 32, ValidationFraction: .1})
	if err != nil {
		t.Fatal(err)
	}
	if d.Report.Kept < 1600 {
		t.Errorf("report: %s, want at least 1600 kept", d.Report)
	}
	_, _, l, _, _ := d.Train.Sample(0)
	if _, ok := d.Train.Pose(0); !ok || l == nil {
		t.Error("pose or landmarks of the first face unknown")
	}
}

func FuzzTables(f *testing.F) {
	f.Add(header("_r") + line(1, 1, "1.5") + "\n\r\n,,,\n")
	f.Add("frame,x0\n1,2\n")
	f.Add("\ufeff frame ,identity,pose_Rx,pose_Ry,pose_Rz\n\"1\",x,1,1,nan")
	f.Fuzz(func(t *testing.T, s string) {
		var report Report
		kept := 0
		err := readLabels(strings.NewReader(s), Intensity, &report, func(r row) string {
			if v := r.labels; v != v.Clamp(0, au.Max) || !(r.confidence >= 0 && r.confidence <= 1) || r.face > maxFace {
				t.Errorf("%+v", r)
			}
			kept++
			return ""
		})
		if err != nil {
			return
		}
		left := 0
		for _, n := range report.Skipped {
			left += n
		}
		if left+kept != report.Rows {
			t.Errorf("%d rows, %d read, %d left out", report.Rows, kept, left)
		}
		find := func(frame, face int) (int, bool) { return 0, frame == 1 && face <= 0 }
		_ = readMeta(strings.NewReader(s), find, func(int, meta) {})
		_ = readLandmarks(strings.NewReader(s), find, func(int, *[68][2]float32) error { return nil })
	})
}
