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

// newGate protects every name in the vault, not only this case's: a name that
// one case hides must not leave through another. It must know them all: where
// identities are sealed, only a custodian's gate does.
func newGate(v *store.View, actor evidence.Actor) (*leak.Gate, error) {
	terms, err := Protected(v, actor)
	if err != nil {
		return nil, err
	}
	return leak.New(terms, leak.Policy{})
}

// Protected lists whom the gate protects. It fails where a name is sealed that the
// actor may not see: a gate that does not know a name would let it pass.
func Protected(v *store.View, actor evidence.Actor) (leak.Terms, error) {
	var terms leak.Terms
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
		return terms, err
	}
	for _, p := range persons {
		if len(p.Names) < p.SealedNames {
			return terms, &evidence.Problem{Code: "release.needs_custodian"}
		}
		add(string(p.ID), p.Names...)
	}
	groups, err := v.Groups("")
	if err != nil {
		return terms, err
	}
	for _, g := range groups {
		add(string(g.ID), g.Names...)
	}
	sources, err := v.Sources("")
	if err != nil {
		return terms, err
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
	return terms, err
}

// check turns what the gate found into a refusal.
func check(ctx context.Context, gate *leak.Gate, parts []bundle.Part) error {
	report, err := look(ctx, gate, parts)
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
func look(ctx context.Context, gate *leak.Gate, parts []bundle.Part) (leak.Report, error) {
	var all leak.Report
	for _, p := range parts {
		report, err := lookAt(ctx, gate, p)
		if err != nil {
			return all, fmt.Errorf("check %s: %w", p.Name, err)
		}
		all.Add(report)
	}
	return all, nil
}

func lookAt(ctx context.Context, gate *leak.Gate, p bundle.Part) (leak.Report, error) {
	r, err := p.Open()
	if err != nil {
		return leak.Report{}, err
	}
	defer r.Close()
	if at, ok := r.(io.ReaderAt); ok { // content of the vault: read in place, however long
		return gate.Check(ctx, p.Name, at, p.Size)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return leak.Report{}, err
	}
	return gate.Check(ctx, p.Name, bytes.NewReader(b), int64(len(b)))
}
