package main

import (
	"fmt"

	"safehouse/internal/locale"
	"safehouse/internal/report"
)

type reportCmd struct {
	Draft reportDraftCmd `cmd:"" help:"${help_report_draft}"`
}

type reportDraftCmd struct {
	File      string `arg:"" help:"${help_report_file}"`
	Published string `help:"${help_published}" placeholder:"YYYY-MM-DD"`
}

// Run reads a text and proposes what could be taken into a case. It needs no vault
// and keeps nothing.
func (c *reportDraftCmd) Run(a *app) error {
	published, err := day(c.Published)
	if err != nil {
		return err
	}
	text, err := a.text(c.File)
	if err != nil {
		return err
	}
	draft, err := report.Draft(text, report.Options{Published: published})
	if err != nil {
		return err
	}
	return a.show(draft, func() { a.draft(draft) })
}

func (a *app) draft(r report.Report) {
	fmt.Fprintln(a.out, locale.Safe(r.Headline))
	a.line("report.published", r.Published)
	if len(r.Claims) == 0 {
		a.line("report.no_claims")
	}
	for _, c := range r.Claims {
		who := c.Speaker.Entity
		if who == "" {
			who = c.Speaker.Text
		}
		a.line("report.claim", c.ID, who, a.say.Say("form."+string(c.Form)), c.Content.Text, c.Content.Span[0], c.Content.Span[1])
	}
	for _, l := range r.Boilerplate {
		a.line("report.aside", l.Text)
	}
	a.line("report.is_a_draft")
}
