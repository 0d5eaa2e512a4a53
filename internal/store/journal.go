package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"syscall"
	"time"

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
	rows := make([]entryRow, 0, len(tx.records))
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
		rows = append(rows, row)
	}
	if err := errors.Join(insertAll(tx, rows), insertAll(tx, hashes.rows)); err != nil {
		return err
	}
	return tx.checkpoint(origin, size+int64(len(tx.records)), hashes, signer)
}

// block is how many rows of the journal are written or read at once: a statement
// has a greatest length.
const block = 256

func insertAll[R any](tx *Tx, rows []R) error {
	for part := range slices.Chunk(rows, block) {
		if err := tx.insert(&part); err != nil {
			return err
		}
	}
	return nil
}

// notBefore gives the time of what is written next: now, or where the clock runs
// behind that of the newest entry, its time. Entries never run backwards.
func (v *View) notBefore(now time.Time) (time.Time, error) {
	size, err := v.JournalSize()
	if err != nil || size == 0 {
		return now, err
	}
	var newest entryRow // whatever it is about
	if err := v.tx.NewSelect().Model(&newest).Column("entry").Where("seq = ?", size-1).Scan(v.ctx); err != nil {
		return now, err
	}
	last, err := journal.ParseEntry(newest.Entry)
	if err != nil {
		return now, fmt.Errorf("journal entry %d: %w", size-1, err)
	}
	if last.Time.After(now) {
		slog.Warn("the clock runs behind the journal: its newest time is used", "by", last.Time.Sub(now))
		return last.Time, nil
	}
	return now, nil
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
	err := v.entries(&row).Column("entry").Where("seq = ?", i).Scan(v.ctx)
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
	err := v.entries(&row).Column("sealed").Where("seq = ?", i).Scan(v.ctx)
	if err != nil {
		return Note{}, found(fmt.Sprintf("journal entry %d", i), err)
	}
	var s entrySecrets
	err = v.open("journal_entries", fmt.Sprint(i), row.Sealed, &s)
	return Note{s.Salt, evidence.Protect(s.Why), s.Destroyed}, err
}

// JournalOf lists the entries about subject, or all that the actor may see when it
// is empty, oldest first.
func (v *View) JournalOf(subject string) ([]int64, error) {
	var rows []entryRow
	q := v.entries(&rows).Column("seq").Order("seq")
	if subject != "" {
		q = q.Where("subject = ?", subject)
	}
	err := q.Scan(v.ctx)
	seqs := make([]int64, len(rows))
	for i, r := range rows {
		seqs[i] = r.Seq
	}
	return seqs, err
}

// Journal calls f for each entry about subject that the actor may see, or for all
// of those when it is empty, in their order.
func (v *View) Journal(subject string, f func(i int64, e journal.Entry)) error {
	for next := int64(0); ; {
		var rows []entryRow
		q := v.entries(&rows).Column("seq", "entry").Where("seq >= ?", next).Order("seq").Limit(block)
		if subject != "" {
			q = q.Where("subject = ?", subject)
		}
		if err := q.Scan(v.ctx); err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			e, err := journal.ParseEntry(r.Entry)
			if err != nil {
				return fmt.Errorf("journal entry %d: %w", r.Seq, err)
			}
			f(r.Seq, e)
			next = r.Seq + 1
		}
	}
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

// Publish brings the public form of the journal up to date with the database. It
// waits for others who publish, in this program or another.
func (db *DB) Publish(ctx context.Context) error {
	unlock, err := db.lockPublic()
	if err != nil {
		return fmt.Errorf("publish the journal: %w", err)
	}
	defer unlock()
	err = db.Unscoped(ctx, "the journal is published whole: it names nobody", func(v *View) error { // begun under the lock: no older than what is published
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
		if err := db.publishKeys(v); err != nil { // before a checkpoint that needs them
			return err
		}
		return db.public.Publish(size, (&entryBlocks{view: v}).entry, v, checkpoint)
	})
	if err != nil {
		return fmt.Errorf("publish the journal: %w", err)
	}
	return nil
}

// publishKeys puts the successions of the journal's key beside its checkpoint.
func (db *DB) publishKeys(v *View) error {
	keys, err := v.JournalKeys()
	if err != nil {
		return err
	}
	var notes [][]byte
	for _, k := range keys {
		if len(k.Note) > 0 {
			notes = append(notes, k.Note)
		}
	}
	return db.public.PublishKeys(notes)
}

// lockPublic holds the public folder: one at a time writes or checks it. The
// system lets go of it when the process dies.
func (db *DB) lockPublic() (unlock func(), err error) {
	if err := os.MkdirAll(string(db.public), 0o755); err != nil {
		return nil, err
	}
	d, err := os.Open(string(db.public))
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return func() { d.Close() }, nil
}

// entryBlocks reads entries a block at a time.
type entryBlocks struct {
	view *View
	rows []entryRow // those from the last block
}

func (e *entryBlocks) entry(i int64) ([]byte, error) {
	if len(e.rows) == 0 || i < e.rows[0].Seq || i > e.rows[len(e.rows)-1].Seq {
		rows, err := e.view.entriesFrom(i)
		if err != nil {
			return nil, err
		}
		e.rows = rows
	}
	at, ok := slices.BinarySearchFunc(e.rows, i, func(r entryRow, i int64) int { return cmp.Compare(r.Seq, i) })
	if ok {
		return e.rows[at].Entry, nil
	}
	return nil, fmt.Errorf("journal entry %d: %w", i, evidence.ErrNotFound)
}

// entriesFrom gives a block of entries, the first of them number i or later.
func (v *View) entriesFrom(i int64) (rows []entryRow, err error) {
	err = v.tx.NewSelect().Model(&rows).Where("seq >= ?", i).Order("seq").Limit(block).Scan(v.ctx)
	return rows, err
}
