package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"safehouse/internal/evidence"
	"safehouse/journal"
)

// A Progress is told how far work has come. The stage is a key of the catalogues.
type Progress func(stage string, done, total int)

// An Audit is what a look at everything found. The first argument of each problem
// is the place: a file, or a table and the key of its row.
type Audit struct {
	Entries int64               // of the journal
	Notes   []*evidence.Problem // worth knowing; nothing is lost or changed
	Faults  []*evidence.Problem // not as it must be
}

func (a *Audit) fault(code string, err error, place ...any) {
	a.Faults = append(a.Faults, &evidence.Problem{Code: code, Args: place, Err: err})
}

// Audit reads the whole database and the published journal. Of the journal it
// names the first place that does not fit, once for the database and once for the
// folder. It changes nothing, except that it publishes what an interrupted change
// left unpublished. The error is about not being able to look.
func (db *DB) Audit(ctx context.Context, at Progress) (Audit, error) {
	var a Audit
	err := db.auditJournal(ctx, &a, at)
	if err == nil {
		err = db.auditPages(ctx, &a, at)
	}
	if err == nil {
		err = db.auditSealed(ctx, &a, at)
	}
	return a, err
}

// auditJournal reads the public folder, and the database in a state no older than
// that: nobody publishes in between.
func (db *DB) auditJournal(ctx context.Context, a *Audit, at Progress) error {
	unlock, err := db.lockPublic()
	if err != nil {
		return err
	}
	unlock = sync.OnceFunc(unlock)
	defer unlock()
	published, err := db.auditPublic(a)
	if err != nil {
		return err
	}
	unfinished := false
	err = db.Unscoped(ctx, "the journal is computed again, entry by entry", func(v *View) error {
		t := &trail{view: v, published: published, hashes: hashRows{view: v}}
		if err := t.open(db.Verifier()); err != nil { // the first read: from here on the state is fixed
			return err
		}
		if err := v.verifyKeys(db.Verifier()); err != nil {
			return &evidence.Problem{Code: "doctor.journal.unsigned", Args: []any{"safehouse.db journal_keys"}, Err: err}
		}
		if err := db.auditPublicKeys(v, a); err != nil {
			return err
		}
		unlock()
		if err := t.load(); err != nil {
			return err
		}
		if err := t.walk(at); err != nil {
			return err
		}
		a.Entries = t.size
		if ahead := t.last.Sub(db.now()); ahead > time.Minute {
			a.Notes = append(a.Notes, &evidence.Problem{Code: "doctor.clock", Args: []any{ahead.Round(time.Second)}})
		}
		if bad, err := t.judge(a); err != nil || bad || published == nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(t.unproven)) {
			a.fault("doctor.unproven", nil, id)
		}
		unfinished, err = t.compare(a)
		return err
	})
	if err = a.take(err); err == nil && unfinished {
		err = db.Publish(ctx)
	}
	return err
}

// auditPublicKeys compares the published successions with those of the database.
func (db *DB) auditPublicKeys(v *View, a *Audit) error {
	keys, err := v.JournalKeys()
	if err != nil {
		return err
	}
	for i, k := range keys[1:] {
		place := fmt.Sprintf("journal/key/%d", i+2)
		b, err := db.public.Succession(i + 2)
		switch {
		case err == nil && !bytes.Equal(b, k.Note):
			a.fault("doctor.public.changed", nil, place)
		case err != nil:
			a.fault("doctor.public.missing", err, place)
		}
	}
	return nil
}

// take makes a fault of an error that is one.
func (a *Audit) take(err error) error {
	var p *evidence.Problem
	if errors.As(err, &p) {
		a.Faults = append(a.Faults, p)
		return nil
	}
	return err
}

var publicFaults = map[journal.Kind]string{
	journal.Missing: "doctor.public.missing", journal.Changed: "doctor.public.changed",
	journal.Unsigned: "doctor.public.unsigned", journal.Stray: "doctor.public.stray",
}

// auditPublic gives the hashes of the published entries: nil when they cannot be
// believed.
func (db *DB) auditPublic(a *Audit) ([]tlog.Hash, error) {
	leaves, err := db.public.Leaves(func(b []byte) (journal.Checkpoint, error) { return journal.OpenCheckpoint(b, db.Verifier()) })
	var d *journal.Damage
	if errors.As(err, &d) {
		a.fault(publicFaults[d.Kind], d.Err, "journal/"+d.Place)
		return nil, nil
	}
	if leaves == nil && err == nil {
		leaves = []tlog.Hash{}
	}
	return leaves, err
}

