package release

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"safehouse/bundle"
	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/store"
)

// A gate protects every name in the vault, not only this case's: a name that one
// case hides must not leave through another. Whose name it was it tells only to
// somebody who may know.
type gate struct {
	*leak.Gate
	known map[string]bool // the terms of the cases that the actor is in
}

func (p *Press) gate(ctx context.Context, actor evidence.Actor) (*gate, error) {
	g := &gate{known: make(map[string]bool)}
	err := p.DB.View(ctx, actor.ID, func(v *store.View) error {
		terms, _, err := Known(v, actor)
		for _, p := range terms.People {
			g.known[p.ID] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = p.DB.Unscoped(ctx, "no name of any case may leave", func(v *store.View) error {
		terms, err := Protected(v, actor)
		if err != nil {
			return err
		}
		g.Gate, err = leak.New(terms, leak.Policy{})
		return err
	})
	return g, err
}

// mask stands where a finding shows words that the actor may not be told to be
// somebody's name.
const mask = "●●●"

// hide leaves of a finding about a case that the actor is not in the place and
// nothing of whom it is about.
func (g *gate) hide(r *leak.Report) {
	for i, f := range r.Findings {
		if !g.known[f.Term] {
			r.Findings[i].Term, r.Findings[i].Surface = "", mask
		}
	}
}

// Protected lists whom the gate protects among those whom v sees. It fails where a
// name is sealed that the actor may not see: a gate that does not know a name
// would let it pass.
func Protected(v *store.View, actor evidence.Actor) (leak.Terms, error) {
	terms, unknown, err := Known(v, actor)
	if err == nil && unknown > 0 {
		err = &evidence.Problem{Code: "release.needs_custodian"}
	}
	return terms, err
}

// Known is Protected for what stays within: it says how many names are sealed from
// the actor.
func Known(v *store.View, actor evidence.Actor) (terms leak.Terms, unknown int, err error) {
	add := func(id string, names ...evidence.Name) {
		p := leak.Person{ID: id}
		for _, n := range names {
			p.Names = append(p.Names, leak.Name{Text: n.Text, Script: n.Script})
		}
		if len(p.Names) > 0 {
			terms.People = append(terms.People, p)
		}
	}
	persons, err := v.PersonsFor(actor, "")
	if err != nil {
		return terms, unknown, err
	}
	for _, p := range persons {
		unknown += max(0, p.SealedNames-len(p.Names))
		add(string(p.ID), p.Names...)
	}
	groups, err := v.Groups("")
	if err != nil {
		return terms, unknown, err
	}
	for _, g := range groups {
		add(string(g.ID), g.Names...)
	}
	sources, err := v.Sources("")
	if err != nil {
		return terms, unknown, err
	}
	for _, s := range sources {
		if s.Protected {
			add(string(s.ID), evidence.Name{Text: s.Name})
		}
	}
	members, err := v.Members()
	for _, m := range members {
		add(string(m.ID), evidence.Name{Text: m.Name})
	}
	return terms, unknown, err
}

// check turns what the gate found into a refusal.
func check(ctx context.Context, gate *gate, parts []bundle.Part) error {
	report, err := gate.look(ctx, parts)
	if err != nil {
		return err
	}
	switch status := report.Status(); status {
	case 0:
		return nil
	case 4:
		return &Refusal{report, &evidence.Problem{Code: "release.unread", Args: []any{len(report.Unread)}}, status}
	default:
		return &Refusal{report, &evidence.Problem{Code: "release.leak", Args: []any{len(report.Findings)}}, status}
	}
}

// look runs the gate over every part, its name included.
func (g *gate) look(ctx context.Context, parts []bundle.Part) (leak.Report, error) {
	var all leak.Report
	for _, p := range parts {
		report, err := g.lookAt(ctx, p)
		if err != nil {
			return all, fmt.Errorf("check %s: %w", p.Name, err)
		}
		g.hide(&report)
		all.Add(report)
	}
	return all, nil
}

func (g *gate) lookAt(ctx context.Context, p bundle.Part) (leak.Report, error) {
	r, err := p.Open()
	if err != nil {
		return leak.Report{}, err
	}
	defer r.Close()
	if at, ok := r.(io.ReaderAt); ok { // content of the vault: read in place, however long
		return g.Check(ctx, p.Name, at, p.Size)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return leak.Report{}, err
	}
	return g.Check(ctx, p.Name, bytes.NewReader(b), int64(len(b)))
}
