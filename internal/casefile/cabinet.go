// Package casefile keeps what the team knows about a case: people and groups
// under protected names, sources, and claims: one statement by one source, with
// the exact place in the item where it stands. Nothing is overwritten; what a
// call adds is in the journal when it returns.
package casefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/report"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// A Cabinet holds the case files.
type Cabinet struct {
	DB        *store.DB
	Originals *vault.Originals
}

// Reliabilities are the words for how reliable a source is [MT42].
var Reliabilities = []string{"highly_reliable", "likely_reliable", "unsure", "likely_unreliable", "highly_unreliable", "unknown"}

// Priorities are the words for how pressing a case is, most pressing first.
var Priorities = []string{"urgent", "high", "normal", "low"}

var reference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// NewCase opens a case. Its reference names nobody and is the team's only one.
func (c *Cabinet) NewCase(ctx context.Context, actor evidence.Actor, cs evidence.Case) (evidence.Case, error) {
	if err := access.Check(actor, access.WriteCase); err != nil {
		return cs, err
	}
	if !reference.MatchString(cs.Ref) || evidence.KnownID(cs.Ref) {
		return cs, &evidence.Problem{Code: "case.reference"}
	}
	if !slices.Contains(Priorities, cs.Priority) {
		return cs, &evidence.Problem{Code: "case.priority", Args: []any{cs.Priority}}
	}
	cs.ID, cs.By, cs.Status = evidence.NewID[evidence.CaseID]("cas"), actor.ID, "active"
	err := c.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		if _, err := tx.Case(cs.Ref); !errors.Is(err, evidence.ErrNotFound) {
			return errors.Join(err, &evidence.Problem{Code: "case.exists", Args: []any{cs.Ref}})
		}
		tx.Record("case.new", string(cs.ID))
		return tx.AddCase(&cs)
	})
	return cs, err
}

// Case gives a case by its ID or reference.
func (c *Cabinet) Case(ctx context.Context, actor evidence.Actor, idOrRef string) (evidence.Case, error) {
	var cs evidence.Case
	if err := access.Check(actor, access.ReadCase); err != nil {
		return cs, err
	}
	err := c.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		cs, err = v.Case(idOrRef)
		return err
	})
	return cs, err
}

// NewPerson adds a person. The names are protected from then on, in every case.
func (c *Cabinet) NewPerson(ctx context.Context, actor evidence.Actor, p evidence.Person) (evidence.Person, error) {
	if strings.TrimSpace(p.Pseudonym) == "" {
		return p, &evidence.Problem{Code: "person.no_pseudonym"}
	}
	if err := names(p.Names, p.Pseudonym); err != nil {
		return p, err
	}
	if p.Sealed && !actor.Custodian {
		return p, &evidence.Problem{Code: "person.not_custodian"}
	}
	p.ID = evidence.NewID[evidence.PersonID]("per")
	return p, c.add(ctx, actor, p.Case, func(tx *store.Tx) error {
		tx.Record("person.new", string(p.ID))
		return tx.AddPerson(&p)
	})
}

// NewGroup adds several people who are counted together.
func (c *Cabinet) NewGroup(ctx context.Context, actor evidence.Actor, g evidence.Group) (evidence.Group, error) {
	switch {
	case strings.TrimSpace(g.Label) == "":
		return g, &evidence.Problem{Code: "group.no_label"}
	case g.Min < 1 || g.Max < g.Min:
		return g, &evidence.Problem{Code: "group.count", Args: []any{g.Min, g.Max}}
	}
	if err := names(g.Names, g.Label); err != nil {
		return g, err
	}
	g.ID = evidence.NewID[evidence.GroupID]("grp")
	return g, c.add(ctx, actor, g.Case, func(tx *store.Tx) error {
		tx.Record("group.new", string(g.ID))
		return tx.AddGroup(&g)
	})
}

// NewSource adds someone or something that says things.
func (c *Cabinet) NewSource(ctx context.Context, actor evidence.Actor, s evidence.Source) (evidence.Source, error) {
	if err := validSource(s); err != nil {
		return s, err
	}
	s.ID = evidence.NewID[evidence.SourceID]("src")
	return s, c.add(ctx, actor, s.Case, func(tx *store.Tx) error {
		tx.Record("source.new", string(s.ID))
		return tx.AddSource(&s)
	})
}

