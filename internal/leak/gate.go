package leak

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The severities of a finding.
const (
	Block  = "block"
	Review = "review" // a person decides
)

// A Finding is a place where something would get out. Start and End are bytes of
// the part. Surface shows a first letter and a length, never the whole. Why is a key
// of the catalogues.
type Finding struct {
	Rule     string `json:"rule"`
	Term     string `json:"term"`
	Severity string `json:"severity"`
	File     string `json:"file"`
	Part     string `json:"part"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Surface  string `json:"surface"`
	Why      string `json:"why"`

	// What an exception must name to let it pass.
	Fingerprint string `json:"fingerprint"`
	Document    string `json:"document"` // SHA-256
}

// An Unread is a part that the gate could not read. It counts as found.
type Unread struct {
	File string `json:"file"`
	Part string `json:"part"`
	Why  string `json:"why"`
}

// A Looked is a picture that the gate could not read and a person looked at.
type Looked struct {
	File string `json:"file"`
	Part string `json:"part"`
	By   string `json:"by"`
}

// A Report is what the gate found.
type Report struct {
	Findings []Finding `json:"findings"`
	Unread   []Unread  `json:"unread"`
	Looked   []Looked  `json:"looked"`

	Excepted []Excepted      `json:"excepted"`
	told     map[int]Finding // the traits that are told, where they are first
}

// Status is the exit status of a command: 4 where something could not be read, 3
// where something blocks, else 0.
func (r Report) Status() int {
	if len(r.Unread) > 0 {
		return 4
	}
	for _, f := range r.Findings {
		if f.Severity != Review {
			return 3
		}
	}
	return 0
}

// Add puts what another check found behind this.
func (r *Report) Add(o Report) {
	r.Findings = append(r.Findings, o.Findings...)
	r.Unread = append(r.Unread, o.Unread...)
	r.Looked = append(r.Looked, o.Looked...)
	r.Excepted = append(r.Excepted, o.Excepted...)
	for n, f := range o.told {
		r.tell(n, f)
	}
}

// A Gate looks for protected texts. It does not change after New; several
// goroutines may use it.
type Gate struct {
	text   *trie   // folded letters
	bytes  *trie   // the bytes of names in encodings other than Unicode's
	sounds *sounds // names in any spelling
	facts  []fact  // traits that people share
	policy Policy
	eye    *Eye // nil: pictures are not read
}

// New makes a gate for terms under a policy.
func New(terms Terms, policy Policy) (*Gate, error) {
	if err := policy.check(); err != nil {
		return nil, err
	}
	if err := terms.check(); err != nil {
		return nil, err
	}
	var keys []*key
	for _, p := range terms.People {
		for _, n := range p.Names {
			keys = append(keys, nameKeys(p.ID, n)...)
		}
	}
	for _, t := range terms.Terms {
		keys = append(keys, termKeys(t)...)
	}
	traits, facts := traitKeys(terms.People)
	keys = append(keys, traits...)
	return &Gate{facts: facts, text: newTrie(keys), bytes: newTrie(legacyKeys(keys[:len(keys)-len(traits)])), sounds: newSounds(terms.People), policy: policy}, nil
}

// Reading gives the same gate with an eye for pictures. Without one pictures are not
// read, and that counts as found unless the policy names who looked.
func (g *Gate) Reading(eye *Eye) *Gate {
	o := *g
	o.eye = eye
	return &o
}

// Exact counts where what is listed stands in a text as it is spelled, without undoing
// anything: the part of the gate that every byte goes through.
func (g *Gate) Exact(text []byte) (n int) {
	s := newScanner(g, func(hit) { n++ }, nil)
	s.scan(text, 0)
	s.finish()
	return n
}

// Check reads size bytes of r, a file called name, in all its parts. An error means
// that the check itself could not be done; what it could not understand is in the
// report.
func (g *Gate) Check(ctx context.Context, name string, r io.ReaderAt, size int64) (Report, error) {
	l := &look{ctx: ctx, gate: g, budget: min(maxBudget, minBudget+ratio*min(size, maxBudget))}
	l.name(name)
	label := l.safe(name)
	if err := l.part(content, part{r: r, size: size}); err != nil {
		return Report{}, err
	}
	for i := range l.report.Findings {
		l.report.Findings[i].File = label
	}
	for i := range l.report.Unread {
		l.report.Unread[i].File = label
	}
	for i := range l.report.Looked {
		l.report.Looked[i].File = label
	}
	for n, f := range l.report.told {
		f.File = label
		l.report.told[n] = f
	}
	l.report.sort()
	if err := g.named(&l.report, r, size); err != nil {
		return Report{}, err
	}
	return l.report, ctx.Err()
}

// named gives every finding what an exception must name, and applies the exceptions.
func (g *Gate) named(report *Report, r io.ReaderAt, size int64) error {
	if len(report.Findings)+len(report.told) == 0 {
		return nil
	}
	document, err := digest(r, size)
	if err != nil {
		return err
	}
	for i, f := range report.Findings {
		report.Findings[i].Fingerprint, report.Findings[i].Document = fingerprint(f, document), document
	}
	for n, f := range report.told {
		f.Document = document
		report.told[n] = f
	}
	g.policy.except(report, time.Now().UTC().Format(dayForm))
	return nil
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Part, b.Part), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), strings.Compare(a.Term, b.Term))
	})
	slices.SortStableFunc(r.Unread, func(a, b Unread) int {
		return cmp.Or(strings.Compare(a.Part, b.Part), strings.Compare(a.Why, b.Why))
	})
	r.Unread = slices.Compact(r.Unread)
}

// surface shows of what was found a first letter and a length; of a single letter
// only that it is one.
func surface(first rune, letters int) string {
	if letters < 2 || first == 0 || !utf8.ValidRune(first) {
		first = '·'
	}
	return string(first) + "…" + itoa(letters)
}
