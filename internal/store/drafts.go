package store

import (
	"time"

	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

type draftRow struct {
	bun.BaseModel `bun:"table:drafts"`
	ID            string `bun:"id,pk"`
	CaseID        string `bun:"case_id"`
	ByID          string `bun:"by_id"`
	Language      string `bun:"language"`
	State         string `bun:"state"`
	Made          string `bun:"made"`
	Sealed        []byte `bun:"sealed"`
}

type draftSecrets struct {
	Headline   string                 `json:"headline"`
	Text       string                 `json:"text"`
	Claims     []evidence.ClaimID     `json:"claims"`
	Renditions []evidence.RenditionID `json:"renditions"`
}

// AddDraft adds d as made now. What it shows is of its own case.
func (tx *Tx) AddDraft(d *evidence.Draft) error {
	if err := tx.into(d.Case); err != nil {
		return err
	}
	for _, id := range d.Renditions {
		r, _, err := tx.Rendition(id)
		if err != nil {
			return err
		}
		if err := tx.sameCase(r.Item, d.Case); err != nil {
			return err
		}
	}
	d.Made = tx.Now
	sealed, err := tx.sealed("drafts", string(d.ID), draftSecrets{d.Headline.Reveal(), d.Text.Reveal(), d.Claims, d.Renditions})
	if err != nil {
		return err
	}
	return tx.insert(&draftRow{
		ID: string(d.ID), CaseID: string(d.Case), ByID: string(d.Author), Language: d.Language,
		State: string(d.State), Made: formatTime(d.Made), Sealed: sealed,
	})
}

// SetDraftState moves a draft on. Its text never changes: another text is
// another draft.
func (tx *Tx) SetDraftState(id evidence.DraftID, state evidence.DraftState) error {
	if err := tx.sees("drafts", string(id)); err != nil {
		return err
	}
	_, err := tx.tx.NewUpdate().Model((*draftRow)(nil)).Set("state = ?", string(state)).Where("id = ?", string(id)).Exec(tx.ctx)
	return err
}

// Draft gives one draft.
func (v *View) Draft(id evidence.DraftID) (evidence.Draft, error) {
	var row draftRow
	if err := v.rows("drafts", &row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return evidence.Draft{}, found(string(id), err)
	}
	return v.draft(row)
}

// Drafts gives the drafts of the cases that the actor is in, oldest first.
func (v *View) Drafts() ([]evidence.Draft, error) {
	var rows []draftRow
	if err := v.rows("drafts", &rows).Order("made", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.draft)
}

func (v *View) draft(row draftRow) (evidence.Draft, error) {
	var s draftSecrets
	if err := v.open("drafts", row.ID, row.Sealed, &s); err != nil {
		return evidence.Draft{}, err
	}
	return evidence.Draft{
		ID: evidence.DraftID(row.ID), Case: evidence.CaseID(row.CaseID), Author: evidence.MemberID(row.ByID),
		Language: row.Language, State: evidence.DraftState(row.State), Made: parseTime(row.Made),
		Headline: evidence.Protect(s.Headline), Text: evidence.Protect(s.Text), Claims: s.Claims, Renditions: s.Renditions,
	}, nil
}

// A Verdict is what a reviewer said about a draft: the row behind an approval.
type Verdict struct {
	ID      evidence.ApprovalID
	Draft   evidence.DraftID
	Digest  string // of exactly the bytes that were looked at
	Granted bool
	By      evidence.MemberID
	Made    time.Time
	Reason  evidence.Secret
}

type approvalRow struct {
	bun.BaseModel `bun:"table:approvals"`
	ID            string `bun:"id,pk"`
	DraftID       string `bun:"draft_id"`
	Digest        string `bun:"digest"`
	Granted       bool   `bun:"granted"`
	Made          string `bun:"made"`
	ByID          string `bun:"by_id"`
	Sealed        []byte `bun:"sealed"`
}

type approvalSecrets struct {
	Reason string `json:"reason"`
}

// AddVerdict adds w as said now.
func (tx *Tx) AddVerdict(w *Verdict) error {
	if err := tx.sees("drafts", string(w.Draft)); err != nil {
		return err
	}
	w.Made = tx.Now
	sealed, err := tx.sealed("approvals", string(w.ID), approvalSecrets{w.Reason.Reveal()})
	if err != nil {
		return err
	}
	return tx.insert(&approvalRow{
		ID: string(w.ID), DraftID: string(w.Draft), Digest: w.Digest, Granted: w.Granted,
		Made: formatTime(w.Made), ByID: string(w.By), Sealed: sealed,
	})
}

// Verdict gives the last word on a draft.
func (v *View) Verdict(id evidence.DraftID) (Verdict, error) {
	var row approvalRow
	err := v.rows("approvals", &row).Where("draft_id = ?", string(id)).Order("made DESC").Limit(1).Scan(v.ctx)
	if err != nil {
		return Verdict{}, found("verdict on "+string(id), err)
	}
	var s approvalSecrets
	err = v.open("approvals", row.ID, row.Sealed, &s)
	return Verdict{
		ID: evidence.ApprovalID(row.ID), Draft: evidence.DraftID(row.DraftID), Digest: row.Digest, Granted: row.Granted,
		By: evidence.MemberID(row.ByID), Made: parseTime(row.Made), Reason: evidence.Protect(s.Reason),
	}, err
}

type releaseRow struct {
	bun.BaseModel `bun:"table:releases"`
	ID            string `bun:"id,pk"`
	DraftID       string `bun:"draft_id"`
	ApprovalID    string `bun:"approval_id"`
	Digest        string `bun:"digest"`
	Made          string `bun:"made"`
	ByID          string `bun:"by_id"`
}

// AddRelease adds r as made now.
func (tx *Tx) AddRelease(r *evidence.Release) error {
	if err := tx.sees("drafts", string(r.Draft)); err != nil {
		return err
	}
	r.Made = tx.Now
	return tx.insert(&releaseRow{
		ID: string(r.ID), DraftID: string(r.Draft), ApprovalID: string(r.Approval), Digest: r.Digest,
		Made: formatTime(r.Made), ByID: string(r.By),
	})
}

// Releases gives the releases from the cases that the actor is in, oldest first.
func (v *View) Releases() ([]evidence.Release, error) {
	var rows []releaseRow
	if err := v.rows("releases", &rows).Order("made", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(row releaseRow) (evidence.Release, error) {
		return evidence.Release{
			ID: evidence.ReleaseID(row.ID), Draft: evidence.DraftID(row.DraftID), Approval: evidence.ApprovalID(row.ApprovalID),
			Digest: row.Digest, Made: parseTime(row.Made), By: evidence.MemberID(row.ByID),
		}, nil
	})
}
