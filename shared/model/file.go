// Package model reads and writes model files and runs what they hold. A file
// is safetensors; its metadata brings the plan along, so that one loader runs
// any architecture.
package model

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"sort"

	"mien/shared/tensor"
)

// File is the contents of a safetensors file. It owns its tensors.
type File struct {
	Meta    map[string]string
	Tensors map[string]*tensor.Tensor
}

// Decode reads a safetensors file with tensors of type F32 or F16. It keeps
// nothing of b. Values that are not finite are refused.
func Decode(b []byte) (*File, error) { return DecodeUpTo(b, MaxFile) }

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
			if s.DType == "F16" {
				v = fromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
			} else {
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

// Encode writes f with tensors of type F32, in the order of their names; the
// same contents give the same bytes.
func (f *File) Encode() ([]byte, error) { return f.encode("F32") }

// EncodeHalf is Encode with tensors of type F16, rounded to nearest even: half
// the size, for weights that are shipped. Values beyond 65504 are an error.
func (f *File) EncodeHalf() ([]byte, error) { return f.encode("F16") }

func (f *File) encode(dtype string) ([]byte, error) {
	names := make([]string, 0, len(f.Tensors))
	for name := range f.Tensors {
		names = append(names, name)
	}
	sort.Strings(names)
	width := widths[dtype]
	head := map[string]any{}
	if len(f.Meta) > 0 {
		head["__metadata__"] = f.Meta
	}
	var at int64
	for _, name := range names {
		t := f.Tensors[name]
		end := at + int64(len(t.Data)*width)
		head[name] = span{DType: dtype, Shape: t.Shape, Offsets: [2]int64{at, end}}
		at = end
	}
	text, err := json.Marshal(head) // maps are written in sorted order
	if err != nil {
		return nil, fmt.Errorf("write model: %w", err)
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if len(text) > MaxHeader {
		return nil, fmt.Errorf("write model: header of %d bytes, at most %d can be stored", len(text), MaxHeader)
	}
	b := make([]byte, 0, 8+len(text)+int(at))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(text)))
	b = append(b, text...)
	for _, name := range names {
		for i, v := range f.Tensors[name].Data {
			if v-v != 0 || dtype == "F16" && (v > maxHalf || v < -maxHalf) {
				return nil, fmt.Errorf("write model: tensor %q: element %d is %g", name, i, v)
			}
			if dtype == "F16" {
				b = binary.LittleEndian.AppendUint16(b, toHalf(v))
			} else {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
		}
	}
	return b, nil
}
