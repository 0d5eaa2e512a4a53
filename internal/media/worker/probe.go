package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"safehouse/internal/media"
)

// A video is what must survive rendering: its geometry and the time of each
// frame.
type video struct {
	clip  media.Clip
	tick  ratio   // seconds: the unit of times
	times []int64 // of each frame, in ticks, rising, the first one 0
	shape ratio   // of a pixel
	tint  tint
	begin float64 // seconds by which the picture begins after the file does
}

// A ratio is a fraction as ffprobe prints it: 1/15360, 16:11.
type ratio struct{ num, den int64 }

func parseRatio(s string) ratio {
	a, b, ok := strings.Cut(strings.Replace(s, ":", "/", 1), "/")
	num, err1 := strconv.ParseInt(a, 10, 64)
	den, err2 := strconv.ParseInt(b, 10, 64)
	if !ok || err1 != nil || err2 != nil || num <= 0 || den <= 0 {
		return ratio{}
	}
	return ratio{num, den}
}

func (r ratio) known() bool { return r.den > 0 }

// tint says how values become colours. It is kept so that the copy looks alike.
type tint struct {
	Space     string `json:"color_space"`
	Transfer  string `json:"color_transfer"`
	Primaries string `json:"color_primaries"`
}

type probed struct {
	Streams []stream `json:"streams"`
	Format  struct {
		Name  string `json:"format_name"`
		Start string `json:"start_time"`
	} `json:"format"`
}

type stream struct {
	Type   string `json:"codec_type"`
	Codec  string `json:"codec_name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Tick   string `json:"time_base"`
	Rate   string `json:"avg_frame_rate"`
	Shape  string `json:"sample_aspect_ratio"`
	Start  string `json:"start_time"`
	tint
	Disposition struct {
		Cover int `json:"attached_pic"`
	} `json:"disposition"`
	Side []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

// probe asks what the file is and when each of its frames is shown.
func (w *worker) probe() (*video, error) {
	out, err := w.ask("-show_streams", "-show_format", "-of", "json")
	if err != nil {
		return nil, notVideo(err)
	}
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		return nil, fmt.Errorf("ffprobe: %w", err)
	}
	s, err := p.picture()
	if err != nil {
		return nil, err
	}
	v := s.video()
	v.clip.Streams = len(p.Streams)
	v.clip.Sound = slices.ContainsFunc(p.Streams, func(s stream) bool { return s.Type == "audio" })
	v.begin = seconds(s.Start) - seconds(p.Format.Start)
	if v.times, err = w.times(); err != nil {
		return nil, err
	}
	return v, v.check(s)
}

// notVideo is the better word when the file is none that ffmpeg knows.
func notVideo(err error) error {
	if p, ok := err.(*problem); ok && p.code == "media.damaged" {
		return &problem{code: "media.not_video", detail: p.detail}
	}
	return err
}

// picture is the stream that will be masked: the first one that moves.
func (p probed) picture() (stream, error) {
	for _, s := range p.Streams {
		if s.Type != "video" {
			continue
		}
		if s.Disposition.Cover != 0 {
			break // the cover of a sound file
		}
		return s, nil
	}
	return stream{}, &problem{code: "media.no_video"}
}

func (s stream) video() *video {
	v := &video{tick: parseRatio(s.Tick), shape: parseRatio(s.Shape), tint: s.tint}
	v.clip = media.Clip{Width: s.Width, Height: s.Height, Codec: s.Codec}
	for _, side := range s.Side {
		if side.Rotation != 0 {
			v.clip.Rotation = int(side.Rotation)
		}
	}
	if v.clip.Rotation%180 != 0 { // shown lying on its side
		v.clip.Width, v.clip.Height = s.Height, s.Width
		v.shape = ratio{v.shape.den, v.shape.num}
	}
	return v
}

// check refuses what is too big to open or shows nothing.
func (v *video) check(s stream) error {
	n := len(v.times)
	switch {
	case v.clip.Width <= 0 || v.clip.Height <= 0 || !v.tick.known():
		return &problem{code: "media.no_video", detail: "no geometry or time base"}
	case v.clip.Width*v.clip.Height > maxPixels || n > maxFrames:
		return &problem{code: "media.too_large", detail: fmt.Sprint(v.clip.Width, v.clip.Height, n)}
	case n == 0:
		return &problem{code: "media.truncated", detail: "no frame"}
	}
	v.clip.Frames = n
	if rate := parseRatio(s.Rate); rate.known() {
		v.clip.FPS = float64(rate.num) / float64(rate.den)
	}
	return nil
}

func seconds(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return f
}

// times reads when each frame is shown, without decoding. Packets that an edit
// list hides are not shown.
func (w *worker) times() ([]int64, error) {
	out, err := w.ask("-select_streams", "v:0", "-show_entries", "packet=pts,flags", "-of", "csv=p=0")
	if err != nil {
		return nil, err
	}
	return parseTimes(out, func(flags string) bool { return !strings.Contains(flags, "D") })
}

// decodedTimes is times by decoding all of it, for codecs whose packets and
// frames do not pair.
func (w *worker) decodedTimes() ([]int64, error) {
	out, err := w.ask("-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp", "-of", "csv=p=0")
	if err != nil {
		return nil, err
	}
	return parseTimes(out, func(string) bool { return true })
}

func parseTimes(csv []byte, shown func(flags string) bool) ([]int64, error) {
	var times []int64
	lines := bufio.NewScanner(bytes.NewReader(csv))
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ",")
		flags := ""
		if len(fields) > 1 {
			flags = fields[1]
		}
		if fields[0] == "" || !shown(flags) {
			continue
		}
		t, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, &problem{code: "media.no_times", detail: fields[0]}
		}
		times = append(times, t)
	}
	slices.Sort(times)
	for i := len(times) - 1; i >= 0; i-- {
		times[i] -= times[0]
	}
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return nil, &problem{code: "media.no_times", detail: "two frames at one time"}
		}
	}
	return times, lines.Err()
}
