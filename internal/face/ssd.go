package face

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/cpu"

	"safehouse/internal/evidence"
)

// ssdScales are the longest sides, in pixels, at which SSD looks: a small one
// too, because a face that fills the picture is missed at full size.
var ssdScales = []int{512, 320}

// An SSDDetector is SSD-MobileNetV1 at its scales, on the picture or on its
// equalised copy.
type SSDDetector struct {
	net       *network
	bytes     bool // computed in 8-bit integers
	equaliser equaliser
	easel     easel
}

// OpenSSD loads the packaged detector: in 8-bit integers where this processor has
// instructions for sums of their products, which is more than twice as fast, else in
// floating point. Without these instructions such sums are cut off at 16 bits, and
// faces are missed.
func OpenSSD(share string) (*SSDDetector, error) { return openSSD(share, quickBytes()) }

func quickBytes() bool { return cpu.X86.HasAVX512VNNI || cpu.X86.HasAVXVNNI || cpu.ARM64.HasASIMDDP }

// SSDInUse is the name of the file that OpenSSD loads on this machine.
func SSDInUse() string {
	if quickBytes() {
		return SSDBytesFile
	}
	return SSDFile
}

func openSSD(share string, bytes bool) (*SSDDetector, error) {
	name, hash := SSDFile, SSDHash
	if bytes {
		name, hash = SSDBytesFile, SSDBytesHash
	}
	path := filepath.Join(share, name)
	if err := pinned(path, hash); err != nil {
		return nil, err
	}
	model, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	net, err := load(model, "scores", "loc")
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", name, err)
	}
	return &SSDDetector{net: net, bytes: bytes}, nil
}

// Names are those of the ways in which it looks, for plans and reports.
func (d *SSDDetector) Names() []string {
	if d.bytes {
		return []string{SSD + " (8 bit)", SSDEqualised + " (8 bit)"}
	}
	return []string{SSD, SSDEqualised}
}

// Twin is a detector for another core. It has memory of its own and the same network,
// which may be run by several at once: it is closed once, by whoever opened it.
func (d *SSDDetector) Twin() *SSDDetector { return &SSDDetector{net: d.net, bytes: d.bytes} }

// Close lets go of the network.
func (d *SSDDetector) Close() error { return d.net.close() }

// Detect looks at the picture.
func (d *SSDDetector) Detect(p Picture, min float64) ([]Hit, error) { return d.look(p, SSD, min) }

// DetectEqualised looks at the picture's equalised copy.
func (d *SSDDetector) DetectEqualised(p Picture, min float64) ([]Hit, error) {
	return d.look(d.equaliser.apply(p), SSDEqualised, min)
}

func (d *SSDDetector) look(p Picture, name string, min float64) ([]Hit, error) {
	var hits []Hit
	for _, c := range d.easel.of(p, ssdScales, func(longest int) *canvas { return newCanvas(p.W, p.H, longest, 64, false) }) {
		c.draw(p.RGB)
		err := d.run(c, func(o [][]float32) {
			hits = append(hits, distinct(decodeSSD(o[0], o[1], c, name, min))...)
		})
		if err != nil {
			return nil, err
		}
	}
	return hits, nil
}

func (d *SSDDetector) run(c *canvas, use func(outputs [][]float32)) error {
	if d.bytes {
		return d.net.runBytes(c.pixels, c.w, c.h, use)
	}
	return d.net.run(c.reals(1/127.5, -1), c.w, c.h, use)
}

// anchor is a box shape that the network refines: width and height in pixels of
// its input.
type anchor struct{ w, h float64 }

// ssdAnchors are those of the TensorFlow object-detection API for six layers,
// scales .2 to .95 of 512, aspect ratios 1, 2, ½, 3, ⅓ and a larger square; the
// first layer has three only.
var ssdAnchors = makeAnchors()

func makeAnchors() [6][]anchor {
	scales := []float64{.2, .35, .5, .65, .8, .95, 1}
	var out [6][]anchor
	for layer := range out {
		s := scales[layer] * 512
		shape := func(ratio float64) anchor { return anchor{s * math.Sqrt(ratio), s / math.Sqrt(ratio)} }
		if layer == 0 {
			out[0] = []anchor{{51.2, 51.2}, shape(2), shape(.5)}
			continue
		}
		larger := math.Sqrt(scales[layer]*scales[layer+1]) * 512
		out[layer] = []anchor{{s, s}, {larger, larger}, shape(2), shape(.5), shape(3), shape(1. / 3)}
	}
	return out
}

func decodeSSD(scores, loc []float32, c *canvas, name string, min float64) []Hit {
	var hits []Hit
	k := 0
	stride := 16.0
	cols, rows := roundUp(c.w, 16)/16, roundUp(c.h, 16)/16
	for _, anchors := range ssdAnchors {
		for y := range rows {
			for x := range cols {
				for _, a := range anchors {
					if s := float64(scores[k]); s >= min {
						l := loc[4*k : 4*k+4]
						cy := (float64(y)+.5)*stride + float64(l[0])/10*a.h
						cx := (float64(x)+.5)*stride + float64(l[1])/10*a.w
						h, w := math.Exp(float64(l[2])/5)*a.h, math.Exp(float64(l[3])/5)*a.w
						hits = append(hits, c.hit(cx, cy, w, h, s, name))
					}
					k++
				}
			}
		}
		stride *= 2
		cols, rows = (cols+1)/2, (rows+1)/2
	}
	return hits
}

// hit turns a box in the network's input into one in the picture.
func (c *canvas) hit(cx, cy, w, h, score float64, name string) Hit {
	box := evidence.Box{(cx - w/2) / c.scale, (cy - h/2) / c.scale, (cx + w/2) / c.scale, (cy + h/2) / c.scale}
	return Hit{Box: box, Score: score, Detector: name}
}

// distinct drops hits that are the same face seen again by the same pass.
func distinct(hits []Hit) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return slices.Compare(a.Box[:], b.Box[:])
	})
	var out []Hit
	for _, h := range hits {
		if !slices.ContainsFunc(out, func(k Hit) bool { return Overlap(h.Box, k.Box) > .4 }) {
			out = append(out, h)
		}
	}
	return out
}
