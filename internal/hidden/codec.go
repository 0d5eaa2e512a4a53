package hidden

import (
	"bytes"
	"fmt"
	"strings"
)

// Codecs: how much of a sample's description is fixed, which boxes may follow, and how
// messages in the samples are found.
type codec struct {
	fixed    int64
	boxes    []string
	messages int
}

// How messages in samples are found.
const (
	noMessages   = iota // the codec has no place for any
	unitMessages        // in units of H.264 or H.265
	userData            // after start codes of MPEG-4
	oneJPEG             // each sample is a JPEG
	bitMessages         // in units of AV1
	soundWords          // in the filling of the first frames of sound
)

var (
	pictureBoxes = strings.Fields("avcC hvcC vpcC av1C esds pasp colr fiel clap btrt gama mdcv clli dvcC dvvC dvwC hvcE SmDm CoLL d263 bitr lhvC ccst")
	soundBoxes   = strings.Fields("esds btrt chan wave dOps dfLa dac3 dec3 alac damr pcmC srat frma enda chnl")
)

var codecs = map[string]codec{
	"avc1": {78, pictureBoxes, unitMessages}, "avc3": {78, pictureBoxes, unitMessages},
	"hvc1": {78, pictureBoxes, unitMessages}, "hev1": {78, pictureBoxes, unitMessages}, "dvh1": {78, pictureBoxes, unitMessages}, "dvhe": {78, pictureBoxes, unitMessages},
	"mp4v": {78, pictureBoxes, userData}, "s263": {78, pictureBoxes, noMessages}, "vp08": {78, pictureBoxes, noMessages}, "vp09": {78, pictureBoxes, noMessages},
	"av01": {78, pictureBoxes, bitMessages}, "jpeg": {78, pictureBoxes, oneJPEG}, "mjpa": {78, pictureBoxes, oneJPEG}, "png ": {78, pictureBoxes, oneJPEG},
	"mp4a": {28, soundBoxes, soundWords}, ".mp3": {28, soundBoxes, soundWords}, "samr": {28, soundBoxes, noMessages}, "sawb": {28, soundBoxes, noMessages},
	"sowt": {28, soundBoxes, noMessages}, "twos": {28, soundBoxes, noMessages}, "raw ": {28, soundBoxes, noMessages}, "lpcm": {28, soundBoxes, noMessages},
	"in24": {28, soundBoxes, noMessages}, "in32": {28, soundBoxes, noMessages}, "fl32": {28, soundBoxes, noMessages}, "ulaw": {28, soundBoxes, noMessages},
	"alaw": {28, soundBoxes, noMessages}, "ipcm": {28, soundBoxes, noMessages}, "fpcm": {28, soundBoxes, noMessages}, "ima4": {28, soundBoxes, noMessages},
	"alac": {28, soundBoxes, noMessages}, "ac-3": {28, soundBoxes, noMessages}, "ec-3": {28, soundBoxes, noMessages}, "Opus": {28, soundBoxes, noMessages},
	"fLaC": {28, soundBoxes, noMessages},
}

// Where the name of the compressor and that of its maker stand in the description of
// a picture, after the box's head, and how long the name is.
const compressorAt, compressorSize, vendorAt = 42, 32, 12

// described looks at how the samples of a track are coded.
func (f *film) described(where string, b box, body []byte, t *track) bool {
	if len(body) < 8 {
		return false
	}
	for at := int64(8); at+8 <= int64(len(body)) && f.more(f.p); {
		e, ok := boxAt(body[at:min(int64(len(body)), at+16)], at, int64(len(body)))
		if !ok {
			return false
		}
		at = e.end
		if t.codec == "" {
			t.codec = e.kind
		}
		if (t.kind == "vide" || t.kind == "soun") && !f.entry(where, b.body, body, e, t) {
			return false
		}
	}
	return true
}

// entry looks at one description.
func (f *film) entry(where string, base int64, body []byte, e box, t *track) bool {
	c, known := codecs[e.kind]
	content := body[e.body:e.end]
	if !known {
		if t.kind == "vide" {
			c = codec{78, pictureBoxes, noMessages}
		} else {
			c = codec{28, soundBoxes, noMessages}
		}
		f.unread(f.p.under(where, safe(boxName(e.kind), 8)), whyCodec)
	}
	if int64(len(content)) < c.fixed {
		return false
	}
	if t.kind == "vide" {
		f.compressor(joinPath(where, e.kind), base+e.body, content)
	} else {
		t.frame = int64(be.Uint16(content[16:])) * int64(be.Uint16(content[18:])) / 8
		switch be.Uint16(content[8:]) { // QuickTime's longer forms
		case 1:
			c.fixed += 16
		case 2:
			c.fixed += 36
		}
	}
	if c.fixed > int64(len(content)) {
		return false
	}
	return f.settings(joinPath(where, e.kind), base+e.body+c.fixed, content[c.fixed:], c.boxes, t)
}

