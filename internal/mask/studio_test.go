package mask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/media/worker"
)

// The test program is its own worker, as the real one is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.Command {
		worker.Main()
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "crew" {
		if err := drainIn(os.Args[2], os.Args[3]); err != nil {
			panic(err)
		}
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "edit" {
		if err := editIn(os.Args[2], os.Args[3]); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func studio(t *testing.T) Studio {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	share, err := filepath.Abs("../../share")
	if err != nil {
		t.Fatal(err)
	}
	r := media.Runner{Program: self, Share: share}
	if r.FFmpeg, err = exec.LookPath("ffmpeg"); err == nil {
		r.FFprobe, err = exec.LookPath("ffprobe")
	}
	if err != nil {
		t.Fatal(err)
	}
	return Studio{Media: r, Tool: "test"}
}

// recording makes the example's clip: ten faces, two cuts, a tone, hidden data.
func recording(t *testing.T, ffmpeg ...string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "clip.mp4")
	if out, err := exec.Command("../../examples/clip.sh", name).CombinedOutput(); err != nil {
		t.Fatalf("clip: %v: %s", err, out)
	}
	if len(ffmpeg) > 0 {
		other := filepath.Join(t.TempDir(), ffmpeg[len(ffmpeg)-1])
		args := append([]string{"-v", "error", "-i", name}, ffmpeg[:len(ffmpeg)-1]...)
		if out, err := exec.Command("ffmpeg", append(args, other)...).CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg: %v: %s", err, out)
		}
		name = other
	}
	return open(t, name)
}

