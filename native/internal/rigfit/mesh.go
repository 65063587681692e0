package rigfit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"mien/native/internal/dataset"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/tensor"
)

// MeshFile is what the meshes of a part lie in, beside its table.
const MeshFile = "EmotioNet_mesh.safetensors"

const (
	maxMeshFile = 8 << 30 // bytes: EmotioNet's million faces
	facesFolder = "EmotioNet_aligned/frame_det_00_"
	maxPlace    = 4096 // of a mesh's coordinate, pixels of the 128 x 128 crop
)

// Table is the meshes of the parts of a data set.
type Table struct {
	root, folder string
	parts        map[string]map[int]*face.Mesh
	errs         []error
}

// OpenMeshes returns the meshes of a data set: of each part PART/processed, the
// file FOLDER/PART.safetensors or, without a folder, EmotioNet_mesh.safetensors
// beside its table. It has tensors "frame" [N], whole numbers, and "mesh"
// [N 478 3].
func OpenMeshes(root, folder string) *Table {
	return &Table{root: root, folder: folder, parts: map[string]map[int]*face.Mesh{}}
}

// With returns a set of the data set with its meshes.
func (t *Table) With(set *dataset.Set) Set { return withMeshes{set, t} }

type withMeshes struct {
	*dataset.Set
	table *Table
}

// Mesh implements Set.
func (s withMeshes) Mesh(i int) (face.Mesh, bool) {
	m, ok := s.table.mesh(s.Name(i))
	if !ok {
		return face.Mesh{}, false
	}
	return *m, true
}

// mesh returns the mesh of a picture, named as dataset.Set names it.
func (t *Table) mesh(name string) (*face.Mesh, bool) {
	part, rest, ok := strings.Cut(filepath.ToSlash(name), facesFolder)
	if !ok {
		return nil, false
	}
	number, _, _ := strings.Cut(rest, ".")
	frame, err := strconv.Atoi(number)
	if err != nil {
		return nil, false
	}
	part = strings.TrimPrefix(strings.Trim(strings.TrimPrefix(part, filepath.ToSlash(t.root)), "/"), "./")
	faces, known := t.parts[part]
	if !known {
		faces, err = ReadMeshes(t.file(part))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.errs = append(t.errs, err)
		}
		t.parts[part] = faces
	}
	m, ok := faces[frame]
	return m, ok
}

// Err returns what was wrong with the files that were looked into; a part
// without a file is none.
func (t *Table) Err() error { return errors.Join(t.errs...) }

func (t *Table) file(part string) string {
	if t.folder == "" {
		return filepath.Join(t.root, filepath.FromSlash(part), MeshFile)
	}
	name := path.Dir(part)
	if name == "." {
		name = "faces"
	}
	return filepath.Join(t.folder, filepath.FromSlash(name)+".safetensors")
}

// ReadMeshes reads a file of meshes by frame.
func ReadMeshes(file string) (map[int]*face.Mesh, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxMeshFile {
		return nil, fmt.Errorf("read meshes %q: %d bytes, want at most %d", file, info.Size(), int64(maxMeshFile))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := model.DecodeUpTo(b, maxMeshFile)
	if err != nil {
		return nil, fmt.Errorf("read meshes %q: %w", file, err)
	}
	faces, err := meshes(f)
	if err != nil {
		return nil, fmt.Errorf("read meshes %q: %w", file, err)
	}
	return faces, nil
}

func meshes(f *model.File) (map[int]*face.Mesh, error) {
	frame, mesh := f.Tensors["frame"], f.Tensors["mesh"]
	if frame == nil || mesh == nil {
		return nil, errors.New(`want tensors "frame" and "mesh"`)
	}
	n := len(frame.Data)
	if want := (tensor.Shape{n, face.MeshPoints, 3}); !mesh.Shape.Equal(want) {
		return nil, fmt.Errorf(`tensor "mesh" has shape %v, want %v`, mesh.Shape, want)
	}
	faces := make(map[int]*face.Mesh, n)
	for k, v := range frame.Data {
		if v < 0 || v != float32(int(v)) {
			return nil, fmt.Errorf("frame %d is %g, want a whole number", k, v)
		}
		m := new(face.Mesh)
		for i := range m {
			m[i] = [3]float32(mesh.Data[(k*face.MeshPoints+i)*3:])
			for _, x := range m[i] {
				if x < -maxPlace || x > maxPlace {
					return nil, fmt.Errorf("frame %g: point %d at %v, want within %d", v, i, m[i], maxPlace)
				}
			}
		}
		faces[int(v)] = m
	}
	return faces, nil
}
