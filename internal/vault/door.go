package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"safehouse/internal/blob/dir"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// The vault's folders and files.
const (
	blobsDir        = "blobs"
	keysDir         = "keys"
	slotExt         = ".slot"
	rootFile        = "root"
	compartmentFile = "identities.compartment"
	recoveryFile    = "recovery.slot"
	database        = "safehouse.db"
)

// A Vault is one that a member has entered. Close forgets its keys.
type Vault struct {
	Dir        string
	Actor      evidence.Actor
	DB         *store.DB
	Originals  *Originals
	Renditions *Renditions

	root   *seal.Root
	rootTo []string // to whom keys/root is addressed
	hold   *hold
	seen   string // a folder outside, for what members saw last; empty: none

	lock          sync.Mutex                       // guards the rest; never held during a change
	own           map[evidence.MemberID]*seal.Root // of each member who entered
	compartment   *seal.Root                       // nil until a custodian entered
	compartmentTo []string
	custodians    map[evidence.MemberID]bool // whose own key opened it
	step          func(name string)          // the tests stop here
}

// An Entry is how a member comes in.
type Entry struct {
	Member     evidence.MemberID // empty: whoever's passphrase it is
	Passphrase evidence.Secret
	// Accept is the member's reason to enter although the journal is not what they
	// saw last. It is journaled.
	Accept evidence.Secret
	// Seen is a folder outside of the vault where what was seen last is kept too:
	// else nobody notices when the whole vault is put back. Empty: none.
	Seen string
}

// Here says whether there is a vault in dir, without opening it.
func Here(dir string) error {
	_, err := slots(dir)
	return err
}

func slots(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, keysDir, "mem_*"+slotExt))
	if err != nil || len(paths) == 0 {
		return nil, &evidence.Problem{Code: "vault.none", Args: []any{dir}, Err: err}
	}
	return paths, nil
}

// Enter opens the vault for the member whose slot the passphrase opens. Without
// a member ID every slot is tried.
func Enter(ctx context.Context, dir string, member evidence.MemberID, passphrase evidence.Secret) (*Vault, error) {
	return EnterWith(ctx, dir, Entry{Member: member, Passphrase: passphrase})
}

// EnterWith is Enter with all that can be said at the door.
func EnterWith(ctx context.Context, dir string, e Entry) (*Vault, error) {
	hold, err := holdShared(ctx, dir)
	if err != nil {
		return nil, err
	}
	v, err := enter(ctx, dir, hold, e, (*Vault).welcome)
	if err != nil {
		return nil, errors.Join(err, hold.release())
	}
	return v, nil
}

// Inspect is EnterWith for a Check: what must not be worked in any more can still be
// looked at. It changes nothing. Nothing else should be done in what it gives.
func Inspect(ctx context.Context, dir string, e Entry) (*Vault, error) {
	hold, err := holdShared(ctx, dir)
	if err != nil {
		return nil, err
	}
	v, err := enter(ctx, dir, hold, e, (*Vault).show)
	if err != nil {
		return nil, errors.Join(err, hold.release())
	}
	return v, nil
}

// greeting is welcome or show.
type greeting func(v *Vault, ctx context.Context, id evidence.MemberID, identity *seal.Identity, accept evidence.Secret) error

