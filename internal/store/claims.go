package store

import (
	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

type sourceRow struct {
	bun.BaseModel `bun:"table:sources"`
	ID            string `bun:"id,pk"`
	CaseID        string `bun:"case_id"`
	Reliability   string `bun:"reliability"`
	Protected     bool   `bun:"protected"`
	Added         string `bun:"added"`
	Sealed        []byte `bun:"sealed"`
}

type sourceSecrets struct {
	Name   string `json:"name"`
	Public string `json:"public"`
}

// AddSource adds s as of now.
func (tx *Tx) AddSource(s *evidence.Source) error {
	if err := tx.into(s.Case); err != nil {
		return err
	}
	s.Added = tx.Now
	sealed, err := tx.sealed("sources", string(s.ID), sourceSecrets{s.Name.Reveal(), s.Public})
	if err != nil {
		return err
	}
	return tx.insert(&sourceRow{
		ID: string(s.ID), CaseID: string(s.Case), Reliability: s.Reliability, Protected: s.Protected,
		Added: formatTime(s.Added), Sealed: sealed,
	})
}

// Sources gives the sources of a case, or of all the actor is in when id is empty.
func (v *View) Sources(id evidence.CaseID) ([]evidence.Source, error) {
	var rows []sourceRow
	if err := v.ofCase("sources", &rows, id).Order("added", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(row sourceRow) (evidence.Source, error) {
		var s sourceSecrets
		err := v.open("sources", row.ID, row.Sealed, &s)
		return evidence.Source{
			ID: evidence.SourceID(row.ID), Case: evidence.CaseID(row.CaseID), Name: evidence.Protect(s.Name),
			Public: s.Public, Protected: row.Protected, Reliability: row.Reliability, Added: parseTime(row.Added),
		}, err
	})
}

type claimRow struct {
	bun.BaseModel `bun:"table:claims"`
	ID            string `bun:"id,pk"`
	CaseID        string `bun:"case_id"`
	SourceID      string `bun:"source_id"`
	ItemID        string `bun:"item_id"`
	Form          string `bun:"form"`
	Type          string `bun:"type"`
	SpanFrom      int    `bun:"span_from"`
	SpanTo        int    `bun:"span_to"`
	EDTF          string `bun:"edtf"`
	Earliest      string `bun:"earliest"`
	Latest        string `bun:"latest"`
	Added         string `bun:"added"`
	ByID          string `bun:"by_id"`
	Sealed        []byte `bun:"sealed"`
}

type claimSecrets struct {
	Speaker  string `json:"speaker"`
	Content  string `json:"content"`
	Words    string `json:"words"`
	Language string `json:"language"`
}

// AddClaim adds c as of now. It stands in an item of its own case: what it quotes
// must not reach somebody who may not see the item.
func (tx *Tx) AddClaim(c *evidence.Claim) error {
	if err := tx.into(c.Case); err != nil {
		return err
	}
	if err := tx.sameCase(c.Item, c.Case); err != nil {
		return err
	}
	c.Added = tx.Now
	sealed, err := tx.sealed("claims", string(c.ID), claimSecrets{
		c.Speaker.Reveal(), c.Content.Reveal(), c.SaidWhen.Words, c.SaidWhen.Language,
	})
	if err != nil {
		return err
	}
	return tx.insert(&claimRow{
		ID: string(c.ID), CaseID: string(c.Case), SourceID: string(c.Source), ItemID: string(c.Item),
		Form: string(c.Form), Type: c.Type, SpanFrom: c.Span[0], SpanTo: c.Span[1],
		EDTF: c.SaidWhen.EDTF, Earliest: c.SaidWhen.Earliest, Latest: c.SaidWhen.Latest,
		Added: formatTime(c.Added), ByID: string(c.By), Sealed: sealed,
	})
}

// Claims gives the claims of a case, or of all the actor is in when id is empty,
// in the order in which they were accepted.
func (v *View) Claims(id evidence.CaseID) ([]evidence.Claim, error) {
	var rows []claimRow
	if err := v.ofCase("claims", &rows, id).Order("added", "item_id", "span_from").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.claim)
}

