package main

import "math"

// The network in 8-bit integers. All its layers end in ReLU6, so that what they hand
// on lies between 0 and 6 and 256 steps of 6/255 hold it: nothing has to be measured on
// pictures, and cutting off at both ends is the activation itself. The predictors stay
// in floating point: a box is finer than that.
//
// The scheme is that of Jacob et al., "Quantization and training of neural networks
// for efficient integer-arithmetic-only inference" (2018): real = step · (byte - zero),
// kernels symmetric and with a step for each channel.

// A picture's byte v is the real number v/127.5 - 1 = (v - 128)/127.5 + half a step.
const (
	inputZero = 128
	inputStep = 1 / 127.5
	layerStep = 6. / 255
)

// steps writes what all layers share.
func (n *network) steps() {
	n.floats("input.step", []float32{inputStep})
	n.tensor("input.zero", typeUint8, []byte{inputZero})
	n.floats("layer.step", []float32{layerStep})
	n.tensor("layer.zero", typeUint8, []byte{0})
}

// convByBytes adds a convolution with bias and ReLU6.
func (n *network) convByBytes(input string, kernel tensor, bias []float32, stride, groups int) string {
	name, from, inStep := n.name(), "layer", layerStep
	if input == "input" {
		from, inStep = "input", inputStep
	}
	channels := kernel.shape[0]
	each := len(kernel.values) / channels
	codes, steps := make([]byte, len(kernel.values)), make([]float32, channels)
	offsets := make([]int32, channels)
	for c := range channels {
		of := kernel.values[c*each : (c+1)*each]
		steps[c] = symmetric(of)
		sum := 0.0
		for i, v := range of {
			code := math.Round(float64(v) / float64(steps[c]))
			codes[c*each+i] = byte(int8(code))
			sum += float64(v)
		}
		real := float64(bias[c])
		if input == "input" {
			real += sum * inputStep / 2
		}
		offsets[c] = int32(math.Round(real / (inStep * float64(steps[c]))))
	}
	n.tensor(name+".zeros", typeInt8, make([]byte, channels), channels)
	return n.node("QLinearConv", name, []string{
		input, from + ".step", from + ".zero",
		n.tensor(name+".weights", typeInt8, codes, kernel.shape...), n.floats(name+".steps", steps, channels), name + ".zeros",
		"layer.step", "layer.zero", n.words(name+".bias", offsets...),
	}, window(kernel, stride, groups)...)
}

// symmetric is the step by which -127 to 127 hold all values.
func symmetric(values []float32) float32 {
	most := float32(0)
	for _, v := range values {
		most = max(most, v, -v)
	}
	if most == 0 {
		return 1
	}
	return most / 127
}
