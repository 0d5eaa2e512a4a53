package worker

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// encoded makes a clip as render does, but for the scrubbing, with args added.
func encoded(t *testing.T, args ...string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "clip.mp4")
	all := append([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1"}, args...)
	all = append(all, "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-pix_fmt", "yuv420p", "-fflags", "+bitexact", "-flags:v", "+bitexact",
		"-movflags", "+faststart", "-use_editlist", "0", "-empty_hdlr_name", "1", name)
	if out, err := exec.Command("ffmpeg", all...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

var noSEI = []string{"-bsf:v", "filter_units=remove_types=6"}

func TestTheWalkerTakesWhatWeMake(t *testing.T) {
	f := encoded(t, noSEI...)
	if err := scrub(f); err != nil {
		t.Fatal(err)
	}
	if err := walkMP4(f); err != nil {
		t.Error(err)
	}
}

// Each of these hides something that no player shows.
func TestTheWalkerFindsWhatIsHidden(t *testing.T) {
	for name, hide := range map[string]func(t *testing.T) *os.File{
		"the encoder's own name": func(t *testing.T) *os.File { return encoded(t, noSEI...) },
		"supplemental information": func(t *testing.T) *os.File {
			return scrubbed(t, "-bsf:v", "h264_metadata=sei_user_data=086f3693b7b34f2c965321492feee5b8+hidden")
		},
		"a time of creation": func(t *testing.T) *os.File {
			return scrubbed(t, append(noSEI, "-metadata", "creation_time=2017-03-15T22:10:00Z")...)
		},
		"words in an unused field": func(t *testing.T) *os.File {
			return changed(t, func(b []byte) []byte { copy(b[bytes.Index(b, []byte("vide"))+4:], "hidden"); return b })
		},
		"a reference to another file": func(t *testing.T) *os.File {
			return changed(t, func(b []byte) []byte { b[bytes.Index(b, []byte("url "))+7] = 0; return b })
		},
		"bytes after frames": func(t *testing.T) *os.File { return changed(t, growLastBox) },
		"a box at the end":   func(t *testing.T) *os.File { return changed(t, appendBox("uuid")) },
		"a second film":      func(t *testing.T) *os.File { return changed(t, appendBox("mdat")) },
		"words in free space": func(t *testing.T) *os.File {
			return changed(t, appendBox("free"))
		},
		"loose bytes at the end": func(t *testing.T) *os.File {
			return changed(t, func(b []byte) []byte { return append(b, "hidden"...) })
		},
		"a box that is too long": func(t *testing.T) *os.File { return changed(t, func(b []byte) []byte { return b[:len(b)-1] }) },
		"chapters": func(t *testing.T) *os.File {
			list := filepath.Join(t.TempDir(), "chapters")
			text := ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=hidden\n"
			if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return scrubbed(t, append([]string{"-i", list, "-map", "0:v", "-map_metadata", "1"}, noSEI...)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := walkMP4(hide(t)); err == nil {
				t.Error("it was not found")
			}
		})
	}
}

func scrubbed(t *testing.T, args ...string) *os.File {
	t.Helper()
	f := encoded(t, args...)
	if err := scrub(f); err != nil {
		t.Fatal(err)
	}
	return f
}

func changed(t *testing.T, change func([]byte) []byte) *os.File {
	t.Helper()
	f := scrubbed(t, noSEI...)
	if err := walkMP4(f); err != nil {
		t.Fatalf("before the change: %v", err)
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Name(), change(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func appendBox(kind string) func([]byte) []byte {
	return func(b []byte) []byte {
		b = binary.BigEndian.AppendUint32(b, 8+6)
		return append(append(b, kind...), "hidden"...)
	}
}

// growLastBox puts bytes into the box of the film that belong to no frame.
func growLastBox(b []byte) []byte {
	at := bytes.Index(b, []byte("mdat")) - 4
	binary.BigEndian.PutUint32(b[at:], binary.BigEndian.Uint32(b[at:])+6)
	return append(b, "hidden"...)
}

// Whatever the bytes: the walker ends, and never takes what it has not understood.
func FuzzWalker(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x02\x00"))
	f.Add([]byte("\x00\x00\x00\x08moov\x00\x00\x00\x08mdat"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if walkMP4(bytes.NewReader(b)) == nil && !strings.Contains(string(b), "avcC") {
			t.Error("a film without a picture was taken")
		}
	})
}

// 32 bits hold a day by MPEG's clock, and hardly more than an hour by one of a million ticks.
func TestALongRecordingGetsAClockThatFits(t *testing.T) {
	for _, c := range []struct{ den, last, want int64 }{
		{1_000_000, 600 * 1_000_000, 1_000_000}, {1_000_000, 7200 * 1_000_000, 90_000}, {15360, 7200 * 15360, 15360},
	} {
		v := &video{tick: ratio{1, c.den}, times: []int64{0, c.last}}
		if got := v.clock(); got != c.want || float64(c.last)/float64(c.den)*float64(got) > 1<<32 {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
