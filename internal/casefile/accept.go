package casefile

import (
	"safehouse/internal/evidence"
	"safehouse/internal/report"
	"safehouse/internal/store"
)

// accept writes one claim of a draft, and its source if the case lacks it.
func accept(tx *store.Tx, actor evidence.Actor, a Acceptance, draft report.Report, p report.Claim) (evidence.Claim, error) {
	source, err := sourceOf(tx, a, draft, p)
	if err != nil {
		return evidence.Claim{}, err
	}
	claim := evidence.Claim{
		ID: evidence.NewID[evidence.ClaimID]("clm"), Case: a.Case, Source: source, Item: a.Item, By: actor.ID,
		Span: p.Content.Span, Form: p.Form, Type: p.Type, SaidWhen: p.SaidWhen,
		Speaker: evidence.Protect(p.Speaker.Text), Content: evidence.Protect(p.Content.Text),
	}
	tx.Record("claim.accept", string(claim.ID))
	return claim, tx.AddClaim(&claim)
}

// sourceOf finds who said it: whom the team named, or the source of this case
// that is called like the speaker, or a new one.
func sourceOf(tx *store.Tx, a Acceptance, draft report.Report, p report.Claim) (evidence.SourceID, error) {
	sources, err := tx.Sources(a.Case)
	if err != nil {
		return "", err
	}
	if a.Source != "" {
		for _, s := range sources {
			if s.ID == a.Source {
				return s.ID, nil
			}
		}
		return "", &evidence.Problem{Code: "claim.unknown_source", Args: []any{a.Source}, Err: evidence.ErrNotFound}
	}
	called := p.Speaker.Entity
	if called == "" {
		called = p.Speaker.Text
	}
	if called == "" {
		return "", &evidence.Problem{Code: "claim.no_speaker", Args: []any{p.ID}}
	}
	for _, s := range sources {
		if s.Name.Reveal() == called || s.Public == called {
			return s.ID, nil
		}
	}
	s := evidence.Source{
		ID: evidence.NewID[evidence.SourceID]("src"), Case: a.Case,
		Name: evidence.Protect(called), Public: called, Reliability: "unknown",
	}
	tx.Record("source.new", string(s.ID))
	return s.ID, tx.AddSource(&s)
}
