package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/followup"
	"safehouse/internal/store"
	"safehouse/journal"
)

// A casePage is all that a member sees of a case.
type casePage struct {
	Case     evidence.Case
	Title    string
	Opened   who
	People   []atRisk
	Overdue  int
	Items    []evidence.Item
	Masks    []masked
	Sources  []source
	Claims   int
	Drafts   []draft
	Releases []released
	Steps    []step
	AllSteps int
	Seals    int // names that are sealed
	Signed   string
}

// atRisk is somebody and what is to be done for them.
type atRisk struct {
	followup.Due
	Owner who
	Seals int
}

// masked is what was made of one recording: plans, and what was burned in.
type masked struct {
	Item  evidence.Item
	Plans []plan
}

type plan struct {
	evidence.Plan
	Waiting  int // doubts that nobody has looked at
	Accepter who
	Burned   []evidence.Rendition
	Preview  *evidence.Rendition
}

// source is somebody with what they say.
type source struct {
	evidence.Source
	Called string // how it may be called
	Claims []claim
}

type claim struct {
	evidence.Claim
	Number  int
	Words   string
	Item    evidence.Item
	HasItem bool
}

type draft struct {
	evidence.Draft
	Title   string
	By      who
	Word    *store.Verdict // nil: nobody has judged it
	Judge   who
	Waiting bool // for the very member who looks
}

type released struct {
	evidence.Release
	Who         who
	Title       string
	Fingerprint string
	Bundle      bool // can be downloaded
}

func showCase(q *request) error {
	id := evidence.CaseID(q.PathValue("case"))
	if !evidence.KnownID(string(id)) {
		return evidence.ErrNotFound // a reference is not for addresses
	}
	due, err := (&followup.Watch{DB: q.v.DB}).Next(q.Context(), q.actor, time.Now().UTC().Format(time.DateOnly))
	if err != nil {
		return err
	}
	var page casePage
	err = q.v.DB.View(q.Context(), q.actor.ID, func(v *store.View) error {
		f := file{q: q, v: v, page: &page}
		return f.read(id, due)
	})
	if err != nil {
		return err
	}
	q.render(http.StatusOK, "case.html", page)
	return nil
}

// A file is a case being read.
type file struct {
	q     *request
	v     *store.View
	page  *casePage
	team  team
	about map[string]bool // the IDs of all that hangs on the case
}

func (f *file) may(a access.Action) bool { return access.Check(f.q.actor, a) == nil }

