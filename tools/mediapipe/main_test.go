package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"mien/shared/face"
	"mien/shared/plan"
	"mien/weights"
)

// packageFolder is where the npm package lies, from here: MIEN_FACE_MESH, or where
// npm install --prefix .cache/npm puts it.
func packageFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("MIEN_FACE_MESH")
	if folder == "" {
		folder = filepath.FromSlash("../../.cache/npm/node_modules/" + packageName)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no npm package in %s: the imported weights are NOT compared with their originals; npm install --prefix .cache/npm %s@%s", folder, packageName, packageVersion)
	}
	return folder
}

// TestImportGivesWhatIsShipped runs the importer and compares its files.
func TestImportGivesWhatIsShipped(t *testing.T) {
	folder, out := packageFolder(t), t.TempDir()
	if err := run(folder, out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m weights.Manifest
	if err := json.Unmarshal(text, &m); err != nil || len(m.Files) != 3 {
		t.Fatalf("%d files, %v", len(m.Files), err)
	}
	for _, e := range m.Files {
		got, err := os.ReadFile(filepath.Join(out, e.Name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := weights.Files.ReadFile(e.Name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: not what is in weights/ (%v); run sh tools/mediapipe/import.sh", e.Name, err)
		}
	}
}

// TestImportRefusesOthers changes a byte of an asset, and the version.
func TestImportRefusesOthers(t *testing.T) {
	folder, other := packageFolder(t), t.TempDir()
	for _, name := range []string{"package.json", "face_mesh_solution_packed_assets.data", "face_mesh_solution_packed_assets_loader.js"} {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".data") {
			b[1000]++
		}
		if err := os.WriteFile(filepath.Join(other, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := readPackage(other); err == nil || !strings.Contains(err.Error(), assetMesh) {
		t.Errorf("error %v, want one that names %s", err, assetMesh)
	}
	if err := os.WriteFile(filepath.Join(other, "package.json"), []byte(`{"name":"x"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readPackage(other); err == nil || !strings.Contains(err.Error(), packageVersion) {
		t.Errorf("error %v, want one that says %s", err, packageVersion)
	}
}

func TestUnpackRefuses(t *testing.T) {
	for want, loader := range map[string]string{
		"lists no files": "{}",
		"list of files":  `"files": [{"filename": 3}]`,
		"bytes 0 to 9":   `"files": [{"filename": "/a", "start": 0, "end": 9}]`,
		"sha256":         `"files": [{"filename": "/a/` + assetMesh + `", "start": 0, "end": 3}]`,
	} {
		if _, err := unpack([]byte(loader), []byte("abc")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", loader, err, want)
		}
	}
}

// options are a FlexBuffer map of output_height and output_width, both 16.
var options = []byte("output_height\x00output_width\x00\x02\x1c\x0f\x02\x01\x02\x10\x10\x04\x04\x04$\x01")

func TestFlex(t *testing.T) {
	o, err := parseFlex(options)
	if err != nil || len(o) != 2 || len(o["output_height"]) != 1 || o["output_height"][0] != 16 || o["output_width"][0] != 16 {
		t.Errorf("%v, %v", o, err)
	}
	for _, b := range []string{"", "abc", string(options[:20]), string(options[5:]), "\x04\x04\x01"} {
		if o, err := parseFlex([]byte(b)); err == nil {
			t.Errorf("%q is read as %v", b, o)
		}
	}
}

func FuzzFlex(f *testing.F) {
	f.Add(options)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 1<<12 {
			_, _ = parseFlex(b)
		}
	})
}

// TestRegion compares the steps that find a region with their definition: the box
// around points, turned so that two of them are level.
func TestRegion(t *testing.T) {
	b := newBuilder()
	points := b.input("points", 5, 3)
	b.output("rows", b.region(points, [2]int{0, 1}, []int{0, 1, 3}, 1.5, 2))
	p, err := b.finish()
	if err != nil {
		t.Fatal(err)
	}
	// Turned by 90 degrees: the line from 0 to 1 goes down.
	rows := runPlan(t, p, []float32{10, 10, 7, 10, 30, 7, 90, 90, 7, 6, 22, 7, -90, -90, 7})
	// Along y from 10 to 30, across from x = 6 to 10.
	want := []float32{0, 15, -4, 0, 8, 20}
	for i := range want {
		if math.Abs(float64(rows[i]-want[i])) > 1e-4 {
			t.Errorf("rows %v, want %v", rows, want)
			break
		}
	}
}

// TestBuilder keeps what finish leaves out and joins.
func TestBuilder(t *testing.T) {
	b := newBuilder()
	x := b.input("x", 2, 6)
	b.affine(x, 2, 0) // nobody reads it
	y := b.reshape(b.reshape(b.affine(x, 1, 0), 3, 4), 4, 3)
	if b.reshape(y, 2, 6) != x {
		t.Error("a reshape back is a step")
	}
	b.output("y", b.step(plan.Add, nil, nil, b.affine(y, 3, 0), b.affine(y, 3, 0)))
	p, err := b.finish()
	if err != nil || len(p.Steps) != 3 || len(p.Values) != 4 {
		t.Errorf("%d steps, %d values, %v, want 3 and 4", len(p.Steps), len(p.Values), err)
	}
	b.step(plan.Add, nil, nil, x, y)
	if _, err := b.finish(); err == nil {
		t.Error("shapes that do not fit are no error")
	}
	b = newBuilder()
	b.constant("k", []float32{1}, 1)
	b.constant("k", []float32{2}, 1)
	if _, err := b.finish(); err == nil {
		t.Error("two constants of one name are no error")
	}
}

func TestGeometry(t *testing.T) {
	var vertices, indices []byte
	for i := range 5 * face.SkinPoints {
		vertices = protowire.AppendFixed32(vertices, math.Float32bits(float32(i)))
	}
	for i := range 3 * face.Triangles {
		indices = protowire.AppendVarint(indices, uint64(i%face.SkinPoints))
	}
	field := func(n protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), b)
	}
	weight := func(id uint64) []byte {
		b := protowire.AppendVarint(protowire.AppendTag(nil, fieldID, protowire.VarintType), id)
		return protowire.AppendFixed32(protowire.AppendTag(b, fieldWeight, protowire.Fixed32Type), math.Float32bits(.25))
	}
	mesh := field(fieldMesh, append(field(fieldVertices, vertices), field(fieldIndices, indices)...))
	c, err := parseGeometry(append(mesh, field(fieldBasis, weight(4))...))
	if err != nil {
		t.Fatal(err)
	}
	if c.Points[1] != [3]float32{5, 6, 7} || c.UV[1] != [2]float32{8, 9} || c.Triangles[156] != [3]uint16{0, 1, 2} || c.Pose[4] != .25 || c.Pose[5] != 0 {
		t.Errorf("%v %v %v %v", c.Points[1], c.UV[1], c.Triangles[156], c.Pose[:6])
	}
	for want, b := range map[string][]byte{
		"0 meshes":  nil,
		"2 meshes":  append(bytes.Clone(mesh), mesh...),
		"vertices":  field(fieldMesh, field(fieldVertices, vertices[:8])),
		"index 500": field(fieldMesh, append(field(fieldVertices, vertices), field(fieldIndices, bytes.Repeat([]byte{0xf4, 3}, 3*face.Triangles))...)),
		"point 468": append(bytes.Clone(mesh), field(fieldBasis, weight(468))...),
		"mesh: ":    {0xff},
	} {
		if _, err := parseGeometry(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}
