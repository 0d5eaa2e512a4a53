package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/locale"
	"safehouse/internal/release"
	"safehouse/internal/store"
)

// words is a text as a page may show it: what would name somebody is sealed.
type words struct {
	Lang string // of the text, where that can be told
	Runs []run
}

// A run is a stretch of text. Where it is sealed, Text is what stands for it.
type run struct {
	Text   string
	Sealed bool
}

// A writer turns what the vault holds into what a page may show, in one language.
// Its gate is the one of a release: what must not leave is not shown in passing
// either, to somebody who may be looked at over the shoulder.
type writer struct {
	ctx  context.Context
	gate *leak.Gate
	say  *locale.Printer
}

func (v *visit) writer(view *store.View) (*writer, error) {
	terms, _, err := release.Known(view, v.actor)
	if err != nil {
		return nil, err
	}
	gate, err := leak.New(terms, leak.Policy{})
	return &writer{v.r.Context(), gate, v.say}, err
}

// plain turns line breaks into spaces, so that places stay where they were.
var plain = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")

// words seals the names in text. What the gate cannot look through, or cannot say
// where it is, is sealed whole.
func (w *writer) words(text string) words {
	text = plain.Replace(text)
	out := words{Lang: tongue(text)}
	report, err := w.gate.Check(w.ctx, "words.txt", strings.NewReader(text), int64(len(text)))
	if err != nil || len(report.Unread) > 0 {
		return words{Runs: []run{w.sealed()}}
	}
	slices.SortFunc(report.Findings, func(a, b leak.Finding) int { return cmp.Compare(a.Start, b.Start) })
	at := 0
	for _, f := range report.Findings {
		if f.Start < 0 || f.End > len(text) || f.End <= f.Start {
			return words{Runs: []run{w.sealed()}}
		}
		if f.End <= at {
			continue
		}
		if f.Start > at {
			out.add(text[at:f.Start])
		}
		if f.Start >= at {
			out.Runs = append(out.Runs, w.sealed())
		}
		at = f.End
	}
	out.add(text[at:])
	return out
}

func (w *words) add(text string) {
	if text != "" {
		w.Runs = append(w.Runs, run{Text: locale.Safe(text)})
	}
}

func (w *writer) sealed() run { return run{w.say.Say("web.sealed"), true} }

// tongue tells the language of a text by its script.
func tongue(text string) string {
	switch {
	case strings.IndexFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) >= 0:
		return "ko"
	case strings.IndexFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0:
		return "zh"
	}
	return "en"
}

// A moment is a time as a page shows it: the zone is in Exact.
type moment struct{ Text, Exact, Machine string }

func (w *writer) moment(t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	local := t.Local()
	return moment{local.Format(w.say.Say("date.moment")), local.Format("2006-01-02 15:04:05 -07:00"), t.UTC().Format(time.RFC3339)}
}

// day shows YYYY-MM-DD in the reader's order.
func (w *writer) day(day string) moment {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return moment{Text: locale.Safe(day)}
	}
	return moment{Text: t.Format(w.say.Say("date.day")), Exact: day, Machine: day}
}

// A when is an imprecise date: as somebody said it, and between which days it lies.
type when struct {
	Words          words
	EDTF           string
	Earliest, Last moment
	Exact          bool // one day
}

func (w *writer) when(d evidence.When) *when {
	if d == (evidence.When{}) {
		return nil
	}
	out := &when{Words: w.words(d.Words), EDTF: d.EDTF, Exact: d.Earliest != "" && d.Earliest == d.Latest}
	if d.Language != "" {
		out.Words.Lang = d.Language
	}
	if d.Earliest != "" {
		out.Earliest = w.day(d.Earliest)
	}
	if d.Latest != "" {
		out.Last = w.day(d.Latest)
	}
	return out
}

// short is enough of an ID to tell it from others on a page.
func short[I ~string](id I) string {
	s := string(id)
	return s[:min(len(s), 10)]
}
