package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"safehouse/internal/evidence"
	"safehouse/journal"
)

type record struct {
	action, subject string
	why             evidence.Secret
	digests         []string
}

// entrySecrets is what belongs to an entry and must not be in it: what never
// forgets is never told a reason, only its salted digest.
type entrySecrets struct {
	Salt [16]byte `json:"salt"`
	Why  string   `json:"why,omitempty"`

	Destroyed bool `json:"destroyed,omitempty"` // by a withdrawal: there is no salt and no reason any more
}

type entryRow struct {
	bun.BaseModel `bun:"table:journal_entries"`
	Seq           int64  `bun:"seq,pk"`
	Entry         []byte `bun:"entry"`
	Subject       string `bun:"subject"`
	Sealed        []byte `bun:"sealed"`
}

type hashRow struct {
	bun.BaseModel `bun:"table:journal_hashes"`
	Idx           int64  `bun:"idx,pk"`
	Hash          []byte `bun:"hash"`
}

type checkpointRow struct {
	bun.BaseModel `bun:"table:checkpoints"`
	Size          int64  `bun:"size,pk"`
	Note          []byte `bun:"note"`
}

// Record notes for the journal what this transaction does to subject. Digests
// are SHA-256 in hex of the content concerned; the journal holds them salted.
func (tx *Tx) Record(action, subject string, digests ...string) {
	tx.records = append(tx.records, record{action: action, subject: subject, digests: digests})
}

// RecordWhy is Record with the reason that somebody gave. The reason is kept
// sealed; the journal holds its salted digest as the last one.
func (tx *Tx) RecordWhy(action, subject string, why evidence.Secret, digests ...string) {
	sum := sha256.Sum256([]byte(why.Reveal()))
	digests = append(slices.Clone(digests), hex.EncodeToString(sum[:]))
	tx.records = append(tx.records, record{action, subject, why, digests})
}

// journal appends the records and signs the state after them.
func (tx *Tx) journal(origin string, signer note.Signer) error {
	size, err := tx.JournalSize()
	if err != nil {
		return err
	}
	hashes := &pendingHashes{view: &tx.View}
	for i, r := range tx.records {
		seq := size + int64(i)
		row, err := tx.entry(seq, r)
		if err != nil {
			return err
		}
		add, err := journal.Append(seq, row.Entry, hashes)
		if err != nil {
			return err
		}
		hashes.add(tlog.StoredHashCount(seq), add)
		if err := tx.insert(&row); err != nil {
			return err
		}
	}
	if err := hashes.store(tx); err != nil {
		return err
	}
	return tx.checkpoint(origin, size+int64(len(tx.records)), hashes, signer)
}

func (tx *Tx) entry(seq int64, r record) (entryRow, error) {
	secrets := entrySecrets{Why: r.why.Reveal()}
	rand.Read(secrets.Salt[:])
	e := journal.Entry{Time: tx.Now, Actor: string(tx.actor), Action: r.action, Subject: r.subject}
	for _, d := range r.digests {
		e.Digests = append(e.Digests, journal.Salted(secrets.Salt, d))
	}
	sealed, err := tx.sealed("journal_entries", fmt.Sprint(seq), secrets)
	return entryRow{Seq: seq, Entry: e.Encode(), Subject: r.subject, Sealed: sealed}, err
}

func (tx *Tx) checkpoint(origin string, size int64, r tlog.HashReader, signer note.Signer) error {
	root, err := tlog.TreeHash(size, r)
	if err != nil {
		return err
	}
	signed, err := journal.SignCheckpoint(origin, tlog.Tree{N: size, Hash: root}, signer)
	if err != nil {
		return err
	}
	if _, err := tx.tx.NewDelete().Model((*checkpointRow)(nil)).Where("size < ?", size).Exec(tx.ctx); err != nil {
		return err
	}
	return tx.insert(&checkpointRow{Size: size, Note: signed})
}

// pendingHashes reads the stored hashes and those that this transaction adds.
type pendingHashes struct {
	view *View
	rows []hashRow
	at   map[int64]tlog.Hash
}

func (p *pendingHashes) add(index int64, hashes []tlog.Hash) {
	if p.at == nil {
		p.at = make(map[int64]tlog.Hash)
	}
	for i, h := range hashes {
		p.at[index+int64(i)] = h
		p.rows = append(p.rows, hashRow{Idx: index + int64(i), Hash: h[:]})
	}
}

