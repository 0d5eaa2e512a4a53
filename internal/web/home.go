package web

import (
	"net/http"
	"sync"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/store"
)

// A homePage lists cases, or, for who sees none, what they handed in.
type homePage struct {
	Cases    []evidence.Case
	ReadCase bool
	Items    []evidence.Item
}

func home(q *request) error {
	page := homePage{ReadCase: access.Check(q.actor, access.ReadCase) == nil}
	err := q.v.DB.View(q.Context(), q.actor.ID, func(v *store.View) (err error) {
		if page.ReadCase {
			page.Cases, err = v.Cases()
			return err
		}
		if err := access.Check(q.actor, access.ReadHandedIn); err != nil {
			return err
		}
		page.Items, err = v.HandedIn()
		return err
	})
	if err != nil {
		return err
	}
	if len(page.Cases) == 1 {
		http.Redirect(q.w, q.Request, "/cases/"+string(page.Cases[0].ID), http.StatusSeeOther)
		return nil
	}
	q.render(http.StatusOK, "home.html", page)
	return nil
}

// A part is one thing that the machine needs. Missing is a sentence, empty where it
// is there.
type part struct{ Name, Detail, Missing string }

// health keeps what a look at the machine found for a moment: it starts processes.
type health struct {
	mu    sync.Mutex // guards the rest, and is held while looking: once is enough
	at    time.Time
	parts []media.Part
}

const healthKept = 30 * time.Second

func showHealth(q *request) error {
	h := &q.s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if q.s.Parts != nil && (h.parts == nil || time.Since(h.at) > healthKept) {
		h.parts, h.at = q.s.Parts(q.Context()), time.Now()
	}
	var page []part
	for _, p := range h.parts {
		page = append(page, part{q.say.Say("doctor.part." + p.Name), p.Detail, q.sentence(p.Err)})
	}
	q.render(http.StatusOK, "health.html", page)
	return nil
}
