// Package hidden finds what a file holds beside what it shows, and makes a copy
// without it. Inspect names every such thing with its place: the fields of a photo,
// the tracks of a film, the earlier versions of a document, bytes that belong to
// nothing. Clean writes the same content anew from what shows it; when it returns
// nil, Inspect finds nothing in what was written.
//
// Both go by lists of what shows a picture, a sound or a text. What is in no list is
// named by the one and left behind by the other, so that a thing nobody has heard of
// is not taken for harmless. A file that cannot be taken apart is unread, never clean.
//
// The readers here take hostile bytes apart in memory-safe code, within limits on
// depth, counts and memory, and decode no picture. What has to be decoded is, in the
// child process of package media.
package hidden

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
)

// A Finding is one thing that a file holds and does not show.
type Finding struct {
	Kind   string `json:"kind"`            // one of the kinds below
	Where  string `json:"where"`           // the way to it through the parts of the file
	Name   string `json:"name"`            // of the field, box, chunk or part
	Value  string `json:"value,omitempty"` // short, safe to show
	Offset int64  `json:"offset"`          // in the file; in the part that Where names if that is packed
	Length int64  `json:"length"`
}

// The kinds of finding. Each is a key of the catalogues under "hidden.kind.".
const (
	kindTag        = "tag"        // a field
	kindPlace      = "place"      // coordinates or the name of a place
	kindTime       = "time"       // when something was made or changed
	kindPerson     = "person"     // who made or changed it
	kindDevice     = "device"     // what it was made with: camera, telephone, its number
	kindProgram    = "program"    // what wrote it
	kindText       = "text"       // words
	kindPicture    = "picture"    // a thumbnail or a further picture
	kindProfile    = "profile"    // the words of a colour profile
	kindTrack      = "track"      // a stream beside the picture and the sound
	kindFrames     = "frames"     // frames that no player shows
	kindFile       = "file"       // a file in the file
	kindScript     = "script"     // what is carried out
	kindRevision   = "revision"   // an earlier version
	kindChange     = "change"     // a tracked change
	kindConcealed  = "concealed"  // content that is there and not shown
	kindIdentifier = "identifier" // a number that is in no other file
	kindLink       = "link"       // a path or an address
	kindBytes      = "bytes"      // bytes that belong to nothing
	kindUnknown    = "unknown"    // what this program does not know
)

// Kinds lists them.
var Kinds = []string{kindTag, kindPlace, kindTime, kindPerson, kindDevice, kindProgram, kindText, kindPicture, kindProfile,
	kindTrack, kindFrames, kindFile, kindScript, kindRevision, kindChange, kindConcealed, kindIdentifier, kindLink, kindBytes, kindUnknown}

// An Unread is a part that could not be looked into, and why: a key of the
// catalogues.
type Unread struct {
	Where string `json:"where"`
	Why   string `json:"why"`
}

// Why something is unread.
const (
	whyKind      = "hidden.unread.kind"
	whyDamaged   = "hidden.unread.damaged"
	whyLarge     = "hidden.unread.large"
	whyEncrypted = "hidden.unread.encrypted"
	whyCodec     = "hidden.unread.codec"
	whyDeep      = "hidden.unread.deep"
	whyMany      = "hidden.unread.many"
	whyFilter    = "hidden.unread.filter"
)

// A Report says what is hidden in one file.
type Report struct {
	Media    string    `json:"media"` // MIME type; empty: not known
	Size     int64     `json:"size"`
	Read     int64     `json:"read"` // bytes that were looked at; of coded pictures only the heads of their units
	Findings []Finding `json:"findings"`
	More     int       `json:"more"` // findings beyond the first maxFindings
	Unread   []Unread  `json:"unread"`
}

// The exit statuses of a check.
const (
	statusClean  = 0
	statusFound  = 3
	statusUnread = 4
)

// Status is the exit status that the report stands for.
func (r Report) Status() int {
	switch {
	case len(r.Unread) > 0:
		return statusUnread
	case len(r.Findings) > 0:
		return statusFound
	}
	return statusClean
}

// Progress hears how many bytes of how many are done.
type Progress func(done, total int64)

// Limits of what is looked at.
const (
	maxFindings = 4000
	maxUnread   = 200
	maxDepth    = 6         // files in files
	maxPiece    = 256 << 20 // bytes of one part in memory
	maxBudget   = 1 << 30   // bytes unpacked and read into memory, all parts together
	maxParts    = 200_000   // boxes, chunks, objects, entries: all together
)

var (
	be = binary.BigEndian
	le = binary.LittleEndian
)

// A part is a stretch of bytes that is looked at as a file of its own.
type part struct {
	label string // the way to it; empty for the file itself
	r     io.ReaderAt
	size  int64
	base  int64 // where it starts, as findings count
	depth int
}

// under gives the part's label with more steps.
func (p part) under(steps ...string) string {
	label := p.label
	for _, s := range steps {
		if label != "" && s != "" {
			label += "/"
		}
		label += s
	}
	return label
}

