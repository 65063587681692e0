package rigfit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/tensor"
)

func TestMeshesRefuse(t *testing.T) {
	sound := func() *model.File {
		return &model.File{Tensors: map[string]*tensor.Tensor{"frame": tensor.Of([]float32{7}, 1), "mesh": tensor.New(1, face.MeshPoints, 3)}}
	}
	if faces, err := meshes(sound()); err != nil || faces[7] == nil {
		t.Fatalf("a sound table: %v, %v", faces, err)
	}
	for want, change := range map[string]func(f *model.File){
		`tensors "frame" and "mesh"`: func(f *model.File) { delete(f.Tensors, "frame") },
		"has shape":                  func(f *model.File) { f.Tensors["mesh"] = tensor.New(2, face.MeshPoints, 3) },
		"whole number":               func(f *model.File) { f.Tensors["frame"].Data[0] = 1.5 },
		"point 1 at":                 func(f *model.File) { f.Tensors["mesh"].Data[4] = 1e6 },
	} {
		f := sound()
		change(f)
		if _, err := meshes(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// TestTableFindsParts looks a picture up by the name that a data set gives it.
func TestTableFindsParts(t *testing.T) {
	dir := t.TempDir()
	f := &model.File{Tensors: map[string]*tensor.Tensor{"frame": tensor.Of([]float32{7}, 1), "mesh": tensor.New(1, face.MeshPoints, 3)}}
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lfw.safetensors"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	table := OpenMeshes("root", dir)
	for name, want := range map[string]bool{
		"root/lfw/processed/EmotioNet_aligned/frame_det_00_000007.jpg": true,
		"root/lfw/processed/EmotioNet_aligned/frame_det_00_000008.jpg": false,
		"root/ytf/processed/EmotioNet_aligned/frame_det_00_000007.jpg": false,
		"root/lfw/processed/other.jpg":                                 false,
	} {
		if _, ok := table.mesh(filepath.FromSlash(name)); ok != want {
			t.Errorf("%s: found %t, want %t", name, ok, want)
		}
	}
	if err := table.Err(); err != nil {
		t.Error(err)
	}
}

func TestShapesRefuse(t *testing.T) {
	f := &model.File{Tensors: map[string]*tensor.Tensor{"neutral": tensor.New(5, 3), "quads": tensor.New(1, 4), "nearest468": tensor.New(points), "canonical468": tensor.New(points, 3)}}
	if _, err := shapes(f); err == nil || !strings.Contains(err.Error(), `no tensor "shape.browInnerUp_L"`) {
		t.Errorf("without shapes: %v", err)
	}
	f.Tensors["nearest468"].Data[3] = 5
	if _, err := shapes(f); err == nil || !strings.Contains(err.Error(), "vertex 5 of 5") {
		t.Errorf("a vertex that is not there: %v", err)
	}
}
