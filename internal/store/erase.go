package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

// A Reach is all that rests on one item and goes with it.
type Reach struct {
	Item       evidence.Item
	Entry      int64 // the first one of the journal about the item
	Blobs      []string
	Plans      []evidence.PlanID
	Renditions []evidence.RenditionID
	Claims     []evidence.ClaimID
	Moved      []evidence.ClaimID // claims that stand in the same content from somebody else
	To         evidence.ItemID    // where they stand then
	Alike      []evidence.ItemID  // the same content that was handed in besides: it stays
	Drafts     []evidence.DraftID
	Releases   []evidence.ReleaseID // of those drafts: they left
	Entries    []int64              // entries of the journal whose salts go
}

// Reach finds what rests on an item.
func (v *View) Reach(id evidence.ItemID) (Reach, error) {
	it, where, err := v.Item(id)
	if err != nil {
		return Reach{}, err
	}
	r := Reach{Item: it, Blobs: []string{where.Blob}}
	if err := v.reachCopies(&r); err != nil {
		return r, err
	}
	if err := v.reachClaims(&r); err != nil {
		return r, err
	}
	if err := v.reachDrafts(&r); err != nil {
		return r, err
	}
	return r, v.reachJournal(&r)
}

func (v *View) reachCopies(r *Reach) error {
	var plans []planRow
	if err := v.tx.NewSelect().Model(&plans).Column("id").Where("item_id = ?", string(r.Item.ID)).Order("id").Scan(v.ctx); err != nil {
		return err
	}
	for _, p := range plans {
		r.Plans = append(r.Plans, evidence.PlanID(p.ID))
	}
	var made []renditionRow
	if err := v.tx.NewSelect().Model(&made).Column("id", "blob").Where("item_id = ?", string(r.Item.ID)).Order("id").Scan(v.ctx); err != nil {
		return err
	}
	for _, m := range made {
		r.Renditions = append(r.Renditions, evidence.RenditionID(m.ID))
		r.Blobs = append(r.Blobs, m.Blob)
	}
	return nil
}

// reachClaims finds the claims that stand in the item. Where the same content was
// handed in by somebody else too, within reach of the same case, they stand there as
// well, at the same place, and stay.
func (v *View) reachClaims(r *Reach) error {
	alike, err := v.ItemsLike(r.Item.Digest)
	if err != nil {
		return err
	}
	for _, other := range alike {
		if other.ID == r.Item.ID {
			continue
		}
		r.Alike = append(r.Alike, other.ID)
		if r.To == "" && other.Case == r.Item.Case {
			r.To = other.ID
		}
	}
	var rows []claimRow
	if err := v.tx.NewSelect().Model(&rows).Column("id").Where("item_id = ?", string(r.Item.ID)).Order("id").Scan(v.ctx); err != nil {
		return err
	}
	for _, row := range rows {
		if r.To != "" {
			r.Moved = append(r.Moved, evidence.ClaimID(row.ID))
		} else {
			r.Claims = append(r.Claims, evidence.ClaimID(row.ID))
		}
	}
	return nil
}

// reachDrafts finds the drafts that cite what goes.
func (v *View) reachDrafts(r *Reach) error {
	drafts, err := v.Drafts()
	if err != nil {
		return err
	}
	for _, d := range drafts {
		cites := slices.ContainsFunc(d.Claims, func(id evidence.ClaimID) bool { return slices.Contains(r.Claims, id) })
		shows := slices.ContainsFunc(d.Renditions, func(id evidence.RenditionID) bool { return slices.Contains(r.Renditions, id) })
		if cites || shows {
			r.Drafts = append(r.Drafts, d.ID)
		}
	}
	releases, err := v.Releases()
	if err != nil {
		return err
	}
	for _, rel := range releases {
		if slices.Contains(r.Drafts, rel.Draft) {
			r.Releases = append(r.Releases, rel.ID)
		}
	}
	return nil
}

func (v *View) reachJournal(r *Reach) error {
	subjects := slices.Concat([]string{string(r.Item.ID)}, text(r.Plans), text(r.Renditions), text(r.Claims), text(r.Drafts))
	var rows []entryRow
	err := v.tx.NewSelect().Model(&rows).Column("seq", "subject").Where("subject IN (?)", bun.List(subjects)).Order("seq").Scan(v.ctx)
	if err != nil {
		return err
	}
	r.Entry = -1
	for _, row := range rows {
		r.Entries = append(r.Entries, row.Seq)
		if r.Entry < 0 && row.Subject == string(r.Item.ID) {
			r.Entry = row.Seq
		}
	}
	return nil
}