// A trail follows the journal through the database.
type trail struct {
	view      *View
	published []tlog.Hash // what the public folder proved; nil when it proved nothing
	hashes    hashRows

	signed tlog.Tree
	tree   []tlog.Hash // the roots of the perfect subtrees so far, largest first
	size   int64       // entries followed
	last   time.Time   // of the newest of them

	unproven map[string]string // digests of contents that no entry has vouched for yet

	entry, hash *place // the first entry and the first stored hash that do not fit
}

// A place is a row and what is wrong with it.
type place struct {
	code, name string
	err        error
	seq        int64 // of the entry that it belongs to
}

func row(table string, key int64) string { return fmt.Sprintf("safehouse.db %s %d", table, key) }

// walk reads the journal from its first entry to its last.
func (t *trail) walk(at Progress) error {
	for {
		rows, err := t.view.entriesFrom(t.size)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if r.Seq != t.size {
				t.bad(&t.entry, "doctor.journal.missing", row("journal_entries", t.size), nil)
				return nil
			}
			if err := t.follow(r); err != nil {
				return err
			}
			t.size++
		}
		at("progress.journal", int(t.size), int(max(t.size, t.signed.N)))
	}
}

// open opens the one checkpoint.
func (t *trail) open(verifier string) error {
	var rows []checkpointRow
	if err := t.view.tx.NewSelect().Model(&rows).Order("size").Scan(t.view.ctx); err != nil {
		return err
	}
	if len(rows) != 1 {
		return &evidence.Problem{Code: "doctor.journal.changed", Args: []any{"safehouse.db checkpoints"}, Err: fmt.Errorf("%d checkpoints", len(rows))}
	}
	c, err := journal.OpenCheckpoint(rows[0].Note, verifier)
	if err == nil && c.Tree.N != rows[0].Size {
		err = fmt.Errorf("a checkpoint for %d entries", c.Tree.N)
	}
	if err != nil {
		return &evidence.Problem{Code: "doctor.journal.unsigned", Args: []any{row("checkpoints", rows[0].Size)}, Err: err}
	}
	t.signed = c.Tree
	return nil
}

// load lists the contents whose digests the journal must have.
func (t *trail) load() error {
	kept, err := t.view.Kept()
	t.unproven = make(map[string]string, len(kept))
	for _, k := range kept {
		t.unproven[k.ID] = k.Digest
	}
	return err
}

// bad remembers the first of its kind.
func (t *trail) bad(first **place, code, name string, err error) {
	if *first == nil {
		*first = &place{code, name, err, t.size}
	}
}

// follow compares one entry with its row, with the time of the one before, with
// what was published and with the hashes that were stored for it.
func (t *trail) follow(r entryRow) error {
	name := row("journal_entries", r.Seq)
	e, err := journal.ParseEntry(r.Entry)
	switch {
	case err != nil:
		t.bad(&t.entry, "doctor.journal.changed", name, err)
	case e.Subject != r.Subject:
		t.bad(&t.entry, "doctor.journal.changed", name, errors.New("its row names another subject"))
	case e.Time.Before(t.last):
		t.bad(&t.entry, "doctor.journal.changed", name, errors.New("its time is before that of the one before it"))
	}
	t.last = e.Time
	t.vouch(r, e)
	leaf := journal.Leaf(r.Entry)
	if t.size < int64(len(t.published)) && t.published[t.size] != leaf {
		t.bad(&t.entry, "doctor.journal.changed", name, errors.New("another entry was published"))
	}
	for i, h := range t.grow(leaf) {
		index := tlog.StoredHashCount(t.size) + int64(i)
		got, err := t.hashes.at(index)
		if err != nil {
			return err
		}
		if got != nil && *got == h {
			continue
		}
		code := "doctor.journal.changed"
		if got == nil {
			code = "doctor.journal.missing"
		}
		t.bad(&t.hash, code, row("journal_hashes", index), nil)
	}
	return nil
}

// vouch crosses off the content that an entry is about when it has its digest.
func (t *trail) vouch(r entryRow, e journal.Entry) {
	digest, ok := t.unproven[r.Subject]
	if !ok || len(e.Digests) == 0 {
		return
	}
	var s entrySecrets
	if t.view.open("journal_entries", fmt.Sprint(r.Seq), r.Sealed, &s) != nil {
		return // named by auditSealed
	}
	if slices.Contains(e.Digests, journal.Salted(s.Salt, digest)) {
		delete(t.unproven, r.Subject)
	}
}

