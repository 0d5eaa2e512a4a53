package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
)

//go:embed templates
var files embed.FS

// pages are the templates, once a language.
var pages = parse()

func parse() map[string]*template.Template {
	out := make(map[string]*template.Template)
	for _, lang := range locale.Languages {
		out[lang] = template.Must(template.New("").Funcs(words(locale.For(lang))).ParseFS(files, "templates/*.html"))
	}
	return out
}

// words are what templates say things with, in one language.
func words(say *locale.Printer) template.FuncMap {
	return template.FuncMap{
		"say":     say.Say,
		"safe":    locale.Safe,
		"day":     func(s string) string { return day(say, s) },
		"time":    func(t time.Time) string { return t.UTC().Format(say.Say("web.time_form")) },
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"size":    size,
		"count":   count,
		"tongue":  tongue,
		"short":   short,
		"between": func(w evidence.When) string { return between(say, w) },
	}
}

// day writes YYYY-MM-DD in the order of the language, and anything else as it is.
func day(say *locale.Printer, s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return locale.Safe(s)
	}
	return t.Format(say.Say("web.day_form"))
}

// between is the earliest and the latest day of a date as somebody said it.
func between(say *locale.Printer, w evidence.When) string {
	switch {
	case w.Earliest == "" && w.Latest == "":
		return ""
	case w.Earliest == w.Latest:
		return day(say, w.Earliest)
	}
	return day(say, w.Earliest) + " – " + day(say, w.Latest)
}

// size is a number of bytes as people read it.
func size(n int64) string {
	const kilo = 1000
	if n < kilo {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/kilo, 0
	for value >= kilo && unit < len("kMGT")-1 {
		value, unit = value/kilo, unit+1
	}
	return fmt.Sprintf("%.1f %cB", value, "kMGT"[unit])
}

// count is a number of people, or the two that it lies between.
func count(least, most int) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d–%d", least, most)
}

// tongue guesses the language of words by their script, for who reads them aloud and
// for the shape of their letters.
func tongue(text string) string {
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }):
		return "ko"
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }):
		return "zh"
	}
	return "en"
}

// short is the end of an ID: enough to tell two apart on one page.
func short(id any) string {
	s := fmt.Sprint(id)
	return s[max(0, len(s)-4):]
}

// A frame is what stands around every page.
type frame struct {
	Lang      string
	Languages []string
	Path      string
	Member    evidence.Member // its ID is empty: nobody has entered
	Demo      bool
	Page      any
}

func (q *request) render(status int, name string, page any) {
	write(q.w, status, name, frame{
		Lang: q.say.Lang(), Languages: locale.Languages, Path: q.URL.Path, Member: q.member, Demo: q.v.DB.Demo(), Page: page,
	})
}

// An outsider has not entered.
type outsider struct {
	w http.ResponseWriter
	r *http.Request
	s *Server
}

func (o outsider) render(status int, name string, page any) {
	write(o.w, status, name, frame{
		Lang: printer(o.r).Lang(), Languages: locale.Languages, Path: "/unlock", Demo: o.s.Demo != nil, Page: page,
	})
}

// write writes a page when it is whole: half a page is never sent as one.
func write(w http.ResponseWriter, status int, name string, f frame) {
	var b bytes.Buffer
	if err := pages[f.Lang].ExecuteTemplate(&b, name, f); err != nil {
		panic(fmt.Errorf("template %s: %w", name, err)) // a mistake of ours; the server ends this answer alone
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", f.Lang)
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // who has gone does not read
}
