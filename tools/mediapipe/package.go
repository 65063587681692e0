package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
)

// The npm package that the networks come from.
const (
	packageName    = "@mediapipe/face_mesh"
	packageVersion = "0.4.1633559619"
	packageLicence = "Apache-2.0"
)

// Assets of the package by their base names, with their sha256: what is imported
// is what was looked at.
const (
	assetMesh     = "face_landmark_with_attention.tflite"
	assetDetector = "face_detection_short_range.tflite"
	assetGeometry = "geometry_pipeline_metadata_landmarks.binarypb"
)

var sums = map[string]string{
	assetMesh:     "883b7411747bac657c30c462d305d312e9dec6adbf8b85e2f5d8d722fca9455d",
	assetDetector: "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
	assetGeometry: "bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4",
}

// readPackage returns the assets of the package in a folder by their base names,
// cut out of its packed data where its loader says that they lie.
func readPackage(folder string) (map[string][]byte, error) {
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		return nil, err
	}
	var about struct{ Name, Version, License string }
	if err := json.Unmarshal(text, &about); err != nil {
		return nil, fmt.Errorf("package.json: %w", err)
	}
	if about.Name != packageName || about.Version != packageVersion || about.License != packageLicence {
		return nil, fmt.Errorf("%s has %s %s under %s, want %s %s under %s", folder, about.Name, about.Version, about.License, packageName, packageVersion, packageLicence)
	}
	const packed = "face_mesh_solution_packed_assets"
	loader, err := os.ReadFile(filepath.Join(folder, packed+"_loader.js"))
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(folder, packed+".data"))
	if err != nil {
		return nil, err
	}
	return unpack(loader, data)
}

// listing is where the loader lists the assets: "files": [{...}, ...].
var listing = regexp.MustCompile(`"files":\s*(\[[^\]]*\])`)

// unpack cuts data into the assets that the loader lists, and checks those that
// are imported.
func unpack(loader, data []byte) (map[string][]byte, error) {
	m := listing.FindSubmatch(loader)
	if m == nil {
		return nil, fmt.Errorf("the loader lists no files")
	}
	var files []struct {
		Filename   string
		Start, End int
	}
	if err := json.Unmarshal(m[1], &files); err != nil {
		return nil, fmt.Errorf("the loader's list of files: %w", err)
	}
	assets := map[string][]byte{}
	for _, f := range files {
		if f.Start < 0 || f.End < f.Start || f.End > len(data) {
			return nil, fmt.Errorf("asset %q: bytes %d to %d of %d", f.Filename, f.Start, f.End, len(data))
		}
		assets[path.Base(f.Filename)] = data[f.Start:f.End]
	}
	for name, want := range sums {
		if got := sum(assets[name]); got != want {
			return nil, fmt.Errorf("asset %q: sha256 %s, want %s", name, got, want)
		}
	}
	return assets, nil
}

// sum is the sha256 of b in hexadecimal.
func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
