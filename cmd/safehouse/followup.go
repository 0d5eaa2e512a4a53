package main

import (
	"time"

	"safehouse/internal/edtf"
	"safehouse/internal/evidence"
	"safehouse/internal/followup"
	"safehouse/internal/vault"
)

type statusCmd struct {
	Set statusSetCmd `cmd:"" help:"${help_status_set}"`
}

type statusSetCmd struct {
	Subject  string             `arg:"" help:"${help_status_subject}"`
	Code     string             `arg:"" help:"${help_status_code}"`
	Since    string             `help:"${help_status_since}" placeholder:"WORDS|EDTF"`
	AtRisk   bool               `help:"${help_status_at_risk}"`
	Expected string             `help:"${help_status_expected}" placeholder:"WORDS|EDTF"`
	Next     string             `help:"${help_status_next}" placeholder:"YYYY-MM-DD"`
	Owner    string             `help:"${help_status_owner}" placeholder:"MEMBER"`
	Claim    []evidence.ClaimID `help:"${help_status_claim}" placeholder:"CLAIM"`
	Note     string             `help:"${help_note_file}" placeholder:"FILE"`
}

type statusJSON struct {
	ID      evidence.StatusID   `json:"id"`
	Subject string              `json:"subject"`
	Code    evidence.StatusCode `json:"code"`
	Since   evidence.When       `json:"since"`
	AtRisk  bool                `json:"at_risk"`
	Next    string              `json:"next"`
	Owner   evidence.MemberID   `json:"owner"`
}

func (c *statusSetCmd) Run(a *app) error {
	since, err := a.when(c.Since)
	if err != nil {
		return err
	}
	expected, err := a.when(c.Expected)
	if err != nil {
		return err
	}
	note := ""
	if c.Note != "" {
		if note, err = a.text(c.Note); err != nil {
			return err
		}
	}
	return a.with(func(v *vault.Vault) error {
		s, err := (&followup.Watch{DB: v.DB}).SetStatus(a.ctx, v.Actor, evidence.Status{
			Subject: c.Subject, Code: evidence.StatusCode(c.Code), Since: since, AtRisk: c.AtRisk, RefoulExpected: expected,
			Owner: evidence.MemberID(c.Owner), Next: c.Next, Claims: c.Claim, Note: evidence.Protect(note),
		})
		if err != nil {
			return err
		}
		return a.show(statusJSON{s.ID, s.Subject, s.Code, s.Since, s.AtRisk, s.Next, s.Owner}, func() {
			a.line("status.added", s.Subject, a.say.Say("status.is."+string(s.Code)))
		})
	})
}

// when reads a date as somebody would type it: EDTF, or words against today.
func (a *app) when(s string) (evidence.When, error) {
	if s == "" {
		return evidence.When{}, nil
	}
	w, err := edtf.Parse(s, a.say.Lang(), time.Now())
	if err != nil {
		return w, &evidence.Problem{Code: "cli.when", Args: []any{s}, Err: err}
	}
	return w, nil
}

type nextCmd struct {
	Today string `help:"${help_next_today}" placeholder:"YYYY-MM-DD"`
}

type dueJSON struct {
	Subject  string              `json:"subject"`
	Case     evidence.CaseID     `json:"case"`
	Label    string              `json:"label"`
	Min      int                 `json:"min"`
	Max      int                 `json:"max"`
	Status   evidence.StatusCode `json:"status"`
	Since    evidence.When       `json:"since"`
	AtRisk   bool                `json:"at_risk"`
	Expected evidence.When       `json:"expected"`
	Next     string              `json:"next"`
	Owner    evidence.MemberID   `json:"owner"`
	Overdue  bool                `json:"overdue"`
	History  int                 `json:"history"`
}

func showDue(d followup.Due) dueJSON {
	return dueJSON{
		Subject: d.Subject, Case: d.Case, Label: d.Label, Min: d.Min, Max: d.Max, Status: d.Status.Code,
		Since: d.Status.Since, AtRisk: d.Status.AtRisk, Expected: d.Status.RefoulExpected, Next: d.Status.Next,
		Owner: d.Status.Owner, Overdue: d.Overdue, History: d.History,
	}
}

func (c *nextCmd) Run(a *app) error {
	today, err := day(c.Today)
	if err != nil {
		return err
	}
	if today.IsZero() {
		today = time.Now()
	}
	return a.with(func(v *vault.Vault) error {
		due, err := (&followup.Watch{DB: v.DB}).Next(a.ctx, v.Actor, today.Format(time.DateOnly))
		if err != nil {
			return err
		}
		return a.show(each(due, showDue), func() {
			if len(due) == 0 {
				a.line("next.none")
			}
			for _, d := range due {
				a.due(showDue(d))
			}
		})
	})
}

func (a *app) due(d dueJSON) {
	next := d.Next
	switch {
	case next == "":
		next = a.say.Say("next.no_date")
	case d.Overdue:
		next = a.say.Say("next.overdue", next)
	}
	risk := a.say.Say("next.no_risk")
	if d.AtRisk {
		risk = a.say.Say("next.risk", d.Expected.Words)
	}
	a.line("next.row", d.Label, count(d.Min, d.Max), a.say.Say("status.is."+string(d.Status)), d.Since.Words, risk, next)
}