func text[I ~string](ids []I) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// An Erasure is the row behind a withdrawal. Finished is zero until nothing on
// disk opens to the item any more.
type Erasure struct {
	Item     evidence.ItemID
	Case     evidence.CaseID // may be empty
	Entry    int64           // of the journal: the withdrawal
	Made     time.Time
	By       evidence.MemberID
	Finished time.Time
	Lost     Lost
}

// Lost says what went: IDs and numbers.
type Lost struct {
	Received   int64                  `json:"received"` // the entry of the journal that had received it
	Contents   int                    `json:"contents"`
	Plans      []evidence.PlanID      `json:"plans"`
	Renditions []evidence.RenditionID `json:"renditions"`
	Claims     []evidence.ClaimID     `json:"claims"`
	Moved      []evidence.ClaimID     `json:"moved"`
	Alike      []evidence.ItemID      `json:"alike"`
	Drafts     []evidence.DraftID     `json:"drafts"`
	Releases   []evidence.ReleaseID   `json:"releases"`
	Salts      int                    `json:"salts"`
}

type erasureRow struct {
	bun.BaseModel `bun:"table:erasures"`
	ID            string  `bun:"id,pk"` // of the item
	CaseID        *string `bun:"case_id"`
	Entry         int64   `bun:"entry"`
	Made          string  `bun:"made"`
	ByID          string  `bun:"by_id"`
	Finished      string  `bun:"finished"`
	Sealed        []byte  `bun:"sealed"`
}

type erasingRow struct {
	bun.BaseModel `bun:"table:erasing"`
	Blob          string `bun:"blob,pk"`
	ItemID        string `bun:"item_id"`
}

// Erase takes out what r found: keys, names, words, salts, and the item's row. What
// was in the pages before is overwritten by Wipe.
func (tx *Tx) Erase(r Reach, by evidence.MemberID) error {
	if err := tx.sees("items", string(r.Item.ID)); err != nil {
		return err
	}
	for _, b := range r.Blobs {
		if err := tx.insert(&erasingRow{Blob: b, ItemID: string(r.Item.ID)}); err != nil {
			return err
		}
	}
	if err := tx.eraseClaims(r); err != nil {
		return err
	}
	for _, table := range []any{(*renditionRow)(nil), (*planRow)(nil)} { // in this order: renditions point to plans
		if _, err := tx.tx.NewDelete().Model(table).Where("item_id = ?", string(r.Item.ID)).Exec(tx.ctx); err != nil {
			return err
		}
	}
	for _, id := range r.Drafts {
		if err := tx.void(id); err != nil {
			return err
		}
	}
	if err := tx.dropSalts(r.Entries); err != nil {
		return err
	}
	if _, err := tx.tx.NewDelete().Model((*itemRow)(nil)).Where("id = ?", string(r.Item.ID)).Exec(tx.ctx); err != nil {
		return err
	}
	return tx.noteErasure(r, by)
}

