package face

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	ort "github.com/yalue/onnxruntime_go"
)

// A Model is a detector beside the packaged one: YuNet, or a file that the user names.
type Model interface {
	Detector
	// Name is that of its hits.
	Name() string
	// Twin is the same for another core. It shares the network, which is closed once,
	// by whoever opened it.
	Twin() Model
}

// The further detectors that fit the slot.
const (
	UltraFace  = "ultraface"
	CenterFace = "centerface"
)

// ErrUnknownModel is returned for a network that is none of those that fit the slot.
var ErrUnknownModel = errors.New("not a YuNet, UltraFace or CenterFace network")

// OpenModel loads a network and tells by its outputs which one it is. The file's hash is
// not looked at: the set-up did that, or the user named the file.
func OpenModel(path string) (Model, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := open(file)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", filepath.Base(path), err)
	}
	return m, nil
}

func open(file []byte) (Model, error) {
	inputs, outputs, err := ort.GetInputOutputInfoWithONNXData(file)
	if err != nil {
		return nil, err
	}
	if len(inputs) != 1 || len(inputs[0].Dimensions) != 4 || inputs[0].DataType != ort.TensorElementDataTypeFloat {
		return nil, ErrUnknownModel
	}
	names := make([]string, len(outputs))
	for i, o := range outputs {
		if o.DataType != ort.TensorElementDataTypeFloat {
			return nil, ErrUnknownModel
		}
		names[i] = o.Name
	}
	has := func(want ...string) bool {
		return !slices.ContainsFunc(want, func(n string) bool { return !slices.Contains(names, n) })
	}
	switch {
	case has(yunetOutputs...):
		net, err := loadNamed(file, inputs[0].Name, yunetOutputs...)
		return &YuNetDetector{net: net}, err
	case has(ultraFaceOutputs...):
		d := inputs[0].Dimensions
		if d[2] <= 0 || d[3] <= 0 {
			return nil, ErrUnknownModel // its anchors are those of one size
		}
		net, err := loadNamed(file, inputs[0].Name, ultraFaceOutputs...)
		return &ultraFace{net: net, w: int(d[3]), h: int(d[2])}, err
	case len(names) == 4 && channels(outputs, 1, 2, 2, 10):
		net, err := loadNamed(file, inputs[0].Name, names...)
		return &centerFace{net: net}, err
	}
	return nil, ErrUnknownModel
}

// channels says whether the outputs are maps with so many channels.
func channels(outputs []ort.InputOutputInfo, want ...int64) bool {
	for i, o := range outputs {
		if len(o.Dimensions) != 4 || o.Dimensions[1] != want[i] {
			return false
		}
	}
	return true
}

// ultraFace is UltraFace (Linzaer, "Ultra-Light-Fast-Generic-Face-Detector-1MB"), as its
// RFB-320 and RFB-640 files have it: decoded in the network, for one size of input.
type ultraFace struct {
	net   *network
	w, h  int
	easel easel
}

var ultraFaceOutputs = []string{"scores", "boxes"}

func (d *ultraFace) Name() string { return UltraFace }
func (d *ultraFace) Twin() Model  { return &ultraFace{net: d.net, w: d.w, h: d.h} }
func (d *ultraFace) Close() error { return d.net.close() }

// Detect looks at the picture. It is scaled to fit into the input, not stretched.
func (d *ultraFace) Detect(p Picture, min float64) ([]Hit, error) {
	c := d.easel.of(p, []int{0}, func(int) *canvas { return newFitting(p.W, p.H, d.w, d.h) })[0]
	c.draw(p.RGB)
	var hits []Hit
	err := d.net.run(c.reals(1./128, -127./128), c.w, c.h, func(o [][]float32) {
		hits = distinct(decodeUltraFace(o[0], o[1], c, min))
	})
	return hits, err
}

// decodeUltraFace reads [N, 2] of background and face, and [N, 4] of corners as shares of
// the input.
func decodeUltraFace(scores, boxes []float32, c *canvas, min float64) []Hit {
	var hits []Hit
	for i := 0; 2*i+1 < len(scores) && 4*i+3 < len(boxes); i++ {
		s := float64(scores[2*i+1])
		if !(s >= min) {
			continue
		}
		b := boxes[4*i : 4*i+4]
		x0, y0 := float64(b[0])*float64(c.w), float64(b[1])*float64(c.h)
		x1, y1 := float64(b[2])*float64(c.w), float64(b[3])*float64(c.h)
		hits = append(hits, c.hit((x0+x1)/2, (y0+y1)/2, x1-x0, y1-y0, s, UltraFace))
	}
	return hits
}

// centerFace is CenterFace (Xu et al., 2019): maps of a quarter of the input's size with
// the score, the box's height and width, its offset, and landmarks.
type centerFace struct {
	net   *network
	easel easel
}

// centerFaceScales are the longest sides at which CenterFace looks.
var centerFaceScales = []int{320, 640}

func (d *centerFace) Name() string { return CenterFace }
func (d *centerFace) Twin() Model  { return &centerFace{net: d.net} }
func (d *centerFace) Close() error { return d.net.close() }

// Detect looks at the picture.
func (d *centerFace) Detect(p Picture, min float64) ([]Hit, error) {
	var hits []Hit
	for _, c := range d.easel.of(p, centerFaceScales, func(longest int) *canvas { return newCanvas(p.W, p.H, longest, 32, false) }) {
		c.draw(p.RGB)
		err := d.net.run(c.reals(1, 0), c.w, c.h, func(o [][]float32) {
			hits = append(hits, distinct(decodeCenterFace(o, c, min))...)
		})
		if err != nil {
			return nil, err
		}
	}
	return hits, nil
}

func decodeCenterFace(o [][]float32, c *canvas, min float64) []Hit {
	const stride = 4
	cols, rows := c.w/stride, c.h/stride
	n := cols * rows
	if len(o) < 3 || len(o[0]) < n || len(o[1]) < 2*n || len(o[2]) < 2*n {
		return nil
	}
	var hits []Hit
	for k, score := range o[0][:n] {
		if !(float64(score) >= min) {
			continue
		}
		h, w := math.Exp(float64(o[1][k]))*stride, math.Exp(float64(o[1][n+k]))*stride
		cy, cx := (float64(k/cols)+float64(o[2][k])+.5)*stride, (float64(k%cols)+float64(o[2][n+k])+.5)*stride
		hits = append(hits, c.hit(cx, cy, w, h, float64(score), CenterFace))
	}
	return hits
}