func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func create(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func quiet(string, int, int) {}

func TestAMaskedClipShowsNoFaceAndHidesNothing(t *testing.T) {
	in, out := recording(t), create(t, "masked.mp4")
	plan, sum, err := studio(t).Mask(t.Context(), in, out, nil, Options{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Cuts) != 2 || sum.Tracks < 10 || sum.Frames != 108 || sum.Sound {
		t.Errorf("cuts %v, %+v", plan.Cuts, sum)
	}
	t.Run("the frames are those of the source", func(t *testing.T) {
		want, got := probe(t, in.Name()), probe(t, out.Name())
		if want != got {
			t.Errorf("source %.300s, masked %.300s", want, got)
		}
	})
	t.Run("no planted mark is left", func(t *testing.T) {
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, mark := range []string{"demonstration", "41.80", "2017", "Lavf", "Lavc", "x264", "mp4a", "udta", "meta"} {
			if bytes.Contains(b, []byte(mark)) {
				t.Errorf("%q is in it", mark)
			}
		}
	})
	t.Run("exiftool sees nothing but the picture", func(t *testing.T) { exiftool(t, out.Name()) })
	t.Run("mat2 finds nothing to remove", func(t *testing.T) {
		if said, err := exec.Command("mat2", out.Name()).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		cleaned := strings.TrimSuffix(out.Name(), ".mp4") + ".cleaned.mp4"
		left := mat2(t, cleaned)
		for tag := range mat2(t, out.Name()) {
			if !left[tag] {
				t.Errorf("mat2 removes %s", tag)
			}
		}
	})
	t.Run("the same plan gives the same bytes", func(t *testing.T) {
		again := create(t, "again.mp4")
		if _, _, err := studio(t).Mask(t.Context(), in, again, &plan, Options{}, quiet); err != nil {
			t.Fatal(err)
		}
		a, _ := os.ReadFile(out.Name())
		b, _ := os.ReadFile(again.Name())
		if !bytes.Equal(a, b) {
			t.Error("they differ")
		}
	})
	t.Run("a plan with one face taken out is stopped by the second look", func(t *testing.T) { bare(t, in, plan) })
}

// probe tells size and times of every frame.
func probe(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height:frame=pts_time", "-of", "csv", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range strings.Fields(string(out)) { // a frame's side data is not ours to keep
		lines = append(lines, strings.TrimSuffix(line, ",side_data,"))
	}
	return strings.Join(lines, "\n")
}

// plain are the tags of a masked clip: its shape and times, and nothing of where,
// when or with what it was made.
var plain = strings.Fields(`SourceFile ExifTool:ExifToolVersion File:FileName File:Directory File:FileSize File:FileModifyDate
	File:FileAccessDate File:FileInodeChangeDate File:FilePermissions File:FileType File:FileTypeExtension File:MIMEType
	QuickTime:MajorBrand QuickTime:MinorVersion QuickTime:CompatibleBrands QuickTime:MovieHeaderVersion QuickTime:CreateDate
	QuickTime:ModifyDate QuickTime:TimeScale QuickTime:Duration QuickTime:PreferredRate QuickTime:PreferredVolume
	QuickTime:PreviewTime QuickTime:PreviewDuration QuickTime:PosterTime QuickTime:SelectionTime QuickTime:SelectionDuration
	QuickTime:CurrentTime QuickTime:NextTrackID QuickTime:TrackHeaderVersion QuickTime:TrackCreateDate QuickTime:TrackModifyDate
	QuickTime:TrackID QuickTime:TrackDuration QuickTime:TrackLayer QuickTime:TrackVolume QuickTime:ImageWidth QuickTime:ImageHeight
	QuickTime:MatrixStructure QuickTime:MediaHeaderVersion QuickTime:MediaCreateDate QuickTime:MediaModifyDate
	QuickTime:MediaTimeScale QuickTime:MediaDuration QuickTime:MediaLanguageCode QuickTime:HandlerType QuickTime:GraphicsMode
	QuickTime:OpColor QuickTime:CompressorID QuickTime:SourceImageWidth QuickTime:SourceImageHeight QuickTime:XResolution
	QuickTime:YResolution QuickTime:BitDepth QuickTime:VideoFrameRate QuickTime:MediaDataSize QuickTime:MediaDataOffset
	QuickTime:PixelAspectRatio QuickTime:ColorProfiles QuickTime:ColorPrimaries QuickTime:TransferCharacteristics QuickTime:MatrixCoefficients
	QuickTime:VideoFullRangeFlag QuickTime:BufferSize QuickTime:AverageBitrate QuickTime:MaxBitrate
	Composite:ImageSize Composite:Megapixels Composite:AvgBitrate Composite:Rotation`)

// mat2 lists the tags that mat2 shows of a file.
func mat2(t *testing.T, name string) map[string]bool {
	t.Helper()
	said, err := exec.Command("mat2", "--show", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string]bool{}
	for line := range strings.Lines(string(said)) {
		if tag, _, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(tag, "[") {
			tags[tag] = true
		}
	}
	if len(tags) == 0 {
		t.Errorf("mat2 shows nothing of %s: %s", name, said)
	}
	return tags
}

func exiftool(t *testing.T, name string) {
	out, err := exec.Command("exiftool", "-j", "-G", "-a", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var tags []map[string]any
	if err := json.Unmarshal(out, &tags); err != nil || len(tags) != 1 {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range plain {
		known[p] = true
	}
	for tag, value := range tags[0] {
		if !known[tag] {
			t.Errorf("%s: %v", tag, value)
		}
		if strings.Contains(tag, "CreateDate") && value != "0000:00:00 00:00:00" {
			t.Errorf("%s: %v", tag, value)
		}
	}
}

// bare takes each large face out of a plan in turn: no file may come of it.
func bare(t *testing.T, in *os.File, plan evidence.MaskPlan) {
	tried := 0
	for i, tr := range plan.Tracks {
		if len(tr.Boxes) < 30 || tried == 1 {
			continue
		}
		tried++
		without := plan
		without.Tracks = append(append([]evidence.Track{}, plan.Tracks[:i]...), plan.Tracks[i+1:]...)
		out := create(t, "bare.mp4")
		_, _, err := studio(t).Mask(t.Context(), in, out, &without, Options{}, quiet)
		var e *Exposed
		if !errors.As(err, &e) || e.Code != "mask.exposed" {
			t.Errorf("without track %d: %v", tr.ID, err)
			continue
		}
		mended := studio(t).Mend(without, e)
		if _, _, err := studio(t).Mask(t.Context(), in, create(t, "mended.mp4"), &mended, Options{}, quiet); err != nil {
			t.Errorf("mended without track %d: %v", tr.ID, err)
		}
	}
	if tried == 0 {
		t.Error("no track was long enough")
	}
}

func TestAPlanForAnotherFileIsRefused(t *testing.T) {
	in := recording(t, "-t", "1", "-an", "short.mp4")
	s := studio(t)
	plan, err := s.Propose(t.Context(), in, Options{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	plan.Source.SHA256 = strings.Repeat("0", 64)
	_, err = s.Render(t.Context(), in, plan, create(t, "out.mp4"), Options{}, quiet)
	problem(t, err, "mask.other_source")
}

func problem(t *testing.T, err error, code string) {
	t.Helper()
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

// What phones and messengers send: other containers, codecs, a turned picture,
// frames at uneven times, odd sizes. Each comes back with its own frames.
func TestOtherKindsOfRecording(t *testing.T) {
	for name, how := range map[string][]string{
		"matroska": {"-c", "copy", "clip.mkv"},
		"webm":     {"-t", "1", "-c:v", "libvpx", "-deadline", "realtime", "-an", "clip.webm"},
		"avi":      {"-t", "1", "-c:v", "mpeg4", "-an", "clip.avi"},
		"ts":       {"-t", "1", "-c", "copy", "clip.ts"},
		"turned":   {"-t", "1", "-c", "copy", "-metadata:s:v", "rotate=90", "clip.mp4"},
		"uneven":   {"-t", "2", "-vf", "select='not(mod(n,3))+not(mod(n,5))'", "-vsync", "vfr", "-an", "clip.mp4"},
		"odd size": {"-t", "1", "-vf", "scale=639:359", "-pix_fmt", "yuv444p", "-an", "clip.mkv"},
		"interlaced and anamorphic": {
			"-t", "1", "-vf", "scale=704:576,setsar=16/11,interlace", "-flags", "+ildct+ilme", "-c:v", "mpeg2video", "-an", "clip.ts",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, out := recording(t, how...), create(t, "masked.mp4")
			plan, sum, err := studio(t).Mask(t.Context(), in, out, nil, Options{}, quiet)
			if err != nil {
				t.Fatal(err)
			}
			if len(plan.Tracks) == 0 {
				t.Error("no face was found")
			}
			if got := strings.Count(probe(t, out.Name()), "frame,"); got != sum.Frames {
				t.Errorf("%d frames of %d", got, sum.Frames)
			}
		})
	}
}

func TestAPhotoIsMaskedAndLosesWhatItHides(t *testing.T) {
	from := "../../node_modules/@vladmandic/face-api/demo/sample3.jpg"
	name := filepath.Join(t.TempDir(), "photo.jpg")
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(b, "planted after the end"...), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-overwrite_original", "-Orientation#=6", "-GPSLatitude=41.8", "-GPSLatitudeRef=N", "-Artist=planted-artist", "-XMP:Creator=planted-creator", name}
	if said, err := exec.Command("exiftool", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	in, out := open(t, name), create(t, "masked.jpg")
	plan, _, err := studio(t).Mask(t.Context(), in, out, nil, Options{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Source.Width >= plan.Source.Height || plan.Source.Frames != 1 || len(plan.Tracks) == 0 {
		t.Errorf("a photo that is shown upright: %+v, %d tracks", plan.Source, len(plan.Tracks))
	}
	made, err := os.ReadFile(out.Name())
	if err != nil || len(made) == 0 {
		t.Fatal(err)
	}
	for _, mark := range []string{"planted", "Exif", "http://ns.adobe.com", "41.8"} {
		if bytes.Contains(made, []byte(mark)) {
			t.Errorf("%q is in it", mark)
		}
	}
}

// A clip that broke off, or is no clip, gives a sentence and no file.
func TestBadRecordingsAreRefused(t *testing.T) {
	whole, err := io.ReadAll(recording(t))
	if err != nil {
		t.Fatal(err)
	}
	fast := recording(t, "-c", "copy", "-movflags", "+faststart", "fast.mp4")
	quick, err := io.ReadAll(fast)
	if err != nil {
		t.Fatal(err)
	}
	mkv, err := io.ReadAll(recording(t, "-c", "copy", "clip.mkv"))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(quick)
	for i := len(flipped) / 8; i < len(flipped); i += 97 {
		flipped[i] ^= 0x55
	}
	for name, c := range map[string]struct {
		content []byte
		codes   string
	}{
		"without its end":              {whole[:len(whole)/2], "media.truncated"},
		"without its end, index first": {quick[:len(quick)*2/3], "media.truncated media.damaged"},
		"matroska without its end":     {mkv[:len(mkv)*2/3], "media.truncated"},
		"damaged almost everywhere":    {flipped, "media.damaged"},
		"empty":                        {nil, "media.empty"},
		"a text":                       {[]byte("Dear all, attached is the video."), "media.not_video"},
		"a playlist":                   {[]byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n"), "media.not_video"},
		"a list of files":              {[]byte("ffconcat version 1.0\nfile /etc/passwd\n"), "media.not_video"},
		"a photo without its end":      {jpeg(t), "media.truncated media.damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "in")
			if err := os.WriteFile(file, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := studio(t).Mask(t.Context(), open(t, file), create(t, "out.mp4"), nil, Options{}, quiet)
			var p *evidence.Problem
			if !errors.As(err, &p) || !strings.Contains(" "+c.codes+" ", " "+p.Code+" ") {
				t.Errorf("want %s, got %v", c.codes, err)
			}
		})
	}
}

// A clip with a few frames that do not decode is masked, and they are covered whole.
func TestADamagedClipIsMaskedWithItsDamageCoveredWhole(t *testing.T) {
	in := recording(t, "-c", "copy", "-an", "-movflags", "+faststart", "fast.mp4")
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+4000; i++ {
		b[i] ^= 0x55
	}
	file := filepath.Join(t.TempDir(), "damaged.mp4")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out := create(t, "masked.mp4")
	plan, sum, err := studio(t).Mask(t.Context(), open(t, file), out, nil, Options{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Frames != 108 || sum.Whole == 0 || sum.Whole != len(plan.WholeFrames) || sum.Whole > 54 {
		t.Errorf("%+v, whole %v", sum, plan.WholeFrames)
	}
	for n, frame := range raw(t, out.Name()) {
		whole := true
		for i := 0; i < len(frame); i += 300 {
			whole = whole && abs(int(frame[i])-70) < 12 && abs(int(frame[i+1])-90) < 12 && abs(int(frame[i+2])-110) < 12
		}
		if whole != slices.Contains(plan.WholeFrames, n) {
			t.Errorf("frame %d: covered whole %v", n, whole)
		}
	}
}

func jpeg(t *testing.T) []byte {
	b, err := os.ReadFile("../../node_modules/@vladmandic/face-api/demo/sample3.jpg")
	if err != nil {
		t.Fatal(err)
	}
	return b[:len(b)/2]
}

func TestWithoutFFmpegNothingIsTried(t *testing.T) {
	s := studio(t)
	s.Media.FFmpeg = ""
	_, _, err := s.Mask(t.Context(), open(t, "studio_test.go"), create(t, "out.mp4"), nil, Options{}, quiet)
	problem(t, err, "media.no_ffmpeg")
}

func TestSoundStaysOnlyWhenAskedFor(t *testing.T) {
	in, out := recording(t, "-t", "1", "-c:v", "copy", "-c:a", "copy", "short.mp4"), create(t, "masked.mp4")
	_, sum, err := studio(t).Mask(t.Context(), in, out, nil, Options{Audio: "keep"}, quiet)
	if err != nil || !sum.Sound {
		t.Fatalf("%+v: %v", sum, err)
	}
	kinds, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", out.Name()).Output()
	if err != nil || fmt.Sprint(strings.Fields(string(kinds))) != "[video audio]" {
		t.Errorf("%s: %v", kinds, err)
	}
}

func TestStrictStopsAtADoubt(t *testing.T) {
	in := recording(t)
	plan, _, err := studio(t).Mask(t.Context(), in, create(t, "out.mp4"), nil, Options{Strict: true}, quiet)
	var r *evidence.Refusal
	if len(plan.Queue) == 0 || !errors.As(err, &r) || r.Status != 3 || r.Code != "mask.doubtful" {
		t.Errorf("%d doubts: %v", len(plan.Queue), err)
	}
}

// A telephone held on its side, and a container that does not say so: everybody lies.
// Thorough finds them.
func TestFacesThatLieOnTheirSideAreCovered(t *testing.T) {
	photo := "../../node_modules/@vladmandic/face-api/demo/sample6.jpg"
	for _, filter := range []string{"transpose=cclock", "hflip,vflip"} {
		name := filepath.Join(t.TempDir(), "lying.mp4")
		out, err := exec.Command("ffmpeg", "-v", "error", "-loop", "1", "-i", photo, "-t", "0.6", "-r", "5",
			"-vf", "scale=640:-2,"+filter, "-pix_fmt", "yuv420p", name).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		plan, err := studio(t).Propose(t.Context(), open(t, name), Options{Profile: Thorough}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		faces := 0
		for _, tr := range plan.Tracks {
			if tr.From == 0 && tr.To == plan.Source.Frames-1 {
				faces++
			}
		}
		if faces < 4 {
			t.Errorf("%s: %d of four faces are covered throughout", filter, faces)
		}
	}
}
