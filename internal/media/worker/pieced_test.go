package worker

import (
	"fmt"
	"strings"
	"testing"
)

// What a decoder says of an open group of pictures: two are decoded after a key picture,
// shown before it, and made out of the one before as well.
func TestDamageSpoilsWhatIsMadeOutOfIt(t *testing.T) {
	var packets []packet
	for _, p := range []struct {
		at  int64
		key bool
	}{{0, true}, {3, false}, {1, false}, {2, false}, {6, true}, {4, false}, {5, false}, {9, false}} {
		packets = append(packets, packet{at: p.at, key: p.key, shown: true})
	}
	for name, c := range map[string]struct {
		before map[int64]string // said before this packet is taken
		after  map[int64]string // said when it is
		frame  map[int64]string // said before this frame is given
		want   string
	}{
		"nothing wrong":             {want: "[]"},
		"before the first packet":   {before: map[int64]string{0: "[mov @ 0x1] [error] wrong head"}, want: "[]"},
		"in a picture between":      {after: map[int64]string{3: "[h264 @ 0x1] [error] bad"}, want: "[3 1 2 4 5]"},
		"in the last of a group":    {after: map[int64]string{2: "[h264 @ 0x1] [error] bad"}, want: "[2 4 5]"},
		"in a key picture":          {after: map[int64]string{6: "[error] Error while decoding"}, want: "[6 4 5 9]"},
		"in a packet that is named": {before: map[int64]string{6: "[warning] in: corrupt input packet in stream 0"}, want: "[6 4 5 9]"},
		"in a frame that is named":  {frame: map[int64]string{1: "[warning] in: corrupt decoded frame in stream 0"}, want: "[1 2 4 5]"},
		"advice is no damage":       {after: map[int64]string{1: "[swscaler @ 0x1] [warning] deprecated"}, want: "[]"},
	} {
		a := newAccount(packets)
		var log strings.Builder
		for _, p := range packets {
			if s := c.before[p.at]; s != "" {
				fmt.Fprintln(&log, s)
			}
			fmt.Fprintf(&log, "[info] demuxer+ffmpeg -> ist_index:0 type:video pkt_pts:%d pkt_pts_time:0 pkt_dts:0\n", p.at)
			if s := c.after[p.at]; s != "" {
				fmt.Fprintln(&log, s)
			}
			if s := c.frame[p.at]; s != "" {
				fmt.Fprintln(&log, s)
			}
			fmt.Fprintf(&log, "[info] decoder -> ist_index:0 type:video frame_pts:%d frame_pts_time:0 best_effort_ts:%d best_effort_ts_time:0\n", p.at, p.at)
		}
		for text := log.String(); text != ""; { // in pieces, as a pipe gives it
			n := min(len(text), 37)
			if _, err := a.Write([]byte(text[:n])); err != nil {
				t.Fatal(err)
			}
			text = text[n:]
		}
		a.close()
		broken := []int64{}
		for g := a.take(); g != nil; g = a.take() {
			if g.broken {
				broken = append(broken, g.at)
			}
		}
		if got := fmt.Sprint(broken); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}
