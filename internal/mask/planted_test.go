package mask

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"image"
	"image/color"
	"image/draw"
	jpg "image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// What is planted: a code on each face, a name, a place.
const (
	codeSide    = 7 // cells
	plantedName = "Hong Plantedson"
	plantedAt   = "+41.8057+123.4315/"
)

// codeBit says whether a cell of the code is white.
func codeBit(i int) bool { return 0x1_5A96_C3A5_69CA>>i&1 == 1 }

// A coded is a clip with a code on each of some places, frame by frame.
type coded struct {
	frames [][]byte // of 640×360, in 24-bit colours
	at     [][]image.Point
	cell   int // side of a cell in pixels
}

// planting moves a camera over a photo and writes the code on each face: on the brow,
// where it hides nothing that makes a face one.
func planting(t *testing.T, frames int) coded {
	t.Helper()
	f := open(t, "../../node_modules/@vladmandic/face-api/demo/sample6.jpg")
	p, err := jpg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	var faces []evidence.Box
	_, err = studio(t).Media.Detect(t.Context(), f, media.Detection{Every: 1, Both: true, Min: .9}, func(l media.Look) error {
		for _, h := range l.Hits {
			if !slices.ContainsFunc(faces, func(b evidence.Box) bool { return shared(b, h.Box) > 0 }) {
				faces = append(faces, h.Box)
			}
		}
		return nil
	})
	if err != nil || len(faces) < 3 {
		t.Fatalf("%d faces: %v", len(faces), err)
	}
	const shrink = 1920. / 720
	out := coded{cell: 3}
	side := codeSide * out.cell
	for n := range frames {
		dx := n // the camera moves a pixel a frame
		frame := image.NewRGBA(image.Rect(0, 0, 640, 360))
		for y := range 360 {
			for x := range 640 {
				frame.Set(x, y, p.At(int(float64(x+dx)*shrink), int(float64(y)*shrink)))
			}
		}
		var at []image.Point
		for _, b := range faces {
			x, y := int((b[0]+b[2])/2/shrink)-side/2-dx, int((b[1]+height(b)*.12)/shrink)-side/2
			if x < 0 || y < 0 || x+side > 640 || y+side > 360 {
				continue
			}
			at = append(at, image.Pt(x, y))
			for i := range codeSide * codeSide {
				c := color.Gray{0}
				if codeBit(i) {
					c.Y = 255
				}
				cell := image.Rect(0, 0, out.cell, out.cell).Add(image.Pt(x+i%codeSide*out.cell, y+i/codeSide*out.cell))
				draw.Draw(frame, cell, image.NewUniform(c), image.Point{}, draw.Src)
			}
		}
		rgb := make([]byte, 0, 640*360*3)
		for i := 0; i < len(frame.Pix); i += 4 {
			rgb = append(rgb, frame.Pix[i:i+3]...)
		}
		out.frames, out.at = append(out.frames, rgb), append(out.at, at)
	}
	return out
}

// recovered is the best correlation of the code with what is anywhere near where it was
// planted, in any frame: 1 is the code itself.
func (c coded) recovered(frames [][]byte) (best float64) {
	for n, frame := range frames {
		for _, at := range c.at[min(n, len(c.at)-1)] {
			for dy := -6; dy <= 6; dy++ {
				for dx := -6; dx <= 6; dx++ {
					best = max(best, c.correlation(frame, at.X+dx, at.Y+dy))
				}
			}
		}
	}
	return best
}