func enter(ctx context.Context, dir string, hold *hold, e Entry, greet greeting) (*Vault, error) {
	if err := writable(dir); err != nil {
		return nil, err
	}
	id, identity, err := unlock(ctx, dir, e.Member, e.Passphrase)
	if err != nil {
		return nil, err
	}
	v, err := unseal(ctx, dir, identity)
	if err != nil {
		return nil, err
	}
	v.hold, v.seen = hold, e.Seen
	if err := greet(v, ctx, id, identity, e.Accept); err != nil {
		v.hold = nil // the caller's to release
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

// welcome lets a member whose passphrase was right in, after what there is to
// check, and finishes what a power cut may have left half done.
func (v *Vault) welcome(ctx context.Context, id evidence.MemberID, identity *seal.Identity, accept evidence.Secret) error {
	if err := v.goOn(ctx, accept); err != nil {
		return err
	}
	actor, err := v.admit(ctx, id, identity, accept)
	if err != nil {
		return err
	}
	v.Actor = actor
	return v.settle(ctx, id)
}

// goOn publishes what is missing. A public journal that is ahead of the vault is
// set aside when there is a reason why.
func (v *Vault) goOn(ctx context.Context, accept evidence.Secret) error {
	err := v.DB.GoOn(ctx)
	var p *evidence.Problem
	if !errors.As(err, &p) || strings.TrimSpace(accept.Reveal()) == "" {
		return err
	}
	if err := v.setAside(); err != nil {
		return err
	}
	return v.DB.GoOn(ctx)
}

// show is welcome for somebody who only looks.
func (v *Vault) show(ctx context.Context, id evidence.MemberID, identity *seal.Identity, _ evidence.Secret) error {
	m, err := v.present(ctx, id, identity)
	if err != nil {
		return err
	}
	v.lock.Lock()
	v.own[id] = identity.Own()
	v.lock.Unlock()
	v.Actor = m.Actor()
	v.Actor.Custodian, err = v.takeCustody(m, identity)
	return err
}

// present gives the member whose slot opened. A slot that belongs to nobody, or holds
// the identity of somebody else, opens nothing: its name is not to be believed.
func (v *Vault) present(ctx context.Context, id evidence.MemberID, identity *seal.Identity) (evidence.Member, error) {
	m, err := v.member(ctx, id)
	if errors.Is(err, evidence.ErrNotFound) || err == nil && (!m.Removed.IsZero() || m.Recipient != identity.Recipient()) {
		err = &evidence.Problem{Code: "vault.wrong_passphrase"}
	}
	return m, err
}

// Admit lets another member into a vault that is open: for a server. What they may
// do is theirs alone: a custodian beside them makes them none.
func (v *Vault) Admit(ctx context.Context, member evidence.MemberID, passphrase evidence.Secret) (evidence.Actor, error) {
	id, identity, err := unlock(ctx, v.Dir, member, passphrase)
	if err != nil {
		return evidence.Actor{}, err
	}
	actor, err := v.admit(ctx, id, identity, evidence.Secret{})
	if err != nil {
		return evidence.Actor{}, err
	}
	return actor, v.settle(ctx, id)
}

func (v *Vault) admit(ctx context.Context, id evidence.MemberID, identity *seal.Identity, accept evidence.Secret) (evidence.Actor, error) {
	m, err := v.present(ctx, id, identity)
	if err != nil {
		return evidence.Actor{}, err
	}
	own := identity.Own()
	if err := v.recall(ctx, id, own, accept); err != nil {
		own.Forget()
		return evidence.Actor{}, err
	}
	if err := v.remember(ctx, id, own); err != nil {
		return evidence.Actor{}, err
	}
	actor := m.Actor()
	if actor.Custodian, err = v.takeCustody(m, identity); err != nil {
		return evidence.Actor{}, err
	}
	return actor, v.report(ctx, id)
}

// remember keeps what a member's own keys are, and what they see now.
func (v *Vault) remember(ctx context.Context, id evidence.MemberID, own *seal.Root) error {
	now, err := v.DB.State(ctx)
	if err != nil {
		return err
	}
	v.lock.Lock()
	defer v.lock.Unlock()
	if old, ok := v.own[id]; ok {
		old.Forget()
	}
	v.own[id] = own
	return v.saw(id, own, now)
}

// takeCustody opens the compartment for a custodian. Who is on the list and whose
// key does not open it is none yet: another custodian has to let them in.
func (v *Vault) takeCustody(m evidence.Member, identity *seal.Identity) (bool, error) {
	if !m.Custodian {
		return false, nil
	}
	key, to, err := openKeys(v.Dir, seal.Compartment, compartmentFile, identity)
	if err != nil {
		return false, err
	}
	v.lock.Lock()
	defer v.lock.Unlock()
	v.custodians[m.ID] = true
	if v.compartment != nil {
		key.Forget()
		return true, nil
	}
	v.compartment, v.compartmentTo = key, to
	v.DB.Custody(key.Key(seal.Identities))
	return true, nil
}

// As gives a member who has entered before as the actor that they are now: a role can
// change, and a member be removed, while they are inside.
func (v *Vault) As(m evidence.Member) (evidence.Actor, error) {
	if !m.Removed.IsZero() {
		return evidence.Actor{}, fmt.Errorf("%s: %w", m.ID, evidence.ErrNotFound)
	}
	v.lock.Lock()
	defer v.lock.Unlock()
	actor := m.Actor()
	actor.Custodian = m.Custodian && v.custodians[m.ID]
	return actor, nil
}

// Compartment gives the key of sealed identities to a custodian, and to nobody
// else.
func (v *Vault) Compartment(ctx context.Context, actor evidence.Actor) (*seal.Key, error) {
	m, err := v.member(ctx, actor.ID)
	if err != nil {
		return nil, err
	}
	v.lock.Lock()
	defer v.lock.Unlock()
	if !actor.Custodian || !m.Custodian || !m.Removed.IsZero() || v.compartment == nil {
		return nil, fmt.Errorf("compartment for %s: %w", actor.ID, evidence.ErrForbidden)
	}
	return v.compartment.Key(seal.Identities), nil
}

func (v *Vault) member(ctx context.Context, id evidence.MemberID) (m evidence.Member, err error) {
	err = v.DB.View(ctx, id, func(view *store.View) error {
		m, err = view.Member(id)
		return err
	})
	return m, err
}

// unlock finds the slot that the passphrase opens.
func unlock(ctx context.Context, dir string, member evidence.MemberID, passphrase evidence.Secret) (id evidence.MemberID, identity *seal.Identity, err error) {
	paths, err := slots(dir)
	if err != nil {
		return "", nil, err
	}
	err = try(ctx, dir, member, func() error {
		var damaged error
		for _, path := range paths {
			if err := ctx.Err(); err != nil {
				return err
			}
			id = evidence.MemberID(strings.TrimSuffix(filepath.Base(path), slotExt))
			if member != "" && member != id {
				continue
			}
			identity, err = openSlot(path, passphrase)
			var p *evidence.Problem
			switch {
			case err == nil:
				return nil
			case errors.As(err, &p):
				damaged = err
			case !errors.Is(err, seal.ErrSealed):
				return err
			}
		}
		if damaged != nil {
			return damaged
		}
		return &evidence.Problem{Code: "vault.wrong_passphrase"}
	})
	return id, identity, err
}

func openSlot(path string, passphrase evidence.Secret) (*seal.Identity, error) {
	slot, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !seal.WholeSlot(slot) {
		return nil, &evidence.Problem{Code: "vault.damaged", Args: []any{path}}
	}
	words := []byte(passphrase.Reveal())
	defer clear(words)
	return seal.OpenSlot(slot, words)
}

// openKeys opens a key file.
func openKeys(dir string, kind seal.Kind, name string, identity *seal.Identity) (*seal.Root, []string, error) {
	path := filepath.Join(dir, keysDir, name)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	root, to, err := seal.OpenFile(kind, b, identity)
	switch {
	case errors.Is(err, seal.ErrNewer):
		return nil, nil, &evidence.Problem{Code: "vault.newer", Args: []any{dir}, Err: err}
	case err != nil: // damaged, gone, put back, or addressed to others by now
		return nil, nil, &evidence.Problem{Code: "vault.damaged", Args: []any{path}, Err: err}
	}
	return root, to, nil
}

// unseal opens the vault with an identity that its root is addressed to.
func unseal(ctx context.Context, dir string, identity *seal.Identity) (*Vault, error) {
	root, to, err := openKeys(dir, seal.VaultRoot, rootFile, identity)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, database)
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		root.Forget()
		return nil, &evidence.Problem{Code: "vault.damaged", Args: []any{file}, Err: err}
	}
	v, err := assemble(ctx, dir, root)
	switch {
	case errors.Is(err, store.ErrNewer):
		err = &evidence.Problem{Code: "vault.newer", Args: []any{dir}, Err: err}
	case errors.Is(err, store.ErrPages):
		err = &evidence.Problem{Code: "vault.damaged", Args: []any{file}, Err: err}
	}
	if err != nil {
		root.Forget()
		return nil, err
	}
	v.rootTo = to
	return v, nil
}

