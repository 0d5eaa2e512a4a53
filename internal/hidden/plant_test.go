package hidden

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"safehouse/internal/media"
	"safehouse/internal/media/worker"
)

// The test program is its own worker, as the real one is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.Command {
		worker.Main()
		return
	}
	os.Exit(m.Run())
}

// What is planted: a name in two scripts and a place.
const (
	mark  = "김철수 Zeuge7"
	place = "41.8057"
)

// marks are what must not be in a copy, in any of the usual ways to write it.
var marks = []string{"김철수", "Zeuge7", "123.4315"}

// traces lists the marks that are in b: as UTF-8, UTF-16, hexadecimal digits or base64.
func traces(b []byte) (found []string) {
	lower := bytes.ToLower(b)
	for _, m := range marks {
		var le16, be16 []byte
		for _, u := range utf16.Encode([]rune(m)) {
			le16, be16 = binary.LittleEndian.AppendUint16(le16, u), binary.BigEndian.AppendUint16(be16, u)
		}
		for form, v := range map[string][]byte{"UTF-8": []byte(m), "UTF-16LE": le16, "UTF-16BE": be16, "hex": []byte(hex.EncodeToString([]byte(m))),
			"hex of UTF-16": []byte(hex.EncodeToString(be16))} {
			if bytes.Contains(b, v) || strings.HasPrefix(form, "hex") && bytes.Contains(lower, v) {
				found = append(found, m+" as "+form)
			}
		}
		for shift := range 3 {
			s := base64.StdEncoding.EncodeToString(append(make([]byte, shift), m...))
			if s = strings.TrimRight(s, "=")[(shift*8+5)/6:]; bytes.Contains(b, []byte(s[:len(s)-2])) {
				found = append(found, m+" as base64")
			}
		}
	}
	return found
}