// correlation compares the means of the cells with the code. Where nothing differs by
// more than noise of the encoder there is nothing to read.
func (c coded) correlation(frame []byte, x0, y0 int) float64 {
	var v [codeSide * codeSide]float64
	mean, ones := 0., 0.
	for i := range v {
		for k := range c.cell * c.cell {
			x, y := x0+i%codeSide*c.cell+k%c.cell, y0+i/codeSide*c.cell+k/c.cell
			if x < 0 || y < 0 || x >= 640 || y >= 360 {
				return 0
			}
			v[i] += float64(frame[(y*640+x)*3+1]) / float64(c.cell*c.cell)
		}
		mean += v[i] / float64(len(v))
		if codeBit(i) {
			ones += 1 / float64(len(v))
		}
	}
	var ab, aa, bb float64
	for i := range v {
		a, b := v[i]-mean, -ones
		if codeBit(i) {
			b = 1 - ones
		}
		ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
	}
	if aa < float64(len(v)) {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// raw decodes all that is stored in a clip, also what an edit list hides.
func raw(t *testing.T, name string) [][]byte {
	t.Helper()
	args := []string{"-v", "error", "-i", name, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"}
	if strings.HasSuffix(name, ".mp4") {
		args = slices.Insert(args, 2, "-ignore_editlist", "1")
	}
	out, err := exec.Command("ffmpeg", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(out, 640*360*3))
}

// hidden is a clip with the code on its faces, a tone, and the name and the place in
// each corner of the container.
func (c coded) hidden(t *testing.T, name string) *os.File {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	chapters := write("chapters", ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle="+plantedName+"\n")
	subtitles := write("words.srt", "1\n00:00:00,000 --> 00:00:01,000\n"+plantedName+"\n")
	file := filepath.Join(dir, name)
	args := []string{"-v", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "640x360", "-r", "12", "-i", "pipe:0", "-f", "lavfi", "-i", "sine=frequency=997:duration=2",
		"-i", subtitles, "-i", chapters, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=12:d=2",
		"-map", "0:v", "-map", "1:a", "-map", "2:s", "-map", "4:v", "-map_metadata", "3", "-map_chapters", "3",
		"-c:v", "libx264", "-crf", "12", "-preset", "veryfast", "-g", "96", "-pix_fmt", "yuv420p", "-c:a", "aac",
		"-bsf:v:0", "h264_metadata=sei_user_data=086f3693b7b34f2c965321492feee5b8+" + strings.ReplaceAll(plantedName, " ", "_"),
		"-metadata", "title=" + plantedName, "-metadata", "artist=" + plantedName, "-metadata", "comment=" + plantedName, "-metadata", "location=" + plantedAt,
		"-metadata", "creation_time=2017-03-15T22:10:00Z", "-metadata:s:v:0", "handler_name=" + plantedName, "-metadata:s:a", "title=" + plantedName}
	if strings.HasSuffix(name, ".mkv") {
		args = append(args, "-c:s", "srt", "-attach", write("note.txt", plantedName), "-metadata:s:t", "mimetype=text/plain", file)
	} else {
		args = append(args, "-c:s", "mov_text", "-timecode", "01:02:03:04", "-movflags", "+use_metadata_tags", file)
	}
	cmd := exec.Command("ffmpeg", args...)
	cmd.Stdin = bytes.NewReader(slices.Concat(c.frames...))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if strings.HasSuffix(name, ".mkv") {
		return open(t, file)
	}
	cut := filepath.Join(dir, "cut.mp4") // the first half second is behind an edit list
	args = []string{"-v", "error", "-ss", "0.5", "-i", file, "-map", "0", "-map", "-0:d", "-c", "copy", "-timecode", "01:02:03:04", "-movflags", "+use_metadata_tags", cut}
	if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(cut)
	if err != nil {
		t.Fatal(err)
	}
	box := func(kind, body string) []byte {
		return append([]byte{0, 0, byte((len(body) + 8) >> 8), byte(len(body) + 8)}, kind+body...)
	}
	xmp := "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac<x:xmpmeta>" + plantedName + " " + plantedAt + "</x:xmpmeta>"
	b = slices.Concat(b, box("uuid", xmp), box("free", plantedName), box("meta", plantedAt), []byte(plantedName))
	if err := os.WriteFile(cut, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, cut)
}

// forms are the ways in which words can lie in a file.
func forms(word string) map[string][]byte {
	out := map[string][]byte{"UTF-8": []byte(word), "hex": []byte(hex.EncodeToString([]byte(word)))}
	var little, big []byte
	for _, u := range utf16.Encode([]rune(word)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	out["UTF-16, little end first"], out["UTF-16, big end first"] = little, big
	for i := range 3 { // whatever stands before it
		text := base64.StdEncoding.EncodeToString(append(make([]byte, i), word...))
		out["base64, "+strconv.Itoa(i)] = []byte(text[4 : len(text)-4])
	}
	return out
}

func TestNoPlantedMarkIsLeftInPixelsFramesStreamsOrBytes(t *testing.T) {
	c := planting(t, 24)
	for _, how := range [][2]string{{"marked.mp4", media.Solid}, {"marked.mp4", media.Mosaic}, {"marked.mkv", media.Solid}} {
		t.Run(how[0]+", "+how[1], func(t *testing.T) {
			in := c.hidden(t, how[0])
			planted(t, in, c)
			out := create(t, "masked.mp4")
			plan, sum, err := studio(t).Mask(t.Context(), in, out, nil, Options{Style: how[1]}, quiet)
			if err != nil {
				t.Fatal(err)
			}
			if sum.Style != how[1] || sum.Sound || len(plan.Tracks) == 0 {
				t.Errorf("%+v", sum)
			}
			gone(t, out, c, sum.Frames)
		})
	}
}

// planted makes sure that the marks are there before: else their absence says nothing.
func planted(t *testing.T, in *os.File, c coded) {
	t.Helper()
	if best := c.recovered(raw(t, in.Name())); best < .9 {
		t.Fatalf("the code cannot be read before it is masked: %.2f", best)
	}
	b, err := os.ReadFile(in.Name())
	if err != nil || bytes.Count(b, []byte(plantedName)) < 5 || !bytes.Contains(b, []byte("Hong_Plantedson")) {
		t.Fatalf("the name is there %d times: %v", bytes.Count(b, []byte(plantedName)), err)
	}
	if !strings.HasSuffix(in.Name(), ".mp4") {
		return
	}
	seen, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pict_type", "-of", "csv=p=0", in.Name()).Output()
	if err != nil || len(raw(t, in.Name())) <= len(strings.Fields(string(seen))) {
		t.Fatalf("no frame is hidden: %v", err)
	}
}

func gone(t *testing.T, out *os.File, c coded, frames int) {
	t.Helper()
	stored := raw(t, out.Name())
	if len(stored) != frames {
		t.Errorf("%d frames are stored, %d shown", len(stored), frames)
	}
	// A mosaic's noise comes near anything by chance; the code itself gives 1.
	if best := c.recovered(stored); best > .65 {
		t.Errorf("the code can be read: %.2f", best)
	}
	kinds, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "stream=codec_type:chapter=id", "-show_chapters", "-of", "csv=p=0", out.Name()).Output()
	if err != nil || strings.TrimSpace(string(kinds)) != "video" {
		t.Errorf("it holds %s: %v", kinds, err)
	}
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{plantedName, "Plantedson", "41.8057", "123.4315", "2017-03-15", "01:02:03"} {
		for form, bits := range forms(word) {
			if bytes.Contains(bytes.ToLower(b), bytes.ToLower(bits)) {
				t.Errorf("%q is in it as %s", word, form)
			}
		}
	}
	exiftool(t, out.Name())
	if said, err := exec.Command("exiftool", "-validate", "-warning", "-error", "-a", out.Name()).CombinedOutput(); err != nil || strings.Contains(string(said), "Warning") || strings.Contains(string(said), "Error") {
		t.Errorf("exiftool complains: %v: %s", err, said)
	}
}
