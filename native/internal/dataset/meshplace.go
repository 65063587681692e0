package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const meshName = "meshes.bin"

// meshPaths are where the meshes of a part may lie, the likeliest first: in dir where
// one is given, else beside its pictures or, for a data set that nobody may write to, in
// the user's cache.
func (p *part) meshPaths(root, dir string) ([]string, error) {
	name := meshName
	if p.shard {
		name = strings.TrimSuffix(filepath.Base(filepath.FromSlash(p.name)), shardEnding) + "." + meshName
	}
	inside := filepath.Dir(filepath.FromSlash(p.name)) // of a folder that copies the data set
	if !p.shard {
		inside = filepath.FromSlash(p.name)
	}
	if dir != "" {
		return []string{filepath.Join(dir, inside, name)}, nil
	}
	paths := []string{filepath.Join(root, inside, name)}
	whole, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if cache, err := os.UserCacheDir(); err == nil {
		sum := sha256.Sum256([]byte(whole))
		paths = append(paths, filepath.Join(cache, "mien", "meshes", hex.EncodeToString(sum[:8]), inside, name))
	}
	return paths, nil
}

// findMeshes opens the meshes of a part; the error wraps fs.ErrNotExist when there are none.
func (p *part) findMeshes(root, dir string) (*meshFile, error) {
	paths, err := p.meshPaths(root, dir)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		m, err := openMeshFile(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return m, err
		}
	}
	return nil, fmt.Errorf("meshes %q: %w", paths[0], fs.ErrNotExist)
}

// attachMeshes finds the meshes of all parts and returns how many faces have one. What
// is wrong with a file is in the error; the others count all the same.
func (c *catalog) attachMeshes(dir string) (int, error) {
	var errs []error
	c.meshes = make([]*meshFile, len(c.parts))
	for i, p := range c.parts {
		m, err := p.findMeshes(c.root.dir, dir)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) || dir != "" {
				errs = append(errs, err)
			}
			continue
		}
		c.meshes[i] = m
	}
	c.mesh = make([]int32, c.len())
	byFace := make([]map[which]int32, len(c.parts))
	for i, m := range c.meshes {
		if m == nil {
			continue
		}
		byFace[i] = make(map[which]int32, m.records)
		for k := range m.records {
			face, err := m.which(k)
			if err != nil {
				errs = append(errs, fmt.Errorf("meshes %q: %w", m.name, err))
				break
			}
			byFace[i][face] = int32(k)
		}
	}
	n := 0
	for i := range c.mesh {
		k, ok := byFace[c.part[i]][which{c.frame[i], c.face[i]}]
		if !ok {
			k = -1
		} else {
			n++
		}
		c.mesh[i] = k
	}
	return n, errors.Join(errs...)
}