func TestTracesAreFoundHoweverTheyAreWritten(t *testing.T) {
	wide := []byte{}
	for _, u := range utf16.Encode([]rune("김철수")) {
		wide = binary.BigEndian.AppendUint16(wide, u)
	}
	for _, b := range [][]byte{[]byte("x김철수x"), wide, []byte(strings.ToUpper(hex.EncodeToString([]byte("Zeuge7")))),
		[]byte(base64.StdEncoding.EncodeToString([]byte("a Zeuge7 b"))), []byte(base64.StdEncoding.EncodeToString([]byte("ab Zeuge7 c")))} {
		if len(traces(b)) == 0 {
			t.Errorf("%q: not found", b)
		}
	}
}

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return out
}

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inspect looks at bytes.
func inspect(t *testing.T, b []byte) Report {
	t.Helper()
	r, err := Inspect(t.Context(), bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func shownFinding(f Finding) string {
	return fmt.Sprintf("%s | %s | %s | %s", f.Kind, f.Where, f.Name, f.Value)
}

// named makes sure that for each line of want there is a finding with all of its words,
// and that places lie within the file.
func named(t *testing.T, r Report, want ...string) {
	t.Helper()
	for _, line := range want {
		ok := slices.ContainsFunc(r.Findings, func(f Finding) bool {
			for _, word := range strings.Split(line, " ~ ") {
				if !strings.Contains(shownFinding(f), word) {
					return false
				}
			}
			return true
		})
		if !ok {
			t.Errorf("not named: %s", line)
			for _, f := range r.Findings {
				t.Log(shownFinding(f))
			}
		}
	}
	for _, f := range r.Findings {
		if f.Offset < 0 || f.Length < 0 || f.Offset > r.Size {
			t.Errorf("%s lies at %d, %d bytes, of %d", f.Name, f.Offset, f.Length, r.Size)
		}
	}
}

func runner(t *testing.T) media.Runner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := media.Runner{Program: self}
	if r.FFmpeg, err = exec.LookPath("ffmpeg"); err != nil {
		t.Fatal(err)
	}
	r.Heif, _ = exec.LookPath("heif-convert") // a test of its own says so where it is missing
	if r.FFprobe, err = exec.LookPath("ffprobe"); err != nil {
		t.Fatal(err)
	}
	return r
}

// clean makes a copy and gives its path.
func clean(t *testing.T, path string) (string, Result, error) {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	to := filepath.Join(t.TempDir(), "clean"+filepath.Ext(path))
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	made, err := Cleaner{Media: runner(t)}.Clean(t.Context(), in, out, func(string, int64, int64) {})
	return to, made, err
}

// A court looks at the copies of a test, all at once: two programs that others wrote.
type court struct {
	t      *testing.T
	folder string
	copies []string
}

func newCourt(t *testing.T) *court {
	c := &court{t: t, folder: t.TempDir()}
	t.Cleanup(func() { c.referees() })
	return c
}

// cleaned makes a copy, searches it for the marks, and keeps it for the referees.
func (c *court) cleaned(t *testing.T, path string) (string, Result) {
	t.Helper()
	to, made, err := clean(t, path)
	if err != nil {
		t.Fatal(err)
	}
	b := read(t, to)
	if left := traces(b); len(left) > 0 {
		t.Errorf("left in the copy: %v", left)
	}
	kept := filepath.Join(c.folder, fmt.Sprintf("%d%s", len(c.copies), filepath.Ext(path)))
	if err := os.WriteFile(kept, b, 0o600); err != nil {
		t.Fatal(err)
	}
	c.copies = append(c.copies, kept)
	return to, made
}

// structural are the facts that exiftool reads from what shows a picture or sound:
// sizes, codecs, forms. All else that it names in a copy is a fault.
var structural = strings.Fields(`SourceFile FileType FileTypeExtension MIMEType ExifToolVersion FileName Directory FileSize FileModifyDate FileAccessDate FileInodeChangeDate
	FilePermissions ImageWidth ImageHeight ImageSize Megapixels EncodingProcess BitsPerSample ColorComponents YCbCrSubSampling JFIFVersion ResolutionUnit XResolution YResolution
	BitDepth ColorType Compression Filter Interlace PixelsPerUnitX PixelsPerUnitY PixelUnits SRGBRendering Gamma Palette Transparency GIFVersion HasColorMap ColorResolutionDepth
	BackgroundColor AnimationIterations FrameCount Duration VP8Version HorizontalScale VerticalScale WebPFlags AlphaPreprocessing AlphaFiltering AlphaCompression AlphaIsUsed
	DCTEncodeVersion APP14Flags0 APP14Flags1 ColorTransform
	MajorBrand MinorVersion CompatibleBrands MovieHeaderVersion CreateDate ModifyDate TimeScale PreferredRate PreferredVolume PreviewTime PreviewDuration PosterTime SelectionTime
	SelectionDuration CurrentTime NextTrackID TrackHeaderVersion TrackCreateDate TrackModifyDate TrackID TrackDuration TrackLayer TrackVolume GraphicsMode OpColor CompressorID
	SourceImageWidth SourceImageHeight PixelAspectRatio BufferSize MaxBitrate AverageBitrate VideoFrameRate MatrixStructure MediaHeaderVersion MediaCreateDate MediaModifyDate
	MediaTimeScale MediaDuration MediaLanguageCode HandlerType Balance AudioFormat AudioChannels AudioBitsPerSample AudioSampleRate MediaDataSize MediaDataOffset AvgBitrate Rotation
	ColorProfiles ColorPrimaries TransferCharacteristics MatrixCoefficients VideoFullRangeFlag VideoFieldOrder HandlerDescription
	MPEGAudioVersion AudioLayer AudioBitrate SampleRate ChannelMode MSStereo IntensityStereo CopyrightFlag OriginalMedia Emphasis
	BlockSizeMin BlockSizeMax FrameSizeMin FrameSizeMax Channels TotalSamples MD5Signature VorbisVersion NominalBitrate MinimumBitrate MaximumBitrate OpusVersion OutputGain
	Encoding NumChannels AvgBytesPerSec PDFVersion Linearized PageCount Warning
	ZipRequiredVersion ZipBitFlag ZipCompression ZipModifyDate ZipCRC ZipCompressedSize ZipUncompressedSize ZipFileName
	ProfileCMMType ProfileVersion ProfileClass ColorSpaceData ProfileConnectionSpace ProfileDateTime ProfileFileSignature PrimaryPlatform CMMFlags DeviceManufacturer DeviceModel
	DeviceAttributes RenderingIntent ConnectionSpaceIlluminant ProfileCreator ProfileID ProfileDescription ProfileCopyright MediaWhitePoint RedMatrixColumn GreenMatrixColumn
	BlueMatrixColumn RedTRC GreenTRC BlueTRC ProfileName Vendor BitsPerPixel WebP_Flags`)

// silent are values of those facts that say something all the same.
var silent = map[string]string{"CreateDate": "0000:00:00 00:00:00", "ModifyDate": "0000:00:00 00:00:00", "TrackCreateDate": "0000:00:00 00:00:00", "TrackModifyDate": "0000:00:00 00:00:00",
	"MediaCreateDate": "0000:00:00 00:00:00", "MediaModifyDate": "0000:00:00 00:00:00", "MediaLanguageCode": "und", "ZipModifyDate": "1980:01:01 00:00:00", "Vendor": "", "ProfileCopyright": "-",
	"ProfileName": "-", "ProfileDateTime": "0000:00:00 00:00:00", "ProfileCreator": "", "DeviceManufacturer": "", "DeviceModel": ""}

// mat2Kinds are the kinds of file that mat2 knows.
var mat2Kinds = strings.Fields(".jpg .png .gif .mp4 .mp3 .flac .ogg .wav .pdf .docx .odt")

func (c *court) referees() {
	t := c.t
	if len(c.copies) == 0 {
		t.Error("no copy was made")
		return
	}
	var all []map[string]any
	if err := json.Unmarshal(run(t, "exiftool", append([]string{"-q", "-j", "-a", "-G4", "-ee"}, c.copies...)...), &all); err != nil || len(all) != len(c.copies) {
		t.Error(err, len(all))
	}
	for _, facts := range all {
		for key, v := range facts {
			fact(t, facts["SourceFile"], key[strings.LastIndex(key, ":")+1:], strings.TrimSpace(fmt.Sprint(v)))
		}
	}
	var known []string
	for _, path := range c.copies {
		if slices.Contains(mat2Kinds, filepath.Ext(path)) {
			known = append(known, path)
		}
	}
	if len(known) == 0 {
		return
	}
	for line := range strings.Lines(string(run(t, "mat2", append([]string{"--show"}, known...)...))) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(line, "[+]") || slices.Contains(structural, name) {
			continue
		}
		if (name == "creation-date" || name == "mod-date") && value == "-1" || name == "format" { // of a PDF: none
			continue
		}
		t.Errorf("mat2 shows %s", strings.TrimSpace(line))
	}
}

// fact judges one fact that exiftool reads.
func fact(t *testing.T, file any, name, value string) {
	t.Helper()
	if !slices.Contains(structural, name) {
		t.Errorf("%v: exiftool reads %s: %v", file, name, value)
	}
	if want, ok := silent[name]; ok && value != want {
		t.Errorf("%v: exiftool reads %s: %v", file, name, value)
	}
	if name == "Warning" && !strings.Contains(value, "Install") {
		t.Errorf("%v: exiftool warns: %v", file, value)
	}
}
