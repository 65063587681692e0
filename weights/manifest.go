package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Entry is what manifest.json says of one file.
type Entry struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"` // what the file is for, see Shipped
	SHA256  string `json:"sha256"`
	Bytes   int    `json:"bytes"`
	Preset  string `json:"preset,omitempty"` // of our own training, and step
	Step    *int   `json:"step,omitempty"`
	Size    int    `json:"size,omitempty"`          // side of the network's picture, pixels
	Data    string `json:"data,omitempty"`          // trained on
	Source  string `json:"source,omitempty"`        // imported from
	Sum     string `json:"source_sha256,omitempty"` // of the file imported
	Licence string `json:"licence"`
}

// Manifest is the contents of manifest.json.
type Manifest struct {
	Files []Entry `json:"files"`
}

// Put writes a file and its entry into the folder: in the place of an older file
// of the same name, else before all others. It sets the entry's sum and length.
func Put(folder string, e Entry, b []byte) error {
	sum := sha256.Sum256(b)
	e.SHA256, e.Bytes = hex.EncodeToString(sum[:]), len(b)
	path := filepath.Join(folder, "manifest.json")
	var m Manifest
	old, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(old, &m)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if i := slices.IndexFunc(m.Files, func(o Entry) bool { return o.Name == e.Name }); i >= 0 {
		m.Files[i] = e
	} else {
		m.Files = slices.Insert(m.Files, 0, e)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, e.Name), b, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