// grow adds a leaf to the tree, and gives the hashes to be stored for it: its own,
// and those of the subtrees that it completes.
func (t *trail) grow(leaf tlog.Hash) []tlog.Hash {
	stored := []tlog.Hash{leaf}
	h := leaf
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.tree) - 1
		h = tlog.NodeHash(t.tree[last], h)
		t.tree = t.tree[:last]
		stored = append(stored, h)
	}
	t.tree = append(t.tree, h)
	return stored
}

func (t *trail) root() (h tlog.Hash) {
	for i := len(t.tree) - 1; i >= 0; i-- {
		if h == (tlog.Hash{}) {
			h = t.tree[i]
			continue
		}
		h = tlog.NodeHash(t.tree[i], h)
	}
	return h
}

// judge names the first place that does not fit, and says whether there is one. An
// entry that differs from its stored hash is the right one when the signed root
// says so.
func (t *trail) judge(a *Audit) (bad bool, err error) {
	whole := t.size == t.signed.N && t.root() == t.signed.Hash
	if t.entry == nil && !whole {
		t.entry = t.unsigned()
	}
	p := t.entry
	if p == nil {
		p = t.hash
	}
	if p == nil {
		p, err = t.stray()
	}
	if p != nil {
		a.fault(p.code, p.err, p.name)
	}
	return p != nil, err
}

// unsigned names the place where the entries are not those of the checkpoint.
func (t *trail) unsigned() *place {
	switch n := t.signed.N; {
	case t.size < n:
		return &place{code: "doctor.journal.missing", name: row("journal_entries", t.size), err: fmt.Errorf("%d were signed", n)}
	case t.size > n && t.size == int64(len(t.published)):
		return &place{code: "doctor.journal.changed", name: row("checkpoints", n), err: fmt.Errorf("%d entries were published", t.size)}
	case t.size > n:
		return &place{code: "doctor.journal.stray", name: row("journal_entries", n), err: fmt.Errorf("%d were signed", n)}
	case t.hash != nil: // stored when the entry was written: both changed would be needed to hide it
		return &place{code: "doctor.journal.changed", name: row("journal_entries", t.hash.seq)}
	}
	return &place{code: "doctor.journal.changed", name: row("checkpoints", t.signed.N), err: errors.New("its root is not that of the entries")}
}

// compare says whether what is published ends where the database does. A folder
// that lacks no more than the newest change was interrupted: it is to be published
// again.
func (t *trail) compare(a *Audit) (unfinished bool, err error) {
	n := int64(len(t.published))
	switch {
	case n > t.size:
		a.fault("doctor.journal.behind", journal.ErrBehind, row("journal_entries", t.size), t.size, n)
		return false, nil
	case n == t.size:
		return false, nil
	}
	b, err := t.view.JournalEntry(n)
	if err != nil {
		return false, err
	}
	e, err := journal.ParseEntry(b)
	if err != nil {
		return false, err
	}
	if !e.Time.Equal(t.last) {
		a.fault("doctor.public.old", nil, "journal/checkpoint", n, t.size)
		return false, nil
	}
	a.Notes = append(a.Notes, &evidence.Problem{Code: "doctor.unpublished", Args: []any{n, t.size}})
	return true, nil
}

// hashRows reads the stored hashes one after the other.
type hashRows struct {
	view *View
	rows []hashRow // read and not yet asked for
	next int64
}

// at gives the hash with an index, nil when there is none. Indexes only grow.
func (h *hashRows) at(index int64) (*tlog.Hash, error) {
	for {
		for len(h.rows) > 0 && h.rows[0].Idx < index {
			h.rows = h.rows[1:]
		}
		if len(h.rows) > 0 || h.next < 0 {
			break
		}
		if err := h.more(); err != nil {
			return nil, err
		}
	}
	if len(h.rows) == 0 || h.rows[0].Idx != index {
		return nil, nil
	}
	var hash tlog.Hash
	if copy(hash[:], h.rows[0].Hash) != len(h.rows[0].Hash) || len(h.rows[0].Hash) != len(hash) {
		return &tlog.Hash{}, nil
	}
	return &hash, nil
}

