package dataset

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func verify(t *testing.T, root string) Verified {
	t.Helper()
	v, err := Verify(context.Background(), root, Intensity, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerify(t *testing.T) {
	root, out := t.TempDir(), t.TempDir()
	writeSet(t, root)
	// Face n of a part is filled with colour n: each has its twin in the other.
	v := verify(t, root)
	if !v.Sound() || v.Pictures["sound"] != 60 || v.Twins != 30 || v.Unused != 0 || v.Index != "none" || v.Tables.Skipped["picture missing"] != 2 {
		t.Errorf("%+v", v)
	}
	shards(t, root, out)
	if v := verify(t, out); !v.Sound() || v.Shards < 20 || v.Index != "current" {
		t.Errorf("shards: %+v", v)
	}
	flip(t, tars(t, out)[4], 600)
	os.Remove(tars(t, out)[9])
	if v := verify(t, out); v.Sound() || len(v.Damaged) != 2 || v.Index == "current" {
		t.Errorf("damaged shards: %+v", v)
	}
	faces := filepath.Join(root, "a", "processed", facesName)
	os.WriteFile(filepath.Join(faces, "frame_det_00_000002.png"), nil, 0o644)
	os.WriteFile(filepath.Join(faces, "frame_det_00_000003.png"), []byte("<html>"), 0o644)
	os.Truncate(filepath.Join(faces, "frame_det_00_000004.png"), 60)
	os.WriteFile(filepath.Join(faces, "frame_det_00_000099.png"), []byte("x"), 0o644)
	v = verify(t, root)
	want := map[string]int{"sound": 57, "empty": 1, "not a picture": 1, "damaged": 1}
	if v.Sound() || !reflect.DeepEqual(v.Pictures, want) || v.Unused != 1 || len(v.Bad) != 3 {
		t.Errorf("%+v, want %v", v, want)
	}
}
