package web

import (
	"bytes"
	"crypto/rand"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/vault"
)

//go:embed templates/*.html static/*
var files embed.FS

// pages is the one set of templates. What is shown is built before, in Go.
var pages = template.Must(template.New("pages").ParseFS(files, "templates/*.html"))

// A visit is one request and its answer. The vault is nil before somebody entered.
type visit struct {
	*Server
	w   http.ResponseWriter
	r   *http.Request
	say *locale.Printer

	vault *vault.Vault
	actor evidence.Actor
	name  evidence.Secret // what the member is called: for their own eyes
	demo  bool
}

// A page is what the frame around every page needs.
type page struct {
	say   *locale.Printer
	Name  string // the template
	Title string // never a case's: titles are kept by browsers
	Path  string // where a choice of language leads back to
	In    bool   // somebody has entered
	Demo  bool
	Who   string
	Role  evidence.Role
	Body  any
}

// show sends a page. It is made before anything is sent: there are no half pages.
func (v *visit) show(status int, name, title string, body any) {
	p := page{
		say: v.say, Name: name, Title: v.say.Say(title), Path: local(v.r.URL.Path), Demo: v.demo,
		In: v.vault != nil, Who: locale.Safe(v.name.Reveal()), Role: v.actor.Role, Body: body,
	}
	if name == "unlock" {
		p.Path, p.In = "/unlock", false
	}
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		panic(err) // a template that does not fit what it is given: a mistake of ours
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.say.Lang())
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // whoever does not listen any more has gone
}

// fail shows what went wrong. Forbidden and absent look the same.
func (v *visit) fail(err error) {
	var p *evidence.Problem
	switch {
	case errors.Is(err, evidence.ErrNotFound), errors.Is(err, evidence.ErrForbidden):
		v.show(http.StatusNotFound, "problem", "web.problem_title", v.say.Say("error.not_found"))
	case errors.As(err, &p):
		v.show(http.StatusUnprocessableEntity, "problem", "web.problem_title", v.say.Say(p.Code, p.Args...))
	case v.r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // locked meanwhile, or nobody listens: nothing is sent
	default:
		number := rand.Text()[:8]
		slog.Error("page", "number", number, "pattern", v.r.Pattern, "err", err)
		v.show(http.StatusInternalServerError, "problem", "web.problem_title", v.say.Say("web.unforeseen", number))
	}
}

// nothing is what lies at every path that is not in the table.
func nothing(*visit) error { return evidence.ErrNotFound }

func (v *visit) sentence(err error) string {
	var p *evidence.Problem
	if errors.As(err, &p) {
		return v.say.Say(p.Code, p.Args...)
	}
	slog.Error("unlock", "err", err)
	return v.say.Say("web.try_again")
}

// refuse answers what never reached a page.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, code string, args ...any) {
	v := &visit{Server: s, w: w, r: r, say: printer(r)}
	v.show(status, "problem", "web.problem_title", v.say.Say(code, args...))
}

func (s *Server) unforeseen(w http.ResponseWriter, r *http.Request, err error) {
	(&visit{Server: s, w: w, r: r, say: printer(r)}).fail(err)
}

// sendStatic sends the style: the one file that browsers may keep.
func sendStatic(v *visit) {
	b, err := files.ReadFile(path.Join("static", path.Base(v.r.PathValue("file"))))
	if err != nil {
		v.w.WriteHeader(http.StatusNotFound)
		return
	}
	v.w.Header().Set("Cache-Control", "max-age=300")
	http.ServeContent(v.w, v.r, v.r.PathValue("file"), time.Time{}, bytes.NewReader(b))
}

// Say is for templates: every sentence in the reader's language.
func (p page) Say(code string, args ...any) string { return p.say.Say(code, args...) }

// Lang is the language of the page.
func (p page) Lang() string { return p.say.Lang() }

// Languages are those that can be chosen.
func (p page) Languages() []string { return locale.Languages }

// In gives a printer's sentence in another language: languages are called as those
// who speak them call them.
func (p page) Own(lang string) string { return locale.For(lang).Say("web.language") }
