package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mien/shared/model"
)

// TestManifest holds the manifest against the files and what they say of
// themselves.
func TestManifest(t *testing.T) {
	text, err := Files.ReadFile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	entries := map[string]Entry{}
	for _, e := range m.Files {
		entries[e.Name] = e
	}
	names, err := fs.Glob(Files, "*.safetensors")
	if err != nil || len(names) != len(entries) || len(entries) != len(m.Files) {
		t.Errorf("%d entries for files %v, %v", len(m.Files), names, err)
	}
	roles := map[string]string{"judge": model.KindReader, "guide": model.KindReader}
	for _, name := range names {
		b, err := Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		e := entries[name]
		if sum := sha256.Sum256(b); e.SHA256 != hex.EncodeToString(sum[:]) || e.Bytes != len(b) {
			t.Errorf("%s: %d bytes of sha256 %x, the manifest says %d of %s", name, len(b), sum, e.Bytes, e.SHA256)
		}
		f, err := model.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Info()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kind := e.Kind
		if role := roles[kind]; role != "" {
			kind = role
		}
		if info.Kind != kind || info.Size != e.Size || info.Source != e.Source || info.SourceSum != e.Sum {
			t.Errorf("%s says %+v, the manifest %+v", name, info, e)
		}
		if info.Source != "" && info.Licence != e.Licence {
			t.Errorf("%s: licence %q, the manifest says %q", name, info.Licence, e.Licence)
		}
		if info.Source == "" && (e.Step == nil || info.Step != *e.Step || info.Preset != e.Preset || e.Data == "") {
			t.Errorf("%s says %+v, the manifest %+v", name, info, e)
		}
	}
}

// TestNotice wants the licence of what is not ours beside it.
func TestNotice(t *testing.T) {
	notice, err := Files.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"detector.safetensors", "mesh.safetensors", "canonical.safetensors", "The MediaPipe Authors", "Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"} {
		if !strings.Contains(string(notice), want) {
			t.Errorf("NOTICE does not say %q", want)
		}
	}
}

func TestPut(t *testing.T) {
	dir := t.TempDir()
	step := 3
	for _, e := range []Entry{{Name: "a", Kind: "reader", Step: &step}, {Name: "b", Kind: "mesh"}, {Name: "a", Kind: "reader", Step: &step, Size: 64}} {
		if err := Put(dir, e, []byte(e.Name)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	// The sha256 of "a".
	const sum = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
	if len(m.Files) != 2 || m.Files[0].Name != "b" || m.Files[0].Step != nil || m.Files[1].Size != 64 || m.Files[1].SHA256 != sum || m.Files[1].Bytes != 1 {
		t.Errorf("manifest %s", text)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Put(dir, Entry{Name: "c"}, nil); err == nil {
		t.Error("a broken manifest was written over")
	}
}
