package web

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/vault"
)

// A route is one line of the table: what is asked for, what somebody needs the right
// to, and who answers.
type route struct {
	method  string
	pattern string
	action  access.Action // anyone: whoever has entered
	answer  func(r *request) error
}

// anyone is the action of pages that every member sees.
const anyone access.Action = ""

// inside is every page behind the door.
var inside = []route{
	{"GET", "/{$}", anyone, home},
	{"GET", "/cases/{case}", access.ReadCase, showCase},
	{"GET", "/renditions/{rendition}", access.ReadDraft, showRendition},
	{"GET", "/releases/{release}/bundle", access.ReadDraft, giveBundle},
	{"GET", "/journal", access.ReadJournal, showJournal},
	{"GET", "/health", anyone, showHealth},
}

// outside is what can be asked for without having entered.
func (s *Server) outside() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /unlock":    s.showUnlock,
		"POST /unlock":   s.unlock,
		"POST /lock":     s.lockNow,
		"POST /language": s.chooseLanguage,
	}
}

//go:embed static
var static embed.FS

// policy lets pages show our styles, pictures and films, and send forms to us. There
// are no scripts.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range inside {
		mux.Handle(r.method+" "+r.pattern, s.inside(r))
	}
	for pattern, answer := range s.outside() {
		mux.HandleFunc(pattern, answer)
	}
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // it is embedded
	}
	mux.Handle("GET /static/", unlisted(http.StripPrefix("/static/", http.FileServerFS(files))))
	mux.Handle("/", s.inside(route{action: anyone, answer: func(*request) error { return evidence.ErrNotFound }}))
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(s.otherSite))
	return s.guard(http.MaxBytesHandler(cross.Handler(mux), maxBody))
}

// unlisted keeps the file server from listing folders.
func unlisted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "max-age=3600")
		next.ServeHTTP(w, r)
	})
}

// guard sets what every answer says to the browser, and answers only to our name:
// another that leads here was made to.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Host != s.host {
			http.Error(w, printer(r).Say("serve.other_host", "http://"+s.host+"/"), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A request is one question of a member who has entered.
type request struct {
	*http.Request
	w      http.ResponseWriter
	s      *Server
	v      *vault.Vault
	member evidence.Member
	actor  evidence.Actor
	say    *locale.Printer
}

const sessionCookie = "safehouse"

func cookieOf(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// inside answers members only, and of them only those who may.
func (s *Server) inside(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, locked := s.who(cookieOf(r))
		if id == "" {
			http.Redirect(w, r, "/unlock", http.StatusSeeOther)
			return
		}
		v, leave := s.door.visit(w)
		if v == nil { // locked in between
			http.Redirect(w, r, "/unlock", http.StatusSeeOther)
			return
		}
		defer leave()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(locked, cancel)()
		q := &request{Request: r.WithContext(ctx), w: w, s: s, v: v, say: printer(r)}
		q.do(id, route)
	})
}

func (q *request) do(id evidence.MemberID, route route) {
	m, err := member(q.Context(), q.v, id)
	if err == nil {
		q.member, q.actor = m, m.Actor()
		if route.action != anyone {
			err = access.Check(q.actor, route.action)
		}
	}
	if err == nil {
		err = route.answer(q)
	}
	if err != nil {
		q.fail(err)
	}
}

// fail says what went wrong. Forbidden and absent are one answer.
func (q *request) fail(err error) {
	var p *evidence.Problem
	switch {
	case q.Context().Err() != nil: // locked, or nobody listens any more
		panic(http.ErrAbortHandler)
	case errors.Is(err, evidence.ErrNotFound), errors.Is(err, evidence.ErrForbidden):
		q.trouble(http.StatusNotFound, "error.not_found")
	case errors.As(err, &p):
		q.trouble(http.StatusUnprocessableEntity, p.Code, p.Args...)
	default:
		q.trouble(http.StatusInternalServerError, "web.unforeseen", unforeseen(err))
	}
}

// unforeseen logs an error and gives the number that people are shown of it.
func unforeseen(err error) (number string) {
	number = rand.Text()[:8]
	slog.Error("a page could not be shown", "number", number, "err", err)
	return number
}

func (q *request) trouble(status int, code string, args ...any) {
	q.render(status, "trouble.html", trouble{Status: strconv.Itoa(status), Text: q.say.Say(code, args...)})
}

type trouble struct{ Status, Text string }

// sentence says what an error means; nothing for none.
func (q *request) sentence(err error) string {
	var p *evidence.Problem
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		return q.say.Say(p.Code, p.Args...)
	}
	return q.say.Say("web.unforeseen", unforeseen(err))
}
