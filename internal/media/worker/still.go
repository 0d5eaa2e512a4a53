package worker

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
	"safehouse/internal/media"
)

// maxStill is the longest file of a photo, in bytes.
const maxStill = 256 << 20

// maskRGB is the mask's colour on a photo.
var maskRGB = color.RGBA{70, 90, 110, 255}

// still does the job on a photo.
func (w *worker) still(f *os.File, k kind) error {
	p, err := develop(f, k)
	if err != nil {
		return err
	}
	clip := media.Clip{Width: p.Bounds().Dx(), Height: p.Bounds().Dy(), Frames: 1, Codec: k.codec(), Still: true, Streams: 1}
	switch w.job.Kind {
	case media.ProbeJob:
		w.say(media.Message{Clip: &clip})
		return nil
	case media.DetectJob:
		return w.study(p, clip)
	case media.RenderJob:
		return w.print(p, clip, k)
	case media.CleanJob:
		return w.upright(f, p, k)
	case media.GlimpseJob:
		if err := w.coverStill(p, clip); err != nil {
			return err
		}
		return w.small(p)
	}
	return fmt.Errorf("unknown job %q", w.job.Kind)
}

func (k kind) codec() string {
	if k == pngStill {
		return "png"
	}
	return "jpeg"
}

// develop decodes a photo, turns it as its metadata asks, and puts it on white:
// what a transparent pixel hides is not kept.
func develop(f *os.File, k kind) (*image.RGBA, error) {
	b, err := io.ReadAll(io.LimitReader(f, maxStill+1))
	if err != nil {
		return nil, err
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, spoilt(err)
	}
	if len(b) > maxStill || config.Width*config.Height > maxPixels {
		return nil, &problem{code: "media.too_large", detail: fmt.Sprint(config.Width, "×", config.Height)}
	}
	raw, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, spoilt(err)
	}
	flat := image.NewRGBA(image.Rect(0, 0, raw.Bounds().Dx(), raw.Bounds().Dy()))
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), raw, raw.Bounds().Min, draw.Over)
	if k != jpegStill {
		return flat, nil
	}
	return turn(flat, orientation(b)), nil
}

func spoilt(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &problem{code: "media.truncated", detail: err.Error()}
	}
	return &problem{code: "media.damaged", detail: err.Error()}
}

// turn brings a photo into the position it is looked at (EXIF 2.32, 4.6.4, tag
// 274).
func turn(p *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return p
	}
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range h {
		for x := range w {
			tx, ty := turned(orientation, x, y, w, h)
			copy(out.Pix[out.PixOffset(tx, ty):][:4], p.Pix[p.PixOffset(x, y):][:4])
		}
	}
	return out
}

func turned(orientation, x, y, w, h int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	default:
		return y, w - 1 - x
	}
}

// study looks for faces in a photo: as a whole, and in overlapping tiles where
// it is so large that a face would be lost in the small copy.
func (w *worker) study(p *image.RGBA, clip media.Clip) error {
	eyes, err := w.eyes()
	if err != nil {
		return err
	}
	defer closeAll(eyes)
	d := *w.job.Detect
	d.Both = true
	var look media.Look
	for i, tile := range tiles(clip.Width, clip.Height) {
		scaled, v := reduce(p, tile, eyes[0].longest(media.Detection{}))
		if i == 0 {
			look = newMeter(v.w, v.h).measure(0, scaled.RGB)
			look.Looked = true
		}
		hits, err := eyes[0].look(scaled, d, 0)
		if err != nil {
			return fmt.Errorf("look at a photo: %w", err)
		}
		for _, h := range v.back(hits) {
			x, y := float64(tile.Min.X), float64(tile.Min.Y)
			h.Box = evidence.Box{h.Box[0] + x, h.Box[1] + y, h.Box[2] + x, h.Box[3] + y}
			look.Hits = append(look.Hits, h)
		}
		w.say(media.Message{Drawn: i + 1})
	}
	w.say(media.Message{Look: &look})
	w.say(media.Message{Detected: &media.Detected{Clip: clip, Detectors: eyes[0].names()}})
	return nil
}

// tileSide is the side of a tile in pixels, and maxTiles how many there may be
// along a side.
const (
	tileSide = 768
	maxTiles = 8
)

// tiles gives the whole picture first, then squares that overlap by half.
func tiles(w, h int) []image.Rectangle {
	all := []image.Rectangle{image.Rect(0, 0, w, h)}
	side := max(tileSide, (max(w, h)+maxTiles-1)/maxTiles*2)
	if max(w, h) <= tileSide {
		return all
	}
	for y := 0; ; y += side / 2 {
		for x := 0; ; x += side / 2 {
			all = append(all, image.Rect(x, y, min(x+side, w), min(y+side, h)))
			if x+side >= w {
				break
			}
		}
		if y+side >= h {
			return all
		}
	}
}