func (f *film) compressor(where string, base int64, content []byte) {
	name := content[compressorAt : compressorAt+compressorSize]
	if n := int(name[0]); len(bytes.Trim(name, "\x00")) > 0 {
		f.at(f.p, kindProgram, where, "compressor", text(name[1:min(len(name), 1+max(n, 1))]), base+compressorAt, compressorSize)
	}
	if vendor := content[vendorAt : vendorAt+4]; len(bytes.Trim(vendor, "\x00")) > 0 {
		f.at(f.p, kindDevice, where, "vendor", text(vendor), base+vendorAt, 4)
	}
}

// settings looks at the boxes that a decoder is set up from.
func (f *film) settings(where string, base int64, b []byte, allowed []string, t *track) bool {
	for at := int64(0); at < int64(len(b)); {
		if len(bytes.Trim(b[at:], "\x00")) == 0 {
			return true
		}
		c, ok := boxAt(b[at:min(int64(len(b)), at+16)], at, int64(len(b)))
		if !ok {
			f.at(f.p, kindBytes, where, "between", sample(b[at:], int64(len(b))-at), base+at, int64(len(b))-at)
			return true
		}
		body := b[c.body:c.end]
		switch {
		case !contains(allowed, c.kind):
			f.at(f.p, kindUnknown, where, boxName(c.kind), sample(body, c.end-c.body), base+c.at, c.end-c.at)
		case c.kind == "avcC" && len(body) > 4:
			t.prefix = int(body[4]&3) + 1
		case c.kind == "hvcC" && len(body) > 22:
			t.prefix = int(body[21]&3) + 1
			f.hevcSettings(where, base+c.body, body, t)
		case c.kind == "colr" && len(body) > 4 && (string(body[:4]) == "prof" || string(body[:4]) == "rICC"):
			f.icc(f.p.cut(where+"/colr", base+c.body+4, c.end-c.body-4))
		case c.kind == "esds":
			f.userWords(where, base+c.body, body)
		}
		at = c.end
	}
	return true
}

// hevcSettings looks for messages among the parameter sets of H.265 (ISO/IEC
// 14496-15, 8.3.3.1).
func (f *film) hevcSettings(where string, base int64, b []byte, t *track) {
	at := 23
	for range int(b[22]) {
		if at+3 > len(b) {
			return
		}
		kind, n := b[at]&63, int(be.Uint16(b[at+1:]))
		at += 3
		for range n {
			if at+2 > len(b) || at+2+int(be.Uint16(b[at:])) > len(b) {
				return
			}
			size := int(be.Uint16(b[at:]))
			if unit := b[at+2 : at+2+size]; kind == hevcMessage || kind == hevcMessage2 {
				(&teller{film: f, where: where + "/hvcC"}).message(base+int64(at+2), unit[min(2, len(unit)):])
			}
			at += 2 + size
		}
	}
}

// userWords reports what an MPEG-4 encoder wrote after the start code of user data.
func (f *film) userWords(where string, base int64, b []byte) bool {
	i := bytes.Index(b, []byte("\x00\x00\x01\xb2"))
	if i < 0 {
		return false
	}
	end := len(b)
	if j := bytes.Index(b[i+4:], []byte("\x00\x00\x01")); j >= 0 {
		end = i + 4 + j
	}
	f.at(f.p, kindProgram, where, "user data", sample(b[i+4:end], int64(end-i-4)), base+int64(i), int64(end-i))
	return true
}

// judge says which tracks are shown, and names the others with what they hold.
func (f *film) judge() {
	chapters := map[uint32]bool{}
	have := map[string]bool{}
	for _, t := range f.tracks {
		for _, r := range t.refs {
			chapters[r.id] = chapters[r.id] || r.kind == "chap"
		}
	}
	f.otherPicture = f.switchedOff()
	for _, t := range f.tracks {
		if !t.extents(f.use(t)) {
			f.damaged(f.p)
		}
		if (t.kind == "vide" || t.kind == "soun") && t.enabled && !have[t.kind] && !chapters[t.id] {
			have[t.kind] = true
			f.unplayed(t)
			continue
		}
		f.further(t, chapters[t.id])
	}
}

// switchedOff says whether a picture comes first that is not shown: decoders that go
// by the order would show it.
func (f *film) switchedOff() bool {
	for _, t := range f.tracks {
		if t.kind == "vide" {
			return !t.enabled
		}
	}
	return false
}

// use counts the bytes of a track's samples, as long as they are in the file.
func (f *film) use(t *track) func(e extent) bool {
	outside := false
	return func(e extent) bool {
		if e.to > f.p.size {
			if !outside {
				f.damaged(f.p)
			}
			outside = true
			return f.alive()
		}
		if n := len(f.used); n > 0 && f.used[n-1].to == e.from {
			f.used[n-1].to = e.to
		} else {
			f.used = append(f.used, e)
		}
		return f.alive()
	}
}

