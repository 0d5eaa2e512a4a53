package web

import (
	"net/http"
	"slices"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/casefile"
	"safehouse/internal/evidence"
	"safehouse/internal/followup"
	"safehouse/internal/store"
)

// home leads each member to where their work is: with one case, straight to it.
func home(v *visit) error {
	if access.Check(v.actor, access.ReadCase) != nil {
		http.Redirect(v.w, v.r, "/handed-in", http.StatusSeeOther)
		return nil
	}
	var cases []evidence.Case
	err := v.read(func(view *store.View) (err error) {
		cases, err = view.Cases()
		return err
	})
	if err != nil {
		return err
	}
	to := "/cases"
	if len(cases) == 1 {
		to += "/" + string(cases[0].ID)
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// read reads what the member may see.
func (v *visit) read(f func(view *store.View) error) error {
	return v.vault.DB.View(v.r.Context(), v.actor.ID, f)
}

type caseRow struct {
	ID       evidence.CaseID
	Ref      string
	Title    words
	Priority string
	Opened   moment
	AtRisk   int
	Overdue  int
}

// listCases lists the cases that the member is in, the most pressing first.
func listCases(v *visit) error {
	due, err := v.due()
	if err != nil {
		return err
	}
	var rows []caseRow
	err = v.read(func(view *store.View) error {
		w, err := v.writer(view)
		if err != nil {
			return err
		}
		cases, err := view.Cases()
		for _, c := range cases {
			row := caseRow{ID: c.ID, Ref: c.Ref, Title: w.words(c.Title.Reveal()), Priority: c.Priority, Opened: w.moment(c.Opened)}
			row.count(due)
			rows = append(rows, row)
		}
		slices.SortStableFunc(rows, func(a, b caseRow) int {
			return slices.Index(casefile.Priorities, a.Priority) - slices.Index(casefile.Priorities, b.Priority)
		})
		return err
	})
	if err != nil {
		return err
	}
	v.show(http.StatusOK, "cases", "web.cases_title", rows)
	return nil
}

func (r *caseRow) count(due []followup.Due) {
	for _, d := range due {
		if d.Case != r.ID {
			continue
		}
		if d.Status.AtRisk {
			r.AtRisk++
		}
		if d.Overdue {
			r.Overdue++
		}
	}
}

func (v *visit) due() ([]followup.Due, error) {
	return (&followup.Watch{DB: v.vault.DB}).Next(v.r.Context(), v.actor, time.Now().Format(time.DateOnly))
}

// listHandedIn shows somebody in the field that what they handed in has arrived.
func listHandedIn(v *visit) error {
	var rows []itemRow
	err := v.read(func(view *store.View) error {
		w := &writer{ctx: v.r.Context(), say: v.say}
		items, err := view.HandedIn()
		for _, it := range items {
			rows = append(rows, w.item(it))
		}
		return err
	})
	if err != nil {
		return err
	}
	v.show(http.StatusOK, "handed_in", "web.handed_in_title", rows)
	return nil
}
