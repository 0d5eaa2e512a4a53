// Package intake receives files. When Receive returns nil the file is sealed, on
// disk, and in the journal; when it fails, nothing of the file is kept. ReceiveAll
// promises the same for each of many: they are brought to disk and recorded in
// batches, of which a crash leaves all or none.
package intake

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/internal/vault"
)

// A Desk is where files are handed in.
type Desk struct {
	DB        *store.DB
	Originals *vault.Originals
}

// A Parcel is a file as it is handed in.
type Parcel struct {
	Case    evidence.CaseID // may be empty
	Name    string          // as it came; kept exactly, sealed
	From    string          // who handed it over, as far as known
	Size    int64           // bytes, as far as known: it only says when a batch is full
	Content io.Reader
}

// A Receipt is what the one who handed it in is told. Same lists items that were
// there before with the same content.
type Receipt struct {
	Item evidence.Item
	Same []evidence.ItemID
}

// An Outcome is what became of one of many. Err is nil where it was received.
type Outcome struct {
	Name    string
	Receipt Receipt
	Err     error
}

// A batch is full with this many files or bytes. More would make a crash cost more
// and gain nothing: see docs/design/erasure-and-backups.md.
const (
	maxBatch      = 256
	maxBatchBytes = 64 << 20
)

// Receive takes one file in.
func (d *Desk) Receive(ctx context.Context, actor evidence.Actor, p Parcel) (Receipt, error) {
	var out Outcome
	one := func(yield func(Parcel, error) bool) { yield(p, nil) }
	if err := d.ReceiveAll(ctx, actor, one, func(o Outcome) { out = o }); err != nil {
		return Receipt{}, err
	}
	return out.Receipt, out.Err
}

// ReceiveAll takes many files in. An error beside a parcel is why it could not be
// opened; its content is read before the next one is asked for. Each file has its
// own outcome, told in order as soon as it is certain. ReceiveAll itself fails
// when the actor may not hand in or has given up: what was told stays true.
func (d *Desk) ReceiveAll(ctx context.Context, actor evidence.Actor, parcels iter.Seq2[Parcel, error], tell func(Outcome)) error {
	if err := access.Check(actor, access.HandIn); err != nil {
		return err
	}
	b := &batch{desk: d, actor: actor, tell: tell, originals: d.Originals.Batch()}
	defer func() { b.originals.Drop() }()
	for p, err := range parcels {
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.full(p.Size) {
			b.keep(ctx)
		}
		b.add(ctx, p, err)
	}
	b.keep(ctx)
	return ctx.Err()
}

// A batch is what is sealed and neither on disk nor recorded yet.
type batch struct {
	desk      *Desk
	actor     evidence.Actor
	tell      func(Outcome)
	originals *vault.Batch
	outcomes  []Outcome
	where     []store.Sealed // beside outcomes
	bytes     int64
}

func (b *batch) full(more int64) bool {
	return len(b.outcomes) >= maxBatch || len(b.outcomes) > 0 && b.bytes+more > maxBatchBytes
}

// add seals one file, or notes why not.
func (b *batch) add(ctx context.Context, p Parcel, err error) {
	o := Outcome{Name: p.Name, Err: err}
	var where store.Sealed
	if err == nil {
		o.Receipt.Item, where, o.Err = b.seal(ctx, p)
	}
	b.bytes += o.Receipt.Item.Size
	b.outcomes, b.where = append(b.outcomes, o), append(b.where, where)
}

func (b *batch) seal(ctx context.Context, p Parcel) (evidence.Item, store.Sealed, error) {
	content := bufio.NewReaderSize(p.Content, sniffed)
	start, err := content.Peek(sniffed)
	switch {
	case len(start) == 0 && errors.Is(err, io.EOF):
		return evidence.Item{}, store.Sealed{}, &evidence.Problem{Code: "item.empty", Args: []any{filepath.Base(p.Name)}}
	case err != nil && !errors.Is(err, io.EOF):
		return evidence.Item{}, store.Sealed{}, err
	}
	it := evidence.Item{
		ID: evidence.NewID[evidence.ItemID]("itm"), Case: p.Case, Material: material(p.Name, start), By: b.actor.ID,
		Name: evidence.Protect(p.Name), From: evidence.Protect(p.From),
	}
	stored, err := b.originals.Put(ctx, it.ID, content)
	if err != nil {
		return evidence.Item{}, store.Sealed{}, err
	}
	it.Size, it.Digest = stored.Size, evidence.Protect(stored.Digest)
	return it, stored.Where, nil
}

