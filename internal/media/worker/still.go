package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // one frame of it
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
	"safehouse/internal/media"
)

// maxStill is the longest file of a photo, in bytes.
const maxStill = 256 << 20

// still does the job on a photo.
func (w *worker) still(f *os.File, k kind) error {
	p, err := w.develop(f, k)
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
		return w.print(p, clip, w.as(k))
	case media.CleanJob:
		return w.write(p, clip, plain(k))
	case media.GlimpseJob:
		if err := w.coverStill(p, clip); err != nil {
			return err
		}
		return w.small(p)
	}
	return fmt.Errorf("unknown job %q", w.job.Kind)
}

// as is what a photo is written as: what the job says, or else what it was, where that
// is one of the two.
func (w *worker) as(k kind) kind {
	if s := w.job.Render.Still; s == media.PNG || s == "" && k == pngStill {
		return pngStill
	}
	return jpegStill
}

// develop decodes a photo, turns it as its metadata asks, and puts it on white:
// what a transparent pixel hides is not kept.
func (w *worker) develop(f *os.File, k kind) (*image.RGBA, error) {
	raw, turned, err := w.decode(f, k)
	if err != nil {
		return nil, err
	}
	flat := image.NewRGBA(image.Rect(0, 0, raw.Bounds().Dx(), raw.Bounds().Dy()))
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), raw, raw.Bounds().Min, draw.Over)
	return turn(flat, turned), nil
}

// decode gives the picture and how it is to be turned.
func (w *worker) decode(f *os.File, k kind) (image.Image, int, error) {
	switch k {
	case webpStill:
		p, err := w.outside()
		return p, tiffOrientation(bytes.TrimPrefix(riffChunk(f, "EXIF"), []byte(exifHead))), err
	case heifStill:
		b, err := w.heif()
		if err != nil {
			return nil, 0, err
		}
		p, err := picture(b)
		return p, 1, err // it is turned already
	}
	b, err := io.ReadAll(io.LimitReader(f, maxStill+1))
	if err != nil {
		return nil, 0, err
	}
	p, err := picture(b)
	switch {
	case err != nil:
		return nil, 0, err
	case k == jpegStill:
		return p, orientation(b), nil
	case k == pngStill:
		return p, tiffOrientation(chunk(f, "eXIf", "IEND")), nil
	}
	return p, 1, nil
}

// picture decodes a JPEG, PNG or GIF.
func picture(b []byte) (image.Image, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(b))
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
	if format != "gif" {
		return raw, nil
	}
	screen := image.NewRGBA(image.Rect(0, 0, config.Width, config.Height)) // the picture may cover a part of it
	draw.Draw(screen, screen.Bounds(), raw, image.Point{}, draw.Src)
	return screen, nil
}

// outside has ffmpeg decode a photo.
func (w *worker) outside() (image.Image, error) {
	out, err := w.ask("-show_streams", "-of", "json")
	if err != nil {
		return nil, err
	}
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		return nil, fmt.Errorf("ffprobe: %w", err)
	}
	s, err := p.picture()
	switch {
	case err != nil:
		return nil, err
	case s.Width <= 0 || s.Height <= 0:
		return nil, &problem{code: "media.damaged", detail: "no size"}
	case s.Width*s.Height > maxPixels:
		return nil, &problem{code: "media.too_large", detail: fmt.Sprint(s.Width, "×", s.Height)}
	}
	w.stream = s.Index
	t, r, err := w.frames("null", "rgba")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	flat := image.NewNRGBA(image.Rect(0, 0, s.Width, s.Height))
	if err := readFrame(r, flat.Pix); err != nil {
		return nil, errors.Join(t.wait(), spoilt(err))
	}
	if err := readFrame(r, make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.kill()
		return nil, &problem{code: "media.damaged", detail: "more than one frame"}
	}
	return flat, t.wait()
}

