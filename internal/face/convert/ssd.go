package main

import (
	"fmt"
	"math"
	"strconv"
)

// batchNormEpsilon is what the network was trained with.
const batchNormEpsilon = 0.0010000000474974513

// ssd writes the network, computed in elements of one kind: MobileNetV1 (Howard et al., 2017) with the extra layers
// and box predictors of SSD (Liu et al., 2016), up to raw scores and raw box
// encodings. Anchors and decoding are the reader's.
func ssd(w weights, element int64) (b []byte, err error) {
	defer func() {
		if m, ok := recover().(missing); ok {
			err = fmt.Errorf("weight %s is missing", m)
		}
	}()
	n := &network{w: w, element: element}
	if n.element == typeFloat {
		n.floats("zero", []float32{0})
		n.floats("six", []float32{6})
	} else {
		n.steps()
	}
	features := append(n.trunk(), n.extra()...)
	return n.predictors(features), nil
}

// network is the graph while it grows; at is what the last layer computed.
type network struct {
	graph
	w       weights
	element int64 // what layers hand on: typeFloat or typeUint8
	at      string
	count   int
}

func (n *network) name() string {
	n.count++
	return "conv" + strconv.Itoa(n.count)
}

// layer adds a convolution with bias and ReLU6.
func (n *network) layer(input string, kernel tensor, bias []float32, stride, groups int) string {
	if n.element == typeUint8 {
		return n.convByBytes(input, kernel, bias, stride, groups)
	}
	sum := n.conv(input, kernel, bias, stride, groups)
	return n.node("Clip", sum+".relu6", []string{sum, "zero", "six"})
}

// conv adds a convolution with bias.
func (n *network) conv(input string, kernel tensor, bias []float32, stride, groups int) string {
	name := n.name()
	weights := n.floats(name+".weights", kernel.values, kernel.shape...)
	offset := n.floats(name+".bias", bias, len(bias))
	return n.node("Conv", name, []string{input, weights, offset}, window(kernel, stride, groups)...)
}

func window(kernel tensor, stride, groups int) []attribute {
	return []attribute{
		integers("kernel_shape", int64(kernel.shape[2]), int64(kernel.shape[3])),
		integers("strides", int64(stride), int64(stride)),
		word("auto_pad", "SAME_UPPER"), integer("group", int64(groups)),
	}
}

// TensorFlow orders a kernel height, width, in, out; ONNX out, in, height, width.
var (
	pointwiseOrder = [4]int{3, 2, 0, 1}
	depthwiseOrder = [4]int{2, 3, 0, 1}
)

func (n *network) pointwise(prefix string, i, stride int) {
	name := fmt.Sprintf("%s/Conv2d_%d_pointwise", prefix, i)
	kernel := n.w.get(name + "/weights").transposed(pointwiseOrder)
	n.at = n.layer(n.at, kernel, n.w.get(name+"/convolution_bn_offset").values, stride, 1)
}

// depthwise folds the batch normalisation into the kernel and the bias.
func (n *network) depthwise(i, stride int) {
	name := fmt.Sprintf("MobilenetV1/Conv2d_%d_depthwise", i)
	kernel := n.w.get(name + "/depthwise_weights").transposed(depthwiseOrder)
	gamma, beta := n.w.get(name+"/BatchNorm/gamma").values, n.w.get(name+"/BatchNorm/beta").values
	mean, variance := n.w.get(name+"/BatchNorm/moving_mean").values, n.w.get(name+"/BatchNorm/moving_variance").values
	channels := kernel.shape[0]
	each := len(kernel.values) / channels
	bias := make([]float32, channels)
	for c := range channels {
		k := float32(float64(gamma[c]) / math.Sqrt(float64(variance[c])+batchNormEpsilon))
		for j := range each {
			kernel.values[c*each+j] *= k
		}
		bias[c] = beta[c] - float32(mean[c]*k)
	}
	n.at = n.layer(n.at, kernel, bias, stride, channels)
}

// trunk is MobileNetV1; it gives the features after layers 11 and 13.
func (n *network) trunk() []string {
	n.at = "input"
	n.pointwise("MobilenetV1", 0, 2)
	var eleventh string
	for i := 1; i <= 13; i++ {
		stride := 1
		if i == 2 || i == 4 || i == 6 || i == 12 {
			stride = 2
		}
		n.depthwise(i, stride)
		n.pointwise("MobilenetV1", i, 1)
		if i == 11 {
			eleventh = n.at
		}
	}
	return []string{eleventh, n.at}
}

// extra is SSD's further layers: each pair halves the picture.
func (n *network) extra() []string {
	var features []string
	for i, stride := range []int{1, 2, 1, 2, 1, 2, 1, 2} {
		n.pointwise("Prediction", i, stride)
		if stride == 2 {
			features = append(features, n.at)
		}
	}
	return features
}

// predictors gives the two outputs: scores [1, N] and loc [1, N, 4].
func (n *network) predictors(features []string) []byte {
	n.integers("four", 1, -1, 4)
	n.integers("three", 1, -1, 3)
	var boxes, classes []string
	for i, f := range features {
		if n.element == typeUint8 {
			f = n.node("DequantizeLinear", f+".real", []string{f, "layer.step", "layer.zero"})
		}
		boxes = append(boxes, n.predictor(f, i, "BoxEncodingPredictor", "four"))
		classes = append(classes, n.predictor(f, i, "ClassPredictor", "three"))
	}
	n.node("Concat", "loc", boxes, integer("axis", 1))
	n.node("Concat", "classes", classes, integer("axis", 1))
	n.integers("from", 1) // class 1 is "face"; 0 is the background
	n.integers("to", 2)
	n.integers("axis", 2)
	n.node("Slice", "face", []string{"classes", "from", "to", "axis"})
	n.node("Sigmoid", "scores", []string{"face"})
	n.outputs.bytes(12, value("scores", typeFloat, 1, "anchors", 1))
	n.outputs.bytes(12, value("loc", typeFloat, 1, "anchors", 4))
	return n.model("ssd_mobilenetv1_face", n.element)
}

func (n *network) predictor(feature string, i int, kind, shape string) string {
	name := fmt.Sprintf("Prediction/BoxPredictor_%d/%s", i, kind)
	kernel := n.w.get(name + "/weights").transposed(pointwiseOrder)
	out := n.conv(feature, kernel, n.w.get(name+"/biases").values, 1, 1)
	n.node("Transpose", out+".nhwc", []string{out}, integers("perm", 0, 2, 3, 1))
	return n.node("Reshape", out+".flat", []string{out + ".nhwc", shape})
}