// keep brings the batch to disk, records it, and tells each outcome. What cannot
// be recorded is not kept.
func (b *batch) keep(ctx context.Context) {
	err := b.originals.Keep(ctx)
	if err == nil {
		if err = b.record(ctx); err != nil {
			err = errors.Join(err, b.discard(context.WithoutCancel(ctx)))
		}
	}
	for _, o := range b.outcomes {
		if o.Err == nil && err != nil {
			o = Outcome{Name: o.Name, Err: err}
		}
		b.tell(o)
	}
	b.outcomes, b.where, b.bytes, b.originals = nil, nil, 0, b.desk.Originals.Batch()
}

func (b *batch) discard(ctx context.Context) (err error) {
	for i, o := range b.outcomes {
		if o.Err == nil {
			err = errors.Join(err, b.desk.Originals.Discard(ctx, vault.Stored{Where: b.where[i]}))
		}
	}
	return err
}

// record puts what was sealed into the store, in one transaction.
func (b *batch) record(ctx context.Context) error {
	received := 0
	for _, o := range b.outcomes {
		if o.Err == nil {
			received++
		}
	}
	if received == 0 {
		return nil
	}
	return b.desk.DB.Update(ctx, b.actor.ID, func(tx *store.Tx) error {
		for i := range b.outcomes {
			o := &b.outcomes[i]
			if o.Err != nil {
				continue
			}
			if err := enter(tx, &o.Receipt, b.where[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// enter records one item, notices whether its content is known, and asks for a mask
// where there may be faces.
func enter(tx *store.Tx, r *Receipt, where store.Sealed) error {
	before, err := tx.ItemsLike(r.Item.Digest)
	if err != nil {
		return err
	}
	for _, it := range before {
		r.Same = append(r.Same, it.ID)
	}
	tx.Record("item.receive", string(r.Item.ID), r.Item.Digest.Reveal())
	if err := tx.AddItem(&r.Item, where); err != nil {
		return err
	}
	if r.Item.Material == evidence.Video || r.Item.Material == evidence.Photo {
		return tx.Enqueue(evidence.ProposeMask{Item: r.Item.ID})
	}
	return nil
}

const sniffed = 4096 // bytes looked at to tell what a file is

// material tells by the first bytes, and by the name only where they say nothing.
func material(name string, start []byte) evidence.Material {
	kind := http.DetectContentType(start)
	switch {
	case strings.HasPrefix(kind, "video/"), isMatroska(start), isISOMedia(start):
		return evidence.Video
	case strings.HasPrefix(kind, "image/"):
		return evidence.Photo
	case isText(start):
		return evidence.Document
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".mp4", ".mov", ".m4v", ".3gp", ".avi", ".mkv", ".webm":
		return evidence.Video
	}
	return evidence.Other
}

func isMatroska(b []byte) bool { return len(b) > 4 && string(b[:4]) == "\x1aE\xdf\xa3" }

// isISOMedia knows the QuickTime family by its second word (ISO/IEC 14496-12).
func isISOMedia(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch string(b[4:8]) {
	case "ftyp", "moov", "mdat", "wide", "free", "skip":
		return true
	}
	return false
}

// isText forgives a letter that the end of the sniffed bytes cut in two.
func isText(b []byte) bool {
	for i := 0; i < utf8.UTFMax && len(b) > 0; i++ {
		if utf8.Valid(b) {
			return !strings.ContainsRune(string(b), 0)
		}
		b = b[:len(b)-1]
	}
	return false
}