func (f *file) read(id evidence.CaseID, due []followup.Due) (err error) {
	f.about = map[string]bool{string(id): true}
	if f.page.Case, err = f.v.Case(string(id)); err != nil {
		return err
	}
	if f.team, err = f.q.team(f.v); err != nil {
		return err
	}
	f.page.Title, f.page.Opened = f.page.Case.Title.Reveal(), f.team.who(f.page.Case.By)
	for _, step := range []func() error{
		func() error { return f.people(due) }, f.items, f.claims, f.drafts, f.releases, f.steps,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) people(due []followup.Due) error {
	seals, err := f.seals()
	if err != nil {
		return err
	}
	for _, d := range due {
		if d.Case != f.page.Case.ID {
			continue
		}
		f.page.People = append(f.page.People, atRisk{d, f.team.who(d.Status.Owner), seals[d.Subject]})
		if d.Overdue {
			f.page.Overdue++
		}
	}
	return nil
}

// seals counts the protected names of each person and group. The names stay where
// they are.
func (f *file) seals() (map[string]int, error) {
	out := make(map[string]int)
	persons, err := f.v.Persons(f.page.Case.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range persons {
		out[string(p.ID)] = len(p.Names)
	}
	groups, err := f.v.Groups(f.page.Case.ID)
	for _, g := range groups {
		out[string(g.ID)] = len(g.Names)
	}
	for id, n := range out {
		f.about[id] = true
		f.page.Seals += n
	}
	return out, err
}

func (f *file) items() error {
	if !f.may(access.ReadItem) {
		return nil
	}
	items, err := f.v.Items(f.page.Case.ID)
	if err != nil {
		return err
	}
	f.page.Items = items
	for _, it := range items {
		f.about[string(it.ID)] = true
		m := masked{Item: it}
		if m.Plans, err = f.plans(it.ID); err != nil {
			return err
		}
		if len(m.Plans) > 0 {
			f.page.Masks = append(f.page.Masks, m)
		}
	}
	return nil
}

func (f *file) plans(id evidence.ItemID) ([]plan, error) {
	plans, err := f.v.Plans(id)
	if err != nil {
		return nil, err
	}
	made, err := f.v.Renditions(id)
	if err != nil {
		return nil, err
	}
	var out []plan
	for _, p := range slices.Backward(plans) { // newest first
		f.about[string(p.ID)] = true
		shown := plan{Plan: p, Waiting: len(p.Open()), Accepter: f.team.who(p.AcceptBy)}
		for _, r := range made {
			if r.Plan != p.ID {
				continue
			}
			f.about[string(r.ID)] = true
			switch r.Kind {
			case evidence.Masked:
				shown.Burned = append(shown.Burned, r)
			case evidence.Preview:
				shown.Preview = &r
			}
		}
		out = append(out, shown)
	}
	return out, nil
}

func (f *file) claims() error {
	sources, err := f.v.Sources(f.page.Case.ID)
	if err != nil {
		return err
	}
	claims, err := f.v.Claims(f.page.Case.ID)
	if err != nil {
		return err
	}
	items := make(map[evidence.ItemID]evidence.Item)
	for _, it := range f.page.Items {
		items[it.ID] = it
	}
	for _, s := range sources {
		f.about[string(s.ID)] = true
		shown := source{Source: s, Called: s.Public}
		for i, c := range claims {
			if c.Source != s.ID {
				continue
			}
			it, ok := items[c.Item]
			shown.Claims = append(shown.Claims, claim{c, i + 1, c.Content.Reveal(), it, ok})
		}
		f.page.Sources = append(f.page.Sources, shown)
	}
	for _, c := range claims {
		f.about[string(c.ID)] = true
	}
	f.page.Claims = len(claims)
	slices.SortStableFunc(f.page.Sources, func(a, b source) int { return cmp.Compare(len(b.Claims), len(a.Claims)) })
	return nil
}

func (f *file) drafts() error {
	if !f.may(access.ReadDraft) {
		return nil
	}
	drafts, err := f.v.Drafts()
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(drafts) {
		if d.Case != f.page.Case.ID {
			continue
		}
		f.about[string(d.ID)] = true
		shown := draft{Draft: d, Title: d.Headline.Reveal(), By: f.team.who(d.Author)}
		word, err := f.v.Verdict(d.ID)
		switch {
		case err == nil:
			shown.Word, shown.Judge = &word, f.team.who(word.By)
			f.about[string(word.ID)] = true
		case !errors.Is(err, evidence.ErrNotFound):
			return err
		}
		shown.Waiting = d.State == evidence.Submitted && d.Author != f.q.actor.ID && f.may(access.Review)
		f.page.Drafts = append(f.page.Drafts, shown)
	}
	return nil
}

func (f *file) releases() error {
	if !f.may(access.ReadDraft) {
		return nil
	}
	all, err := f.v.Releases()
	if err != nil {
		return err
	}
	key := f.q.v.DB.Verifier()
	for _, r := range slices.Backward(all) {
		i := slices.IndexFunc(f.page.Drafts, func(d draft) bool { return d.ID == r.Draft })
		if i < 0 {
			continue
		}
		f.about[string(r.ID)] = true
		f.page.Releases = append(f.page.Releases, released{
			r, f.team.who(r.By), f.page.Drafts[i].Title, journal.Fingerprint(key), f.q.s.find(r, key) != "",
		})
	}
	return nil
}

// stepsOfCase is how much of what happened a case shows; the journal has the rest.
const stepsOfCase = 50

func (f *file) steps() (err error) {
	if !f.may(access.ReadJournal) {
		return nil
	}
	f.page.Steps, f.page.AllSteps, err = f.q.steps(f.v, f.team, 1<<62, stepsOfCase, func(subject string) bool { return f.about[subject] })
	if err != nil {
		return err
	}
	f.page.Signed, err = checkpoint(f.v)
	return err
}