func spoilt(err error) error {
	var unknown jpeg.UnsupportedError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &problem{code: "media.truncated", detail: err.Error()}
	case errors.As(err, &unknown):
		return &problem{code: "media.not_video", detail: err.Error()}
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
// it is so large that a face would be lost in the small copy. The whole is looked at
// in both ways, the tiles in turn, unless the job asks for both: where they overlap by
// half, each face lies in tiles of either way.
func (w *worker) study(p *image.RGBA, clip media.Clip) error {
	eyes, err := w.eyes()
	if err != nil {
		return err
	}
	defer closeAll(eyes)
	overlap := .5
	if w.job.Detect.Every > 1 {
		overlap = .25 // as of a video not every frame
	}
	s := &studied{worker: w, photo: p, tiles: tiles(clip.Width, clip.Height, overlap)}
	s.hits, s.errs = make([][]face.Hit, len(s.tiles)), make([]error, len(eyes))
	var working sync.WaitGroup
	for i, e := range eyes {
		working.Go(func() { s.errs[i] = s.gaze(e) })
	}
	working.Wait()
	if err := errors.Join(s.errs...); err != nil {
		return fmt.Errorf("look at a photo: %w", err)
	}
	look := media.Look{Of: 1, Luma: s.look.Luma, Sharp: s.look.Sharp, Looked: true, Hits: slices.Concat(s.hits...)}
	w.say(media.Message{Look: &look})
	w.say(media.Message{Detected: &media.Detected{Clip: clip, Detectors: eyes[0].names()}})
	return nil
}

// studied is a photo that is being looked at, tile by tile, by all eyes.
type studied struct {
	worker *worker
	photo  *image.RGBA
	tiles  []image.Rectangle
	next   atomic.Int32
	look   media.Look   // of the whole; whoever looks at the first tile writes it
	hits   [][]face.Hit // by tile; whoever looks at a tile writes it
	errs   []error      // by eye
}

// gaze looks at one tile after another until none is left.
func (s *studied) gaze(e *eye) error {
	for {
		i := int(s.next.Add(1)) - 1
		if i >= len(s.tiles) {
			return nil
		}
		d, tile := *s.worker.job.Detect, s.tiles[i]
		d.Both = d.Both || i == 0
		scaled, v := reduce(s.photo, tile, longest(media.Detection{}, s.worker.job.YuNet != ""))
		if i == 0 {
			s.look = newMeter(v.w, v.h).measure(0, scaled.RGB)
		}
		hits, err := e.look(scaled, d, i)
		if err != nil {
			return err
		}
		for _, h := range v.back(hits) {
			x, y := float64(tile.Min.X), float64(tile.Min.Y)
			h.Box = evidence.Box{h.Box[0] + x, h.Box[1] + y, h.Box[2] + x, h.Box[3] + y}
			s.hits[i] = append(s.hits[i], h)
		}
		s.worker.say(media.Message{Drawn: i + 1})
	}
}

// tileSide is the side of a tile in pixels, and maxTiles how many there may be
// along a side.
const (
	tileSide = 768
	maxTiles = 8
)

// tiles gives the whole picture first, then squares that overlap by that share of a
// side or a little more.
func tiles(w, h int, share float64) []image.Rectangle {
	all := []image.Rectangle{image.Rect(0, 0, w, h)}
	if max(w, h) <= tileSide {
		return all
	}
	side := max(tileSide, int(float64(max(w, h))/(1+(maxTiles-1)*(1-share))))
	for _, y := range places(h, side, share) {
		for _, x := range places(w, side, share) {
			all = append(all, image.Rect(x, y, min(x+side, w), min(y+side, h)))
		}
	}
	return all
}

// places are where squares of that side begin along a length.
func places(length, side int, share float64) []int {
	room := length - side
	if room <= 0 {
		return []int{0}
	}
	steps := int(math.Ceil(float64(room) / (float64(side) * (1 - share))))
	all := make([]int, steps+1)
	for i := range all {
		all[i] = room * i / steps
	}
	return all
}

// reduce makes a small packed copy of a part by averaging.
func reduce(p *image.RGBA, part image.Rectangle, longest int) (face.Picture, view) {
	w, h := fit(part.Dx(), part.Dy(), longest)
	v := view{w, h, float64(part.Dx()) / float64(w), float64(part.Dy()) / float64(h), 1}
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
	style := media.Solid
	if w.job.Render != nil {
		style = w.job.Render.Style
	}
	coverOf(w.job.Plan, style).draw(photo{p}, frame)
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

// A photo is a surface of colours.
type photo struct{ *image.RGBA }

func (p photo) mean(b evidence.Box) (y, u, v float64) {
	box := image.Rect(int(max(b[0], -1e6)), int(max(b[1], -1e6)), int(math.Ceil(min(b[2], 1e6))), int(math.Ceil(min(b[3], 1e6))))
	box = box.Intersect(p.Bounds())
	if box.Empty() {
		return 128, 128, 128
	}
	r, g, blue := average(p.RGBA, box)
	Y, Cb, Cr := color.RGBToYCbCr(r, g, blue)
	return 16 + float64(Y)*219/255, 128 + (float64(Cb)-128)*224/255, 128 + (float64(Cr)-128)*224/255
}

func (p photo) paint(b evidence.Box, k ink) {
	colours := make(map[tone]color.RGBA, len(k.cells))
	for _, t := range k.cells {
		colours[t] = t.rgba()
	}
	whole := plane{w: p.Bounds().Dx(), h: p.Bounds().Dy(), step: 1}
	radius := roundness(b)
	top, bottom := whole.rows(b)
	for y := top; y < bottom; y++ {
		left, right := whole.columns(b, radius, y)
		cells := k.row(b, float64(y))
		for x := left; x < right; x++ {
			p.SetRGBA(x, y, colours[cells[k.column(b, float64(x))]])
		}
	}
}

// rgba is a tone on a photo, where values have full range.
func (t tone) rgba() color.RGBA {
	y := min(max((float64(t.y)-16)*255/219, 0), 255)
	chroma := func(v byte) float64 { return min(max(128+(float64(v)-128)*255/224, 0), 255) }
	r, g, b := color.YCbCrToRGB(byte(y+.5), byte(chroma(t.u)+.5), byte(chroma(t.v)+.5))
	return color.RGBA{r, g, b, 255}
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
