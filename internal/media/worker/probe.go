package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
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

	packets []packet // of the picture, in the order of decoding; none where some have no time
}

// A packet is one compressed frame.
type packet struct {
	at    int64 // when it is shown, in ticks
	key   bool  // it needs none before it
	shown bool  // no edit list hides it
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
	Index  int    `json:"index"`
	Type   string `json:"codec_type"`
	Codec  string `json:"codec_name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Tick   string `json:"time_base"`
	Rate   string `json:"avg_frame_rate"`
	Shape  string `json:"sample_aspect_ratio"`
	Frames string `json:"nb_frames"`
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
	w.video, w.stream = v, s.Index
	v.clip.Streams = len(p.Streams)
	v.clip.Sound = slices.ContainsFunc(p.Streams, func(s stream) bool { return s.Type == "audio" })
	v.begin = seconds(s.Start) - seconds(p.Format.Start)
	if err := w.timesOf(v); err != nil {
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
		if s.Disposition.Cover == 0 { // no cover of a sound file
			return s, nil
		}
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

// timesOf reads when each frame is shown, without decoding where it can be done.
func (w *worker) timesOf(v *video) error {
	out, err := w.ask("-select_streams", fmt.Sprint(w.stream), "-show_entries", "packet=pts,flags", "-of", "csv=p=0")
	if err != nil {
		return err
	}
	if v.packets, err = parsePackets(out); err != nil {
		return err
	}
	if v.packets == nil {
		v.times, err = w.decodedTimes()
		return err
	}
	v.times, err = rising(shownTimes(v.packets))
	return err
}

// parsePackets reads ffprobe's list. It is nil where a packet has no time: old
// containers give one to frames only.
func parsePackets(csv []byte) ([]packet, error) {
	var all []packet
	for line := range bytes.Lines(csv) {
		at, flags, ok := strings.Cut(strings.TrimRight(string(line), "\r\n,"), ",")
		if !ok {
			continue
		}
		if at == "N/A" {
			return nil, nil
		}
		t, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, &problem{code: "media.no_times", detail: at}
		}
		all = append(all, packet{at: t, key: strings.Contains(flags, "K"), shown: !strings.Contains(flags, "D")})
	}
	return all, nil
}

// shownTimes are the times of what is shown, in that order.
func shownTimes(packets []packet) []int64 {
	var times []int64
	for _, p := range packets {
		if p.shown {
			times = append(times, p.at)
		}
	}
	slices.Sort(times)
	return times
}

// decodedTimes is timesOf by decoding all of it, for codecs whose packets and
// frames do not pair.
func (w *worker) decodedTimes() ([]int64, error) {
	out, err := w.ask("-select_streams", fmt.Sprint(w.stream), "-show_entries", "frame=best_effort_timestamp", "-of", "csv=p=0")
	if err != nil {
		return nil, err
	}
	var times []int64
	var unknown []int
	for line := range bytes.Lines(out) {
		at, _, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ",")
		switch {
		case at == "": // a frame's side data has a line of its own
			continue
		case at == "N/A":
			unknown = append(unknown, len(times))
			times = append(times, 0)
			continue
		}
		t, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, &problem{code: "media.no_times", detail: at}
		}
		times = append(times, t)
	}
	if err := fill(times, unknown); err != nil {
		return nil, err
	}
	slices.Sort(times)
	return rising(times)
}

// fill gives the frames without a time one that follows the frame before. AVI has them:
// its frames are all equally long.
func fill(times []int64, unknown []int) error {
	if len(unknown) == 0 {
		return nil
	}
	step := int64(math.MaxInt64)
	for i := 1; i < len(times); i++ {
		if !slices.Contains(unknown, i) && !slices.Contains(unknown, i-1) && times[i] > times[i-1] {
			step = min(step, times[i]-times[i-1])
		}
	}
	if step == math.MaxInt64 || len(unknown) > mostUnknown {
		return &problem{code: "media.no_times", detail: fmt.Sprint(len(unknown), " of ", len(times))}
	}
	for _, i := range unknown {
		if i == 0 {
			return &problem{code: "media.no_times", detail: "the first"}
		}
		times[i] = times[i-1] + step
	}
	return nil
}

// mostUnknown is how many frames a decoder may hold back and give without a time when
// the recording has ended.
const mostUnknown = 32

// rising counts times from the first, and refuses two frames at one of them.
func rising(times []int64) ([]int64, error) {
	for i := 1; i < len(times); i++ {
		if times[i] == times[i-1] {
			return nil, &problem{code: "media.no_times", detail: "two frames at one time"}
		}
	}
	out := slices.Clone(times)
	for i := range out {
		out[i] -= times[0]
	}
	return out, nil
}
