// Package report reads the text of a report or a statement and drafts who said
// what: attributed claims with their speaker, the words that attribute them, the
// content, and when it was said. Everything in it is a proposal that a person
// accepts or not.
//
// Each piece has the exact place where it stands: Span counts Unicode code points
// of the text as it was given, and the text there is the piece's Text. What looks
// like a promotion, a heading or a credit is kept visible as Boilerplate and is
// never a speaker. Nothing is added: a claim that the text does not attribute to
// anybody is no claim here.
package report

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"safehouse/internal/edtf"
	"safehouse/internal/evidence"
)

// Options say what the text itself may not.
type Options struct {
	Published time.Time // zero: read it from the text
}

// A Piece is a stretch of the text.
type Piece struct {
	Text string        `json:"text"`
	Span evidence.Span `json:"span"`
}

// A Speaker is the words that name who said something. Entity is the fullest name
// that the text has for them; empty where it has none.
type Speaker struct {
	Piece
	Entity string `json:"entity"`
}

// A Claim is one attributed statement.
type Claim struct {
	ID       string        `json:"id"` // c1, c2, …
	Speaker  Speaker       `json:"speaker"`
	Cue      Piece         `json:"cue"` // the words that attribute it
	Content  Piece         `json:"content"`
	Type     string        `json:"type"` // direct, indirect, mixed
	Form     evidence.Form `json:"form"`
	SaidWhen evidence.When `json:"said_when"`
}

// A Line stands between the paragraphs and belongs to none.
type Line struct {
	Piece
	Kind string `json:"kind"` // promotion, heading, credit, published, byline
}

// A Mention is somebody or something that is named. Protected says that the text
// calls the name a pseudonym: whoever bears it asked not to be known.
type Mention struct {
	Piece
	Protected bool `json:"protected"`
}

// A Group is people who are counted. Max is 0 where the words set no upper bound.
type Group struct {
	Piece
	Min      int  `json:"min"`
	Max      int  `json:"max"`
	Estimate bool `json:"estimate"`
}

// A Date is words for a time. Role is published, said or event.
type Date struct {
	Piece
	EDTF     string `json:"edtf"`
	Earliest string `json:"earliest"`
	Latest   string `json:"latest"`
	Role     string `json:"role"`
}

// A Conflict is claims that do not agree.
type Conflict struct {
	Claims []string `json:"claims"`
	What   string   `json:"what"` // count: other numbers; denial: one denies what the other asserts
}

// A Report is the draft.
type Report struct {
	Headline      string     `json:"headline"`
	Dateline      string     `json:"dateline"`
	Byline        string     `json:"byline"`
	Published     string     `json:"published"` // YYYY-MM-DD; empty where nobody says
	Boilerplate   []Line     `json:"boilerplate"`
	Claims        []Claim    `json:"claims"`
	People        []Mention  `json:"people"`
	Organisations []Mention  `json:"organisations"`
	Places        []Mention  `json:"places"`
	Groups        []Group    `json:"groups"`
	Dates         []Date     `json:"dates"`
	Conflicts     []Conflict `json:"conflicts"`
}

// Draft reads a text in UTF-8. An empty one and one that is no text are Problems.
func Draft(text string, opt Options) (Report, error) {
	switch {
	case strings.TrimFunc(text, blank) == "":
		return Report{}, &evidence.Problem{Code: "report.empty"}
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return Report{}, &evidence.Problem{Code: "report.not_text"}
	}
	d := read(text)
	r := Report{
		Headline: d.cut(d.headline), Dateline: d.cut(d.dateline), Byline: d.cut(d.byline), Boilerplate: d.aside,
		People: []Mention{}, Organisations: []Mention{}, Places: []Mention{}, Groups: []Group{}, Dates: []Date{}, Conflicts: []Conflict{},
	}
	d.published = opt.Published
	if d.published.IsZero() {
		d.published = d.posted()
	}
	if !d.published.IsZero() {
		r.Published = d.published.Format(time.DateOnly)
	}
	d.findDates()
	d.findQuotes()
	r.People, r.Organisations, r.Places = d.names()
	r.Claims = d.claims()
	r.Groups = d.groups()
	r.Dates = d.dates()
	r.Conflicts = d.conflicts(r.Claims)
	return r, nil
}

// blank is what stands around words: a byte order mark too.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

// posted is the first day that a line outside the paragraphs, or the dateline, gives.
func (d *document) posted() time.Time {
	for _, l := range d.aside {
		if l.Kind != published {
			continue
		}
		for _, f := range edtf.Find(l.Text, "", time.Time{}) {
			if t, ok := oneDay(f); ok {
				return t
			}
		}
	}
	for _, f := range edtf.Find(d.cut(d.dateline), "", time.Time{}) {
		if t, ok := oneDay(f); ok {
			return t
		}
	}
	return time.Time{}
}

// oneDay is the day that a date is, if it is one.
func oneDay(f edtf.Found) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, f.When.Earliest)
	return t, err == nil && f.When.Earliest == f.When.Latest
}

// dates lists every date of the text with its part in it.
func (d *document) dates() []Date {
	out := []Date{}
	for _, f := range d.found {
		role := f.role
		if f.said {
			role = "said"
		}
		out = append(out, Date{d.piece(f.stretch), f.EDTF, f.Earliest, f.Latest, role})
	}
	return out
}