func (h *hashRows) more() error {
	err := h.view.tx.NewSelect().Model(&h.rows).Where("idx >= ?", h.next).Order("idx").Limit(block).Scan(h.view.ctx)
	if err != nil {
		return err
	}
	if len(h.rows) == 0 {
		h.next = -1
		return nil
	}
	h.next = h.rows[len(h.rows)-1].Idx + 1
	return nil
}

// stray gives the first stored hash that belongs to no entry.
func (t *trail) stray() (*place, error) {
	end := tlog.StoredHashCount(t.size)
	var rows []hashRow
	err := t.view.tx.NewSelect().Model(&rows).Where("idx < 0 OR idx >= ?", end).Order("idx").Limit(1).Scan(t.view.ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &place{code: "doctor.journal.stray", name: row("journal_hashes", rows[0].Idx)}, nil
}

// auditPages has the engine read its whole file.
func (db *DB) auditPages(ctx context.Context, a *Audit, at Progress) error {
	at("progress.database", 0, 1)
	err := db.Unscoped(ctx, "whether the database is whole", func(v *View) error {
		faults, err := v.pageFaults()
		for _, f := range faults {
			a.fault("doctor.database", nil, "safehouse.db", f)
		}
		return err
	})
	at("progress.database", 1, 1)
	return a.take(err)
}

// auditSealed opens every sealed field of every table.
func (db *DB) auditSealed(ctx context.Context, a *Audit, at Progress) error {
	var tables [][2]string
	err := a.take(db.Unscoped(ctx, "whether every row is whole", func(v *View) (err error) {
		tables, err = v.sealedTables()
		return err
	}))
	if err != nil {
		return err
	}
	for i, t := range tables {
		err := db.Unscoped(ctx, "whether the database is whole", func(v *View) error { return v.auditTable(a, t[0], t[1]) })
		if err := a.take(err); err != nil {
			return err
		}
		at("progress.sealed", i+1, len(tables))
	}
	return nil
}

// manyFaults is how many rows of one table are named.
const manyFaults = 10

func (v *View) auditTable(a *Audit, table, key string) error {
	if table == "journal_entries" && a.journalBroken() {
		return nil // notes are sealed for their place: where entries moved none opens
	}
	rows, err := v.tx.QueryContext(v.ctx, `SELECT ?, sealed FROM ? ORDER BY 1`, bun.Ident(key), bun.Ident(table))
	if err != nil {
		return err
	}
	defer rows.Close()
	faults := 0
	for rows.Next() {
		var id string
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return err
		}
		b, err := v.fields.Open(sealed, table+"/"+id)
		if err == nil && !json.Valid(b) {
			err = errors.New("not what this program writes")
		}
		if err == nil {
			continue
		}
		if faults++; faults <= manyFaults {
			a.fault("doctor.sealed", err, "safehouse.db "+table+" "+id)
		}
	}
	if faults > manyFaults {
		a.fault("doctor.sealed_more", nil, "safehouse.db "+table, faults)
	}
	return rows.Err()
}

func (a *Audit) journalBroken() bool {
	return slices.ContainsFunc(a.Faults, func(p *evidence.Problem) bool { return strings.HasPrefix(p.Code, "doctor.journal.") })
}

// A Kept is a sealed content and what was recorded of it.
type Kept struct {
	ID       string
	Original bool // else a rendition
	Size     int64
	Where    Sealed
	Digest   string
}

// errPart is returned where a part would be taken for the whole.
var errPart = errors.New("this is asked of every case or not at all")

// Kept lists every content, originals first: of every case, so it needs an unscoped
// view. One whose digest does not open is left
// out: Audit names it.
func (v *View) Kept() (all []Kept, err error) {
	if !v.all {
		return nil, errPart
	}
	var items []itemRow
	if err := v.tx.NewSelect().Model(&items).Order("id").Scan(v.ctx); err != nil {
		return nil, err
	}
	for _, r := range items {
		var s itemSecrets
		if v.open("items", r.ID, r.Sealed, &s) == nil {
			all = append(all, Kept{r.ID, true, r.Size, Sealed{r.Blob, r.BlobKey}, s.Digest})
		}
	}
	var renditions []renditionRow
	if err := v.tx.NewSelect().Model(&renditions).Order("id").Scan(v.ctx); err != nil {
		return nil, err
	}
	for _, r := range renditions {
		var s renditionSecrets
		if v.open("renditions", r.ID, r.Sealed, &s) == nil {
			all = append(all, Kept{r.ID, false, r.Size, Sealed{r.Blob, r.BlobKey}, s.Digest})
		}
	}
	return all, nil
}
