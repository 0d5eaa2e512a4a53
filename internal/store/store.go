package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/note"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/journal"
)

var (
	// ErrSilent is returned by Update for a change that recorded nothing.
	ErrSilent = errors.New("a change that recorded nothing")
	// ErrNewer is returned by Open for a vault that a newer program wrote.
	ErrNewer = errors.New("written by a newer program")
)

// Keys are what the store needs to open and to write.
type Keys struct {
	Pages   *seal.Key // encrypts the database's pages
	Fields  *seal.Key // seals names, words and notes within them
	Journal *seal.Key // seed of the key that signs checkpoints
}

// A DB is one vault's database. It is safe for concurrent use.
type DB struct {
	// Step, when set, is told of each durable step of a re-keying and can stop it:
	// tests play the power cut.
	Step func(name string) error
	// Changed, when set, is told of each committed change, who made it, and the
	// journal's state after it.
	Changed func(actor evidence.MemberID, s State)

	bun    *bun.DB
	engine *engine                 // of jobs; it asks for them only, see package queue
	again  func() (*bun.DB, error) // opens the same file once more
	pages  *pages
	keys   Keys
	public journal.Dir
	now    func() time.Time

	origin string // set by Found or load, then read only
	demo   bool

	turn sync.Mutex // of who signs and commits: a new signer comes between two of them

	lock       sync.RWMutex // guards the rest
	signer     *journal.Signer
	verifier   string
	generation int       // of the signer
	identities *seal.Key // of the compartment; nil until a custodian entered
}

