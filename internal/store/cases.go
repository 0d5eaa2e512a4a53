package store

import (
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
)

type caseRow struct {
	bun.BaseModel `bun:"table:cases"`
	ID            string `bun:"id,pk"`
	Ref           string `bun:"ref"`
	Status        string `bun:"status"`
	Priority      string `bun:"priority"`
	Opened        string `bun:"opened"`
	ByID          string `bun:"by_id"`
	Sealed        []byte `bun:"sealed"`
}

type caseSecrets struct {
	Title string `json:"title"`
}

// AddCase adds c as opened now, and whoever opens it is in it.
func (tx *Tx) AddCase(c *evidence.Case) error {
	c.Opened = tx.Now
	sealed, err := tx.sealed("cases", string(c.ID), caseSecrets{c.Title.Reveal()})
	if err != nil {
		return err
	}
	err = tx.insert(&caseRow{
		ID: string(c.ID), Ref: c.Ref, Status: c.Status, Priority: c.Priority,
		Opened: formatTime(c.Opened), ByID: string(c.By), Sealed: sealed,
	})
	if err != nil {
		return err
	}
	return tx.letIn(c.ID, c.By)
}

// Case gives a case by its ID or by the team's reference.
func (v *View) Case(idOrRef string) (evidence.Case, error) {
	var rows []caseRow
	if err := named(v.rows("cases", &rows), idOrRef).Scan(v.ctx); err != nil {
		return evidence.Case{}, err
	}
	row, err := one(rows)
	if err != nil {
		return evidence.Case{}, err
	}
	return v.oneCase(row)
}

func named(q *bun.SelectQuery, idOrRef string) *bun.SelectQuery {
	return q.Where("(id = ? OR ref = ?)", idOrRef, idOrRef)
}

// one gives the only case. Two may have the same reference: to refuse it would tell
// somebody that there is a case that they are not in.
func one(rows []caseRow) (caseRow, error) {
	switch len(rows) {
	case 0:
		return caseRow{}, fmt.Errorf("case: %w", evidence.ErrNotFound) // what was asked for may be a slip of the pen: not repeated
	case 1:
		return rows[0], nil
	}
	return caseRow{}, &evidence.Problem{Code: "case.two", Args: []any{rows[0].ID, rows[1].ID}}
}

// Cases gives the cases that the actor is in, oldest first.
func (v *View) Cases() ([]evidence.Case, error) {
	var rows []caseRow
	if err := v.rows("cases", &rows).Order("opened", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.oneCase)
}

func (v *View) oneCase(row caseRow) (evidence.Case, error) {
	var s caseSecrets
	if err := v.open("cases", row.ID, row.Sealed, &s); err != nil {
		return evidence.Case{}, err
	}
	return evidence.Case{
		ID: evidence.CaseID(row.ID), Ref: row.Ref, Title: evidence.Protect(s.Title),
		Status: row.Status, Priority: row.Priority, Opened: parseTime(row.Opened), By: evidence.MemberID(row.ByID),
	}, nil
}

// nameSecrets is one spelling of a name, as it lies sealed.
type nameSecrets struct {
	Text     string `json:"text"`
	Script   string `json:"script,omitempty"`
	Language string `json:"language,omitempty"`
}

func hideNames(names []evidence.Name) []nameSecrets {
	var out []nameSecrets
	for _, n := range names {
		out = append(out, nameSecrets{n.Text.Reveal(), n.Script, n.Language})
	}
	return out
}

func showNames(names []nameSecrets) []evidence.Name {
	var out []evidence.Name
	for _, n := range names {
		out = append(out, evidence.Name{Text: evidence.Protect(n.Text), Script: n.Script, Language: n.Language})
	}
	return out
}

type personRow struct {
	bun.BaseModel `bun:"table:persons"`
	ID            string `bun:"id,pk"`
	CaseID        string `bun:"case_id"`
	Added         string `bun:"added"`
	Sealed        []byte `bun:"sealed"`
	Identity      []byte `bun:"sealed_identity"`
	SealedNames   int    `bun:"sealed_names"`
}

type personSecrets struct {
	Pseudonym string        `json:"pseudonym"`
	Names     []nameSecrets `json:"names"`
	Note      string        `json:"note"`
}

// AddPerson adds p as of now. An identity that is sealed needs a custodian.
func (tx *Tx) AddPerson(p *evidence.Person) error {
	if err := tx.into(p.Case); err != nil {
		return err
	}
	p.Added = tx.Now
	open := personSecrets{p.Pseudonym, hideNames(p.Names), p.Note.Reveal()}
	row := personRow{ID: string(p.ID), CaseID: string(p.Case), Added: formatTime(p.Added)}
	if p.Sealed {
		identity := personSecrets{Names: open.Names, Note: open.Note}
		open.Names, open.Note = nil, ""
		p.SealedNames, row.SealedNames = len(p.Names), len(p.Names)
		var err error
		if row.Identity, err = tx.sealIdentity(row.ID, identity); err != nil {
			return err
		}
	}
	var err error
	if row.Sealed, err = tx.sealed("persons", row.ID, open); err != nil {
		return err
	}
	return tx.insert(&row)
}