// reduce makes a small packed copy of a part by averaging.
func reduce(p *image.RGBA, part image.Rectangle, longest int) (face.Picture, view) {
	w, h := fit(part.Dx(), part.Dy(), longest)
	v := view{w, h, float64(part.Dx()) / float64(w), float64(part.Dy()) / float64(h)}
	out := face.Picture{W: w, H: h, RGB: make([]byte, 0, w*h*3)}
	for y := range h {
		for x := range w {
			r, g, b := average(p, cell(part, v, x, y))
			out.RGB = append(out.RGB, r, g, b)
		}
	}
	return out, v
}

// cell is the pixels that one pixel of the small copy stands for.
func cell(part image.Rectangle, v view, x, y int) image.Rectangle {
	x0, y0 := part.Min.X+int(float64(x)*v.sx), part.Min.Y+int(float64(y)*v.sy)
	x1, y1 := part.Min.X+int(math.Ceil(float64(x+1)*v.sx)), part.Min.Y+int(math.Ceil(float64(y+1)*v.sy))
	return image.Rect(x0, y0, min(x1, part.Max.X), min(y1, part.Max.Y))
}

func average(p *image.RGBA, c image.Rectangle) (r, g, b byte) {
	var sum [3]int
	n := 0
	for y := c.Min.Y; y < c.Max.Y; y++ {
		line := p.Pix[p.PixOffset(c.Min.X, y) : p.PixOffset(c.Max.X-1, y)+4]
		for ; len(line) >= 4; line = line[4:] {
			sum[0], sum[1], sum[2] = sum[0]+int(line[0]), sum[1]+int(line[1]), sum[2]+int(line[2])
			n++
		}
	}
	n = max(n, 1)
	return byte(sum[0] / n), byte(sum[1] / n), byte(sum[2] / n)
}

// print covers what the plan covers and writes a new file: only what was
// decoded, nothing that came with it.
func (w *worker) print(p *image.RGBA, clip media.Clip, k kind) error {
	if err := w.coverStill(p, clip); err != nil {
		return err
	}
	return w.write(p, clip, k)
}

func (w *worker) coverStill(p *image.RGBA, clip media.Clip) error {
	if s := w.job.Plan.Source; s.Width != clip.Width || s.Height != clip.Height || s.Frames != 1 {
		return &problem{code: "media.other_clip", detail: fmt.Sprint(clip.Width, "×", clip.Height)}
	}
	w.coverFrame(p, 0)
	return nil
}

// coverFrame covers what the plan covers on this frame.
func (w *worker) coverFrame(p *image.RGBA, frame int) {
	cover := regionsOf(w.job.Plan)
	boxes := cover.boxes[frame]
	if cover.whole[frame] {
		boxes = []evidence.Box{{-1e5, -1e5, 1e5, 1e5}}
	}
	for _, b := range boxes {
		coverRGBA(p, b)
	}
}

func (w *worker) write(p *image.RGBA, clip media.Clip, k kind) error {
	b, mime, err := encodeStill(p, k)
	if err != nil {
		return err
	}
	if _, err := w.dst.WriteAt(b, 0); err != nil {
		return err
	}
	if err := w.dst.Truncate(int64(len(b))); err != nil {
		return err
	}
	w.say(media.Message{Rendered: &media.Rendered{Clip: clip, Media: mime}})
	return nil
}

func coverRGBA(p *image.RGBA, b evidence.Box) {
	radius := min(b[2]-b[0], b[3]-b[1]) * cornerShare
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	for y := clampInt(math.Floor(b[1]), h); y < clampInt(math.Ceil(b[3]), h); y++ {
		inset := corner(b, radius, float64(y), float64(y+1))
		for x := clampInt(math.Floor(b[0]+inset), w); x < clampInt(math.Ceil(b[2]-inset), w); x++ {
			p.SetRGBA(x, y, maskRGB)
		}
	}
}

// jfif is the one segment beside those that hold the picture (ITU-T T.871).
var jfif = []byte{0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0}

func encodeStill(p *image.RGBA, k kind) ([]byte, string, error) {
	var out bytes.Buffer
	if k == pngStill {
		err := png.Encode(&out, p)
		return out.Bytes(), "image/png", err
	}
	if err := jpeg.Encode(&out, p, &jpeg.Options{Quality: 92}); err != nil {
		return nil, "", err
	}
	b := out.Bytes()
	return append(append(append([]byte{}, b[:2]...), jfif...), b[2:]...), "image/jpeg", nil
}