// dropSalts takes salts and reasons from entries of the journal, which stay.
func (tx *Tx) dropSalts(entries []int64) error {
	for _, seq := range entries {
		sealed, err := tx.sealed("journal_entries", fmt.Sprint(seq), entrySecrets{Destroyed: true})
		if err != nil {
			return err
		}
		if _, err := tx.tx.NewUpdate().Model((*entryRow)(nil)).Set("sealed = ?", sealed).Where("seq = ?", seq).Exec(tx.ctx); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) eraseClaims(r Reach) error {
	if r.To != "" {
		_, err := tx.tx.NewUpdate().Model((*claimRow)(nil)).Set("item_id = ?", string(r.To)).Where("item_id = ?", string(r.Item.ID)).Exec(tx.ctx)
		return err
	}
	if len(r.Claims) == 0 {
		return nil
	}
	if _, err := tx.tx.NewDelete().Model((*statusClaimRow)(nil)).Where("claim_id IN (?)", bun.List(text(r.Claims))).Exec(tx.ctx); err != nil {
		return err
	}
	_, err := tx.tx.NewDelete().Model((*claimRow)(nil)).Where("item_id = ?", string(r.Item.ID)).Exec(tx.ctx)
	return err
}

// void empties a draft and what was said about it: its text quotes what is gone.
func (tx *Tx) void(id evidence.DraftID) error {
	sealed, err := tx.sealed("drafts", string(id), draftSecrets{})
	if err != nil {
		return err
	}
	_, err = tx.tx.NewUpdate().Model((*draftRow)(nil)).Set("state = ?", string(evidence.Void)).Set("sealed = ?", sealed).
		Where("id = ?", string(id)).Exec(tx.ctx)
	if err != nil {
		return err
	}
	var words []approvalRow
	if err := tx.tx.NewSelect().Model(&words).Where("draft_id = ?", string(id)).Scan(tx.ctx); err != nil {
		return err
	}
	for _, w := range words {
		if w.Sealed, err = tx.sealed("approvals", w.ID, approvalSecrets{}); err != nil {
			return err
		}
		w.Digest = ""
		if _, err := tx.tx.NewUpdate().Model(&w).WherePK().Exec(tx.ctx); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) noteErasure(r Reach, by evidence.MemberID) error {
	lost := Lost{
		Received: r.Entry, Contents: len(r.Blobs), Plans: none(r.Plans), Renditions: none(r.Renditions), Claims: none(r.Claims),
		Moved: none(r.Moved), Alike: none(r.Alike), Drafts: none(r.Drafts), Releases: none(r.Releases), Salts: len(r.Entries),
	}
	sealed, err := tx.sealed("erasures", string(r.Item.ID), lost)
	if err != nil {
		return err
	}
	entry, err := tx.Next()
	if err != nil {
		return err
	}
	row := erasureRow{ID: string(r.Item.ID), Entry: entry, Made: formatTime(tx.Now), ByID: string(by), Sealed: sealed}
	if r.Item.Case != "" {
		row.CaseID = (*string)(&r.Item.Case)
	}
	return tx.insert(&row)
}

// none is an empty list where there is nothing: JSON would say null.
func none[T any](list []T) []T { return append([]T{}, list...) }

// Next is the number that the next entry of this transaction gets in the journal.
func (tx *Tx) Next() (int64, error) {
	size, err := tx.JournalSize()
	return size + int64(len(tx.records)), err
}

// Erasure gives the withdrawal of an item.
func (v *View) Erasure(id evidence.ItemID) (Erasure, error) {
	var row erasureRow
	if err := v.rows("erasures", &row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return Erasure{}, found("withdrawal of "+string(id), err)
	}
	return v.erasure(row)
}

// Erasures gives every withdrawal that the actor may see, oldest first.
func (v *View) Erasures() ([]Erasure, error) {
	var rows []erasureRow
	if err := v.rows("erasures", &rows).Order("entry").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.erasure)
}

func (v *View) erasure(row erasureRow) (Erasure, error) {
	e := Erasure{
		Item: evidence.ItemID(row.ID), Entry: row.Entry, Made: parseTime(row.Made),
		By: evidence.MemberID(row.ByID), Finished: parseTime(row.Finished),
	}
	if row.CaseID != nil {
		e.Case = evidence.CaseID(*row.CaseID)
	}
	return e, v.open("erasures", row.ID, row.Sealed, &e.Lost)
}

// Erasing lists the blobs of an item that still have to be deleted.
func (v *View) Erasing(id evidence.ItemID) ([]string, error) {
	if err := v.sees("erasures", string(id)); err != nil {
		return nil, err
	}
	var rows []erasingRow
	if err := v.tx.NewSelect().Model(&rows).Where("item_id = ?", string(id)).Order("blob").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(row erasingRow) (string, error) { return row.Blob, nil })
}

// FinishErasure notes that nothing opens to the item any more. It is false when that
// was noted before.
func (tx *Tx) FinishErasure(id evidence.ItemID) (bool, error) {
	if err := tx.sees("erasures", string(id)); err != nil {
		return false, err
	}
	if _, err := tx.tx.NewDelete().Model((*erasingRow)(nil)).Where("item_id = ?", string(id)).Exec(tx.ctx); err != nil {
		return false, err
	}
	done, err := tx.tx.NewUpdate().Model((*erasureRow)(nil)).Set("finished = ?", formatTime(tx.Now)).
		Where("id = ?", string(id)).Where("finished = ''").Exec(tx.ctx)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// Wipe writes the database anew without anything that was deleted or overwritten in
// it, and empties the log beside it: no page on disk, and no unused part of one,
// holds what was there before. It is ErrBusy while another program reads.
func (db *DB) Wipe(ctx context.Context) error {
	conn, err := db.bun.DB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("wipe the database: %w", err)
	}
	defer conn.Close()
	if err := wipeSQLite(ctx, conn); err != nil {
		return fmt.Errorf("wipe the database: %w", err)
	}
	return nil
}
