package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"mien/shared/au"
)

// faceRow is a row with a face's number.
func faceRow(frame int, face, confidence, success, value string) string {
	return fmt.Sprintf("%d, %s, %s, %s", frame, face, confidence, success) + strings.Repeat(", "+value, au.Count) + "\r\n"
}

// faceHead are the columns' names of such rows.
func faceHead(suffix string) string {
	return strings.Replace(header(suffix), "frame,", "frame, face_id,", 1)
}

// TestWhatRowsSayOfThemselves: each way of saying that there is no face, and each
// value that cannot be one.
func TestWhatRowsSayOfThemselves(t *testing.T) {
	for _, c := range []struct{ face, confidence, success, value, reason string }{
		{"0", ".9", "1", "1", ""}, {"0", ".9", "1.0", "1", ""}, {"0", ".9", "true", "1", ""}, {"0", ".9", "TRUE", "1", ""}, {"0", "1", "1", "0", ""}, {"0", ".5", "1", "5", ""},
		{"0", ".9", "0", "1", "not a success"}, {"0", ".9", "0.000", "1", "not a success"}, {"0", ".9", "-0", "1", "not a success"}, {"0", ".9", "", "1", "not a success"},
		{"0", ".9", "false", "1", "not a success"}, {"0", ".9", "False", "1", "not a success"}, {"0", ".9", "-1", "1", "not a success"},
		{"0", ".9", "yes", "1", "success is not a number"}, {"0", ".9", "nan", "1", "success is not a number"},
		{"0", ".49", "1", "1", "not sure enough"}, {"0", "0.000", "1", "1", "not sure enough"},
		{"0", "", "1", "1", "confidence is not from 0 to 1"}, {"0", "nan", "1", "1", "confidence is not from 0 to 1"}, {"0", "98", "1", "1", "confidence is not from 0 to 1"}, {"0", "-.1", "1", "1", "confidence is not from 0 to 1"},
		{"-1", ".9", "1", "1", "no face number"}, {"100", ".9", "1", "1", "no face number"}, {"", ".9", "1", "1", "no face number"},
		{"0", ".9", "1", "6.01", "label out of range"}, {"0", ".9", "1", "-1.01", "label out of range"}, {"0", ".9", "1", "inf", "label is not a number"}, {"0", ".9", "1", "", "label is not a number"},
		{"0", ".9", "1", "5.4", "clamped 5"}, {"0", ".9", "1", "-.3", "clamped 0"}, {"0", ".9", "1", "-1", "clamped 0"}, {"0", ".9", "1", "6", "clamped 5"},
	} {
		var report Report
		got := ""
		err := readLabels(strings.NewReader(faceHead("_r")+faceRow(1, c.face, c.confidence, c.success, c.value)), Intensity, &report, func(r row) string {
			if c.reason == "clamped 5" && r.labels[3] == 5 || c.reason == "clamped 0" && r.labels[3] == 0 {
				got = c.reason
			}
			return ""
		})
		for reason := range report.Skipped {
			got = reason
		}
		if err != nil || got != c.reason || (report.Clamped == 1) != strings.HasPrefix(c.reason, "clamped") {
			t.Errorf("%+v: %q, %d clamped, %v", c, got, report.Clamped, err)
		}
	}
	// A presence is not clamped, and who else labels is sure of something else.
	var report Report
	labels := header("_c") + line(1, 1, "1.1") + line(2, 1, "-.1")
	if err := readLabels(strings.NewReader(labels), Presence, &report, func(row) string { return "" }); err != nil || report.Skipped["label out of range"] != 2 {
		t.Errorf("presence: %s, %v", report, err)
	}
	report = Report{}
	own := strings.Replace(faceHead("_r"), "\r\n", ",labelled_by\r\n", 1) + strings.Replace(faceRow(1, "0", ".02", "1", "1"), "\r\n", ",mien reader\r\n", 1)
	if err := readLabels(strings.NewReader(own), Intensity, &report, func(row) string { return "" }); err != nil || len(report.Skipped) > 0 {
		t.Errorf("labelled by another: %s, %v", report, err)
	}
}

