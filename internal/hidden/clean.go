package hidden

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// A Cleaner makes copies without what is hidden. Its runner decodes what has to be
// decoded.
type Cleaner struct {
	Media media.Runner
}

// A Result says what was made.
type Result struct {
	Media   string   `json:"media"`   // MIME type of the copy
	Size    int64    `json:"size"`    // of the copy
	Removed int      `json:"removed"` // findings in the original
	Same    bool     `json:"same"`    // picture and sound are those of the original, to the bit
	Notes   []string `json:"notes"`   // what else is different: keys of the catalogues
}

// What else may be different in a copy.
const (
	noteTurned    = "hidden.note.turned"
	noteNotTurned = "hidden.note.not_turned"
	noteColours   = "hidden.note.colours"
	noteAnimation = "hidden.note.animation"
	noteRecoded   = "hidden.note.recoded"
	noteJPEG      = "hidden.note.jpeg"
	noteDrawn     = "hidden.note.drawn"
	noteChanges   = "hidden.note.changes"
)

// Stages tells Progress what is being done.
type Stages func(stage string, done, total int64)

// The stages of the work: keys of the catalogues.
const (
	stageInspect = "progress.inspect"
	stageClean   = "progress.clean"
	stageCheck   = "progress.check_clean"
)

// Clean writes a copy of in into out that shows the same and holds nothing else. When
// it returns nil, Inspect finds nothing in out; otherwise out holds rubbish. An
// *evidence.Refusal with status 4 says that something could not be read.
func (c Cleaner) Clean(ctx context.Context, in, out *os.File, progress Stages) (Result, error) {
	before, s, err := c.look(ctx, in, progress, stageInspect)
	if err != nil {
		return Result{}, err
	}
	result := Result{Removed: len(before.Findings) + before.More, Notes: []string{}}
	if err := c.write(ctx, s, before, in, out, &result, progress); err != nil {
		return Result{}, err
	}
	after, _, err := c.look(ctx, out, progress, stageCheck)
	if err != nil {
		return Result{}, err
	}
	if err := after.refusal(); err != nil {
		return Result{}, err
	}
	result.Media, result.Size = after.Media, after.Size
	return result, nil
}

// look inspects a file, and keeps what was learnt on the way.
func (c Cleaner) look(ctx context.Context, f *os.File, progress Stages, stage string) (Report, *scan, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return Report{}, nil, err
	}
	s := newScan(ctx, size, func(done, total int64) { progress(stage, done, total) })
	s.whole(part{r: f, size: size})
	return s.report, s, s.err
}

// refusal is why a copy must not be kept: nil where nothing is hidden in it.
func (r Report) refusal() error {
	switch {
	case len(r.Unread) > 0:
		u := r.Unread[0]
		return unreadable("hidden.unread_part", u.Where, u.Why)
	case len(r.Findings) > 0:
		f := r.Findings[0]
		return &evidence.Problem{Code: "hidden.left", Args: []any{f.Where, f.Name}}
	}
	return nil
}

func unreadable(code string, args ...any) error {
	return &evidence.Refusal{Problem: &evidence.Problem{Code: code, Args: args}, Status: statusUnread}
}

// whyNot is the error for a file that no copy can be made of.
func (r Report) whyNot() error {
	for _, u := range r.Unread {
		if u.Why == whyEncrypted {
			return unreadable("hidden.encrypted")
		}
	}
	return unreadable("hidden.damaged")
}

// write makes the copy by the kind of the file.
func (c Cleaner) write(ctx context.Context, s *scan, before Report, in, out *os.File, result *Result, progress Stages) error {
	p := part{r: in, size: before.Size}
	w := newScan(ctx, before.Size, func(done, total int64) { progress(stageClean, done, total) })
	result.Same = true
	var err error
	switch kind := before.Media; {
	case kind == "image/jpeg" || kind == "image/png" || kind == "image/gif" || kind == "image/webp":
		err = c.picture(ctx, w, p, kind, in, out, result)
	case kind == "audio/mpeg":
		err = w.plainMP3(p, out)
	case kind == "audio/flac":
		err = w.plainFLAC(p, out)
	case kind == "audio/wav":
		err = w.plainWAV(p, out)
	case kind == "audio/ogg":
		err = w.plainOgg(p, out)
	case kind == "application/pdf":
		err = w.plainPDF(p, out, result)
	case strings.HasSuffix(kind, "wordprocessingml.document") || kind == "application/vnd.oasis.opendocument.text":
		err = w.plainDocument(p, out, result)
	case strings.HasPrefix(kind, "video/") || kind == "audio/mp4":
		return c.film(ctx, s, before, in, out, result, progress)
	case kind == "image/heic" || kind == "image/avif":
		return c.decoded(ctx, in, out, result)
	case kind == "":
		return unreadable("hidden.unknown")
	default:
		return unreadable("hidden.no_cleaner", kind)
	}
	switch {
	case errors.Is(err, errDamaged):
		return before.whyNot()
	case err == nil:
		return w.err
	}
	return err
}