func validSource(s evidence.Source) error {
	switch {
	case strings.TrimSpace(s.Public) == "":
		return &evidence.Problem{Code: "source.no_public"}
	case s.Protected && s.Name.Empty():
		return &evidence.Problem{Code: "source.no_name"}
	case !slices.Contains(Reliabilities, s.Reliability):
		return &evidence.Problem{Code: "source.reliability", Args: []any{s.Reliability}}
	}
	return nil
}

// names refuses an empty name and one that its own public name would give away.
func names(names []evidence.Name, public string) error {
	for _, n := range names {
		text := strings.TrimSpace(n.Text.Reveal())
		if text == "" {
			return &evidence.Problem{Code: "name.empty"}
		}
		if strings.Contains(strings.ToLower(public), strings.ToLower(text)) {
			return &evidence.Problem{Code: "name.in_public"}
		}
	}
	return nil
}

// add writes into a case that must exist.
func (c *Cabinet) add(ctx context.Context, actor evidence.Actor, id evidence.CaseID, f func(tx *store.Tx) error) error {
	if err := access.Check(actor, access.WriteCase); err != nil {
		return err
	}
	return c.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		if _, err := tx.Case(string(id)); err != nil {
			return err
		}
		return f(tx)
	})
}

// maxReport is the longest text that is read as a report, in bytes.
const maxReport = 4 << 20

// Draft reads an item as a report. Opening it is journaled like any other.
func (c *Cabinet) Draft(ctx context.Context, actor evidence.Actor, id evidence.ItemID, published time.Time) (report.Report, error) {
	content, err := c.Originals.Open(ctx, actor, id, "report.draft")
	if err != nil {
		return report.Report{}, err
	}
	defer content.Close()
	if content.Size > maxReport {
		return report.Report{}, &evidence.Problem{Code: "report.too_long", Args: []any{id, maxReport >> 20}}
	}
	text, err := io.ReadAll(content.Reader())
	if err != nil {
		return report.Report{}, fmt.Errorf("read %s: %w", id, err)
	}
	return report.Draft(string(text), report.Options{Published: published})
}

// An Acceptance takes claims from a report's draft into a case.
type Acceptance struct {
	Case      evidence.CaseID
	Item      evidence.ItemID
	Claims    []string          // their IDs in the draft: c1, c2, …
	Published time.Time         // where the text does not say it
	Source    evidence.SourceID // who said them, if the team knows better than the text; else by the speaker's name
}

// Accept takes claims in, all or none. Each keeps its source, form, date as said
// and in EDTF, and its span in the item.
func (c *Cabinet) Accept(ctx context.Context, actor evidence.Actor, a Acceptance) ([]evidence.Claim, error) {
	if err := access.Check(actor, access.WriteCase); err != nil {
		return nil, err
	}
	draft, err := c.Draft(ctx, actor, a.Item, a.Published)
	if err != nil {
		return nil, err
	}
	picked, err := pick(draft, a.Claims)
	if err != nil {
		return nil, err
	}
	var out []evidence.Claim
	err = c.add(ctx, actor, a.Case, func(tx *store.Tx) error {
		for _, p := range picked {
			claim, err := accept(tx, actor, a, draft, p)
			if err != nil {
				return err
			}
			out = append(out, claim)
		}
		return nil
	})
	return out, err
}

func pick(draft report.Report, ids []string) ([]report.Claim, error) {
	var out []report.Claim
	for _, id := range ids {
		i := slices.IndexFunc(draft.Claims, func(c report.Claim) bool { return c.ID == id })
		if i < 0 {
			return nil, &evidence.Problem{Code: "claim.not_in_draft", Args: []any{id, len(draft.Claims)}}
		}
		out = append(out, draft.Claims[i])
	}
	if len(out) == 0 {
		return nil, &evidence.Problem{Code: "claim.none_named"}
	}
	return out, nil
}