// TestTheSurestFace: of several faces in a frame the surest that has a picture is
// taken, with its own picture, person and landmarks; from shards and an index, too.
func TestTheSurestFace(t *testing.T) {
	root, out := t.TempDir(), t.TempDir()
	dir := filepath.Join(root, "a", "processed")
	table := faceHead("_r") +
		faceRow(1, "0", ".7", "1", "1") + faceRow(1, "1", ".9", "1", "2") + faceRow(1, "2", ".8", "1", "3") + // the second
		faceRow(2, "1", ".9", "1", "2") + faceRow(2, "0", ".9", "1", "1") + // as sure: the first
		faceRow(3, "0", ".7", "1", "1") + faceRow(3, "1", ".99", "1", "2") + // the surer one has no picture
		faceRow(4, "0", ".99", "0", "1") + faceRow(4, "1", ".6", "1", "2") // the surer one is no success
	writePart(t, dir, table, 1, 2, 3, 4)
	for frame, faces := range map[int]int{1: 2, 2: 1, 4: 1} {
		for face := 1; face <= faces; face++ {
			other := filepath.Join(t.TempDir(), "x")
			writePart(t, other, "", 10*frame+face)
			from := filepath.Join(other, facesName, fmt.Sprintf("frame_det_00_%06d.png", 10*frame+face))
			if err := os.Rename(from, filepath.Join(dir, facesName, fmt.Sprintf("frame_det_%02d_%06d.png", face, frame))); err != nil {
				t.Fatal(err)
			}
		}
	}
	meta := "frame,face_id,identity\n1,0,eve\n1,1,ann\n2,0,eve\n2,1,bob\n3,0,cid\n4,0,eve\n"
	if err := os.WriteFile(filepath.Join(dir, metaName), []byte(meta), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []struct {
		pixel uint8
		label float32
		who   string
	}{{11, 2, "ann"}, {21, 2, "bob"}, {3, 1, "cid"}, {41, 2, "a/processed#4"}}
	check := func(name, dir string) {
		t.Helper()
		d, err := Open(context.Background(), dir, Options{Size: 8})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if d.Train.Len() != len(want) {
			t.Fatalf("%s: %s", name, d.Report)
		}
		for i, w := range want {
			img, labels, _, who, err := d.Train.Sample(i)
			if err != nil || img[0] != w.pixel || labels[0] != w.label || who != w.who {
				t.Errorf("%s, face %d: pixel %d, label %g, %s, %v; want %+v", name, i, img[0], labels[0], who, err, w)
			}
		}
		if s := d.Report.Skipped; d.Report.Rows != 9 || s[reasonLessSure] != 3 || s["picture missing"] != 1 || s["not a success"] != 1 {
			t.Errorf("%s: %s", name, d.Report)
		}
	}
	check("folder", root)
	if _, err := Index(context.Background(), root, Intensity, nil); err != nil {
		t.Fatal(err)
	}
	check("index", root)
	shards(t, root, out)
	check("shards with an index", out)
	os.Remove(filepath.Join(out, indexName(Intensity)))
	check("shards", out)
}

// utf16Of is text in UTF-16.
func utf16Of(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// TestTablesOfSpreadsheets: other separators, decimal commas and UTF-16 give the
// same faces, from shards too.
func TestTablesOfSpreadsheets(t *testing.T) {
	plain := header("_r") + line(1, 1, "1.5") + line(2, 1, "2.25") + line(3, 1, "0.5")
	meta := "frame,identity\n1,Zoë 𝒵\n2,bob\n"
	bare := strings.TrimPrefix(plain, "\ufeff")
	german := strings.NewReplacer(", ", ";", ",", ";", ".", ",")
	both := func(f func(string) string) [2]string { return [2]string{f(plain), f(meta)} }
	for name, text := range map[string][2]string{
		"commas":       {plain, meta},
		"semicolons":   both(german.Replace),
		"tabs":         both(strings.NewReplacer(", ", "\t", ",", "\t").Replace),
		"UTF-16 LE":    both(func(s string) string { return utf16Of(binary.LittleEndian, "\ufeff"+strings.TrimPrefix(s, "\ufeff")) }),
		"UTF-16 BE":    both(func(s string) string { return utf16Of(binary.BigEndian, "\ufeff"+strings.TrimPrefix(s, "\ufeff")) }),
		"no mark, LE":  {utf16Of(binary.LittleEndian, bare), utf16Of(binary.LittleEndian, meta)},
		"no mark, BE":  {utf16Of(binary.BigEndian, bare), utf16Of(binary.BigEndian, meta)},
		"UTF-16, tabs": {utf16Of(binary.LittleEndian, strings.ReplaceAll(plain, ", ", "\t")), utf16Of(binary.LittleEndian, strings.ReplaceAll(meta, ",", "\t"))},
	} {
		root, out := t.TempDir(), t.TempDir()
		dir := filepath.Join(root, "a", "processed")
		writePart(t, dir, text[0], 1, 2, 3)
		if err := os.WriteFile(filepath.Join(dir, metaName), []byte(text[1]), 0o644); err != nil {
			t.Fatal(err)
		}
		shards(t, root, out)
		for _, dir := range []string{root, out} {
			d, err := Open(context.Background(), dir, Options{Size: 8})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for i, want := range []struct {
				label float32
				who   string
			}{{1.5, "Zoë 𝒵"}, {2.25, "bob"}, {.5, "a/processed#3"}} {
				if _, labels, _, who, err := d.Train.Sample(i); err != nil || labels[16] != want.label || who != want.who {
					t.Errorf("%s, face %d: %g %q, %v, want %+v", name, i, labels[16], who, err, want)
				}
			}
			d.Close()
		}
	}
	for text, want := range map[string]string{
		"\x1f\x8b\x08\x00":                  "packed",
		"PK\x03\x04":                        "packed",
		"\xff\xfe\x00\x00f\x00\x00\x00":     "UTF-32",
		strings.ReplaceAll(bare, ", ", "|"): "commas, semicolons or tabs",
		"":                                  "empty table",
	} {
		if err := readLabels(strings.NewReader(text), Intensity, &Report{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.10q: %v, want %q", text, err, want)
		}
	}
}