// picture copies a photo. One that asks to be turned is turned: what asks for it must
// go.
func (c Cleaner) picture(ctx context.Context, s *scan, p part, kind string, in, out *os.File, result *Result) error {
	b, ok := s.all(p)
	if !ok {
		return errDamaged
	}
	clean, err := s.plainPicture(p, b)
	if err != nil {
		return err
	}
	turned, lost := s.shape(kind, b)
	result.Notes = append(result.Notes, lost...)
	if !turned {
		_, err = out.Write(clean)
		return err
	}
	if kind == "image/webp" {
		result.Notes = append(result.Notes, noteNotTurned)
		_, err = out.Write(clean)
		return err
	}
	result.Notes, result.Same = append(result.Notes, noteTurned), false
	if _, err := c.Media.Clean(ctx, in, out, media.Cleaning{}, func(int) {}); err != nil {
		return err
	}
	return s.again(out, kind, b)
}

// decoded has the child process decode a photo whose container is not rewritten here.
func (c Cleaner) decoded(ctx context.Context, in, out *os.File, result *Result) error {
	result.Notes, result.Same = append(result.Notes, noteJPEG), false
	_, err := c.Media.Clean(ctx, in, out, media.Cleaning{}, func(int) {})
	return err
}

// shape says whether a photo asks to be turned, and what else its copy loses.
func (s *scan) shape(kind string, b []byte) (turned bool, lost []string) {
	var icc []byte
	switch kind {
	case "image/jpeg":
		_, turned, _ = plainJPEG(b, false)
		icc = jpegProfile(b)
	case "image/png":
		_, turned, _ = s.plainPNG(b)
		icc = s.pngProfile(b)
		if bytes.Contains(b, []byte("acTL")) {
			lost = append(lost, noteAnimation)
		}
	case "image/webp":
		_, turned, _ = plainWebP(b)
	}
	if len(icc) > 0 && gamutOf(icc) == nil {
		lost = append(lost, noteColours)
	}
	return turned, lost
}

func jpegProfile(b []byte) (icc []byte) {
	all, _ := segments(b)
	for _, g := range all {
		if data := b[g.body:max(g.body, g.head)]; g.marker == jpegApp0+2 && bytes.HasPrefix(data, []byte(markICC)) && len(data) > 14 {
			icc = append(icc, data[14:]...)
		}
	}
	return icc
}

func (s *scan) pngProfile(b []byte) []byte {
	all, _ := chunks(b)
	for _, c := range all {
		if c.kind == "iCCP" {
			_, packed, _ := bytes.Cut(b[c.body:c.body+c.n], []byte{0})
			icc, _, _ := s.unpack(packed[min(1, len(packed)):])
			return icc
		}
	}
	return nil
}

// again gives a photo that was turned its colour space back: its values are those of
// the original.
func (s *scan) again(out *os.File, kind string, original []byte) error {
	size, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	b := make([]byte, size)
	if _, err := out.ReadAt(b, 0); err != nil {
		return err
	}
	icc := s.pngProfile(original)
	if kind == "image/jpeg" {
		icc = jpegProfile(original)
	}
	g := gamutOf(icc)
	if g == nil || g.name == gamuts[0].name {
		return nil
	}
	at, extra := 33, appendChunk(nil, "iCCP", append([]byte(ownProfileName+"\x00\x00"), zlibbed(g.profile())...)) // behind the head
	if kind == "image/jpeg" {
		profile := g.profile()
		extra = append([]byte{0xff, jpegApp0 + 2, byte((len(profile) + 16) >> 8), byte(len(profile) + 16)}, markICC...)
		at, extra = 2+len(jfif), append(append(extra, 1, 1), profile...)
	}
	_, err = out.WriteAt(slices.Concat(b[:at], extra, b[at:]), 0)
	return err
}

