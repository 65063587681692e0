package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"mien/shared/tensor"
)

// Bounds of a file that Decode accepts.
const (
	MaxHeader  = 1 << 20   // bytes of the JSON header
	MaxFile    = 512 << 20 // bytes
	MaxTensors = 1 << 14
	maxName    = 256
)

// span is what a safetensors header says of one tensor.
type span struct {
	DType   string       `json:"dtype"`
	Shape   tensor.Shape `json:"shape"`
	Offsets [2]int64     `json:"data_offsets"`
}

// header is what the gate lets through: names in order of their offsets.
type header struct {
	meta  map[string]string
	names []string
	spans map[string]span
	data  []byte // the tensors' bytes
}

// readHeader is the gate in front of every tensor: it accepts only files whose
// header is small, unambiguous and consistent with the file's size.
func readHeader(b []byte, most int64) (*header, error) {
	if int64(len(b)) > most {
		return nil, fmt.Errorf("%d bytes, at most %d are read", len(b), most)
	}
	if len(b) < 9 {
		return nil, fmt.Errorf("%d bytes: too short for a safetensors file", len(b))
	}
	n := binary.LittleEndian.Uint64(b)
	if n > MaxHeader {
		return nil, fmt.Errorf("header of %d bytes, at most %d are read", n, MaxHeader)
	}
	if n < 2 || n > uint64(len(b)-8) {
		return nil, fmt.Errorf("header of %d bytes in a file of %d", n, len(b))
	}
	text := b[8 : 8+n]
	if text[0] != '{' || !utf8.Valid(text) {
		return nil, errors.New("header is no UTF-8 JSON object: not a safetensors file")
	}
	h := &header{spans: map[string]span{}, meta: map[string]string{}, data: b[8+n:]}
	if err := h.parse(text); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return h, h.checkSpans()
}

// parse walks the header's top level by token, because encoding/json would
// let a second key of the same name win in silence.
func (h *header) parse(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return fmt.Errorf("key %v: want a string", t)
		}
		if seen[name] {
			return fmt.Errorf("key %q stands twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := d.Decode(&h.meta); err != nil {
				return fmt.Errorf("__metadata__: %w", err)
			}
			continue
		}
		if name == "" || len(name) > maxName || strings.Contains(name, "..") || strings.ContainsRune(name, 0) {
			return fmt.Errorf("tensor name %q is not allowed", name)
		}
		var s span
		if err := d.Decode(&s); err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		h.spans[name] = s
		h.names = append(h.names, name)
		if len(h.names) > MaxTensors {
			return fmt.Errorf("over %d tensors", MaxTensors)
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text after the object")
	}
	return nil
}

// checkSpans wants the tensors to tile the data exactly, in order.
func (h *header) checkSpans() error {
	sort.SliceStable(h.names, func(i, j int) bool {
		a, b := h.spans[h.names[i]].Offsets, h.spans[h.names[j]].Offsets
		return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
	})
	var at int64
	for _, name := range h.names {
		s := h.spans[name]
		width, ok := widths[s.DType]
		if !ok {
			return fmt.Errorf("tensor %q: type %q, want F32, F16 or I32", name, s.DType)
		}
		n := int64(1)
		for _, d := range s.Shape {
			if d < 1 || int64(d) > MaxFile || n*int64(d) > MaxFile {
				return fmt.Errorf("tensor %q: shape %v", name, s.Shape)
			}
			n *= int64(d)
		}
		if s.Offsets[0] != at || s.Offsets[1]-s.Offsets[0] != n*int64(width) {
			return fmt.Errorf("tensor %q: bytes %v for shape %v at %d", name, s.Offsets, s.Shape, at)
		}
		at = s.Offsets[1]
		if at > int64(len(h.data)) {
			return fmt.Errorf("tensor %q ends at byte %d of %d: the file is cut off", name, at, len(h.data))
		}
	}
	if at != int64(len(h.data)) {
		return fmt.Errorf("tensors end at byte %d of %d", at, len(h.data))
	}
	return nil
}

// widths are the sizes of an element in bytes.
var widths = map[string]int{"F32": 4, "F16": 2, "I32": 4}
