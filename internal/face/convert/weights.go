package main

import (
	"encoding/json"
	"fmt"
	"math"
)

// weights are the trained numbers by name, as float32 in TensorFlow's order.
type weights map[string]tensor

type tensor struct {
	shape  []int
	values []float32
}

// manifest is the weights manifest of TensorFlow.js: what lies where in the
// binary file, and how 8-bit numbers stand for real ones (value = n·scale + min).
type manifest []struct {
	Weights []struct {
		Name         string `json:"name"`
		Shape        []int  `json:"shape"`
		DType        string `json:"dtype"`
		Quantization *struct {
			DType string  `json:"dtype"`
			Scale float64 `json:"scale"`
			Min   float64 `json:"min"`
		} `json:"quantization"`
	} `json:"weights"`
}

func readWeights(description, raw []byte) (weights, error) {
	var groups manifest
	if err := json.Unmarshal(description, &groups); err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	out := make(weights)
	for _, g := range groups {
		for _, w := range g.Weights {
			n := 1
			for _, d := range w.Shape {
				n *= d
			}
			var t tensor
			var size int
			switch {
			case w.Quantization != nil && w.Quantization.DType == "uint8":
				size = n
				t = tensor{w.Shape, unquantize(raw, n, w.Quantization.Scale, w.Quantization.Min)}
			case w.Quantization == nil && w.DType == "float32":
				size = 4 * n
				t = tensor{w.Shape, floats(raw, n)}
			case w.Quantization == nil && w.DType == "int32":
				raw = raw[4*n:] // sizes and counters of the old graph: ours has its own
				continue
			default:
				return nil, fmt.Errorf("weight %s is neither 8-bit nor float", w.Name)
			}
			if t.values == nil {
				return nil, fmt.Errorf("weight %s: the file ends before it", w.Name)
			}
			out[w.Name], raw = t, raw[size:]
		}
	}
	if len(raw) != 0 {
		return nil, fmt.Errorf("%d bytes after the last weight", len(raw))
	}
	return out, nil
}

func unquantize(raw []byte, n int, scale, min float64) []float32 {
	if len(raw) < n {
		return nil
	}
	out := make([]float32, n)
	for i := range out {
		// Rounded after the product, so that no machine fuses the two steps: the
		// same bytes come out everywhere.
		out[i] = float32(float32(raw[i])*float32(scale)) + float32(min)
	}
	return out
}

func floats(raw []byte, n int) []float32 {
	if len(raw) < 4*n {
		return nil
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = math.Float32frombits(uint32(raw[4*i]) | uint32(raw[4*i+1])<<8 | uint32(raw[4*i+2])<<16 | uint32(raw[4*i+3])<<24)
	}
	return out
}

// get gives a weight, or ends the conversion: the package is not the one that
// this program was written for.
func (w weights) get(name string) tensor {
	t, ok := w[name]
	if !ok {
		panic(missing(name))
	}
	return t
}

type missing string

// transposed reorders a convolution's weights from TensorFlow's height, width,
// in, out to the given order of those axes.
func (t tensor) transposed(axes [4]int) tensor {
	var out tensor
	stride := [4]int{t.shape[1] * t.shape[2] * t.shape[3], t.shape[2] * t.shape[3], t.shape[3], 1}
	for _, a := range axes {
		out.shape = append(out.shape, t.shape[a])
	}
	out.values = make([]float32, 0, len(t.values))
	for i := range out.shape[0] {
		for j := range out.shape[1] {
			for k := range out.shape[2] {
				for l := range out.shape[3] {
					at := i*stride[axes[0]] + j*stride[axes[1]] + k*stride[axes[2]] + l*stride[axes[3]]
					out.values = append(out.values, t.values[at])
				}
			}
		}
	}
	return out
}
