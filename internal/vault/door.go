package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"safehouse/internal/access"
	"safehouse/internal/blob/dir"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// The vault's folders.
const (
	blobsDir = "blobs"
	keysDir  = "keys"
	slotExt  = ".slot"
)

// minPassphrase is in letters. Five common words make more.
const minPassphrase = 12

// A Vault is one that a member has entered. Close forgets its keys.
type Vault struct {
	Dir        string
	Actor      evidence.Actor
	DB         *store.DB
	Originals  *Originals
	Renditions *Renditions

	root *seal.Root
	step func(name string) // the tests stop here
}

// Found makes a new vault in dir, with its first member, an administrator. The
// folder appears under its name when the vault in it is whole, and not before.
func Found(ctx context.Context, dir, origin string, demo bool, first *evidence.Member, passphrase evidence.Secret) (err error) {
	if err := fresh(dir); err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	draft, err := os.MkdirTemp(parent, unfinishedVault)
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft) // after the rename there is nothing under this name
	first.ID, first.Role = evidence.NewID[evidence.MemberID]("mem"), evidence.Administrator
	if err := build(ctx, draft, origin, demo, first, passphrase); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(draft, dir)
}

// fresh refuses a place where something lies already.
func fresh(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return &evidence.Problem{Code: "vault.exists", Args: []any{dir}}
	}
	return nil
}

func build(ctx context.Context, dir, origin string, demo bool, first *evidence.Member, passphrase evidence.Secret) error {
	root := seal.NewRoot()
	v, err := assemble(ctx, dir, root, store.Open)
	if err != nil {
		return err
	}
	defer v.Close()
	slot, err := v.addSlot(first.ID, passphrase)
	if err != nil {
		return err
	}
	return v.DB.Found(ctx, origin, demo, *first, slot)
}

// Here says whether there is a vault in dir, without opening it.
func Here(dir string) error {
	_, err := slots(dir)
	return err
}

func slots(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, keysDir, "*"+slotExt))
	if err != nil || len(paths) == 0 {
		return nil, &evidence.Problem{Code: "vault.none", Args: []any{dir}, Err: err}
	}
	return paths, nil
}

// Enter opens the vault for the member whose slot the passphrase opens. Without
// a member ID every slot is tried.
func Enter(ctx context.Context, dir string, member evidence.MemberID, passphrase evidence.Secret) (*Vault, error) {
	return enter(ctx, dir, member, passphrase, store.Open)
}

// Inspect is Enter for a Check: what must not be worked in any more can still be
// looked at. Nothing else should be done in what it gives.
func Inspect(ctx context.Context, dir string, member evidence.MemberID, passphrase evidence.Secret) (*Vault, error) {
	return enter(ctx, dir, member, passphrase, store.Inspect)
}

// opener is store.Open or store.Inspect.
type opener func(ctx context.Context, dir string, keys store.Keys) (*store.DB, error)

func enter(ctx context.Context, dir string, member evidence.MemberID, passphrase evidence.Secret, open opener) (*Vault, error) {
	root, id, err := knock(ctx, dir, member, passphrase)
	if err != nil {
		return nil, err
	}
	return as(ctx, dir, root, id, open)
}

// Admit lets a further member into the open vault, by their own passphrase. The
// vault stays what it was: its Actor is who opened it.
func (v *Vault) Admit(ctx context.Context, member evidence.MemberID, passphrase evidence.Secret) (evidence.Actor, error) {
	root, id, err := knock(ctx, v.Dir, member, passphrase)
	if err != nil {
		return evidence.Actor{}, err
	}
	defer root.Forget()
	mark := []byte("admit") // a slot of another vault holds another root
	if !hmac.Equal(root.Key(seal.Fields).Mac(mark, "admit"), v.root.Key(seal.Fields).Mac(mark, "admit")) {
		return evidence.Actor{}, &evidence.Problem{Code: "vault.wrong_passphrase"}
	}
	var m evidence.Member
	err = v.DB.View(ctx, id, func(view *store.View) (err error) {
		m, err = view.Member(id)
		return err
	})
	if errors.Is(err, evidence.ErrNotFound) { // a slot that belongs to nobody opens nothing
		err = &evidence.Problem{Code: "vault.wrong_passphrase"}
	}
	return m.Actor(), err
}

