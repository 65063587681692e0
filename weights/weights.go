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

// Shipped returns the model file of a kind: "generator" or "reader".
func Shipped(kind string) ([]byte, error) {
	names := map[string]string{"generator": "mien.safetensors", "reader": "reader.safetensors"}
	b, err := Files.ReadFile(path.Join(names[kind]))
	if err != nil {
		return nil, fmt.Errorf("no %s is shipped with this version", kind)
	}
	return b, nil
}
