package leak

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The names of the parts that every file has: its name and its bytes.
const (
	fileName = "name"
	content  = "content"
)

// How much is read. What is beyond is unread.
const (
	maxText     = 64 << 20 // bytes of one text
	maxBudget   = 1 << 30  // bytes made in all by unpacking and undoing layers,
	minBudget   = 32 << 20 // this much for any file, and
	ratio       = 40       // so many for each of its own
	maxDepth    = 4        // containers in containers
	maxLayers   = 6        // layers undone, one over the other
	maxFindings = 10_000
	maxEntries  = 10_000
)

// A look is one Check under way.
type look struct {
	ctx    context.Context
	gate   *Gate
	report Report
	budget int64
	own    *scanner // see scanner
}

// A part is bytes to look at. Depth counts the containers that it lies in.
type part struct {
	r     io.ReaderAt
	size  int64
	depth int
}

func itoa(n int) string { return strconv.Itoa(n) }

func (l *look) unread(label, why string) {
	if len(l.report.Unread) < maxFindings {
		l.report.Unread = append(l.report.Unread, Unread{Part: label, Why: why})
	}
}

func (l *look) add(f Finding) {
	if len(l.report.Findings) >= maxFindings {
		l.unread(f.Part, "leak.unread.too_many")
		return
	}
	l.report.Findings = append(l.report.Findings, f)
}

// hidden reports bytes that a release has no reason to hold, whatever they say.
func (l *look) hidden(label string, start, end int64, why string) {
	l.add(Finding{Rule: ruleHidden, Severity: Block, Part: label, Start: int(start), End: int(end),
		Surface: surface(0, int(end-start)), Why: why})
}

// spend takes n bytes off what may still be made, and says whether they were left.
func (l *look) spend(n int) bool {
	l.budget -= int64(n)
	return l.budget >= 0
}

// name looks at the name of a file.
func (l *look) name(name string) {
	if !utf8.ValidString(name) {
		l.unread(fileName, "leak.unread.name")
	}
	l.read(fileName, &view{b: []byte(name)}, 0)
}

// safe gives a name that may stand in a report: what would be found in it is
// replaced by how it is shown.
func (l *look) safe(name string) string {
	probe := &look{ctx: l.ctx, gate: l.gate, budget: maxBudget}
	probe.name(name)
	out := []byte(strings.ToValidUTF8(name, "\uFFFD"))
	if len(probe.report.Unread) > 0 {
		return "·…" + itoa(len(name))
	}
	found := probe.report.Findings
	slices.SortFunc(found, func(a, b Finding) int { return b.Start - a.Start })
	last := len(out)
	for _, f := range found {
		if f.End <= last {
			out = slices.Replace(out, f.Start, f.End, []byte(f.Surface)...)
			last = f.Start
			continue
		}
		if f.Start < last { // they overlap: the longer one goes too
			out = slices.Delete(out, f.Start, last)
			last = f.Start
		}
	}
	return string(out)
}

// read looks at text, and at all that can be made of it.
func (l *look) read(label string, text *view, depth int) {
	x := l.explorer(label, depth)
	x.explore(text, maxLayers)
	x.report()
}

func (l *look) explorer(label string, depth int) *explorer {
	return &explorer{look: l, label: label, depth: depth, seen: map[uint64]bool{}}
}

// An explorer undoes the layers of one text and gathers what is found in any.
type explorer struct {
	*look
	label string
	depth int             // containers that the text lies in
	seen  map[uint64]bool // what was looked at
	hits  []Finding
}

var seed = maphash.MakeSeed()

// explore looks at v and at all that can be made of it.
func (x *explorer) explore(v *view, layers int) {
	key := maphash.Bytes(seed, v.b) ^ uint64(v.start(0))*0x9E3779B97F4A7C15
	if x.seen[key] || x.ctx.Err() != nil {
		return
	}
	x.seen[key] = true
	if bytes.ContainsAny(v.b, backwards) {
		x.unread(x.label, "leak.unread.direction")
	}
	x.scan(v)
	if made := spelledDigits(v); made != nil && x.spend(len(made.b)) {
		x.scan(made)
	}
	for _, undo := range layersOf {
		made := undo(v)
		if made == nil {
			continue
		}
		if layers == 0 || !x.spend(len(made.b)) {
			x.unread(x.label, "leak.unread.layers")
			return
		}
		x.explore(made, layers-1)
	}
	for run := range encodings(v.b) {
		x.decoded(v, run, layers)
	}
}

// layersOf undo one layer each, or give nil where there is none.
var layersOf = []func(*view) *view{uncode, unquote, untag, unscript}

// uncode undoes escapes, and then takes out what nobody sees.
func uncode(v *view) *view {
	made := unescape(v)
	if made == nil {
		return unsoften(v)
	}
	if soft := unsoften(made); soft != nil {
		return soft
	}
	return made
}