// Open opens the database of the vault in dir, and makes its schema when it is
// new. A new database must be founded before anything else is done with it. A
// database that is older than what it published, or another, does not open: to go
// on in it would fork the journal.
func Open(ctx context.Context, dir string, keys Keys) (*DB, error) {
	db, err := Inspect(ctx, dir, keys)
	if err != nil {
		return nil, err
	}
	if err := db.GoOn(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Inspect is Open for somebody who wants to look, not to go on: it opens also what
// is not as it published, and leaves the public folder as it lies.
func Inspect(ctx context.Context, dir string, keys Keys) (*DB, error) {
	p, err := newPages(filepath.Join(dir, "safehouse.db"), keys.Pages)
	if errors.Is(err, ErrPages) {
		return nil, &evidence.Problem{Code: "database.damaged", Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	open := func() (*bun.DB, error) { return openSQLite(p) }
	b, err := open()
	if err != nil {
		p.forget()
		return nil, fmt.Errorf("open the database: %w", err)
	}
	engine, err := newEngine()
	if err != nil {
		err = errors.Join(err, b.Close())
		p.forget()
		return nil, err
	}
	db := &DB{
		bun:    b,
		engine: engine,
		again:  open,
		pages:  p,
		keys:   keys,
		public: journal.Dir(filepath.Join(dir, "journal")),
		now:    func() time.Time { return time.Now().UTC() },
	}
	if err := damaged(db.load(ctx)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) load(ctx context.Context) error {
	if err := migrate(ctx, db.bun.DB); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	var row vaultRow
	switch err := db.bun.NewSelect().Model(&row).Scan(ctx); {
	case errors.Is(err, sql.ErrNoRows):
		return nil // new: Found comes next
	case err != nil:
		return fmt.Errorf("open the database: %w", err)
	}
	return db.serve(row)
}

// GoOn publishes what is missing: a crash may have come between commit and
// publication.
func (db *DB) GoOn(ctx context.Context) error {
	if db.origin == "" {
		return nil // new: Found comes next
	}
	err := db.Publish(ctx)
	switch {
	case errors.Is(err, journal.ErrBehind):
		return &evidence.Problem{Code: "journal.behind", Err: err}
	case errors.Is(err, journal.ErrForked):
		return &evidence.Problem{Code: "journal.forked", Err: err}
	}
	return err
}

func (db *DB) serve(row vaultRow) (err error) {
	db.origin, db.demo, db.generation = row.Origin, row.Demo, row.Generation
	if row.Generation < 1 || row.Generation > db.keys.Journal.Generation() {
		return fmt.Errorf("generation %d: %w", row.Generation, ErrPages)
	}
	db.signer, db.verifier, err = db.signerOf(row.Generation)
	return err
}

// Found makes the vault's first row and its first member. Origin names the
// journal in public: it must name nobody. Demo marks a throw-away vault, which
// may be shown without asking who is there. Digests are of what was made for them:
// the slot.
func (db *DB) Found(ctx context.Context, origin string, demo bool, first evidence.Member, digests ...string) error {
	row := vaultRow{ID: "vault", Origin: origin, Demo: demo, Generation: 1, Wanted: 1, Compartment: 1}
	if err := db.serve(row); err != nil {
		return fmt.Errorf("found the vault: %w", err)
	}
	return db.Update(ctx, first.ID, func(tx *Tx) (err error) {
		if row.Sealed, err = tx.sealed("vault", row.ID, vaultSecrets{}); err != nil {
			return err
		}
		if err := tx.insert(&row); err != nil {
			return err
		}
		if err := tx.insert(&journalKeyRow{Generation: 1, Verifier: db.verifier, Note: []byte{}}); err != nil {
			return err
		}
		tx.Record("vault.found", string(first.ID), digests...)
		return tx.AddMember(&first)
	})
}

// Now is the time by the clock that the database writes with.
func (db *DB) Now() time.Time { return db.now() }

// Close lets go of the file. The caller forgets the keys.
func (db *DB) Close() error {
	err := db.bun.Close()
	db.settle()
	db.lock.Lock()
	defer db.lock.Unlock()
	if db.signer != nil {
		db.signer.Forget()
	}
	db.identities = nil
	db.pages.forget()
	return err
}

// settle waits until the last connection is closed. One whose caller was cut off is
// rolled back beside us, and the last to go still writes: without the keys of the
// pages that would end the program.
func (db *DB) settle() {
	for end := time.Now().Add(closing); db.bun.Stats().OpenConnections > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// closing is far longer than a connection takes to close. Whoever still holds one then
// has forgotten it.
const closing = 10 * time.Second

// Origin is the journal's name in public.
func (db *DB) Origin() string { return db.origin }

// Demo says whether this is a throw-away vault.
func (db *DB) Demo() bool { return db.demo }

// Verifier is the public key that checkpoints and releases are checked with.
func (db *DB) Verifier() string {
	db.lock.RLock()
	defer db.lock.RUnlock()
	return db.verifier
}

// Signer signs what leaves under the vault's name.
func (db *DB) Signer() note.Signer {
	db.lock.RLock()
	defer db.lock.RUnlock()
	return db.signer
}

// View runs f on one consistent state, of which it sees what the actor may see. What
// f reads may be kept; v may not.
func (db *DB) View(ctx context.Context, actor evidence.MemberID, f func(v *View) error) error {
	return db.view(ctx, View{actor: actor}, f)
}

func (db *DB) view(ctx context.Context, v View, f func(v *View) error) error {
	tx, err := db.bun.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read the database: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	v.ctx, v.tx, v.fields, v.engine, v.identities = ctx, tx, db.keys.Fields, db.engine, db.custody
	return damaged(f(&v))
}

// Update runs f and commits what it did together with its journal entries and a
// new checkpoint. What the actor may not see, f can neither read nor change. When f fails, or recorded nothing, nothing has happened. When
// Update returns nil the change survives a power cut.
func (db *DB) Update(ctx context.Context, actor evidence.MemberID, f func(tx *Tx) error) error {
	if err := damaged(db.commit(ctx, actor, nil, f)); err != nil {
		return err
	}
	if err := db.Publish(ctx); err != nil {
		// The change itself is safe: saying that it failed would make a caller
		// undo half of it. The next opening publishes what is missing.
		slog.Warn("journal not published yet", "err", err)
	}
	return nil
}

// custody gives the compartment's key, if a custodian has entered.
func (db *DB) custody() *seal.Key {
	db.lock.RLock()
	defer db.lock.RUnlock()
	return db.identities
}

// A successor is the journal's next signer.
type successor struct {
	signer     *journal.Signer
	verifier   string
	generation int
}

// commit signs with the journal's key, or with the one that comes after it, which
// signs from then on.
func (db *DB) commit(ctx context.Context, actor evidence.MemberID, next *successor, f func(tx *Tx) error) error {
	btx, err := db.bun.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write the database: %w", err)
	}
	defer btx.Rollback() //nolint:errcheck // after a commit it does nothing
	db.turn.Lock()
	defer db.turn.Unlock()
	tx := &Tx{View: View{ctx: ctx, tx: btx, fields: db.keys.Fields, identities: db.custody, engine: db.engine, actor: actor}}
	if tx.Now, err = tx.notBefore(db.now()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := f(tx); err != nil {
		return err
	}
	if len(tx.records) == 0 {
		return ErrSilent
	}
	signer := db.Signer()
	if next != nil {
		signer = next.signer
	}
	if err := tx.journal(db.origin, signer); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	var state State
	if db.Changed != nil {
		if state, err = tx.State(); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	if err := btx.Commit(); err != nil {
		return fmt.Errorf("write the database: %w", err)
	}
	if next != nil {
		db.lock.Lock()
		db.signer, db.verifier, db.generation = next.signer, next.verifier, next.generation
		db.lock.Unlock()
	}
	if db.Changed != nil {
		db.Changed(actor, state)
	}
	return nil
}

// View reads what its actor may see. It is valid only inside the function that it
// was given to.
type View struct {
	ctx        context.Context
	tx         bun.Tx
	fields     *seal.Key
	identities func() *seal.Key
	actor      evidence.MemberID
	all        bool // every case: only from Unscoped
	engine     *engine
}

// Tx writes. Now is the one time of all that it writes, never before that of what
// was written earlier, even when the clock was put back.
type Tx struct {
	View
	Now     time.Time
	records []record
}

func (tx *Tx) insert(row any) error {
	_, err := tx.tx.NewInsert().Model(row).Exec(tx.ctx)
	return err
}

// sealed seals what v holds for one row: it opens for that table and ID only.
func (v *View) sealed(table, id string, content any) ([]byte, error) {
	b, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", id, err)
	}
	return v.fields.Seal(b, table+"/"+id), nil
}

func (v *View) open(table, id string, sealed []byte, content any) error {
	b, err := v.fields.Open(sealed, table+"/"+id)
	if err != nil {
		return &evidence.Problem{Code: "database.sealed", Args: []any{table + "/" + id}, Err: err}
	}
	return json.Unmarshal(b, content)
}

// damaged turns SQLite's words for pages that are not what was written into what a
// person can act on.
func damaged(err error) error {
	if isDamage(err) {
		return &evidence.Problem{Code: "database.damaged", Err: err}
	}
	return err
}

// found turns SQL's word for absence into ours.
func found(id string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", id, evidence.ErrNotFound)
	}
	return err
}

const timeForm = "2006-01-02T15:04:05.000000000Z" // sorts as text

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeForm)
}

func parseTime(s string) time.Time {
	t, _ := time.Parse(timeForm, s) // we wrote it; the zero time stands for none
	return t
}

type vaultRow struct {
	bun.BaseModel `bun:"table:vault"`
	ID            string `bun:"id,pk"`
	Origin        string `bun:"origin"`
	Demo          bool   `bun:"demo"`
	Generation    int    `bun:"generation"`
	Wanted        int    `bun:"wanted"`
	Compartment   int    `bun:"compartment"`
	Sealed        []byte `bun:"sealed"`
}
