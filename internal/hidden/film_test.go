package hidden

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var soundAndPicture = []string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2"}

// filmed has ffmpeg make a clip with nothing hidden but what args ask for.
func filmed(t *testing.T, name string, args ...string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), name)
	all := append([]string{"-v", "error", "-y"}, soundAndPicture...)
	for i := 0; i+1 < len(args); { // further inputs come before what is asked of the output
		if args[i] != "-i" {
			i++
			continue
		}
		all, args = append(all, "-i", args[i+1]), slices.Concat(args[:i], args[i+2:])
	}
	all = append(all, "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
		"-bsf:v:0", "filter_units=remove_types=6")
	run(t, "ffmpeg", append(append(all, args...), to)...)
	return to
}

// boxed makes a box.
func boxed(kind, body string) []byte {
	return append(append(be.AppendUint32(nil, uint32(8+len(body))), kind...), body...)
}

// within puts bytes at the end of the last box of that path, all of which are longer
// then. The film's tables must come behind its frames.
func within(t *testing.T, b, extra []byte, path ...string) []byte {
	t.Helper()
	b = bytes.Clone(b)
	at, end := 0, len(b)
	for _, kind := range path {
		found := -1
		for i := at; i+8 <= end; {
			n := int(be.Uint32(b[i:]))
			if n < 8 {
				break
			}
			if string(b[i+4:i+8]) == kind {
				found = i
			}
			i += n
		}
		if found < 0 {
			t.Fatalf("no box %s", kind)
		}
		n := int(be.Uint32(b[found:]))
		be.PutUint32(b[found:], uint32(n+len(extra)))
		at, end = found+8, found+n
	}
	return slices.Concat(b[:end], extra, b[end:])
}

func TestFilmsNameAndLoseWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	base := read(t, filmed(t, "a.mp4"))
	change := func(f func(b []byte) []byte) func(t *testing.T) string {
		return func(t *testing.T) string { return write(t, "a.mp4", f(base)) }
	}
	words := filepath.Join(t.TempDir(), "words")
	meta := ";FFMETADATA1\ntitle=" + mark + "\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=chapter of " + mark + "\n"
	subtitles := filepath.Join(t.TempDir(), "a.srt")
	for name, text := range map[string]string{words: meta, subtitles: "1\n00:00:00,000 --> 00:00:01,000\nsaid " + mark + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cover := write(t, "cover.png", withChunk(pngBytes(t), "tEXt", "Author\x00"+mark))
	loci := "\x00\x00\x00\x00\x15\xc7" + mark + "\x00\x00" + string(fixed(123.4315, 41.8057, 0)) + "earth\x00\x00"
	sei := "086f3693b7b34f2c965321492feee5b8+" + mark
	for name, c := range map[string]struct {
		make func(t *testing.T) string
		want []string
		same bool
	}{
		"udta": {change(func(b []byte) []byte {
			return within(t, b, slices.Concat(boxed("\xa9xyz", "\x00\x12\x15\xc7+41.8057+123.4315/"), boxed("\xa9nam", "\x00\x10\x15\xc7"+mark), boxed("loci", loci), boxed("GPMF", mark)), "moov", "udta")
		}), []string{"place ~ location ~ +41.8057+123.4315/", "title ~ " + mark, "place ~ loci ~ 41.805695, 123.431503", "telemetry ~ " + mark}, true},
		"meta": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-metadata", "title="+mark, "-metadata", "location=+41.8057+123.4315/", "-metadata", "comment="+mark)
		},
			[]string{"moov/udta/meta/ilst ~ title ~ " + mark, "comment ~ " + mark}, true},
		"keys": {func(t *testing.T) string {
			return filmed(t, "a.mov", "-movflags", "use_metadata_tags", "-metadata", "com.apple.quicktime.location.ISO6709=+41.8057+123.4315/", "-metadata", "com.apple.quicktime.author="+mark)
		},
			[]string{"place ~ com.apple.quicktime.location.ISO6709 ~ +41.8057", "person ~ com.apple.quicktime.author ~ " + mark}, true},
		"times": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-metadata", "creation_time=2017-03-15T22:10:00Z", "-metadata", "title="+mark)
		},
			[]string{"time ~ moov/mvhd ~ creation time ~ 2017-03-15 22:10:00", "time ~ tkhd", "time ~ mdhd"}, true},
		"uuid and XMP": {change(func(b []byte) []byte {
			id, _ := unhex([]byte(xmpUUID))
			xmp := `<x:xmpmeta xmlns:x="x"><rdf:Description xmlns:rdf="r" xmlns:p="p" p:Creator="` + mark + `"/></x:xmpmeta>`
			return slices.Concat(b, boxed("uuid", string(id)+xmp), boxed("uuid", "0123456789abcdef"+mark))
		}), []string{"person ~ p:Creator ~ " + mark, "uuid 30313233 ~ " + mark}, true},
		"free space":   {change(func(b []byte) []byte { return within(t, b, boxed("free", mark), "moov") }), []string{"bytes ~ moov ~ free ~ " + mark}, true},
		"handler name": {change(func(b []byte) []byte { return bytes.Replace(b, []byte("VideoHandler"), []byte("Zeuge7 Zeuge"), 1) }), []string{"text ~ handler name ~ Zeuge7"}, true},
		"compressor":   {change(func(b []byte) []byte { return bytes.Replace(b, []byte("Lavc libx264"), []byte("Zeuge7 x264a"), 1) }), []string{"program ~ compressor ~ Zeuge7"}, true},
		"language": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-metadata:s:a", "language=kor", "-metadata", "title="+mark)
		}, []string{"tag ~ language ~ kor"}, true},
		"unused bytes of the media": {change(func(b []byte) []byte { return within(t, b, []byte(mark), "mdat") }), []string{"bytes ~ " + mark}, true},
		"behind the end":            {change(func(b []byte) []byte { return append(bytes.Clone(b), mark...) }), []string{"bytes ~ " + mark}, true},
		"chapters": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-i", words, "-map", "0:v", "-map", "1:a", "-map_metadata", "2", "-map_chapters", "2")
		},
			[]string{"track ~ chapters", "text ~ chapters ~ chapter of " + mark, "text ~ chapter ~ chapter of " + mark}, true},
		"subtitles": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-i", subtitles, "-map", "0:v", "-map", "1:a", "-map", "2:s", "-c:s", "mov_text")
		},
			[]string{"track ~ text", "text ~ said " + mark}, true},
		"attached picture": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-i", cover, "-map", "0:v", "-map", "1:a", "-map", "2:v", "-c:v:1", "png", "-disposition:v:1", "attached_pic")
		},
			[]string{"picture ~ cover ~ PNG"}, true},
		"second streams": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-map", "0:v", "-map", "1:a", "-map", "0:v", "-map", "1:a", "-metadata", "title="+mark, "-disposition:v:1", "0")
		},
			[]string{"track ~ second picture", "track ~ second sound"}, true},
		"time code": {func(t *testing.T) string {
			return filmed(t, "a.mov", "-timecode", "22:10:00:00", "-metadata", "title="+mark)
		}, []string{"track ~ time code"}, true},
		"messages between the pictures": {func(t *testing.T) string { return filmed(t, "a.mp4", "-bsf:v", "h264_metadata=sei_user_data="+sei) }, []string{"text ~ samples ~ user data 086f3693 ~ " + mark}, true},
		"the encoder's words": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-flags:a", "-bitexact", "-bsf:v", "null", "-flags:v", "-bitexact", "-fflags", "-bitexact", "-metadata", "title="+mark)
		},
			[]string{"program ~ user data dc45e9bd ~ x264", "program ~ encoder ~ Lavc"}, false},
		"fragments": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-bsf:v", "h264_metadata=sei_user_data="+sei)
		}, []string{"user data 086f3693 ~ " + mark}, true},
		"frames behind an edit list": {func(t *testing.T) string {
			to := filepath.Join(t.TempDir(), "a.mp4")
			run(t, "ffmpeg", "-v", "error", "-ss", "1.2", "-i", filmed(t, "a.mp4", "-g", "250", "-metadata", "title="+mark), "-c", "copy", to)
			return to
		}, []string{"frames ~ edit list ~ 30 frames, 1.20 s"}, false},
		"H.265": {func(t *testing.T) string {
			return filmed(t, "a.mp4", "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-bsf:v", "null", "-metadata", "title="+mark)
		}, []string{"program ~ hvcC ~ x265", "title ~ " + mark}, true},
		"3GP": {func(t *testing.T) string { return filmed(t, "a.3gp", "-metadata", "title="+mark) }, []string{"title ~ " + mark}, true},
		"Matroska": {func(t *testing.T) string {
			return filmed(t, "a.mkv", "-i", words, "-i", subtitles, "-map", "0:v", "-map", "1:a", "-map", "3:s", "-map_metadata", "2", "-map_chapters", "2", "-attach", cover, "-metadata:s:t", "mimetype=image/png",
				"-metadata:s:t", "filename="+mark+".png", "-metadata", "LOCATION=+41.8057+123.4315/", "-metadata", "creation_time=2017-03-15T22:10:00Z", "-metadata:s:v", "title="+mark)
		}, []string{"Segment/Info ~ title ~ " + mark, "chapter title ~ chapter of " + mark, "file name ~ " + mark, "file ~ PNG 48x32", "Author ~ " + mark, "track ~ subtitles", "said " + mark, "track name ~ " + mark,
			"place ~ LOCATION ~ +41.8057", "program ~ muxing application"}, true},
		"WebM": {func(t *testing.T) string {
			return filmed(t, "a.webm", "-c:v", "libvpx", "-bsf:v", "null", "-c:a", "libvorbis", "-metadata", "title="+mark)
		}, []string{"Segment/Info ~ title ~ " + mark, "program ~ writing application"}, false},
		"AVI": {func(t *testing.T) string {
			b := read(t, filmed(t, "a.avi", "-c:v", "mpeg4", "-bsf:v", "null", "-metadata", "title="+mark))
			i := bytes.Index(b, []byte("JUNK"))
			copy(b[i+20:], mark)
			return write(t, "a.avi", append(b, mark...))
		}, []string{"text ~ INFO ~ Title ~ " + mark, "bytes ~ JUNK", "bytes ~ after-the-end ~ " + mark}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.make(t)
			named(t, inspect(t, read(t, path)), c.want...)
			to, made := jury.cleaned(t, path)
			if made.Same != c.same {
				t.Errorf("same: %v, not %v", made.Same, c.same)
			}
			samePlay(t, path, to, c.same)
		})
	}
}

