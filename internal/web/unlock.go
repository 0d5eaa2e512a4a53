package web

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
)

// The cookies. The session's holds a random word and lasts until the browser or
// the vault is closed; the language's holds two letters.
const (
	sessionCookie  = "safehouse_session"
	languageCookie = "safehouse_language"
	languageKept   = 365 * 24 * time.Hour
)

type unlockPage struct {
	Back    string // where the member wanted to go
	Problem string // a sentence
	Wait    int    // seconds
}

func unlockPath(r *http.Request) string {
	back := local(r.URL.Path)
	if back == "/" {
		return "/unlock"
	}
	return "/unlock?" + url.Values{"back": {back}}.Encode()
}

// local gives a path on this server, whatever it is given.
func local(p string) string {
	p = path.Clean("/" + strings.TrimLeft(p, "/"))
	if strings.ContainsAny(p, "\\") {
		return "/"
	}
	return p
}

func askPassphrase(v *visit) {
	if leave, ok := v.door.enter(v); ok {
		leave()
		http.Redirect(v.w, v.r, local(v.r.URL.Query().Get("back")), http.StatusSeeOther)
		return
	}
	v.ask(http.StatusOK, unlockPage{})
}

func (v *visit) ask(status int, p unlockPage) {
	p.Back = local(v.r.URL.Query().Get("back"))
	v.show(status, "unlock", "web.unlock_title", p)
}

// unlock lets a member in. Whoever guesses has to wait.
func unlock(v *visit) {
	v.w.Header().Set("Connection", "close") // the connection's buffer is cleared
	passphrase, forget, err := readPassphrase(v.r, "passphrase")
	defer forget()
	if err != nil {
		v.ask(http.StatusUnprocessableEntity, unlockPage{Problem: v.sentence(err)})
		return
	}
	if wait := v.tries.begin(time.Now()); wait > 0 {
		seconds := int((wait + time.Second - 1) / time.Second)
		v.w.Header().Set("Retry-After", strconv.Itoa(seconds))
		v.ask(http.StatusTooManyRequests, unlockPage{Problem: v.say.Say("web.wait", seconds), Wait: seconds})
		return
	}
	defer overwriteFree(len(passphrase.Reveal()))
	session, err := v.door.admit(v.r.Context(), v.Data, passphrase)
	v.tries.end(time.Now(), !wrong(err))
	if err != nil {
		status := http.StatusUnprocessableEntity
		if wrong(err) {
			status = http.StatusForbidden
		}
		v.ask(status, unlockPage{Problem: v.sentence(err)})
		return
	}
	http.SetCookie(v.w, &http.Cookie{Name: sessionCookie, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(v.w, v.r, local(v.r.URL.Query().Get("back")), http.StatusSeeOther)
}

func wrong(err error) bool {
	var p *evidence.Problem
	return errors.As(err, &p) && p.Code == "vault.wrong_passphrase"
}

// lock is everybody's: whoever sees a reason may shut the door.
func lock(v *visit) {
	v.door.lock()
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	http.SetCookie(v.w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(v.w, v.r, "/unlock", http.StatusSeeOther)
}

// chooseLanguage keeps the choice and goes back to where it was made.
func chooseLanguage(v *visit) {
	lang := v.r.PostFormValue("language")
	if locale.Known(lang) {
		http.SetCookie(v.w, &http.Cookie{
			Name: languageCookie, Value: lang, Path: "/", MaxAge: int(languageKept / time.Second),
			HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
	}
	http.Redirect(v.w, v.r, local(v.r.PostFormValue("back")), http.StatusSeeOther)
}

// printer speaks the language that was chosen, or the first that the browser asks
// for and there is.
func printer(r *http.Request) *locale.Printer {
	if c, err := r.Cookie(languageCookie); err == nil && locale.Known(c.Value) {
		return locale.For(c.Value)
	}
	for wish := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		lang, _, _ := strings.Cut(strings.TrimSpace(wish), ";")
		base, _, _ := strings.Cut(strings.ToLower(lang), "-")
		if locale.Known(base) {
			return locale.For(base)
		}
	}
	return locale.For("en")
}

func alive(v *visit) { v.w.WriteHeader(http.StatusNoContent) }
