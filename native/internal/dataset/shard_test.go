package dataset

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shards packs a set into shards of three or so faces.
func shards(t *testing.T, root, out string) Sharded {
	t.Helper()
	s, err := Shard(context.Background(), root, out, ShardOptions{Bytes: 3000})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShardsGiveTheSameFaces(t *testing.T) {
	root, out := t.TempDir(), t.TempDir()
	writeSet(t, root)
	folder := open(t, root, Options{})
	s := shards(t, root, out)
	if s.Faces != 60 || s.Shards < 20 || s.Wrote != s.Shards || s.Skipped["picture missing"] != 4 {
		t.Errorf("%+v", s)
	}
	// What has no picture is not packed, and so is not left out any more.
	folder.Report.Rows -= 4
	delete(folder.Report.Skipped, "picture missing")
	delete(folder.Report.Skipped, "not a success")
	indexed := open(t, out, Options{})
	if !indexed.Indexed {
		t.Fatalf("no index: %v", indexed.Stale)
	}
	wantSame(t, indexed, folder)
	wantSame(t, open(t, out, Options{Memory: 1}), folder)
	os.Remove(filepath.Join(out, indexName(Intensity)))
	scanned := open(t, out, Options{})
	if scanned.Indexed {
		t.Fatal("an index that was removed was used")
	}
	wantSame(t, scanned, folder)
	// Unpacked, they are a folder again.
	unpacked := t.TempDir()
	for _, name := range tars(t, out) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(f); ; {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(r)
			to := filepath.Join(unpacked, h.Name)
			os.MkdirAll(filepath.Dir(to), 0o755)
			os.WriteFile(to, b, 0o644)
		}
		f.Close()
	}
	wantSame(t, open(t, unpacked, Options{}), folder)
}

func tars(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.tar"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}

// An interrupted run goes on, and ends in the same bytes as one in one go.
func TestShardGoesOn(t *testing.T) {
	root, out, whole := t.TempDir(), t.TempDir(), t.TempDir()
	writeSet(t, root)
	shards(t, root, whole)
	ctx, stop := context.WithCancel(context.Background())
	n := 0
	_, err := Shard(ctx, root, out, ShardOptions{Bytes: 3000, Progress: func(int, int) {
		if n++; n == 7 {
			stop()
		}
	}})
	if err == nil || len(tars(t, out)) != 7 {
		t.Fatalf("%d shards, %v", len(tars(t, out)), err)
	}
	os.WriteFile(filepath.Join(out, "b-00003.tar.tmp"), []byte("half"), 0o644)
	if s := shards(t, root, out); s.Wrote != s.Shards-7 {
		t.Errorf("%+v: want 7 that were there", s)
	}
	for _, name := range append(tars(t, whole), filepath.Join(whole, sumsName)) {
		want, _ := os.ReadFile(name)
		got, err := os.ReadFile(filepath.Join(out, filepath.Base(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs: %v", filepath.Base(name), err)
		}
	}
	if _, err := Shard(context.Background(), root, out, ShardOptions{Bytes: 30000}); err == nil || !strings.Contains(err.Error(), "empty folder") {
		t.Errorf("shards of another size into the same folder: %v", err)
	}
	if _, err := Shard(context.Background(), out, t.TempDir(), ShardOptions{}); err == nil || !strings.Contains(err.Error(), "a shard already") {
		t.Errorf("shards of shards: %v", err)
	}
}

func TestDamagedShards(t *testing.T) {
	root, out := t.TempDir(), t.TempDir()
	writeSet(t, root)
	for what, change := range map[string]func(name string){
		"cut":     func(name string) { os.Truncate(name, 700) },
		"no tar":  func(name string) { os.WriteFile(name, []byte(strings.Repeat("<html>", 500)), 0o644) },
		"empty":   func(name string) { os.Truncate(name, 0) },
		"a third": func(name string) { os.Truncate(name, 4000) },
	} {
		os.RemoveAll(out)
		shards(t, root, out)
		change(tars(t, out)[2])
		d, err := Open(context.Background(), out, Options{Size: 8})
		if err == nil {
			t.Errorf("%s: read as %s", what, d.Report)
		} else if !strings.Contains(err.Error(), "shard") && !strings.Contains(err.Error(), "tar") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzShard(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	put(w, "a/processed/"+facesName+"/frame_det_00_000001.png", []byte("x"))
	put(w, "a/processed/"+tableName, []byte(header("_r")+line(1, 1, "1")))
	w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.tar"), b, 0o644); err != nil {
			t.Fatal(err)
		}
		root, err := openRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		c, err := readTables(context.Background(), root, Intensity, &Report{})
		if err != nil {
			return
		}
		defer c.close()
		for i := range c.len() {
			_, _ = c.picture(i)
		}
	})
}
