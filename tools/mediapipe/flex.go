package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Types of FlexBuffers that the operators' options use, as in their public
// specification.
const (
	flexInt       = 1
	flexUint      = 2
	flexFloat     = 3
	flexMap       = 9
	flexVectorInt = 11
)

// parseFlex reads the FlexBuffer that a custom operator's options are: a map of
// numbers and of vectors of integers. Numbers come as float64 in a slice of one.
func parseFlex(b []byte) (options map[string][]float64, err error) {
	if len(b) < 3 {
		return nil, fmt.Errorf("options of %d bytes", len(b))
	}
	f := &flex{b: b}
	width, packed := int(b[len(b)-1]), b[len(b)-2]
	if packed>>2 != flexMap {
		return nil, fmt.Errorf("options of FlexBuffer type %d, want a map", packed>>2)
	}
	at := f.follow(len(b)-2-width, width)
	options = f.table(at, 1<<(packed&3))
	return options, f.err
}

// flex reads values at positions of b; err is the first position outside of it.
type flex struct {
	b   []byte
	err error
}

// uint reads an unsigned integer of width bytes.
func (f *flex) uint(at, width int) uint64 {
	if at < 0 || at+width > len(f.b) {
		if f.err == nil {
			f.err = fmt.Errorf("position %d of options of %d bytes", at, len(f.b))
		}
		return 0
	}
	switch b := f.b[at:]; width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case 8:
		return binary.LittleEndian.Uint64(b)
	}
	f.err = fmt.Errorf("integer of %d bytes", width)
	return 0
}

// follow returns where the offset at a position leads: backwards.
func (f *flex) follow(at, width int) int { return at - int(f.uint(at, width)) }

// table reads the map at a position, whose elements have width bytes.
func (f *flex) table(at, width int) map[string][]float64 {
	n := int(f.uint(at-width, width))
	keys, keyWidth := f.follow(at-3*width, width), int(f.uint(at-2*width, width))
	options := map[string][]float64{}
	for i := range n {
		if f.err != nil {
			return nil
		}
		options[f.text(f.follow(keys+i*keyWidth, keyWidth))] = f.numbers(at+i*width, width, byte(f.uint(at+n*width+i, 1)))
	}
	return options
}

// text reads a string that ends with 0.
func (f *flex) text(at int) string {
	for end := at; end >= 0 && end < len(f.b); end++ {
		if f.b[end] == 0 {
			return string(f.b[at:end])
		}
	}
	f.err = errors.Join(f.err, errors.New("a key without an end"))
	return ""
}

// numbers reads the value at a position: its own elements for a vector.
func (f *flex) numbers(at, width int, packed byte) []float64 {
	switch packed >> 2 {
	case flexInt, flexUint:
		return []float64{float64(f.uint(at, width))}
	case flexFloat:
		if width == 8 {
			return []float64{math.Float64frombits(f.uint(at, width))}
		}
		return []float64{float64(math.Float32frombits(uint32(f.uint(at, width))))}
	case flexVectorInt:
		at, width = f.follow(at, width), 1<<(packed&3)
		n := int(f.uint(at-width, width))
		var v []float64
		for i := 0; i < n && f.err == nil; i++ {
			v = append(v, float64(f.uint(at+i*width, width)))
		}
		return v
	}
	f.err = errors.Join(f.err, fmt.Errorf("an option of FlexBuffer type %d", packed>>2))
	return nil
}
