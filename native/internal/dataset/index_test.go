package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeSet writes a data set of two parts with people, poses and landmarks, of
// which each third is known.
func writeSet(t *testing.T, root string) {
	t.Helper()
	for n, name := range []string{"a", "b"} {
		var frames []int
		labels, meta, marks := header("_r"), "frame,identity,pose_Rx,pose_Ry,pose_Rz\n", "frame"
		for k := range 68 {
			marks += fmt.Sprintf(",x%d,y%d", k, k)
		}
		for i := range 30 {
			frames = append(frames, i)
			labels += line(i, 1, fmt.Sprintf("%d.%d", i%5, n))
			if i%3 == 0 {
				meta += fmt.Sprintf("%d,person %d,.1,.2,%g\n", i, i/6, float64(i)/100)
				marks += "\n" + fmt.Sprint(i) + strings.Repeat(fmt.Sprintf(",%d.25,%d.5", i+n, 2*i), 68)
			}
		}
		dir := filepath.Join(root, name, "processed")
		writePart(t, dir, labels+line(90, 1, "1")+line(91, 0, "1"), frames...)
		for file, text := range map[string]string{metaName: meta, landmarksName: marks + "\n"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func open(t *testing.T, root string, o Options) *Folder {
	t.Helper()
	o.Size, o.ValidationFraction = 8, .3
	d, err := Open(context.Background(), root, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// wantSame wants two folders to give the same faces in the same order.
func wantSame(t *testing.T, got, want *Folder) {
	t.Helper()
	for n, pair := range [][2]*Set{{got.Train, want.Train}, {got.Validation, want.Validation}} {
		a, b := pair[0], pair[1]
		if a.Len() != b.Len() || b.Len() == 0 {
			t.Fatalf("set %d: %d faces, want %d", n, a.Len(), b.Len())
		}
		for i := range b.Len() {
			x, v, l, who, err := a.Sample(i)
			y, w, m, whom, err2 := b.Sample(i)
			if errors.Join(err, err2) != nil || !bytes.Equal(x, y) || v != w || who != whom || (l == nil) != (m == nil) || l != nil && *l != *m {
				t.Fatalf("set %d, face %d: %v %q %v, want %v %q %v; %v", n, i, v, who, l, w, whom, m, errors.Join(err, err2))
			}
			p, ok := a.Pose(i)
			if q, ok2 := b.Pose(i); p != q || ok != ok2 || a.Labels(i) != w || a.Identity(i) != who {
				t.Fatalf("set %d, face %d: pose %v, want %v", n, i, p, q)
			}
		}
	}
	if got.Report.String() != want.Report.String() {
		t.Errorf("report %s, want %s", got.Report, want.Report)
	}
}

func TestIndexGivesTheSameFaces(t *testing.T) {
	root := t.TempDir()
	writeSet(t, root)
	tables := open(t, root, Options{})
	faces := 0
	if _, err := Index(context.Background(), root, Intensity, func(n int) { faces = n }); err != nil {
		t.Fatal(err)
	}
	if tables.Indexed || faces != 60 {
		t.Errorf("%d faces indexed, want 60", faces)
	}
	for _, o := range []Options{{}, {Memory: 1}, {Memory: 20 * 8 * 8 * 3}} { // in memory, from the files, some of each
		d := open(t, root, o)
		if !d.Indexed || d.Stale != nil {
			t.Fatalf("the index was not used: %v", d.Stale)
		}
		wantSame(t, d, tables)
		wantSame(t, d, tables) // and again, when some are held
	}
}

func TestIndexNoticesChanges(t *testing.T) {
	root := t.TempDir()
	writeSet(t, root)
	ctx := context.Background()
	table := filepath.Join(root, "a", "processed", tableName)
	index := func() {
		t.Helper()
		if _, err := Index(ctx, root, Intensity, nil); err != nil {
			t.Fatal(err)
		}
	}
	index()
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(table, later, later); err != nil {
		t.Fatal(err)
	}
	if d := open(t, root, Options{}); !d.Indexed {
		t.Errorf("a table that was only touched: %v", d.Stale)
	}
	b, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(){
		"a label":          func() { os.WriteFile(table, bytes.Replace(b, []byte("1.0"), []byte("1.5"), 1), 0o644) },
		"a picture":        func() { os.Remove(filepath.Join(root, "b", "processed", facesName, "frame_det_00_000004.png")) },
		"a table less":     func() { os.Remove(filepath.Join(root, "b", "processed", metaName)) },
		"a part less":      func() { os.RemoveAll(filepath.Join(root, "b")) },
		"a flipped bit":    func() { flip(t, filepath.Join(root, indexName(Intensity)), -200) },
		"a cut index":      func() { os.Truncate(filepath.Join(root, indexName(Intensity)), 5000) },
		"no index, a page": func() { os.WriteFile(filepath.Join(root, indexName(Intensity)), []byte("<html>"), 0o644) },
	} {
		os.RemoveAll(filepath.Join(root, "a"))
		os.RemoveAll(filepath.Join(root, "b"))
		writeSet(t, root)
		index()
		change()
		if d := open(t, root, Options{}); d.Indexed || d.Stale == nil {
			t.Errorf("%s: the old index was used (%v)", what, d.Stale)
		}
	}
}

// A damaged landmark is an error of its face alone.
func TestIndexNoticesDamagedLandmarks(t *testing.T) {
	root := t.TempDir()
	writeSet(t, root)
	if _, err := Index(context.Background(), root, Intensity, nil); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(root, indexName(Intensity)), 8+3*markBytes+100)
	d := open(t, root, Options{})
	bad := 0
	for _, s := range []*Set{d.Train, d.Validation} {
		for i := range s.Len() {
			if _, _, _, _, err := s.Sample(i); err != nil {
				bad++
			}
		}
	}
	if !d.Indexed || bad != 1 {
		t.Errorf("%d faces are errors, want 1; index used: %v", bad, d.Indexed)
	}
}

// flip changes a bit of a file; at counts from the end when negative.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 4
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func FuzzIndex(f *testing.F) {
	c := &catalog{parts: []*part{{name: "a/processed"}}, names: []string{"x"}}
	c.add(row{frame: 3, face: 7, labels: [17]float32{1}}, place{ending: 1})
	c.who[0] = 0
	var b bytes.Buffer
	b.WriteString(indexMagic)
	if err := c.write(&b, facts{Columns: Intensity, Rows: 1, Names: 1, Text: 2, Parts: []partFacts{{Name: "a/processed"}}}, 8); err != nil {
		f.Fatal(err)
	}
	if _, _, err := readIndex(bytes.NewReader(b.Bytes()), Intensity); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, _, err := readIndex(bytes.NewReader(b), Intensity)
		if err != nil {
			return
		}
		for i := range c.len() {
			_, _ = c.identity(i), c.name(i)
		}
	})
}