// writable says early, and in the words of the system, when nothing can be kept.
func writable(dir string) error {
	for _, d := range []string{dir, filepath.Join(dir, keysDir), filepath.Join(dir, blobsDir)} {
		if err := unix.Access(d, unix.W_OK|unix.X_OK); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &fs.PathError{Op: "write", Path: d, Err: err}
		}
	}
	return nil
}

func assemble(ctx context.Context, path string, root *seal.Root) (*Vault, error) {
	for _, d := range []string{"", blobsDir, keysDir} {
		if err := os.MkdirAll(filepath.Join(path, d), 0o700); err != nil {
			return nil, err
		}
	}
	blobs, err := dir.Open(filepath.Join(path, blobsDir))
	if err != nil {
		return nil, err
	}
	db, err := store.Inspect(ctx, path, store.Keys{
		Pages: root.Key(seal.Database), Fields: root.Key(seal.Fields), Journal: root.Key(seal.Journal),
	})
	if err != nil {
		return nil, err
	}
	v := &Vault{
		Dir: path, DB: db, root: root, own: make(map[evidence.MemberID]*seal.Root),
		custodians: make(map[evidence.MemberID]bool),
		Originals:  &Originals{Blobs: blobs, DB: db, Key: root.Key(seal.Originals)},
		Renditions: &Renditions{Blobs: blobs, DB: db, Key: root.Key(seal.Renditions)},
	}
	db.Changed = v.changed
	return v, nil
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
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close lets go of the database, forgets all keys, and gives freed memory back to
// the system, which overwrites it.
func (v *Vault) Close() error {
	err := v.DB.Close()
	v.root.Forget()
	v.lock.Lock()
	if v.compartment != nil {
		v.compartment.Forget()
	}
	for _, own := range v.own {
		own.Forget()
	}
	v.lock.Unlock()
	if v.hold != nil {
		err = errors.Join(err, v.hold.release())
	}
	debug.FreeOSMemory()
	return err
}
