package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
)

const languageCookie = "language"

// tongues are what a browser may ask for, and the language that we answer it in: who
// reads one Chinese script reads the other sooner than English.
var (
	tongues = []struct{ tag, lang string }{{"en", "en"}, {"ko", "ko"}, {"zh-Hans", "zh"}, {"zh-Hant", "zh"}}
	matcher = language.NewMatcher(tags())
)

func tags() (out []language.Tag) {
	for _, t := range tongues {
		out = append(out, language.MustParse(t.tag))
	}
	return out
}

// printer speaks the language that was chosen, or else the browser's.
func printer(r *http.Request) *locale.Printer {
	if c, err := r.Cookie(languageCookie); err == nil && locale.Known(c.Value) {
		return locale.For(c.Value)
	}
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return locale.For("en")
	}
	_, i, _ := matcher.Match(wanted...)
	return locale.For(tongues[i].lang)
}

// chooseLanguage keeps a choice and goes back to where it was made.
func (s *Server) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	if lang := r.PostFormValue("lang"); locale.Known(lang) {
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: lang, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 3600,
		})
	}
	http.Redirect(w, r, local(r.PostFormValue("back")), http.StatusSeeOther)
}

// local is a path of ours, or the first page: a form must not lead elsewhere.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// An unlockPage asks for a passphrase.
type unlockPage struct {
	Problem string // what was wrong with the last one
	Demo    bool   // a demonstration can be opened again without one
}

func (s *Server) showUnlock(w http.ResponseWriter, r *http.Request) {
	s.askAgain(w, r, http.StatusOK, "")
}

func (s *Server) askAgain(w http.ResponseWriter, r *http.Request, status int, problem string) {
	outsider{w, r, s}.render(status, "unlock.html", unlockPage{problem, s.Demo != nil})
}

// unlock tries a passphrase.
func (s *Server) unlock(w http.ResponseWriter, r *http.Request) {
	say := printer(r)
	passphrase, err := s.given(r)
	var cookie string
	if err == nil {
		cookie, err = s.enter(r.Context(), passphrase)
	}
	var later *wait
	var p *evidence.Problem
	switch {
	case err == nil:
		http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case errors.As(err, &later):
		w.Header().Set("Retry-After", strconv.Itoa(later.seconds()))
		s.askAgain(w, r, http.StatusTooManyRequests, say.Say("unlock.wait", later.seconds()))
	case errors.As(err, &p) && p.Code == "vault.wrong_passphrase":
		s.askAgain(w, r, http.StatusForbidden, say.Say(p.Code))
	case errors.As(err, &p):
		s.askAgain(w, r, http.StatusUnprocessableEntity, say.Say(p.Code, p.Args...))
	case errors.Is(err, context.Canceled):
		s.askAgain(w, r, http.StatusServiceUnavailable, say.Say("unlock.again"))
	default:
		s.askAgain(w, r, http.StatusInternalServerError, say.Say("unlock.failed", unforeseen(err)))
	}
}

// given is the passphrase of the form, or that of the demonstration.
func (s *Server) given(r *http.Request) (evidence.Secret, error) {
	if r.PostFormValue("demo") != "" && s.Demo != nil {
		return s.Demo()
	}
	passphrase := evidence.Protect(r.PostFormValue("passphrase"))
	if passphrase.Empty() {
		return passphrase, &evidence.Problem{Code: "unlock.empty"}
	}
	return passphrase, nil
}

// lockNow locks for everybody. The cookie goes too: what the browser kept of a page
// goes with it.
func (s *Server) lockNow(w http.ResponseWriter, r *http.Request) {
	if id, _ := s.who(cookieOf(r)); id == "" {
		http.Redirect(w, r, "/unlock", http.StatusSeeOther)
		return
	}
	err := s.lock()
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	if err != nil {
		s.askAgain(w, r, http.StatusInternalServerError, printer(r).Say("unlock.failed", unforeseen(err)))
		return
	}
	http.Redirect(w, r, "/unlock", http.StatusSeeOther)
}

// otherSite answers a form that another site sent here.
func (s *Server) otherSite(w http.ResponseWriter, r *http.Request) {
	http.Error(w, printer(r).Say("serve.other_site"), http.StatusForbidden)
}