// samePlay compares what is played: how many pictures, whether there is sound, and the
// pictures to the bit where they were taken over.
func samePlay(t *testing.T, one, two string, same bool) {
	t.Helper()
	play := func(path string) (pictures []string, sound bool) {
		out := run(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-map", "0:a:0?", "-fps_mode", "passthrough", "-f", "framemd5", "-")
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimSpace(line), ", ")
			if len(f) == 6 && strings.TrimSpace(f[0]) == "0" {
				pictures = append(pictures, f[5])
			}
			sound = sound || len(f) == 6 && strings.TrimSpace(f[0]) == "1"
		}
		return pictures, sound
	}
	pictures1, sound1 := play(one)
	pictures2, sound2 := play(two)
	if len(pictures1) != len(pictures2) || len(pictures1) == 0 {
		t.Errorf("%d frames became %d", len(pictures1), len(pictures2))
	}
	if same && !slices.Equal(pictures1, pictures2) {
		t.Error("the pictures are not the same")
	}
	if sound1 != sound2 {
		t.Errorf("sound: %v became %v", sound1, sound2)
	}
}

// Telemetry has a track of its own: its handler and codec are no player's.
func TestTracksOfTelemetryAreNamed(t *testing.T) {
	b := read(t, filmed(t, "a.mov", "-timecode", "22:10:00:00"))
	for _, codec := range []string{"gpmd", "camm", "mebx"} {
		other := bytes.ReplaceAll(bytes.Clone(b), []byte("tmcd"), []byte(codec))
		r := inspect(t, other)
		named(t, r, "track ~ "+trackNames[codec])
	}
}

func TestSoundNamesAndLosesWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	sound := func(name string, args ...string) string {
		to := filepath.Join(t.TempDir(), name)
		run(t, "ffmpeg", append(append([]string{"-v", "error", "-f", "lavfi", "-i", "sine=d=2"}, args...), "-metadata", "title="+mark, "-metadata", "artist="+mark, to)...)
		return to
	}
	cover := write(t, "cover.png", withChunk(pngBytes(t), "tEXt", "Author\x00"+mark))
	ape := func(b []byte) []byte {
		item := append(le.AppendUint32(le.AppendUint32(nil, uint32(len(mark))), 0), "Comment\x00"+mark...)
		foot := le.AppendUint32([]byte("APETAGEX"), 2000)
		foot = le.AppendUint32(le.AppendUint32(foot, uint32(len(item)+32)), 1)
		return append(append(b, item...), append(foot, make([]byte, 12)...)...)
	}
	v1 := func(b []byte) []byte {
		tag := append([]byte("TAG"), mark...)
		return append(b, append(tag, make([]byte, 128-len(tag))...)...)
	}
	for name, c := range map[string]struct {
		make func(t *testing.T) string
		want []string
	}{
		"a.mp3": {func(t *testing.T) string {
			b := read(t, sound("a.mp3", "-i", cover, "-map", "0:a", "-map", "1:v", "-c:v", "copy"))
			return write(t, "a.mp3", v1(ape(b)))
		}, []string{"id3 ~ title ~ " + mark, "artist ~ " + mark, "picture ~ PNG 48x32", "Author ~ " + mark, "ape ~ Comment ~ " + mark, "id3v1 ~ title ~ 김철수", "program ~ encoder ~ Lavc"}},
		"a.flac": {func(t *testing.T) string {
			b := read(t, sound("a.flac", "-i", cover, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic"))
			padding := append([]byte{flacPadding, 0, 0, byte(len(mark))}, mark...)
			return write(t, "a.flac", append(slices.Concat(b[:42], padding, b[42:]), mark...))
		}, []string{"title ~ " + mark, "picture ~ PNG 48x32", "bytes ~ padding ~ " + mark, "bytes ~ after-the-end"}},
		"a.ogg": {func(t *testing.T) string { return sound("a.ogg", "-c:a", "libvorbis") }, []string{"text ~ title ~ " + mark, "program ~ vendor"}},
		"b.ogg": {func(t *testing.T) string { return write(t, "b.ogg", append(read(t, sound("b.opus")), mark...)) }, []string{"text ~ title ~ " + mark, "bytes ~ after-the-end ~ " + mark}},
		"a.wav": {func(t *testing.T) string {
			b := read(t, sound("a.wav", "-write_bext", "1", "-metadata", "originator="+mark))
			b = appendRecord(b, "iXML", []byte("<BWFXML><SCENE>"+mark+"</SCENE></BWFXML>"))
			le.PutUint32(b[4:], uint32(len(b)-8))
			return write(t, "a.wav", b)
		}, []string{"INFO ~ Title ~ " + mark, "person ~ bext ~ Originator ~ " + mark, "SCENE ~ " + mark}},
		"a.m4a": {func(t *testing.T) string { return sound("a.m4a") }, []string{"ilst ~ title ~ " + mark, "artist ~ " + mark}},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.make(t)
			named(t, inspect(t, read(t, path)), c.want...)
			to, _ := jury.cleaned(t, path)
			raw := func(path string) []byte {
				return run(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "s16le", "-")
			}
			if one, two := raw(path), raw(to); name != "a.m4a" && name != "a.mp3" && !bytes.Equal(one, two) {
				t.Errorf("the sound changed: %d bytes, %d", len(one), len(two))
			} else if len(two) < len(one)*9/10 {
				t.Errorf("the sound is shorter: %d bytes, %d", len(one), len(two))
			}
		})
	}
}

// A film's frames are not all read: only the heads of the units of each.
func TestALongFilmIsNotReadWhole(t *testing.T) {
	path := filmed(t, "a.mp4", "-vf", "scale=1280:720", "-crf", "1")
	b := read(t, path)
	r := inspect(t, b)
	if r.Read >= r.Size || r.Read == 0 {
		t.Errorf("%d of %d bytes were read", r.Read, r.Size)
	}
	if r.Status() != statusFound {
		t.Error(fmt.Sprint(r.Unread))
	}
}
