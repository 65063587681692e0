package facetest

import (
	"testing"

	"mien/shared/device/cpu"
	"mien/shared/face"
	"mien/shared/model"
	"mien/weights"
)

// Finder is the finder of the shipped networks.
func Finder(t testing.TB) *face.Finder {
	t.Helper()
	var files [2]*model.File
	for i, kind := range [...]string{model.KindDetector, model.KindMesh} {
		b, err := weights.Shipped(kind)
		if err != nil {
			t.Fatal(err)
		}
		if files[i], err = model.Decode(b); err != nil {
			t.Fatal(err)
		}
	}
	f, err := model.LoadFinder(files[0], files[1], cpu.New(), 2)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
