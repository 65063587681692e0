// Package model reads and writes model files and runs what they hold. A file
// is safetensors; its metadata brings the plan along, so that one loader runs
// any architecture.
package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"mien/shared/tensor"
)

// File is the contents of a safetensors file. It owns its tensors.
type File struct {
	Meta    map[string]string
	Tensors map[string]*tensor.Tensor
}

// Decode reads a safetensors file with tensors of type F32, F16, BF16 or I32.
// It keeps nothing of b. Values that are not finite are refused, and whole
// numbers that float32 cannot tell apart.
func Decode(b []byte) (*File, error) { return DecodeUpTo(b, MaxFile) }

// maxWhole is the largest whole number up to which float32 holds every one.
const maxWhole = 1 << 24

// DecodeUpTo is Decode for files of up to most bytes: training states.
func DecodeUpTo(b []byte, most int64) (*File, error) {
	h, err := readHeader(b, most)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	f := &File{Meta: h.meta, Tensors: map[string]*tensor.Tensor{}}
	for _, name := range h.names {
		s := h.spans[name]
		t := tensor.New(s.Shape...)
		raw := h.data[s.Offsets[0]:s.Offsets[1]]
		for i := range t.Data {
			var v float32
			switch s.DType {
			case "F16":
				v = FromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
			case "I32":
				n := int32(binary.LittleEndian.Uint32(raw[4*i:]))
				if n < -maxWhole || n > maxWhole {
					return nil, fmt.Errorf("read model: tensor %q: element %d is %d, want within %d", name, i, n, maxWhole)
				}
				v = float32(n)
			case "BF16": // the upper half of a float32
				v = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
			default:
				v = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
			}
			if v-v != 0 {
				return nil, fmt.Errorf("read model: tensor %q: element %d is %g, want finite values", name, i, v)
			}
			t.Data[i] = v
		}
		f.Tensors[name] = t
	}
	return f, nil
}

// WriteTo writes f with tensors of type F32, in the order of their names; the
// same contents give the same bytes.
func (f *File) WriteTo(w io.Writer) (int64, error) {
	names, text, err := f.header(single)
	if err != nil {
		return 0, err
	}
	return f.write(w, single, names, text)
}

// Encode is WriteTo to memory.
func (f *File) Encode() ([]byte, error) { return f.encode(single) }

// EncodeHalf is Encode with tensors of type F16, rounded to nearest even: half
// the size, for weights that are shipped. Values beyond 65504 are an error.
func (f *File) EncodeHalf() ([]byte, error) { return f.encode(half) }

// EncodeExact is Encode with those tensors as F16 of which no element needs
// rounding for it.
func (f *File) EncodeExact() ([]byte, error) { return f.encode(exact) }

// single, half and exact say as what type a tensor is written.
func single(*tensor.Tensor) string { return "F32" }
func half(*tensor.Tensor) string   { return "F16" }

func exact(t *tensor.Tensor) string {
	for _, v := range t.Data {
		if !(v <= maxHalf && v >= -maxHalf) || FromHalf(toHalf(v)) != v {
			return "F32"
		}
	}
	return "F16"
}

func (f *File) encode(dtype func(*tensor.Tensor) string) ([]byte, error) {
	names, text, err := f.header(dtype)
	if err != nil {
		return nil, err
	}
	size := 8 + len(text)
	for _, t := range f.Tensors {
		size += len(t.Data) * widths[dtype(t)]
	}
	var b bytes.Buffer
	b.Grow(size) // or it would grow to twice of it
	if _, err := f.write(&b, dtype, names, text); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// chunk is how many elements are turned into bytes at once.
const chunk = 1 << 14

// write writes what header returned, and the tensors.
func (f *File) write(w io.Writer, dtypes func(*tensor.Tensor) string, names []string, text []byte) (int64, error) {
	n, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...))
	if err != nil {
		return int64(n), err
	}
	written := int64(n)
	raw := make([]byte, 0, chunk*widths["F32"])
	for _, name := range names {
		at, dtype := 0, dtypes(f.Tensors[name])
		for part := range slices.Chunk(f.Tensors[name].Data, chunk) {
			raw = raw[:0]
			for i, v := range part {
				if v-v != 0 || dtype == "F16" && (v > maxHalf || v < -maxHalf) {
					return written, fmt.Errorf("write model: tensor %q: element %d is %g", name, at+i, v)
				}
				if dtype == "F16" {
					raw = binary.LittleEndian.AppendUint16(raw, toHalf(v))
				} else {
					raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
				}
			}
			n, err = w.Write(raw)
			written, at = written+int64(n), at+len(part)
			if err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// header returns the names of the tensors in order, and the text that says where each
// lies.
func (f *File) header(dtypes func(*tensor.Tensor) string) (names []string, text []byte, err error) {
	for name := range f.Tensors {
		names = append(names, name)
	}
	sort.Strings(names)
	head := map[string]any{}
	if len(f.Meta) > 0 {
		head["__metadata__"] = f.Meta
	}
	var at int64
	for _, name := range names {
		t := f.Tensors[name]
		dtype := dtypes(t)
		end := at + int64(len(t.Data)*widths[dtype])
		head[name] = span{DType: dtype, Shape: t.Shape, Offsets: [2]int64{at, end}}
		at = end
	}
	if text, err = json.Marshal(head); err != nil { // maps are written in sorted order
		return nil, nil, fmt.Errorf("write model: %w", err)
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if len(text) > MaxHeader {
		return nil, nil, fmt.Errorf("write model: header of %d bytes, at most %d can be stored", len(text), MaxHeader)
	}
	return names, text, nil
}
