package store

import (
	"github.com/uptrace/bun"

	"safehouse/internal/evidence"
)

// A Sealed says where a blob lies and holds its wrapped key: without the row the
// blob is noise.
type Sealed struct {
	Blob string // its name in the blob store
	Key  []byte // its key, wrapped under the key of its purpose
}

type itemRow struct {
	bun.BaseModel `bun:"table:items"`
	ID            string  `bun:"id,pk"`
	CaseID        *string `bun:"case_id"`
	Material      string  `bun:"material"`
	Size          int64   `bun:"size"`
	Received      string  `bun:"received"`
	ByID          string  `bun:"by_id"`
	Blob          string  `bun:"blob"`
	BlobKey       []byte  `bun:"blob_key"`
	Same          []byte  `bun:"same"`
	Sealed        []byte  `bun:"sealed"`
}

type itemSecrets struct {
	Digest string `json:"digest"`
	Name   string `json:"name"`
	From   string `json:"from"`
}

// same is the keyed hash that finds equal content.
func (v *View) same(digest evidence.Secret) []byte {
	return v.fields.Mac([]byte(digest.Reveal()), "items.same")
}

// everSame are the hashes that the same content got in each generation of the key.
func (v *View) everSame(digest evidence.Secret) [][]byte {
	return v.fields.Macs([]byte(digest.Reveal()), "items.same")
}

// AddItem adds it as received now.
func (tx *Tx) AddItem(it *evidence.Item, where Sealed) error {
	if it.Case != "" {
		if err := tx.into(it.Case); err != nil {
			return err
		}
	}
	it.Received = tx.Now
	sealed, err := tx.sealed("items", string(it.ID), itemSecrets{it.Digest.Reveal(), it.Name.Reveal(), it.From.Reveal()})
	if err != nil {
		return err
	}
	row := itemRow{
		ID: string(it.ID), Material: string(it.Material), Size: it.Size,
		Received: formatTime(it.Received), ByID: string(it.By),
		Blob: where.Blob, BlobKey: where.Key, Same: tx.same(it.Digest), Sealed: sealed,
	}
	if it.Case != "" {
		row.CaseID = (*string)(&it.Case)
	}
	return tx.insert(&row)
}

// Item gives one item and where its content lies.
func (v *View) Item(id evidence.ItemID) (evidence.Item, Sealed, error) {
	var row itemRow
	if err := v.rows("items", &row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return evidence.Item{}, Sealed{}, found(string(id), err)
	}
	it, err := v.item(row)
	return it, Sealed{row.Blob, row.BlobKey}, err
}

// Items gives the items of a case, oldest first; of all that the actor sees when id
// is empty.
func (v *View) Items(id evidence.CaseID) ([]evidence.Item, error) {
	var rows []itemRow
	if err := v.ofCase("items", &rows, id).Order("received", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.item)
}

// HandedIn gives what the actor handed in, oldest first: no more of it than they
// knew then, and not which case it went to.
func (v *View) HandedIn() ([]evidence.Item, error) {
	var rows []itemRow
	if err := v.tx.NewSelect().Model(&rows).Where("by_id = ?", string(v.actor)).Order("received", "id").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(row itemRow) (evidence.Item, error) {
		row.CaseID = nil
		return v.item(row)
	})
}

// sameCase refuses an item that is not in the case.
func (v *View) sameCase(id evidence.ItemID, in evidence.CaseID) error {
	it, _, err := v.Item(id)
	if err == nil && it.Case != in {
		err = &evidence.Problem{Code: "item.other_case", Args: []any{id}}
	}
	return err
}

// MoveItem puts an item into another case, or out of the inbox into one. What was
// made from it moves along.
func (tx *Tx) MoveItem(id evidence.ItemID, to evidence.CaseID) error {
	if err := tx.sees("items", string(id)); err != nil {
		return err
	}
	if err := tx.into(to); err != nil {
		return err
	}
	_, err := tx.tx.NewUpdate().Model((*itemRow)(nil)).Set("case_id = ?", string(to)).Where("id = ?", string(id)).Exec(tx.ctx)
	return err
}

// ItemsLike gives the items with this content that the actor sees.
func (v *View) ItemsLike(digest evidence.Secret) ([]evidence.Item, error) {
	var rows []itemRow
	if err := v.rows("items", &rows).Where("same IN (?)", bun.List(v.everSame(digest))).Order("received").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.item)
}

