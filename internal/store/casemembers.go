package store

import (
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

type caseMemberRow struct {
	bun.BaseModel `bun:"table:case_members"`
	CaseID        string `bun:"case_id,pk"`
	MemberID      string `bun:"member_id,pk"`
	Added         string `bun:"added"`
	ByID          string `bun:"by_id"`
}

// A CaseMember is one who is in a case.
type CaseMember struct {
	Member evidence.MemberID
	Added  time.Time
	By     evidence.MemberID
}

// Shared gives the ID of a case whose members the actor may know: a case that they
// are in, or any for an administrator, who sees no more of it than that.
func (v *View) Shared(idOrRef string) (evidence.CaseID, error) {
	var rows []caseRow
	q := named(v.tx.NewSelect().Model(&rows), idOrRef)
	if !v.all {
		q = q.Where("(? OR ?)", v.visible("cases"), v.is(evidence.Administrator))
	}
	if err := q.Order("opened", "id").Scan(v.ctx); err != nil {
		return "", err
	}
	row, err := one(rows)
	return evidence.CaseID(row.ID), err
}

// CaseMembers gives who is in a case, longest first.
func (v *View) CaseMembers(id evidence.CaseID) ([]CaseMember, error) {
	if _, err := v.Shared(string(id)); err != nil {
		return nil, err
	}
	var rows []caseMemberRow
	err := v.tx.NewSelect().Model(&rows).Where("case_id = ?", string(id)).Order("added", "member_id").Scan(v.ctx)
	if err != nil {
		return nil, err
	}
	return each(rows, func(row caseMemberRow) (CaseMember, error) {
		return CaseMember{evidence.MemberID(row.MemberID), parseTime(row.Added), evidence.MemberID(row.ByID)}, nil
	})
}

// AddCaseMember lets a member into a case whose members the actor may know.
func (tx *Tx) AddCaseMember(id evidence.CaseID, m evidence.MemberID) error {
	if _, err := tx.Shared(string(id)); err != nil {
		return err
	}
	return tx.letIn(id, m)
}

func (tx *Tx) letIn(id evidence.CaseID, m evidence.MemberID) error {
	return tx.insert(&caseMemberRow{CaseID: string(id), MemberID: string(m), Added: formatTime(tx.Now), ByID: string(tx.actor)})
}

// RemoveCaseMember takes a member out of a case whose members the actor may know.
func (tx *Tx) RemoveCaseMember(id evidence.CaseID, m evidence.MemberID) error {
	if _, err := tx.Shared(string(id)); err != nil {
		return err
	}
	res, err := tx.tx.NewDelete().Model((*caseMemberRow)(nil)).
		Where("case_id = ?", string(id)).Where("member_id = ?", string(m)).Exec(tx.ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("%s in %s: %w", m, id, evidence.ErrNotFound)
	}
	return nil
}
