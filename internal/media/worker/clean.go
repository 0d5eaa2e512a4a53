package worker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// longestPriming is how much sound may lie before what is played, in seconds: its
// encoder needed some to begin. More than that was cut off by somebody.
const longestPriming = .2

// clean copies what a recording shows. Picture and sound are taken over as they are
// where nothing lies between their frames; otherwise they are decoded, as far as they
// are played, and encoded anew. Who asked looks through what came out.
func (w *worker) clean() error {
	v, err := w.probe()
	var p *problem
	switch {
	case errors.As(err, &p) && p.code == "media.no_video":
		return w.cleanSound()
	case err != nil:
		return err
	}
	if w.job.Clean.Recode || !copied[v.clip.Codec] {
		return w.recode(v)
	}
	discarded, err := w.discarded("v:0")
	if err != nil {
		return err
	}
	if discarded > 0 {
		return w.recode(v)
	}
	args := []string{"-map", "0:v:0", "-c:v", "copy", "-bsf:v", "filter_units=" + pictureUnits[v.clip.Codec]}
	if v.clip.Codec == "hevc" {
		args = append(args, "-tag:v", "hvc1")
	}
	same, err := w.remux(v.clip, args)
	if err != nil {
		return err
	}
	w.say(media.Message{Rendered: &media.Rendered{Clip: v.clip, Media: "video/mp4", Copied: same}})
	return nil
}

// copied are the codecs of pictures that are taken over, and pictureUnits the units that
// a picture needs (ITU-T H.264 and H.265, tables 7-1).
var (
	copied       = map[string]bool{"h264": true, "hevc": true}
	pictureUnits = map[string]string{"h264": "pass_types=1-5|7|8", "hevc": "pass_types=0-9|16-21|32-34"}
)

// cleanSound copies a recording that has no picture.
func (w *worker) cleanSound() error {
	clip := media.Clip{Sound: true, Streams: 1}
	same, err := w.remux(clip, nil)
	if err != nil {
		return err
	}
	w.say(media.Message{Rendered: &media.Rendered{Clip: clip, Media: "audio/mp4", Copied: same}})
	return nil
}

// remux writes the given picture and the first sound into a new file. same says that
// the sound was taken over too.
func (w *worker) remux(clip media.Clip, picture []string) (same bool, err error) {
	args := append(append([]string{}, quiet...), "-nostdin", "-y", "-xerror", "-progress", "pipe:1")
	args = append(append(args, only...), "-i", fdPath(3))
	args = append(args, picture...)
	if same = true; clip.Sound {
		if same, err = w.soundAsItIs(); err != nil {
			return false, err
		}
		args = append(args, "-map", "0:a:0", "-c:a", "copy")
		if !same {
			args = append(args, "-c:a", "aac", "-b:a", "160k", "-flags:a", "+bitexact")
		}
	}
	args = append(args, "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-metadata:s", "encoder=", "-metadata:s", "language=und", "-metadata:s", "handler_name=",
		"-metadata:s", "vendor_id=", "-fflags", "+bitexact", "-movflags", "+faststart+negative_cts_offsets", "-use_editlist", "0", "-empty_hdlr_name", "1", "-f", muxer(picture), fdPath(4))
	if err := w.ffmpeg(args); err != nil {
		return false, err
	}
	return same, errors.Join(scrub(w.dst), hush(w.dst))
}

// muxer is MP4 in the form for films or for sounds alone.
func muxer(picture []string) string {
	if len(picture) == 0 {
		return "ipod"
	}
	return "mp4"
}

// hush empties, in place, the messages that an H.265 encoder keeps among the settings
// of the picture (ISO/IEC 14496-15, 8.3.3.1): no filter of ffmpeg takes them out.
func hush(f *os.File) error {
	at, size, err := find(f, "moov", "trak", "mdia", "minf", "stbl", "stsd")
	if err != nil || size == 0 || size > maxTable {
		return err
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, at); err != nil {
		return err
	}
	i := bytes.Index(b, []byte("hvcC"))
	if i < 0 || i+4+23 > len(b) {
		return nil
	}
	next := i + 4 + 23
	for range int(b[next-1]) {
		if next+3 > len(b) {
			return nil
		}
		kind, n := b[next]&63, int(binary.BigEndian.Uint16(b[next+1:]))
		next += 3
		for range n {
			if next+2 > len(b) || next+2+int(binary.BigEndian.Uint16(b[next:])) > len(b) {
				return nil
			}
			unit := b[next+2 : next+2+int(binary.BigEndian.Uint16(b[next:]))]
			if kind == 39 || kind == 40 {
				clear(unit[min(2, len(unit)):])
			}
			next += 2 + len(unit)
		}
	}
	_, err = f.WriteAt(b, at)
	return err
}

// ffmpeg runs it and tells how far it is.
func (w *worker) ffmpeg(args []string) error {
	r, pw, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	t, err := w.start(w.job.FFmpeg, args, nil, pw, w.in, w.dst)
	pw.Close()
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "frame="); ok {
			frame, _ := strconv.Atoi(strings.TrimSpace(n)) // a sound has none
			w.say(media.Message{Drawn: max(1, frame)})
		}
	}
	return t.wait()
}

// soundAsItIs says whether the sound may be taken over: AAC, all of which is played.
func (w *worker) soundAsItIs() (bool, error) {
	if w.job.Clean.RecodeSound {
		return false, nil
	}
	out, err := w.ask("-select_streams", "a:0", "-show_streams", "-of", "json")
	if err != nil {
		return false, err
	}
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		return false, fmt.Errorf("ffprobe: %w", err)
	}
	if len(p.Streams) != 1 || p.Streams[0].Codec != "aac" {
		return false, nil
	}
	seconds, err := w.discarded("a:0")
	return seconds < longestPriming, err
}

// discarded gives how many seconds of a stream are in the file and not played.
func (w *worker) discarded(stream string) (float64, error) {
	out, err := w.ask("-select_streams", stream, "-show_entries", "packet=duration_time,flags", "-of", "csv=p=0")
	if err != nil {
		return 0, err
	}
	total := 0.0
	for line := range strings.Lines(string(out)) {
		length, flags, _ := strings.Cut(strings.TrimSpace(line), ",")
		if strings.Contains(flags, "D") {
			total += max(seconds(length), .001) // one of no length counts too
		}
	}
	return total, nil
}

// recode draws every frame that is played anew, with a plan that covers nothing.
func (w *worker) recode(v *video) error {
	w.job.Render = &media.Rendering{KeepSound: true}
	w.plan(v)
	err := w.render(v)
	var p *problem
	if !errors.As(err, &p) || p.code != "media.damaged" {
		return err
	}
	times, again := w.decodedTimes() // of some codecs packets and frames do not pair
	if again != nil || len(times) == len(v.times) {
		return err
	}
	v.times, v.clip.Frames = times, len(times)
	w.plan(v)
	return w.render(v)
}

func (w *worker) plan(v *video) {
	w.job.Plan = &evidence.MaskPlan{Source: evidence.PlanSource{Width: v.clip.Width, Height: v.clip.Height, Frames: len(v.times), FPS: v.clip.FPS}}
}

// plain is what a photo is written as when it had to be decoded: PNG where it was one.
func plain(k kind) kind {
	if k == pngStill {
		return k
	}
	return jpegStill
}