// A scan is one Inspect at work.
type scan struct {
	ctx      context.Context
	report   Report
	progress Progress
	budget   int64
	parts    int
	err      error

	// What Clean has to know of a film.
	recode, recodeSound bool  // frames, or sound, are in the file that are not played as they lie there
	otherPicture        bool  // the first picture is switched off, and another is on
	frames              int64 // of the picture
}

func newScan(ctx context.Context, size int64, progress Progress) *scan {
	return &scan{ctx: ctx, progress: progress, budget: maxBudget, report: Report{Size: size, Findings: []Finding{}, Unread: []Unread{}}}
}

// Inspect says what the size bytes of r hide. An error is one of reading r, or of
// ctx; what is wrong with the bytes is in the report.
func Inspect(ctx context.Context, r io.ReaderAt, size int64, progress Progress) (Report, error) {
	s := newScan(ctx, size, progress)
	s.whole(part{r: r, size: size})
	return s.report, s.err
}

// whole looks at a file. Should a reader fail over bytes that it was not made for, the
// file is unread: that is a fault of ours, and no reason to call it clean.
func (s *scan) whole(p part) {
	defer func() {
		if recover() != nil {
			s.damaged(p)
		}
	}()
	k := s.sniff(p)
	s.report.Media = k.media
	s.take(p, k)
	s.report.Read = min(s.report.Read, p.size)
}

// take has a part looked at by the reader of its kind.
func (s *scan) take(p part, k kind) {
	switch {
	case s.err != nil:
	case k.read == nil:
		s.unread(p.label, whyKind)
	case p.depth > maxDepth:
		s.unread(p.label, whyDeep)
	default:
		k.read(s, p)
	}
}

// found adds a finding.
func (s *scan) found(f Finding) {
	if len(s.report.Findings) >= maxFindings {
		s.report.More++
		return
	}
	f.Where, f.Name, f.Value = safe(f.Where, maxWhere), safe(f.Name, maxName), safe(f.Value, maxValue)
	s.report.Findings = append(s.report.Findings, f)
}

// at adds a finding in a part: offset counts from the part's start.
func (s *scan) at(p part, kind, where, name, value string, offset, length int64) {
	s.found(Finding{Kind: kind, Where: p.under(where), Name: name, Value: value, Offset: p.base + offset, Length: length})
}

// unread adds a part that could not be looked into.
func (s *scan) unread(where, why string) {
	if len(s.report.Unread) >= maxUnread {
		return
	}
	s.report.Unread = append(s.report.Unread, Unread{safe(where, maxWhere), why})
}

// damaged says that a part does not hold together.
func (s *scan) damaged(p part) { s.unread(p.label, whyDamaged) }

// more counts one box, chunk or object, and says whether there may be another.
func (s *scan) more(p part) bool {
	s.parts++
	if s.parts == maxParts {
		s.unread(p.label, whyMany)
	}
	return s.parts < maxParts && s.alive()
}

// alive says whether the work goes on.
func (s *scan) alive() bool {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	return s.err == nil
}

// bytes reads n bytes of a part; false: they are not there.
func (s *scan) bytes(p part, at, n int64) ([]byte, bool) {
	if at < 0 || n < 0 || at > p.size || n > p.size-at || !s.alive() {
		return nil, false
	}
	if n > maxPiece || !s.spend(n) {
		s.unread(p.label, whyLarge)
		return nil, false
	}
	b := make([]byte, n)
	got, err := p.r.ReadAt(b, at)
	if int64(got) < n {
		if err != nil && !errors.Is(err, io.EOF) {
			s.err = err
		}
		return nil, false
	}
	s.report.Read += n
	return b, true
}

// spend takes n bytes of memory from what all parts together may use.
func (s *scan) spend(n int64) bool {
	if n > s.budget {
		return false
	}
	s.budget -= n
	return true
}

// all reads a part whole.
func (s *scan) all(p part) ([]byte, bool) {
	if p.size > maxPiece {
		s.unread(p.label, whyLarge)
		return nil, false
	}
	return s.bytes(p, 0, p.size)
}

// step tells how far the work is.
func (s *scan) step(done, total int64) {
	if s.progress != nil {
		s.progress(done, total)
	}
}

// trailing reports what comes after the end of a file, by what it looks like.
func (s *scan) trailing(p part, at int64) {
	if at >= p.size {
		return
	}
	rest := p.cut("after-the-end", at, p.size-at)
	s.at(p, kindBytes, "", "after-the-end", s.looksLike(rest), at, p.size-at)
	s.nested(rest)
}

// cut makes a part out of a stretch of a part.
func (p part) cut(name string, at, n int64) part {
	return part{p.under(name), io.NewSectionReader(p.r, at, n), n, p.base + at, p.depth + 1}
}

// nested looks into a part that is reported already: what is in it is named too,
// where it is of a kind that can be taken apart.
func (s *scan) nested(p part) {
	if k := s.sniff(p); k.read != nil && p.depth <= maxDepth {
		s.take(p, k)
	}
}
