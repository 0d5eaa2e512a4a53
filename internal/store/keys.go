package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/journal"
)

type journalKeyRow struct {
	bun.BaseModel `bun:"table:journal_keys"`
	Generation    int    `bun:"generation,pk"`
	Verifier      string `bun:"verifier"`
	Since         int64  `bun:"since"`
	Note          []byte `bun:"note"`
}

// A JournalKey is one of the keys that signed the journal's states, each in its
// time.
type JournalKey struct {
	Generation int
	Verifier   string
	Since      int64  // it signs states with more entries than this
	Note       []byte // the succession, signed by the key before it; none for the first
}

// JournalKeys gives every key in order; the last signs now.
func (v *View) JournalKeys() ([]JournalKey, error) {
	var rows []journalKeyRow
	if err := v.tx.NewSelect().Model(&rows).Order("generation").Scan(v.ctx); err != nil {
		return nil, err
	}
	return each(rows, func(r journalKeyRow) (JournalKey, error) {
		return JournalKey{r.Generation, r.Verifier, r.Since, r.Note}, nil
	})
}

// verifyKeys follows the journal's keys from the first to the one that signs now.
func (v *View) verifyKeys(now string) error {
	keys, err := v.JournalKeys()
	if err != nil {
		return err
	}
	for i, k := range keys {
		if i == 0 {
			continue
		}
		s, err := journal.OpenSuccession(k.Note, keys[i-1].Verifier)
		if err != nil {
			return fmt.Errorf("journal key %d: %w", k.Generation, err)
		}
		if s.Key != k.Verifier || s.Since != k.Since {
			return fmt.Errorf("journal key %d is not the one that was handed to", k.Generation)
		}
	}
	if len(keys) == 0 || keys[len(keys)-1].Verifier != now {
		return fmt.Errorf("journal: its newest key is not the one that signs")
	}
	return nil
}

// KeyState is how far keys and files have come. Generation is under which pages
// and checkpoints are written; Wanted is ahead of it while a removal is not yet
// done to its end. Compartment is the generation wanted of the compartment's key.
type KeyState struct {
	Generation, Wanted, Compartment int
	Recovery                        string // to whom key files are addressed for the recovery code
}

type vaultSecrets struct {
	Recovery string `json:"recovery"`
}

// KeyState reads it.
func (v *View) KeyState() (KeyState, error) {
	var row vaultRow
	if err := v.tx.NewSelect().Model(&row).Scan(v.ctx); err != nil {
		return KeyState{}, found("vault", err)
	}
	s := KeyState{Generation: row.Generation, Wanted: row.Wanted, Compartment: row.Compartment}
	var secrets vaultSecrets
	err := v.open("vault", row.ID, row.Sealed, &secrets)
	s.Recovery = secrets.Recovery
	return s, err
}

// WantKeys asks for new generations. The vault makes them after the commit, or when
// it is next opened.
func (tx *Tx) WantKeys(root, compartment int) error {
	_, err := tx.tx.NewUpdate().Model((*vaultRow)(nil)).Set("wanted = ?", root).Set("compartment = ?", compartment).
		Where("id = ?", "vault").Exec(tx.ctx)
	return err
}

// SetRecovery says to whom key files are addressed for the recovery code.
func (tx *Tx) SetRecovery(recipient string) error {
	sealed, err := tx.sealed("vault", "vault", vaultSecrets{recipient})
	if err != nil {
		return err
	}
	_, err = tx.tx.NewUpdate().Model((*vaultRow)(nil)).Set("sealed = ?", sealed).Where("id = ?", "vault").Exec(tx.ctx)
	return err
}

// Rekey writes the database anew under the newest generation of its key, if it is
// not already. Nobody else may have it open: ErrBusy.
func (db *DB) Rekey(ctx context.Context) error {
	db.pages.grow(db.keys.Pages)
	if db.pages.current() {
		return nil
	}
	step := db.Step
	if step == nil {
		step = func(string) error { return nil }
	}
	if err := db.pages.rekey(ctx, db.bun, step); err != nil {
		return fmt.Errorf("encrypt the database anew: %w", err)
	}
	return nil
}

// Succeed lets the newest generation's key sign the journal from now on. The old
// key signs the succession; both are in the journal and beside its checkpoint.
func (db *DB) Succeed(ctx context.Context, actor evidence.MemberID) error {
	generation := db.keys.Journal.Generation()
	next, verifier, err := db.signerOf(generation)
	if err != nil {
		return err
	}
	var old *journal.Signer
	err = db.commit(ctx, actor, &successor{next, verifier, generation}, func(tx *Tx) error {
		db.lock.RLock()
		old = db.signer
		db.lock.RUnlock()
		state, err := tx.KeyState()
		if err != nil {
			return err
		}
		size, err := tx.JournalSize()
		if err != nil {
			return err
		}
		note, err := journal.SignSuccession(journal.Succession{Origin: db.origin, Since: size, Key: verifier}, old)
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(verifier + "\n")) // its fingerprint
		tx.Record("journal.key", fmt.Sprintf("generation-%d", generation), hex.EncodeToString(sum[:]))
		if err := tx.insert(&journalKeyRow{Generation: generation, Verifier: verifier, Since: size, Note: note}); err != nil {
			return err
		}
		_, err = tx.tx.NewUpdate().Model((*vaultRow)(nil)).Set("generation = ?", generation).
			Where("generation = ?", state.Generation).Exec(ctx)
		return err
	})
	if err != nil {
		next.Forget()
		return fmt.Errorf("renew the journal's key: %w", err)
	}
	old.Forget()
	return db.Publish(ctx)
}

func (db *DB) signerOf(generation int) (s *journal.Signer, verifier string, err error) {
	db.keys.Journal.Raw(generation, func(raw *[32]byte) { s, verifier, err = journal.NewSigner(db.origin, *raw) })
	return s, verifier, err
}

// Custody lets sealed identities be opened, for custodians only. The key is the
// caller's to forget.
func (db *DB) Custody(key *seal.Key) {
	db.lock.Lock()
	defer db.lock.Unlock()
	db.identities = key
}

// A State is what somebody can remember of the journal: how many entries it had,
// the root of their tree, and under which generation it was signed.
type State struct {
	Size       int64
	Root       tlog.Hash
	Generation int
}

// State gives the journal's state now.
func (v *View) State() (State, error) {
	size, err := v.JournalSize()
	if err != nil {
		return State{}, err
	}
	root, err := tlog.TreeHash(size, v)
	if err != nil {
		return State{}, err
	}
	keys, err := v.KeyState()
	return State{size, root, keys.Generation}, err
}

// Extends says whether the journal has s as its beginning.
func (v *View) Extends(s State) (bool, error) {
	size, err := v.JournalSize()
	if err != nil || size < s.Size {
		return false, err
	}
	root, err := tlog.TreeHash(s.Size, v)
	return err == nil && root == s.Root, err
}

// State gives the journal's state now.
func (db *DB) State(ctx context.Context) (s State, err error) {
	err = db.Unscoped(ctx, "the state of the journal as a whole", func(v *View) error {
		s, err = v.State()
		return err
	})
	if errors.Is(err, evidence.ErrNotFound) { // not founded yet
		return State{}, nil
	}
	return s, err
}