// film copies a recording in the child process.
func (c Cleaner) film(ctx context.Context, s *scan, before Report, in, out *os.File, result *Result, progress Stages) error {
	if s.otherPicture {
		return unreadable("hidden.which_picture")
	}
	how := media.Cleaning{Recode: s.recode, RecodeSound: s.recodeSound}
	made, err := c.Media.Clean(ctx, in, out, how, func(frames int) { progress(stageClean, int64(frames), s.frames) })
	if err != nil {
		return err
	}
	if result.Same = made.Copied; !made.Copied {
		result.Notes = append(result.Notes, noteRecoded)
	}
	return nil
}

// plainPDF writes the pages anew.
func (s *scan) plainPDF(p part, out io.Writer, result *Result) error {
	f := s.openPDF(p)
	if f == nil || f.trailer["Encrypt"] != nil {
		return errDamaged
	}
	w := newPDFWalk(f)
	root := w.document()
	if w.refuse == refuseUndrawn {
		return &evidence.Problem{Code: "hidden.undrawn"}
	}
	if w.refuse != "" {
		return unreadable("hidden.unread_part", "content", w.refuse)
	}
	if w.marks["drawn"] > 0 {
		result.Notes = append(result.Notes, noteDrawn)
	}
	if w.marks["colours"] > 0 {
		result.Notes = append(result.Notes, noteColours)
	}
	result.Same = false
	return w.write(out, root)
}

// write writes the objects of the copy with one plain table.
func (w *pdfWalk) write(out io.Writer, root pdfRef) error {
	b := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	places, at := make([]int, len(w.out)), 0
	flush := func() error {
		n, err := out.Write(b)
		at, b = at+n, b[:0]
		return err
	}
	for i, v := range w.out {
		places[i] = at + len(b)
		b = append(strconv.AppendInt(b, int64(i+1), 10), " 0 obj\n"...)
		if st, ok := v.(*pdfStream); ok {
			b = append(appendPDF(b, st.dict), "\nstream\n"...)
			b = append(append(b, st.raw...), "\nendstream"...)
		} else {
			b = appendPDF(b, v)
		}
		b = append(b, "\nendobj\n"...)
		if err := flush(); err != nil {
			return err
		}
	}
	start := at
	b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f \n", len(places)+1)
	for _, place := range places {
		b = fmt.Appendf(b, "%010d 00000 n \n", place)
	}
	b = append(appendPDF(append(b, "trailer\n"...), pdfDict{"Root": root, "Size": pdfWord(strconv.Itoa(len(places) + 1))}), fmt.Sprintf("\nstartxref\n%d\n%%%%EOF\n", start)...)
	return flush()
}

// plainDocument writes the parts that show something into a new archive.
func (s *scan) plainDocument(p part, out io.Writer, result *Result) error {
	a, ok := s.openZIP(p)
	if !ok {
		return errDamaged
	}
	o := &office{archive: a, parts: map[string][]byte{}, rels: map[string]map[string]relation{}, dropped: map[string]bool{}, concealing: map[string]bool{}}
	if a.has("word/document.xml") {
		o.all(wordShown, true)
	} else {
		o.document()
	}
	if o.blind {
		return s.report.whyNot()
	}
	result.Notes, result.Same = append(result.Notes, noteChanges), false
	return o.pack(out)
}

// pack writes the parts: those that must come first do, and none has a time. Sizes
// stand before the bytes, so that every reader finds the same.
func (o *office) pack(out io.Writer) error {
	z := zip.NewWriter(out)
	names := sortedKeys(o.parts)
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range names {
		if err := o.packPart(z, name); err != nil {
			return err
		}
	}
	return z.Close()
}

func (o *office) packPart(z *zip.Writer, name string) error {
	b := o.parts[name]
	h := &zip.FileHeader{Name: o.renamed(name), Method: zip.Deflate, CreatorVersion: 3 << 8, CRC32: crc32.ChecksumIEEE(b), UncompressedSize64: uint64(len(b))}
	//lint:ignore SA1019 the newer field writes the time a second time, with its zone
	h.ModifiedDate = zipNoDate
	packed := b
	if rank(name) == 0 {
		h.Method = zip.Store
	} else {
		var buffer bytes.Buffer
		w, err := flate.NewWriter(&buffer, flate.DefaultCompression)
		if err != nil {
			return err
		}
		w.Write(b) // into memory: it cannot fail
		w.Close()
		packed = buffer.Bytes()
	}
	h.CompressedSize64 = uint64(len(packed))
	w, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(packed)
	return err
}

func rank(name string) int {
	switch name {
	case "mimetype":
		return 0
	case "[Content_Types].xml":
		return 1
	case "_rels/.rels":
		return 2
	}
	return 3
}