func (v *View) claim(row claimRow) (evidence.Claim, error) {
	var s claimSecrets
	if err := v.open("claims", row.ID, row.Sealed, &s); err != nil {
		return evidence.Claim{}, err
	}
	return evidence.Claim{
		ID: evidence.ClaimID(row.ID), Case: evidence.CaseID(row.CaseID), Source: evidence.SourceID(row.SourceID),
		Item: evidence.ItemID(row.ItemID), Span: evidence.Span{row.SpanFrom, row.SpanTo},
		Form: evidence.Form(row.Form), Type: row.Type,
		SaidWhen: evidence.When{Words: s.Words, Language: s.Language, EDTF: row.EDTF, Earliest: row.Earliest, Latest: row.Latest},
		Speaker:  evidence.Protect(s.Speaker), Content: evidence.Protect(s.Content),
		Added: parseTime(row.Added), By: evidence.MemberID(row.ByID),
	}, nil
}

type statusRow struct {
	bun.BaseModel `bun:"table:statuses"`
	ID            string `bun:"id,pk"`
	CaseID        string `bun:"case_id"`
	Subject       string `bun:"subject"`
	Code          string `bun:"code"`
	AtRisk        bool   `bun:"at_risk"`
	OwnerID       string `bun:"owner_id"`
	Next          string `bun:"next"`
	Added         string `bun:"added"`
	ByID          string `bun:"by_id"`
	Sealed        []byte `bun:"sealed"`
}

type statusSecrets struct {
	Since    evidence.When `json:"since"`
	Expected evidence.When `json:"expected"`
	Note     string        `json:"note"`
}

type statusClaimRow struct {
	bun.BaseModel `bun:"table:status_claims"`
	StatusID      string `bun:"status_id,pk"`
	ClaimID       string `bun:"claim_id,pk"`
}

// AddStatus adds s beside all earlier ones.
func (tx *Tx) AddStatus(s *evidence.Status) error {
	if err := tx.into(s.Case); err != nil {
		return err
	}
	s.Added = tx.Now
	sealed, err := tx.sealed("statuses", string(s.ID), statusSecrets{s.Since, s.RefoulExpected, s.Note.Reveal()})
	if err != nil {
		return err
	}
	err = tx.insert(&statusRow{
		ID: string(s.ID), CaseID: string(s.Case), Subject: s.Subject, Code: string(s.Code), AtRisk: s.AtRisk,
		OwnerID: string(s.Owner), Next: s.Next, Added: formatTime(s.Added), ByID: string(s.By), Sealed: sealed,
	})
	for _, c := range s.Claims {
		if err != nil {
			return err
		}
		err = tx.insert(&statusClaimRow{StatusID: string(s.ID), ClaimID: string(c)})
	}
	return err
}

// Statuses gives the status histories of a case, or of all the actor is in when
// id is empty, oldest first.
func (v *View) Statuses(id evidence.CaseID) ([]evidence.Status, error) {
	var rows []statusRow
	if err := v.ofCase("statuses", &rows, id).Order("added", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.status)
}

func (v *View) status(row statusRow) (evidence.Status, error) {
	var s statusSecrets
	if err := v.open("statuses", row.ID, row.Sealed, &s); err != nil {
		return evidence.Status{}, err
	}
	var links []statusClaimRow
	err := v.tx.NewSelect().Model(&links).Where("status_id = ?", row.ID).Order("claim_id").Scan(v.ctx)
	out := evidence.Status{
		ID: evidence.StatusID(row.ID), Case: evidence.CaseID(row.CaseID), Subject: row.Subject,
		Code: evidence.StatusCode(row.Code), Since: s.Since, AtRisk: row.AtRisk, RefoulExpected: s.Expected,
		Owner: evidence.MemberID(row.OwnerID), Next: row.Next, Note: evidence.Protect(s.Note),
		Added: parseTime(row.Added), By: evidence.MemberID(row.ByID),
	}
	for _, l := range links {
		out.Claims = append(out.Claims, evidence.ClaimID(l.ClaimID))
	}
	return out, err
}
