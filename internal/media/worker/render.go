package worker

import (
	"errors"
	"fmt"
	"io"
	"math"

	"safehouse/internal/media"
)

// render decodes every frame, covers what the plan covers, and encodes a new
// file from nothing but that. What it writes is then walked box by box.
func (w *worker) render(v *video) error {
	if err := w.pair(v); err != nil {
		return err
	}
	w.careful = len(w.job.Plan.WholeFrames) > 0
	err := w.encode(v)
	if damaged(err) && !w.careful {
		w.careful = true
		err = w.encode(v)
	}
	if err != nil {
		return err
	}
	if err := scrub(w.dst); err != nil {
		return err
	}
	if err := walkMP4(w.dst); err != nil {
		return fmt.Errorf("the encoder wrote what it should not: %w", err)
	}
	clip := v.clip
	clip.Width, clip.Height, clip.Rotation, clip.Codec = even(clip.Width), even(clip.Height), 0, "h264"
	clip.Sound = clip.Sound && w.job.Render.KeepSound
	w.say(media.Message{Rendered: &media.Rendered{
		Clip: clip, Media: "video/mp4", Padded: clip.Width != v.clip.Width || clip.Height != v.clip.Height,
	}})
	return nil
}

// broken says whether nobody can say what the frame shows that was read last.
func (v *video) broken(n int) bool {
	k := len(v.clip.Broken)
	return k > 0 && v.clip.Broken[k-1] == n
}

// damaged says that some of a recording does not decode.
func damaged(err error) bool {
	var p *problem
	return errors.As(err, &p) && p.code == "media.damaged"
}

func even(n int) int { return n + n%2 }

// pair makes sure that the plan was made for this file's frames and that each
// frame has its time.
func (w *worker) pair(v *video) error {
	want := w.job.Plan.Source
	if want.Width != v.clip.Width || want.Height != v.clip.Height {
		return &problem{code: "media.other_clip", detail: fmt.Sprint(v.clip.Width, "×", v.clip.Height)}
	}
	if len(v.times) == want.Frames {
		return nil
	}
	times, err := w.decodedTimes()
	if err != nil {
		return err
	}
	if len(times) != want.Frames {
		return &problem{code: "media.other_clip", detail: fmt.Sprint(len(times), " frames")}
	}
	v.times, v.clip.Frames = times, len(times)
	return nil
}

// encode runs decoder and encoder and stands between them. Every frame gets the size
// of the clip, also where the recording changes it in mid-stream, and values of
// limited range, which every player takes for what they are.
func (w *worker) encode(v *video) error {
	filter := fmt.Sprintf("scale=%d:%d:out_range=tv,pad=w=ceil(iw/2)*2:h=ceil(ih/2)*2", v.clip.Width, v.clip.Height)
	decoder, frames, err := w.frames(filter, "yuv420p")
	if err != nil {
		return err
	}
	defer frames.Close()
	r, pw, err := pipe()
	if err != nil {
		decoder.kill()
		return err
	}
	encoder, err := w.start(w.job.FFmpeg, w.encoderArgs(v), r, nil, w.in, w.dst)
	r.Close()
	if err != nil {
		decoder.kill()
		pw.Close()
		return err
	}
	encoder.failing = "media.failed" // it is not the recording's fault
	drawn := w.drawAll(v, frames, pw)
	closed := pw.Close()
	if drawn != nil {
		decoder.kill()
		return errors.Join(encoder.wait(), drawn) // an encoder that stopped says why better than a broken pipe
	}
	return errors.Join(encoder.wait(), decoder.wait(), closed)
}

// drawAll passes each frame on, covered.
func (w *worker) drawAll(v *video, in io.Reader, out io.Writer) error {
	s := newSheet(even(v.clip.Width), even(v.clip.Height))
	cover := coverOf(w.job.Plan, w.job.Render.Style)
	mux, err := newRawMuxer(out, s.w, s.h)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		switch err := readFrame(in, s.yuv); {
		case errors.Is(err, io.EOF) && n == len(v.times):
			return nil
		case errors.Is(err, io.EOF):
			return &problem{code: "media.damaged", detail: fmt.Sprint(n, " of ", len(v.times), " frames")}
		case err != nil:
			return err
		case n == len(v.times):
			return &problem{code: "media.damaged", detail: "more frames than times"}
		}
		if v.broken(n) {
			cover.whole[n] = true // whatever the plan says
		}
		cover.draw(s, n)
		if err := mux.write(micros(v.times[n], v.tick), s.yuv); err != nil {
			return err
		}
		w.say(media.Message{Drawn: n + 1})
	}
}

// encoderArgs asks for H.264 in MP4 with nothing that tells of the source, the
// time or the machine: no metadata, no chapters, no SEI, no edit list. It asks for what
// is quick to write and to read, as the copy is read once more before it is given
// away: docs/design/rendering.md has what that costs.
func (w *worker) encoderArgs(v *video) []string {
	args := append([]string{}, quiet...)
	args = append(args, "-y", "-f", "matroska", "-i", "pipe:0")
	if w.job.Render.KeepSound && v.clip.Sound {
		args = append(args, only...)
		args = append(args, "-itsoffset", fmt.Sprintf("%.6f", -v.begin), "-i", fdPath(3), "-map", "0:v:0", "-map", "1:a:0",
			"-af", "aresample=async=1:first_pts=0", "-c:a", "aac", "-b:a", "128k", "-flags:a", "+bitexact")
	} else {
		args = append(args, "-map", "0:v:0", "-an")
	}
	args = append(args, "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-metadata:s:v", "encoder=", "-metadata:s:a", "encoder=", "-fps_mode", "passthrough",
		"-enc_time_base", fmt.Sprintf("%d:%d", v.tick.num, v.tick.den),
		"-c:v", "libx264", "-preset", "superfast", "-tune", "fastdecode", "-crf", "21", "-bf", "0", "-pix_fmt", "yuv420p", "-threads", "2")
	args = append(args, v.colorArgs()...)
	return append(args, "-fflags", "+bitexact", "-flags:v", "+bitexact", "-bsf:v", "filter_units=remove_types=6",
		"-movflags", "+faststart", "-use_editlist", "0", "-empty_hdlr_name", "1",
		"-video_track_timescale", fmt.Sprint(v.clock()), "-f", "mp4", fdPath(4))
}

// clock is how many ticks a second has in the copy: as many as in the recording, unless
// its length would then not fit into the 32 bits that every player reads.
func (v *video) clock() int64 {
	if last := float64(v.times[len(v.times)-1]+1) * float64(v.tick.num); v.tick.den > commonClock && last > math.MaxInt32 {
		return commonClock
	}
	return v.tick.den
}

// commonClock is MPEG's: it divides into the frames of every usual rate.
const commonClock = 90_000

// colorArgs keeps pixel shape and colours as they were.
func (v *video) colorArgs() []string {
	var args []string
	if v.shape.known() {
		args = append(args, "-vf", fmt.Sprintf("setsar=sar=%d/%d:max=65535", v.shape.num, v.shape.den))
	}
	for _, c := range [][2]string{{"-colorspace", v.tint.Space}, {"-color_trc", v.tint.Transfer}, {"-color_primaries", v.tint.Primaries}} {
		if c[1] != "" && c[1] != "unknown" && c[1] != "reserved" {
			args = append(args, c[0], c[1])
		}
	}
	return args
}
