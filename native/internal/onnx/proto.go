package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message in the making; field numbers are those of
// onnx.proto (ONNX IR version 7).
type message []byte

func (m *message) int(field protowire.Number, v int64) {
	*m = protowire.AppendTag(*m, field, protowire.VarintType)
	*m = protowire.AppendVarint(*m, uint64(v))
}

func (m *message) float(field protowire.Number, v float32) {
	*m = protowire.AppendTag(*m, field, protowire.Fixed32Type)
	*m = protowire.AppendFixed32(*m, math.Float32bits(v))
}

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendTag(*m, field, protowire.BytesType)
	*m = protowire.AppendBytes(*m, v)
}

func (m *message) text(field protowire.Number, v string) { m.bytes(field, []byte(v)) }

// Element types of TensorProto.
const (
	typeFloat = 1
	typeInt64 = 7
)

// tensorOf is a TensorProto of float32 data.
func tensorOf(name string, shape []int, data []float32) message {
	var m message
	for _, n := range shape {
		m.int(1, int64(n))
	}
	m.int(2, typeFloat)
	m.text(8, name)
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	m.bytes(9, raw)
	return m
}

// indices is a TensorProto of one dimension of int64.
func indices(name string, values []int) message {
	var m message
	m.int(1, int64(len(values)))
	m.int(2, typeInt64)
	m.text(8, name)
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	m.bytes(9, raw)
	return m
}

// port is a ValueInfoProto of a float32 tensor.
func port(name string, shape []int) message {
	var dims message
	for _, n := range shape {
		var d message
		d.int(1, int64(n))
		dims.bytes(1, d)
	}
	var tensor, kind, m message
	tensor.int(1, typeFloat)
	tensor.bytes(2, dims)
	kind.bytes(1, tensor)
	m.text(1, name)
	m.bytes(2, kind)
	return m
}

// attribute is an AttributeProto of a float32, int, ints or string.
func attribute(name string, value any) message {
	const (
		kindFloat  = 1
		kindInt    = 2
		kindString = 3
		kindInts   = 7
	)
	var m message
	m.text(1, name)
	switch v := value.(type) {
	case float32:
		m.float(2, v)
		m.int(20, kindFloat)
	case int:
		m.int(3, int64(v))
		m.int(20, kindInt)
	case string:
		m.text(4, v)
		m.int(20, kindString)
	case []int:
		for _, n := range v {
			m.int(8, int64(n))
		}
		m.int(20, kindInts)
	}
	return m
}
