// Package followup keeps asking what became of people, until they are safe. A
// status is dated, sourced and added beside the earlier ones, never over them;
// whoever has none yet is on the list all the same: nobody is forgotten.
package followup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
)

// A Watch looks after the people at risk.
type Watch struct {
	DB *store.DB
}

// SetStatus adds s to the history of its subject.
func (w *Watch) SetStatus(ctx context.Context, actor evidence.Actor, s evidence.Status) (evidence.Status, error) {
	if err := access.Check(actor, access.WriteCase); err != nil {
		return s, err
	}
	if err := valid(s); err != nil {
		return s, err
	}
	s.ID, s.By = evidence.NewID[evidence.StatusID]("sta"), actor.ID
	if s.Owner == "" {
		s.Owner = actor.ID
	}
	err := w.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		subjects, err := subjects(&tx.View)
		if err != nil {
			return err
		}
		about, ok := subjects[s.Subject]
		if !ok {
			return fmt.Errorf("subject: %w", evidence.ErrNotFound)
		}
		s.Case = about.Case
		if err := cites(&tx.View, s); err != nil {
			return err
		}
		tx.Record("status.set", s.Subject)
		return tx.AddStatus(&s)
	})
	return s, err
}

func valid(s evidence.Status) error {
	if !slices.Contains(evidence.StatusCodes, s.Code) {
		return &evidence.Problem{Code: "status.code", Args: []any{s.Code}}
	}
	if s.Next != "" {
		if _, err := time.Parse(time.DateOnly, s.Next); err != nil {
			return &evidence.Problem{Code: "status.next_date", Args: []any{s.Next}}
		}
	}
	return nil
}

// cites refuses a status whose claims or owner are not in its case.
func cites(v *store.View, s evidence.Status) error {
	claims, err := v.Claims(s.Case)
	if err != nil {
		return err
	}
	for _, id := range s.Claims {
		if !slices.ContainsFunc(claims, func(c evidence.Claim) bool { return c.ID == id }) {
			return &evidence.Problem{Code: "status.unknown_claim", Args: []any{id}, Err: evidence.ErrNotFound}
		}
	}
	return owns(v, s)
}

// owns refuses an owner who would never see what they look after.
func owns(v *store.View, s evidence.Status) error {
	in, err := v.CaseMembers(s.Case)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(in, func(m store.CaseMember) bool { return m.Member == s.Owner }) {
		return &evidence.Problem{Code: "status.owner_outside", Args: []any{s.Owner}}
	}
	return nil
}

// A subject is somebody who can be at risk.
type subject struct {
	Case     evidence.CaseID
	Label    string
	Min, Max int
}

func subjects(v *store.View) (map[string]subject, error) {
	out := make(map[string]subject)
	persons, err := v.Persons("")
	if err != nil {
		return nil, err
	}
	for _, p := range persons {
		out[string(p.ID)] = subject{p.Case, p.Pseudonym, 1, 1}
	}
	groups, err := v.Groups("")
	for _, g := range groups {
		out[string(g.ID)] = subject{g.Case, g.Label, g.Min, g.Max}
	}
	return out, err
}

// A Due is somebody at risk and what is to be done for them.
type Due struct {
	Subject  string
	Case     evidence.CaseID
	Label    string
	Min, Max int
	Status   evidence.Status // its Code is "unknown" where nobody has set one
	History  int             // how many statuses stand behind this one
	Overdue  bool            // the next date has passed, or none was ever set
}

// Next lists who is at risk as of today (YYYY-MM-DD), the most pressing first:
// overdue before not, at risk of return before not, earlier dates before later.
func (w *Watch) Next(ctx context.Context, actor evidence.Actor, today string) ([]Due, error) {
	if err := access.Check(actor, access.ReadCase); err != nil {
		return nil, err
	}
	var out []Due
	err := w.DB.View(ctx, actor.ID, func(v *store.View) error {
		all, err := subjects(v)
		if err != nil {
			return err
		}
		histories, err := v.Statuses("")
		if err != nil {
			return err
		}
		out = due(all, histories, today)
		return nil
	})
	return out, err
}

func due(all map[string]subject, statuses []evidence.Status, today string) []Due {
	byID := make(map[string]*Due, len(all))
	for id, s := range all {
		byID[id] = &Due{Subject: id, Case: s.Case, Label: s.Label, Min: s.Min, Max: s.Max, Status: evidence.Status{Code: "unknown"}, History: -1}
	}
	for _, s := range statuses { // oldest first: the last one stands
		if d := byID[s.Subject]; d != nil {
			d.Status, d.History = s, d.History+1
		}
	}
	var out []Due
	for _, d := range byID {
		if d.Status.Code.EndsWatch() {
			continue
		}
		d.History = max(d.History, 0)
		d.Overdue = d.Status.Next < today // an empty date is before every other
		out = append(out, *d)
	}
	slices.SortFunc(out, pressing)
	return out
}

func pressing(a, b Due) int {
	return cmp.Or(
		first(a.Overdue, b.Overdue),
		first(a.Status.AtRisk, b.Status.AtRisk),
		cmp.Compare(dated(a.Status.RefoulExpected.Earliest), dated(b.Status.RefoulExpected.Earliest)),
		cmp.Compare(a.Status.Next, b.Status.Next),
		cmp.Compare(a.Subject, b.Subject),
	)
}

// dated puts a day that nobody expects after every day that somebody does.
func dated(day string) string { return cmp.Or(day, "9999") }

// first puts what is true before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
