package face

import (
	"compress/gzip"
	"embed"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	pigo "github.com/esimov/pigo/core"
)

//go:embed cascade/*.gz
var cascadeFiles embed.FS

const (
	maxCascadeBytes = 4 << 20
	maxCascadeDepth = 12
	maxCascadeValue = 1e3 // of a leaf: scores are below 10, shifts below 1
)

// readCascade returns the content of an embedded cascade.
func readCascade(name string) ([]byte, error) {
	f, err := cascadeFiles.Open("cascade/" + name + ".gz")
	if err != nil {
		return nil, fmt.Errorf("cascade %q: %w", name, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("cascade %q: %w", name, err)
	}
	b, err := io.ReadAll(io.LimitReader(z, maxCascadeBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cascade %q: %w", name, err)
	}
	if len(b) > maxCascadeBytes {
		return nil, fmt.Errorf("cascade %q: want %d bytes at most", name, maxCascadeBytes)
	}
	return b, nil
}

// faceCascade parses a detection cascade. pigo slices the bytes without a look
// at their number, so everything is checked here first.
//
// Layout, little endian: 8 bytes unused, depth, trees; then per tree 2^depth-1
// nodes of 4 bytes, 2^depth leaves of 4 (float32) and a threshold (float32).
func faceCascade(b []byte) (*pigo.Pigo, error) {
	if len(b) < 16 || len(b) > maxCascadeBytes {
		return nil, fmt.Errorf("face cascade of %d bytes: want 16 to %d", len(b), maxCascadeBytes)
	}
	depth, trees := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	if depth < 1 || depth > maxCascadeDepth || trees < 1 {
		return nil, fmt.Errorf("face cascade: %d trees of depth %d: want at least one, of depth 1 to %d", trees, depth, maxCascadeDepth)
	}
	size := 8 << depth
	if want := 16 + uint64(trees)*uint64(size); uint64(len(b)) != want {
		return nil, fmt.Errorf("face cascade of %d bytes: %d trees of depth %d want %d", len(b), trees, depth, want)
	}
	for at := 16; at < len(b); at += size {
		if err := checkLeaves(b[at+4<<depth-4 : at+size]); err != nil {
			return nil, fmt.Errorf("face cascade: tree %d: %w", (at-16)/size, err)
		}
	}
	return pigo.NewPigo().Unpack(b)
}

// pointCascade parses a cascade that moves towards a point of the face, with
// the same care.
//
// Layout, little endian: stages, scale per stage (float32), trees per stage,
// depth; then per tree 2^depth-1 nodes of 4 bytes and 2^depth leaves of two
// float32 (rows, columns).
func pointCascade(b []byte) (*pigo.PuplocCascade, error) {
	if len(b) < 16 || len(b) > maxCascadeBytes {
		return nil, fmt.Errorf("point cascade of %d bytes: want 16 to %d", len(b), maxCascadeBytes)
	}
	stages, trees, depth := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	if depth < 1 || depth > maxCascadeDepth || stages < 1 || stages > 100 || trees < 1 || trees > 1000 {
		return nil, fmt.Errorf("point cascade: %d stages of %d trees of depth %d: want 1 to 100 of 1 to 1000 of 1 to %d", stages, trees, depth, maxCascadeDepth)
	}
	if s := math.Float32frombits(binary.LittleEndian.Uint32(b[4:])); !(s >= .1 && s <= 1) {
		return nil, fmt.Errorf("point cascade: scale %g per stage: want .1 to 1", s)
	}
	size := 12<<depth - 4
	if want := 16 + uint64(stages)*uint64(trees)*uint64(size); uint64(len(b)) != want {
		return nil, fmt.Errorf("point cascade of %d bytes: %d stages of %d trees of depth %d want %d", len(b), stages, trees, depth, want)
	}
	for at := 16; at < len(b); at += size {
		if err := checkLeaves(b[at+4<<depth-4 : at+size]); err != nil {
			return nil, fmt.Errorf("point cascade: tree %d: %w", (at-16)/size, err)
		}
	}
	return pigo.NewPuplocCascade().UnpackCascade(b)
}

func checkLeaves(b []byte) error {
	for ; len(b) >= 4; b = b[4:] {
		if v := math.Float32frombits(binary.LittleEndian.Uint32(b)); !(v >= -maxCascadeValue && v <= maxCascadeValue) {
			return fmt.Errorf("value %g: want -%g to %g", v, float32(maxCascadeValue), float32(maxCascadeValue))
		}
	}
	return nil
}

// unpack reads and parses one embedded cascade.
func unpack[T any](name string, parse func([]byte) (T, error)) (T, error) {
	b, err := readCascade(name)
	if err != nil {
		var none T
		return none, err
	}
	c, err := parse(b)
	if err != nil {
		return c, fmt.Errorf("cascade %q: %w", name, err)
	}
	return c, nil
}
