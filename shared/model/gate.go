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

// parse reads the header, whose objects may hold each key once: encoding/json
// would let a second one of the same name win in silence, and take one that
// differs in its case alone for it.
func (h *header) parse(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	err := object(d, func(name string) error {
		if name == "__metadata__" {
			return h.parseMeta(d)
		}
		if name == "" || len(name) > maxName || strings.Contains(name, "..") || strings.ContainsRune(name, 0) {
			return fmt.Errorf("tensor name %q is not allowed", name)
		}
		if len(h.names) == MaxTensors {
			return fmt.Errorf("over %d tensors", MaxTensors)
		}
		s, err := parseSpan(d)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		h.spans[name] = s
		h.names = append(h.names, name)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text after the object")
	}
	return nil
}

func (h *header) parseMeta(d *json.Decoder) error {
	err := object(d, func(key string) error {
		var v string
		err := d.Decode(&v)
		h.meta[key] = v
		return err
	})
	if err != nil {
		return fmt.Errorf("__metadata__: %w", err)
	}
	return nil
}

// parseSpan reads what the header says of a tensor: three keys, no others.
func parseSpan(d *json.Decoder) (s span, err error) {
	var offsets []int64
	err = object(d, func(key string) error {
		switch key {
		case "dtype":
			return d.Decode(&s.DType)
		case "shape":
			return d.Decode(&s.Shape)
		case "data_offsets":
			return d.Decode(&offsets)
		}
		return fmt.Errorf("key %q: want dtype, shape and data_offsets", key)
	})
	if err != nil {
		return s, err
	}
	if s.DType == "" || s.Shape == nil || len(offsets) != 2 {
		return s, fmt.Errorf("dtype %q, shape %v, data_offsets %v: want a name, a list and two numbers", s.DType, s.Shape, offsets)
	}
	s.Offsets = [2]int64(offsets)
	return s, nil
}

// object reads a JSON object whose keys are all different; value reads the
// value of each.
func object(d *json.Decoder, value func(key string) error) error {
	if t, err := d.Token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return fmt.Errorf("%v: want an object", t)
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return fmt.Errorf("key %v: want a string", t)
		}
		if seen[key] {
			return fmt.Errorf("key %q stands twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
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
			return fmt.Errorf("tensor %q: type %q, want F32, F16, BF16 or I32", name, s.DType)
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
var widths = map[string]int{"F32": 4, "F16": 2, "BF16": 2, "I32": 4}