// longest is how much sound may lie before what is played, in seconds: encoders need
// some to begin.
const longestPriming = .2

// unplayed reports frames that an edit list hides.
func (f *film) unplayed(t *track) {
	n, seconds := t.concealed(f.scale)
	if t.kind == "vide" {
		f.frames = t.count + int64(len(t.pieces))
		f.recode = n > 0 || len(t.shown(f.scale)) > 1
	} else {
		f.recodeSound = f.recodeSound || n > 0 && seconds > longestPriming || len(t.shown(f.scale)) > 1
	}
	switch {
	case n == 0:
	case t.kind == "vide":
		f.at(f.p, kindFrames, t.path, "edit list", fmt.Sprintf("%d frames, %.2f s", n, seconds), t.at, t.end-t.at)
	case seconds > longestPriming:
		f.at(f.p, kindFrames, t.path, "edit list", fmt.Sprintf("%.2f s", seconds), t.at, t.end-t.at)
	}
	if len(t.pieces) > 0 && len(t.edits) > 0 {
		for _, e := range t.shown(f.scale) {
			if t.kind == "vide" && e.from > 0 && t.scale > 0 && float64(e.from)/float64(t.scale) > longestPriming {
				f.recode = true
				f.at(f.p, kindFrames, t.path, "edit list", fmt.Sprintf("%.2f s", float64(e.from)/float64(t.scale)), t.at, t.end-t.at)
			}
		}
	}
}

// Names of what tracks beside picture and sound are, by handler or codec.
var trackNames = map[string]string{
	"gpmd": "GoPro telemetry", "camm": "camera motion", "mebx": "timed metadata", "tmcd": "time code", "text": "text", "tx3g": "text", "c608": "captions",
	"c708": "captions", "sbtl": "subtitles", "subt": "subtitles", "clcp": "captions", "wvtt": "subtitles", "stpp": "subtitles", "hint": "hints", "rtp ": "hints",
	"mp4s": "subtitles", "fdsc": "GoPro data", "djmd": "DJI metadata", "dbgi": "DJI data", "pict": "pictures",
}

// maxTold is how many samples of a track are shown.
const maxTold = 40

// further names a track that is neither the picture nor the sound.
func (f *film) further(t *track, chapters bool) {
	name := trackNames[t.codec]
	if name == "" {
		name = trackNames[t.kind]
	}
	switch {
	case chapters:
		name = "chapters"
	case t.kind == "vide":
		name = "second picture"
	case t.kind == "soun":
		name = "second sound"
	case name == "":
		name = "track"
	}
	if !t.enabled {
		name += ", disabled"
	}
	f.at(f.p, kindTrack, t.path, name, t.describe(), t.at, t.end-t.at)
	told := 0
	if t.kind == "soun" || t.same > 0 && t.count > 1<<20 {
		return
	}
	t.each(func(e extent) bool {
		f.sampled(t, name, e)
		told++
		return told < maxTold && f.alive()
	})
}

// sampled shows what one sample of a track says, where that can be read.
func (f *film) sampled(t *track, name string, e extent) {
	b, ok := f.bytes(f.p, e.from, min(e.to, f.p.size)-e.from)
	if !ok || len(b) == 0 {
		return
	}
	kind, value := kindText, ""
	switch {
	case (t.kind == "text" || t.kind == "sbtl" || t.codec == "tx3g" || t.codec == "text") && len(b) >= 2:
		value = text(b[2:min(len(b), 2+int(be.Uint16(b)))])
	case t.codec == "tmcd" && len(b) == 4:
		kind, value = kindTime, fmt.Sprint(be.Uint32(b))
	case t.codec == "camm" && len(b) >= 4:
		value = camera(b)
		kind = kindPlace
	default:
		inner := f.p.cut(t.path, e.from, int64(len(b)))
		if k := f.sniff(inner); k.read != nil && t.kind == "vide" {
			kind, value = kindPicture, f.looksLike(inner)
		} else if t.kind != "vide" {
			value = sample(b, int64(len(b)))
		}
	}
	if value != "" {
		f.at(f.p, kind, t.path, name, value, e.from, e.to-e.from)
	}
}

// camera reads a place from a sample of camera motion, where it is one.
func camera(b []byte) string {
	kind := le.Uint16(b[2:])
	switch {
	case kind == 5 && len(b) >= 28:
		return coordinates(float(b[4:]), float(b[12:]))
	case kind == 6 && len(b) >= 36:
		return coordinates(float(b[16:]), float(b[24:]))
	}
	return sample(b, int64(len(b)))
}
