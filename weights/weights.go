// Package weights carries the model files that ship with Mien.
package weights

import (
	"embed"
	"fmt"
	"path"
)

// Files holds what is in this folder: model files, manifest.json, the card.
//
//go:embed *
var Files embed.FS

// Shipped returns the model file of a role: "generator", "reader", "judge" (the
// reader that only mien eval uses), "embedder", "prior", "rig", "mouth", and of those that are
// imported "detector", "mesh" and "canonical".
func Shipped(kind string) ([]byte, error) {
	names := map[string]string{"generator": "mien.safetensors", "reader": "reader.safetensors", "judge": "judge.safetensors",
		"embedder": "identity.safetensors", "prior": "prior.safetensors", "rig": "rig.safetensors", "mouth": "mouth.safetensors",
		"detector": "detector.safetensors", "mesh": "mesh.safetensors", "canonical": "canonical.safetensors"}
	b, err := Files.ReadFile(path.Join(names[kind]))
	if err != nil {
		return nil, fmt.Errorf("no %s is shipped with this version", kind)
	}
	return b, nil
}