func (v *View) item(row itemRow) (evidence.Item, error) {
	var s itemSecrets
	if err := v.open("items", row.ID, row.Sealed, &s); err != nil {
		return evidence.Item{}, err
	}
	it := evidence.Item{
		ID: evidence.ItemID(row.ID), Material: evidence.Material(row.Material), Size: row.Size,
		Received: parseTime(row.Received), By: evidence.MemberID(row.ByID),
		Digest: evidence.Protect(s.Digest), Name: evidence.Protect(s.Name), From: evidence.Protect(s.From),
	}
	if row.CaseID != nil {
		it.Case = evidence.CaseID(*row.CaseID)
	}
	return it, nil
}

type renditionRow struct {
	bun.BaseModel `bun:"table:renditions"`
	ID            string `bun:"id,pk"`
	ItemID        string `bun:"item_id"`
	PlanID        string `bun:"plan_id"`
	Kind          string `bun:"kind"`
	Media         string `bun:"media"`
	Tool          string `bun:"tool"`
	Size          int64  `bun:"size"`
	Made          string `bun:"made"`
	ByID          string `bun:"by_id"`
	Blob          string `bun:"blob"`
	BlobKey       []byte `bun:"blob_key"`
	Sealed        []byte `bun:"sealed"`
}

type renditionSecrets struct {
	Digest string `json:"digest"`
}

// AddRendition adds r as made now.
func (tx *Tx) AddRendition(r *evidence.Rendition, where Sealed) error {
	if err := tx.sees("items", string(r.Item)); err != nil {
		return err
	}
	r.Made = tx.Now
	sealed, err := tx.sealed("renditions", string(r.ID), renditionSecrets{r.Digest})
	if err != nil {
		return err
	}
	return tx.insert(&renditionRow{
		ID: string(r.ID), ItemID: string(r.Item), PlanID: string(r.Plan), Kind: string(r.Kind),
		Media: r.Media, Tool: r.Tool, Size: r.Size, Made: formatTime(r.Made), ByID: string(r.By),
		Blob: where.Blob, BlobKey: where.Key, Sealed: sealed,
	})
}

// Rendition gives one rendition and where its content lies.
func (v *View) Rendition(id evidence.RenditionID) (evidence.Rendition, Sealed, error) {
	var row renditionRow
	if err := v.rows("renditions", &row).Where("id = ?", string(id)).Scan(v.ctx); err != nil {
		return evidence.Rendition{}, Sealed{}, found(string(id), err)
	}
	r, err := v.rendition(row)
	return r, Sealed{row.Blob, row.BlobKey}, err
}

// Renditions gives what was made from an item, oldest first; from all that the
// actor sees when id is empty.
func (v *View) Renditions(id evidence.ItemID) ([]evidence.Rendition, error) {
	var rows []renditionRow
	q := v.rows("renditions", &rows).Order("made", "id")
	if id != "" {
		q = q.Where("item_id = ?", string(id))
	}
	if err := q.Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, v.rendition)
}

func (v *View) rendition(row renditionRow) (evidence.Rendition, error) {
	var s renditionSecrets
	if err := v.open("renditions", row.ID, row.Sealed, &s); err != nil {
		return evidence.Rendition{}, err
	}
	return evidence.Rendition{
		ID: evidence.RenditionID(row.ID), Item: evidence.ItemID(row.ItemID), Plan: evidence.PlanID(row.PlanID),
		Kind: evidence.RenditionKind(row.Kind), Tool: row.Tool, Media: row.Media, Size: row.Size,
		Made: parseTime(row.Made), By: evidence.MemberID(row.ByID), Digest: s.Digest,
	}, nil
}

// Blobs lists the name of every blob that some row points to, of every case whoever
// asks: a blob's name says nothing, and a list in part would make others' evidence
// look like leftovers.
func (v *View) Blobs() (map[string]bool, error) {
	known := make(map[string]bool)
	for _, table := range []any{(*itemRow)(nil), (*renditionRow)(nil)} {
		var names []string
		if err := v.tx.NewSelect().Model(table).Column("blob").Scan(v.ctx, &names); err != nil {
			return nil, err
		}
		for _, n := range names {
			known[n] = true
		}
	}
	return known, nil
}