// Persons gives the people of a case, or of all the actor is in when id is empty,
// as somebody sees them who is no custodian: sealed identities stay sealed.
func (v *View) Persons(id evidence.CaseID) ([]evidence.Person, error) {
	return v.PersonsFor(evidence.Actor{}, id)
}

// PersonsFor is Persons for one member: a custodian sees sealed identities.
func (v *View) PersonsFor(actor evidence.Actor, id evidence.CaseID) ([]evidence.Person, error) {
	key, err := v.custodyOf(actor)
	if err != nil {
		return nil, err
	}
	var rows []personRow
	if err := v.ofCase("persons", &rows, id).Order("added", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(row personRow) (evidence.Person, error) {
		var s, identity personSecrets
		err := v.open("persons", row.ID, row.Sealed, &s)
		if err == nil && row.Identity != nil && key != nil {
			err = openUnder(key, row.ID, row.Identity, &identity)
			s.Names, s.Note = identity.Names, identity.Note
		}
		return evidence.Person{
			ID: evidence.PersonID(row.ID), Case: evidence.CaseID(row.CaseID), Pseudonym: s.Pseudonym,
			Names: showNames(s.Names), Note: evidence.Protect(s.Note), Added: parseTime(row.Added),
			Sealed: row.Identity != nil, SealedNames: row.SealedNames,
		}, err
	})
}

// SealedIdentity gives a person's identity as it lies: for whoever takes everything
// out, to open elsewhere.
func (v *View) SealedIdentity(id evidence.PersonID) ([]byte, error) {
	var row personRow
	err := v.rows("persons", &row).Column("sealed_identity").Where("id = ?", string(id)).Scan(v.ctx)
	return row.Identity, found(string(id), err)
}

// custodyOf gives the compartment's key for an actor who may use it now: whose own
// key opened it, and who is still on the list. For everybody else it is nil.
func (v *View) custodyOf(actor evidence.Actor) (*seal.Key, error) {
	if !actor.Custodian {
		return nil, nil
	}
	m, err := v.Member(actor.ID)
	if err != nil || !m.Custodian || !m.Removed.IsZero() {
		return nil, err
	}
	return v.identities(), nil
}

func (tx *Tx) sealIdentity(id string, identity personSecrets) ([]byte, error) {
	key, err := tx.custodyOf(evidence.Actor{ID: tx.actor, Custodian: true})
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, fmt.Errorf("seal the identity of %s: %w", id, evidence.ErrForbidden)
	}
	b, err := json.Marshal(identity)
	if err != nil {
		return nil, fmt.Errorf("seal the identity of %s: %w", id, err)
	}
	return key.Seal(b, "persons/"+id), nil
}

func openUnder(key *seal.Key, id string, sealed []byte, content *personSecrets) error {
	b, err := key.Open(sealed, "persons/"+id)
	if err != nil {
		return fmt.Errorf("open the identity of %s: %w", id, err)
	}
	return json.Unmarshal(b, content)
}

type groupRow struct {
	bun.BaseModel `bun:"table:person_groups"`
	ID            string `bun:"id,pk"`
	CaseID        string `bun:"case_id"`
	Min           int    `bun:"min"`
	Max           int    `bun:"max"`
	Estimate      bool   `bun:"estimate"`
	Added         string `bun:"added"`
	Sealed        []byte `bun:"sealed"`
}

type groupSecrets struct {
	Label string        `json:"label"`
	Names []nameSecrets `json:"names"`
}

// AddGroup adds g as of now.
func (tx *Tx) AddGroup(g *evidence.Group) error {
	if err := tx.into(g.Case); err != nil {
		return err
	}
	g.Added = tx.Now
	sealed, err := tx.sealed("person_groups", string(g.ID), groupSecrets{g.Label, hideNames(g.Names)})
	if err != nil {
		return err
	}
	return tx.insert(&groupRow{
		ID: string(g.ID), CaseID: string(g.Case), Min: g.Min, Max: g.Max, Estimate: g.Estimate,
		Added: formatTime(g.Added), Sealed: sealed,
	})
}

// Groups gives the groups of a case, or of all the actor is in when id is empty.
func (v *View) Groups(id evidence.CaseID) ([]evidence.Group, error) {
	var rows []groupRow
	if err := v.ofCase("person_groups", &rows, id).Order("added", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(row groupRow) (evidence.Group, error) {
		var s groupSecrets
		err := v.open("person_groups", row.ID, row.Sealed, &s)
		return evidence.Group{
			ID: evidence.GroupID(row.ID), Case: evidence.CaseID(row.CaseID), Label: s.Label,
			Min: row.Min, Max: row.Max, Estimate: row.Estimate, Names: showNames(s.Names), Added: parseTime(row.Added),
		}, err
	})
}