func (x *explorer) scan(v *view) {
	s := x.scanner(func(h hit) { x.hit(v, h) }, func(u []unit, d said, looks bool) { x.said(v, u, d, looks) })
	if x.gate.policy.looks() {
		s.count = func(u []unit, from, to int) { x.numbersIn(v, u, from, to) }
	}
	s.scan(v.b, 0)
	s.finish()
	x.patterns(v)
}

// said compares what sounds like a name with the names.
func (x *explorer) said(v *view, u []unit, d said, looks bool) {
	start, end := u[d.from].start, u[d.to-1].end
	if end-start > longestWritten {
		return
	}
	if judgeSaid(u, d, match{name: &spoken{text: string(u[d.from].r)}, score: 1}) == none {
		return // whoever it is
	}
	written := v.b[start:end]
	if looks {
		written = nil // it reads as something else
	}
	for _, m := range x.gate.sounds.near(u, d, written) {
		g := judgeSaid(u, d, m)
		if g == none {
			continue
		}
		f := Finding{Rule: ruleName, Term: m.name.id, Severity: Block, Part: x.label, Start: v.start(start), End: v.end(end),
			Surface: surface(u[d.from].r, d.to-d.from), Why: "leak.why.sounds"}
		if g == review {
			f.Severity, f.Why = Review, "leak.why.unsure"
		}
		x.hits = append(x.hits, f)
	}
}

// longestWritten is how many bytes a name may take with all that is between its
// letters.
const longestWritten = 400

func (x *explorer) hit(v *view, h hit) {
	if h.key.rule == ruleTrait {
		if n, err := strconv.Atoi(h.key.id); err == nil {
			x.look.report.tell(n, Finding{Part: x.label, Start: v.start(h.start), End: v.end(h.end)})
		}
		return
	}
	severity := Review
	if h.grade == block {
		severity = Block
	}
	x.hits = append(x.hits, Finding{Rule: h.key.rule, Term: h.key.id, Severity: severity, Part: x.label,
		Start: v.start(h.start), End: v.end(h.end), Surface: surface(h.first, h.letters), Why: why(v, h)})
	if len(x.hits) > 2*maxFindings {
		x.report()
	}
}

// why says what the reader must know first: that nobody would see it, or how it
// differs from the name as given.
func why(v *view, h hit) string {
	switch {
	case h.grade == review:
		return "leak.why.unsure"
	case v.why != "":
		return v.why
	case h.looks:
		return "leak.why.lookalike"
	case v.b != nil && string(v.b[h.start:h.end]) == h.key.text:
		return "leak.why.exact"
	case h.key.number:
		return "leak.why.number"
	case h.key.swapped:
		return "leak.why.order"
	}
	return "leak.why.written"
}

// report hands on what was found, each place once for each term: what a deeper
// layer shows again, or a shorter stretch of the same, says nothing new.
func (x *explorer) report() {
	slices.SortStableFunc(x.hits, func(a, b Finding) int {
		if a.Severity != b.Severity {
			return strings.Compare(a.Severity, b.Severity) // block, then review
		}
		return (b.End - b.Start) - (a.End - a.Start)
	})
	type place struct {
		term, rule string
		kilobyte   int
	}
	kept := map[place][]Finding{}
	for _, f := range x.hits {
		p := place{f.Term, f.Rule, f.Start >> 10}
		covers := func(o Finding) bool { return o.Start <= f.Start && f.End <= o.End }
		if slices.ContainsFunc(kept[p], covers) {
			continue
		}
		kept[p] = append(kept[p], f)
		x.add(f)
	}
	x.hits = nil
}

// backwards are the characters that make the letters after them run backwards: a
// reader sees another text than the bytes hold.
const backwards = "\u202d\u202e"

// decoded looks at what a run of base64 or hexadecimal says, if it says anything.
func (x *explorer) decoded(v *view, run encoded, layers int) {
	made := run.decode(v)
	if !x.spend(len(made.b)) {
		x.unread(x.label, "leak.unread.layers")
		return
	}
	if len(made.b) >= leastContainer && sniff(made.b) != nil {
		label := x.label + "@" + itoa(v.start(run.start))
		if err := x.part(label, part{bytes.NewReader(made.b), int64(len(made.b)), x.depth + 1}); err != nil {
			x.unread(label, "leak.unread.damaged")
		}
		return
	}
	text := asText(made)
	switch {
	case text == nil:
		s := x.scanner(func(h hit) { x.hit(made, h) }, nil)
		s.binary = true
		s.scan(made.b, 0)
		s.finish()
	case layers == 0:
		x.unread(x.label, "leak.unread.layers")
	default:
		x.explore(text, layers-1)
	}
}

