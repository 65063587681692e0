package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"mien/shared/face"
)

// A file of meshes: a head of magic, the SHA-256 of the network's file and a checksum,
// then records of one size, appended as they are made: the picture's frame
// and face, its checksum, the presence, x, y and z of each point in 1/meshSteps of a pixel of the
// 128-pixel crop, and a checksum. Of two records of a face the later
// holds.
const (
	meshMagic   = "mien meshes 1\n\x00\x00"
	meshHead    = len(meshMagic) + sha256.Size + 4
	meshNumbers = 3 * face.MeshPoints
	meshBytes   = 4 + 4 + 4 + 4 + 2*meshNumbers + 4
	meshSteps   = 128
	maxMeshFile = int64(meshHead) + maxRows*meshBytes
)

// errOtherNetwork says that a file's meshes were made by another network.
var errOtherNetwork = errors.New("meshes of another network")

// meshRecord is what a file of meshes says of a picture.
type meshRecord struct {
	which
	picture  uint32  // checksum of the picture's file
	presence float32 // probability that it shows a face
	mesh     face.Mesh
}

// append writes the record to the end of b. A mesh with a point that has no place in a
// record, 256 pixels away or more, is none.
func (r *meshRecord) append(b []byte) []byte {
	from := len(b)
	steps := make([]int16, 0, meshNumbers)
	presence := r.presence
	for _, p := range r.mesh {
		for _, v := range p {
			s := math.Round(float64(v) * meshSteps)
			if !(s >= math.MinInt16 && s <= math.MaxInt16) {
				s, presence = 0, 0
			}
			steps = append(steps, int16(s))
		}
	}
	b = binary.LittleEndian.AppendUint32(b, r.frame)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.face))
	b = binary.LittleEndian.AppendUint32(b, r.picture)
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(presence))
	for _, s := range steps {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// parseMesh reads a record.
func parseMesh(b []byte) (r meshRecord, err error) {
	if len(b) != meshBytes {
		return r, fmt.Errorf("mesh of %d bytes, want %d", len(b), meshBytes)
	}
	if crc32.Checksum(b[:meshBytes-4], castagnoli) != binary.LittleEndian.Uint32(b[meshBytes-4:]) {
		return r, errors.New("mesh is damaged")
	}
	face := binary.LittleEndian.Uint32(b[4:])
	r.which, r.picture = which{binary.LittleEndian.Uint32(b), uint8(face)}, binary.LittleEndian.Uint32(b[8:])
	r.presence = math.Float32frombits(binary.LittleEndian.Uint32(b[12:]))
	if r.frame > maxFrame || face > maxFace || !(r.presence >= 0 && r.presence <= 1) {
		return r, fmt.Errorf("mesh of frame %d, face %d with presence %g, want up to %d, %d and 0 to 1", r.frame, face, r.presence, int(maxFrame), maxFace)
	}
	for i := range r.mesh {
		for k := range r.mesh[i] {
			r.mesh[i][k] = float32(int16(binary.LittleEndian.Uint16(b[16+2*(3*i+k):]))) / meshSteps
		}
	}
	return r, nil
}

// meshFile holds the meshes of a part's pictures.
type meshFile struct {
	name    string
	file    io.ReaderAt
	network [sha256.Size]byte // of the file of the network that made them
	records int
}

// openMeshFile opens a file of meshes to read from. A torn record at its end is left out.
func openMeshFile(path string) (*meshFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := readMeshHead(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("meshes %q: %w", path, err)
	}
	m.name = path
	return m, nil
}

func readMeshHead(file io.ReaderAt) (*meshFile, error) {
	size, err := sizeOf(file)
	if err != nil {
		return nil, err
	}
	if size > maxMeshFile {
		return nil, fmt.Errorf("%d bytes, want at most %d", size, maxMeshFile)
	}
	var b [meshHead]byte
	if _, err := file.ReadAt(b[:], 0); err == io.EOF {
		return nil, fmt.Errorf("%d bytes: too short", size)
	} else if err != nil {
		return nil, err
	}
	sum := binary.LittleEndian.Uint32(b[meshHead-4:])
	if !bytes.HasPrefix(b[:], []byte(meshMagic)) || crc32.Checksum(b[:meshHead-4], castagnoli) != sum {
		return nil, errors.New("no file of meshes")
	}
	m := &meshFile{file: file, records: int((size - int64(meshHead)) / meshBytes)}
	copy(m.network[:], b[len(meshMagic):])
	return m, nil
}

// meshHeader is the head of a new file.
func meshHeader(network [sha256.Size]byte) []byte {
	b := append([]byte(meshMagic), network[:]...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// which returns whose record k is, as far as a look at its beginning tells.
func (m *meshFile) which(k int) (which, error) {
	var b [8]byte
	_, err := m.file.ReadAt(b[:], m.at(k))
	return which{binary.LittleEndian.Uint32(b[:]), b[4]}, err
}

// read returns record k.
func (m *meshFile) read(k int) (meshRecord, error) {
	var b [meshBytes]byte
	if _, err := m.file.ReadAt(b[:], m.at(k)); err != nil {
		return meshRecord{}, err
	}
	return parseMesh(b[:])
}

func (m *meshFile) at(k int) int64 { return int64(meshHead) + int64(k)*meshBytes }

func (m *meshFile) close() error {
	if c, ok := m.file.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