// knock tries the passphrase on the slot of member, or on every slot. It stops
// between two slots when ctx ends: each costs half a second and 128 MiB.
func knock(ctx context.Context, dir string, member evidence.MemberID, passphrase evidence.Secret) (*seal.Root, evidence.MemberID, error) {
	paths, err := slots(dir)
	if err != nil {
		return nil, "", err
	}
	words := []byte(passphrase.Reveal())
	defer clear(words)
	for _, path := range paths {
		id := evidence.MemberID(strings.TrimSuffix(filepath.Base(path), slotExt))
		if member != "" && member != id {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		slot, err := os.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		root, err := seal.OpenSlot(slot, words)
		if errors.Is(err, seal.ErrSealed) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("slot %s: %w", id, err)
		}
		return root, id, nil
	}
	return nil, "", &evidence.Problem{Code: "vault.wrong_passphrase"}
}

// as assembles the vault for one of its members.
func as(ctx context.Context, dir string, root *seal.Root, id evidence.MemberID, open opener) (*Vault, error) {
	v, err := assemble(ctx, dir, root, open)
	if err != nil {
		return nil, err
	}
	err = v.DB.Unscoped(ctx, "who knocks is not known yet", func(view *store.View) error {
		m, err := view.Member(id)
		v.Actor = m.Actor()
		return err
	})
	if errors.Is(err, evidence.ErrNotFound) { // a slot that belongs to nobody opens nothing
		err = &evidence.Problem{Code: "vault.wrong_passphrase"}
	}
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

func assemble(ctx context.Context, path string, root *seal.Root, open opener) (*Vault, error) {
	for _, d := range []string{"", blobsDir, keysDir} {
		if err := os.MkdirAll(filepath.Join(path, d), 0o700); err != nil {
			return nil, err
		}
	}
	blobs, err := dir.Open(filepath.Join(path, blobsDir))
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, path, store.Keys{
		Pages: root.Key(seal.Database), Fields: root.Key(seal.Fields), Journal: root.Key(seal.Journal),
	})
	if err != nil {
		return nil, err
	}
	return &Vault{
		Dir: path, DB: db, root: root,
		Originals:  &Originals{Blobs: blobs, DB: db, Key: root.Key(seal.Originals)},
		Renditions: &Renditions{Blobs: blobs, DB: db, Key: root.Key(seal.Renditions)},
	}, nil
}

// AddMember gives somebody a slot of their own.
func (v *Vault) AddMember(ctx context.Context, m *evidence.Member, passphrase evidence.Secret) error {
	if err := access.Check(v.Actor, access.AddMember); err != nil {
		return err
	}
	m.ID = evidence.NewID[evidence.MemberID]("mem")
	slot, err := v.addSlot(m.ID, passphrase)
	if err != nil {
		return err
	}
	err = v.DB.Update(ctx, v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("member.add", string(m.ID), slot)
		return tx.AddMember(m)
	})
	if err != nil {
		return errors.Join(err, os.Remove(v.slot(m.ID)))
	}
	return nil
}

func (v *Vault) slot(id evidence.MemberID) string {
	return filepath.Join(v.Dir, keysDir, string(id)+slotExt)
}

// addSlot gives the digest of the slot, for the journal: without a passphrase
// nobody could say whether a slot is the one that was made.
func (v *Vault) addSlot(id evidence.MemberID, passphrase evidence.Secret) (digest string, err error) {
	if utf8.RuneCountInString(passphrase.Reveal()) < minPassphrase {
		return "", &evidence.Problem{Code: "passphrase.short", Args: []any{minPassphrase}}
	}
	slot, err := v.root.MakeSlot([]byte(passphrase.Reveal()))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(slot)
	return hex.EncodeToString(sum[:]), writeWhole(v.slot(id), slot)
}

// writeWhole writes a file so that a power cut leaves it whole or absent.
func writeWhole(path string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), unfinishedSlot)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // after the rename there is nothing under this name
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close lets go of the database and forgets the keys.
func (v *Vault) Close() error {
	v.root.Forget()
	return v.DB.Close()
}
