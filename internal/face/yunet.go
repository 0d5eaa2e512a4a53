package face

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
)

// yunetScales are the longest sides at which YuNet looks.
var yunetScales = []int{320, 640}

var yunetOutputs = []string{"cls_8", "cls_16", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32"}

// A YuNetDetector is YuNet (Wu et al., 2023) at its scales.
type YuNetDetector struct {
	net   *network
	easel easel
}

// FindYuNet looks for YuNet in the folders, in order. Absence is an empty path
// and no error: the packaged detector does the work then.
func FindYuNet(folders ...string) (string, error) {
	for _, dir := range folders {
		if dir == "" {
			continue
		}
		path := filepath.Join(dir, YuNetFile)
		err := pinned(path, yunetHashes...)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return path, err
	}
	return "", nil
}

// Name implements Model.
func (d *YuNetDetector) Name() string { return YuNet }

// Twin implements Model.
func (d *YuNetDetector) Twin() Model { return &YuNetDetector{net: d.net} }

// Close lets go of the network.
func (d *YuNetDetector) Close() error { return d.net.close() }

// Detect looks at the picture.
func (d *YuNetDetector) Detect(p Picture, min float64) ([]Hit, error) {
	var hits []Hit
	for _, c := range d.easel.of(p, yunetScales, func(longest int) *canvas { return newCanvas(p.W, p.H, longest, 32, true) }) {
		c.draw(p.RGB)
		err := d.net.run(c.reals(1, 0), c.w, c.h, func(o [][]float32) {
			hits = append(hits, distinct(decodeYuNet(o, c, min))...)
		})
		if err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// decodeYuNet reads the three strides; the score is √(class · objectness).
func decodeYuNet(o [][]float32, c *canvas, min float64) []Hit {
	var hits []Hit
	for i, stride := range []float64{8, 16, 32} {
		class, object, box := o[i], o[3+i], o[6+i]
		cols := c.w / int(stride)
		for k := range class {
			s := math.Sqrt(unit(class[k]) * unit(object[k]))
			if s < min {
				continue
			}
			b := box[4*k : 4*k+4]
			cx, cy := (float64(k%cols)+float64(b[0]))*stride, (float64(k/cols)+float64(b[1]))*stride
			w, h := math.Exp(float64(b[2]))*stride, math.Exp(float64(b[3]))*stride
			hits = append(hits, c.hit(cx, cy, w, h, s, YuNet))
		}
	}
	return hits
}

func unit(x float32) float64 { return max(0, min(1, float64(x))) }
