package main

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The few messages of ONNX that the graph needs, written field by field. Numbers
// are those of onnx.proto (https://github.com/onnx/onnx, IR version 8).

// message is one protobuf message being written.
type message []byte

func (m *message) bytes(field protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}

func (m *message) text(field protowire.Number, s string) { m.bytes(field, []byte(s)) }

func (m *message) number(field protowire.Number, n int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(n))
}

// The codes of onnx.proto that are used here.
const (
	typeFloat = 1 // TensorProto.DataType
	typeUint8 = 2
	typeInt8  = 3
	typeInt32 = 6
	typeInt64 = 7

	attrInt    = 2 // AttributeProto.AttributeType
	attrString = 3
	attrInts   = 7

	irVersion = 8
	opset     = 13
)

// A graph is built node by node, in the order of computation.
type graph struct {
	nodes, tensors, outputs message
}

func (g *graph) tensor(name string, kind int64, raw []byte, dims ...int) string {
	var t message
	for _, d := range dims {
		t.number(1, int64(d))
	}
	t.number(2, kind)
	t.text(8, name)
	t.bytes(9, raw)
	g.tensors.bytes(5, t)
	return name
}

func (g *graph) floats(name string, values []float32, dims ...int) string {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return g.tensor(name, typeFloat, raw, dims...)
}

func (g *graph) integers(name string, values ...int64) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return g.tensor(name, typeInt64, raw, len(values))
}

func (g *graph) words(name string, values ...int32) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(v))
	}
	return g.tensor(name, typeInt32, raw, len(values))
}

// An attribute is a fixed setting of a node.
type attribute message

func integer(name string, n int64) attribute {
	var a message
	a.text(1, name)
	a.number(3, n)
	a.number(20, attrInt)
	return attribute(a)
}

func integers(name string, values ...int64) attribute {
	var a message
	a.text(1, name)
	for _, v := range values {
		a.number(8, v)
	}
	a.number(20, attrInts)
	return attribute(a)
}

func word(name, s string) attribute {
	var a message
	a.text(1, name)
	a.text(4, s)
	a.number(20, attrString)
	return attribute(a)
}

// node adds an operation and gives the name of what it computes.
func (g *graph) node(op, output string, inputs []string, attributes ...attribute) string {
	var n message
	for _, in := range inputs {
		n.text(1, in)
	}
	n.text(2, output)
	n.text(4, op)
	for _, a := range attributes {
		n.bytes(5, a)
	}
	g.nodes.bytes(1, n)
	return output
}

// value describes an input or output; a dimension with a name is free.
func value(name string, element int64, dims ...any) []byte {
	var shape message
	for _, d := range dims {
		var dim message
		switch d := d.(type) {
		case int:
			dim.number(1, int64(d))
		case string:
			dim.text(2, d)
		}
		shape.bytes(1, dim)
	}
	var tensor, kind, v message
	tensor.number(1, element)
	tensor.bytes(2, shape)
	kind.bytes(1, tensor)
	v.text(1, name)
	v.bytes(2, kind)
	return v
}

// model wraps the graph into a file; element is what a picture consists of. Height
// and width are free.
func (g *graph) model(name string, element int64) []byte {
	var gr message
	gr = append(gr, g.nodes...)
	gr.text(2, name)
	gr = append(gr, g.tensors...)
	gr.bytes(11, value("input", element, 1, 3, "height", "width"))
	gr = append(gr, g.outputs...)

	var set, m message
	set.text(1, "")
	set.number(2, opset)
	m.number(1, irVersion)
	m.text(2, "safehouse")
	m.bytes(7, gr)
	m.bytes(8, set)
	return m
}