// part looks at bytes of any kind.
func (l *look) part(label string, p part) error { return l.guarded(label, p, (*look).inside) }

func (l *look) inside(label string, p part) error {
	if err := l.ctx.Err(); err != nil || p.size == 0 {
		return err
	}
	head, err := l.bytes(p, 0, min(p.size, sniffed))
	if err != nil {
		return err
	}
	read := sniff(head)
	switch {
	case read != nil && p.depth > maxDepth:
		l.unread(label, "leak.unread.depth")
		return nil
	case read != nil:
		return read(l, label, p)
	}
	if p.size > longText && utf8Text(head) {
		return l.long(label, p)
	}
	b, err := l.whole(label, p)
	if b != nil {
		l.textPart(label, b, p.depth)
	}
	return err
}

const sniffed = 1024

// guarded runs a reader. One that breaks has not read the part, and what broke it is
// said to nobody: it may hold a name.
func (l *look) guarded(label string, p part, read reader) (err error) {
	defer func() {
		if recover() != nil {
			l.unread(label, "leak.unread.damaged")
			err = nil
		}
	}()
	return read(l, label, p)
}

// longText is from how many bytes on a text is read in pieces, and overlap how much two
// of them share.
const (
	longText = 8 << 20
	overlap  = 64 << 10
)

// utf8Text says whether a long text starts as one in UTF-8.
func utf8Text(head []byte) bool { return likeUTF8(head) && !bytes.HasPrefix(head, []byte{0xFE, 0xFF}) }

// long looks at a text piece by piece, so that memory does not grow with it. What two
// pieces share is reported by the first.
func (l *look) long(label string, p part) error {
	for at := int64(0); at < p.size; {
		b, err := l.bytes(p, at, min(longText, p.size-at))
		if err != nil {
			return err
		}
		start, end := 0, len(b)
		if at > 0 {
			start = overlap
			for n := 0; n < utf8.UTFMax && !utf8.RuneStart(b[0]); n++ {
				b, at, start, end = b[1:], at+1, start-1, end-1
			}
		}
		if at+int64(end) < p.size {
			for end--; end > 0 && !utf8.RuneStart(b[end]); end-- { // the last letter may be cut
			}
		}
		if err := l.stretch(label, b[:end], at, start, p.depth); err != nil {
			return err
		}
		if at+int64(end) >= p.size {
			break
		}
		at += int64(end) - overlap
	}
	return nil
}

// stretch looks at one piece, whose bytes before from another one has reported.
func (l *look) stretch(label string, b []byte, at int64, from, depth int) error {
	budget, findings, told := l.budget, len(l.report.Findings), maps.Clone(l.report.told)
	l.textPart(label, b, depth)
	for n, f := range l.report.told {
		if _, ok := told[n]; !ok && f.Part == label {
			f.Start, f.End = f.Start+int(at), f.End+int(at)
			l.report.told[n] = f
		}
	}
	l.budget = budget
	kept := l.report.Findings[:findings]
	for _, f := range l.report.Findings[findings:] {
		if f.Part == label && f.End <= from {
			continue
		}
		if f.Part == label {
			f.Start, f.End = f.Start+int(at), f.End+int(at)
		}
		kept = append(kept, f)
	}
	l.report.Findings = kept
	return l.ctx.Err()
}

// bytes reads n bytes at offset at.
func (l *look) bytes(p part, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	got, err := p.r.ReadAt(b, at)
	if int64(got) == n {
		return b, nil
	}
	return nil, fmt.Errorf("read %d bytes at %d: %w", n, at, cmp.Or(err, io.ErrUnexpectedEOF))
}

// whole reads a part into memory, or reports that it is too large and gives nil.
func (l *look) whole(label string, p part) ([]byte, error) {
	if p.size > maxText {
		l.unread(label, "leak.unread.large")
		return nil, nil
	}
	return l.bytes(p, 0, p.size)
}

const window = 1 << 20

// bulk looks for names in bytes that are mostly no text, in pieces: pixels, sound.
// Only what cannot be chance counts.
func (l *look) bulk(label string, r io.ReaderAt, from, to int64) error {
	x := l.explorer(label, maxDepth)
	s := newScanner(l.gate, func(h hit) { x.hit(&view{b: nil}, h) }, nil)
	s.binary = true
	for at := from; at < to; {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		b, err := l.bytes(part{r: r}, at, min(window, to-at))
		if err != nil {
			return err
		}
		rest := 0
		if at+int64(len(b)) < to {
			rest = s.scanFrom(b, int(at))
		} else {
			s.scan(b, int(at))
		}
		at += int64(len(b) - rest)
	}
	s.finish()
	x.report()
	return nil
}