func (p *pendingHashes) store(tx *Tx) error { return tx.insert(&p.rows) }

func (p *pendingHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var stored []int64
	for _, i := range indexes {
		if _, ok := p.at[i]; !ok {
			stored = append(stored, i)
		}
	}
	old, err := p.view.ReadHashes(stored)
	if err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if h, ok := p.at[index]; ok {
			out[i] = h
			continue
		}
		out[i], old = old[0], old[1:]
	}
	return out, nil
}

// ReadHashes gives the journal's stored hashes: a View is a tlog.HashReader.
func (v *View) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	var rows []hashRow
	if err := v.tx.NewSelect().Model(&rows).Where("idx IN (?)", bun.List(indexes)).Scan(v.ctx); err != nil {
		return nil, err
	}
	at := make(map[int64]tlog.Hash, len(rows))
	for _, r := range rows {
		at[r.Idx] = tlog.Hash(r.Hash)
	}
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := at[index]
		if !ok {
			return nil, fmt.Errorf("journal hash %d is missing", index)
		}
		out[i] = h
	}
	return out, nil
}

// JournalSize is the number of entries.
func (v *View) JournalSize() (int64, error) {
	var size int64
	err := v.tx.NewSelect().Model((*entryRow)(nil)).ColumnExpr("coalesce(max(seq) + 1, 0)").Scan(v.ctx, &size)
	return size, err
}

// JournalEntry gives entry i as it was written.
func (v *View) JournalEntry(i int64) ([]byte, error) {
	var row entryRow
	err := v.tx.NewSelect().Model(&row).Column("entry").Where("seq = ?", i).Scan(v.ctx)
	return row.Entry, found(fmt.Sprintf("journal entry %d", i), err)
}

// A Note is what belongs to an entry beside its public words.
type Note struct {
	Salt [16]byte // of its digests: whoever holds it can check what they mean
	Why  evidence.Secret

	Destroyed bool // a withdrawal took both: the digests mean nothing any more
}

// JournalNote gives the sealed side of entry i.
func (v *View) JournalNote(i int64) (Note, error) {
	var row entryRow
	err := v.tx.NewSelect().Model(&row).Column("sealed").Where("seq = ?", i).Scan(v.ctx)
	if err != nil {
		return Note{}, found(fmt.Sprintf("journal entry %d", i), err)
	}
	var s entrySecrets
	err = v.open("journal_entries", fmt.Sprint(i), row.Sealed, &s)
	return Note{s.Salt, evidence.Protect(s.Why), s.Destroyed}, err
}

// JournalOf lists the entries about subject, oldest first.
func (v *View) JournalOf(subject string) ([]int64, error) {
	var rows []entryRow
	err := v.tx.NewSelect().Model(&rows).Column("seq").Where("subject = ?", subject).Order("seq").Scan(v.ctx)
	seqs := make([]int64, len(rows))
	for i, r := range rows {
		seqs[i] = r.Seq
	}
	return seqs, err
}

// Checkpoint gives the newest signed state of the journal.
func (v *View) Checkpoint() ([]byte, error) {
	var row checkpointRow
	err := v.tx.NewSelect().Model(&row).Order("size DESC").Limit(1).Scan(v.ctx)
	return row.Note, found("checkpoint", err)
}

// Prove makes the proof that entry i is in the journal as it stands now.
func (v *View) Prove(i int64) (journal.Proof, error) {
	entry, err := v.JournalEntry(i)
	if err != nil {
		return journal.Proof{}, err
	}
	checkpoint, err := v.Checkpoint()
	if err != nil {
		return journal.Proof{}, err
	}
	return journal.Prove(i, entry, checkpoint, v)
}

// Publish brings the public form of the journal up to date with the database.
func (db *DB) Publish(ctx context.Context) error {
	err := db.View(ctx, func(v *View) error {
		checkpoint, err := v.Checkpoint()
		if errors.Is(err, evidence.ErrNotFound) {
			return nil // not founded yet
		}
		if err != nil {
			return err
		}
		size, err := v.JournalSize()
		if err != nil {
			return err
		}
		return db.public.Publish(size, v.JournalEntry, v, checkpoint)
	})
	if err != nil {
		return fmt.Errorf("publish the journal: %w", err)
	}
	return nil
}
