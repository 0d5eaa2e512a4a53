package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"unicode/utf8"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// minPassphrase is in letters. Five common words make more.
const minPassphrase = 12

func longEnough(passphrase evidence.Secret) error {
	if utf8.RuneCountInString(passphrase.Reveal()) < minPassphrase {
		return &evidence.Problem{Code: "passphrase.short", Args: []any{minPassphrase}}
	}
	return nil
}

func (v *Vault) slot(id evidence.MemberID) string { return v.path(string(id) + slotExt) }

// addSlot gives the digest of the slot, for the journal: without a passphrase
// nobody could say whether a slot is the one that was made.
func (v *Vault) addSlot(id evidence.MemberID, identity *seal.Identity, passphrase evidence.Secret) (digest string, err error) {
	slot, digest, err := makeSlot(identity, passphrase)
	if err != nil {
		return "", err
	}
	return digest, writeWhole(v.slot(id), slot)
}

func makeSlot(identity *seal.Identity, passphrase evidence.Secret) (slot []byte, digest string, err error) {
	if err := longEnough(passphrase); err != nil {
		return nil, "", err
	}
	if slot, err = identity.MakeSlot([]byte(passphrase.Reveal())); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(slot)
	return slot, hex.EncodeToString(sum[:]), nil
}

// AddMember gives somebody an identity and a slot of their own.
func (v *Vault) AddMember(ctx context.Context, m *evidence.Member, passphrase evidence.Secret) error {
	return v.AddMemberAs(ctx, v.Actor, m, passphrase)
}

// AddMemberAs is AddMember for a member who was admitted.
func (v *Vault) AddMemberAs(ctx context.Context, actor evidence.Actor, m *evidence.Member, passphrase evidence.Secret) error {
	if err := access.Check(actor, access.AddMember); err != nil {
		return err
	}
	m.ID, m.Custodian = evidence.NewID[evidence.MemberID]("mem"), false
	return v.hold.alone(ctx, func() error {
		return v.join(ctx, actor, m, passphrase, func(tx *store.Tx, slot string) error {
			tx.Record("member.add", string(m.ID), slot)
			return tx.AddMember(m)
		})
	})
}

// join makes a member's files and commits what makes them a member. The files of
// somebody who is none open nothing.
func (v *Vault) join(ctx context.Context, actor evidence.Actor, m *evidence.Member, passphrase evidence.Secret, commit func(tx *store.Tx, slot string) error) error {
	identity, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	m.Recipient = identity.Recipient()
	state, err := v.DB.State(ctx)
	if err != nil {
		return err
	}
	undo, err := v.keep(string(m.ID)+slotExt, string(m.ID)+seenExt)
	if err != nil {
		return err
	}
	own := identity.Own()
	if actor.ID == m.ID {
		v.lock.Lock()
		v.own[m.ID] = own // what follows is their own change
		v.lock.Unlock()
	} else {
		defer own.Forget()
	}
	slot, err := v.addSlot(m.ID, identity, passphrase)
	if err != nil {
		return err
	}
	err = v.saw(m.ID, own, state)
	if err == nil {
		err = v.DB.Update(ctx, actor.ID, func(tx *store.Tx) error { return commit(tx, slot) })
	}
	if err != nil {
		return errors.Join(err, undo())
	}
	return v.settleAll(ctx, actor.ID)
}

// keep remembers key files as they are, and gives what puts them back.
func (v *Vault) keep(names ...string) (undo func() error, err error) {
	undo = func() error { return nil }
	for _, name := range names {
		path, before := v.path(name), undo
		b, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			undo = func() error { return errors.Join(before(), os.Remove(path)) }
		case err != nil:
			return nil, err
		default:
			undo = func() error { return errors.Join(before(), writeWhole(path, b)) }
		}
	}
	return undo, nil
}

// RemoveMember removes somebody. When it returns nil, nothing that is sealed from
// now on opens for them, whatever they kept: the root, the pages' key and the
// journal's signing key are new. What they could read until now they may have
// copied.
func (v *Vault) RemoveMember(ctx context.Context, actor evidence.Actor, id evidence.MemberID) error {
	if err := access.Check(actor, access.RemoveMember); err != nil {
		return err
	}
	return v.hold.alone(ctx, func() error {
		err := v.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
			m, err := removable(tx, id)
			if err != nil {
				return err
			}
			state, err := tx.KeyState()
			if err != nil {
				return err
			}
			compartment := state.Compartment
			if m.Custodian {
				compartment++
			}
			m.Custodian, m.Removed = false, tx.Now
			tx.Record("member.remove", string(id))
			return errors.Join(tx.ChangeMember(m), tx.WantKeys(state.Wanted+1, compartment))
		})
		if err != nil {
			return err
		}
		v.leave(id)
		return v.settleAll(ctx, actor.ID)
	})
}

// leave forgets the keys of a member's own.
func (v *Vault) leave(id evidence.MemberID) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if own, ok := v.own[id]; ok {
		own.Forget()
		delete(v.own, id)
	}
}

// removable refuses whom the team cannot do without.
func removable(tx *store.Tx, id evidence.MemberID) (evidence.Member, error) {
	m, err := present(tx, id)
	if err != nil {
		return m, err
	}
	admins, custodians, err := count(tx)
	switch {
	case err != nil:
		return m, err
	case m.Role == evidence.Administrator && admins == 1:
		return m, &evidence.Problem{Code: "member.last_administrator", Args: []any{id}}
	case m.Custodian && custodians == 1:
		return m, &evidence.Problem{Code: "member.last_custodian", Args: []any{id}}
	}
	return m, nil
}

// present gives a member who was not removed.
func present(tx *store.Tx, id evidence.MemberID) (evidence.Member, error) {
	m, err := tx.Member(id)
	if err == nil && !m.Removed.IsZero() {
		err = evidence.ErrNotFound
	}
	return m, err
}

func count(tx *store.Tx) (admins, custodians int, err error) {
	members, err := tx.Members()
	for _, m := range members {
		if !m.Removed.IsZero() {
			continue
		}
		if m.Role == evidence.Administrator {
			admins++
		}
		if m.Custodian {
			custodians++
		}
	}
	return admins, custodians, err
}

// SetCustodian makes somebody a custodian of sealed identities, or no longer one.
// The actor must be an administrator and a custodian. Who is none any more opens
// nothing that is sealed from then on.
func (v *Vault) SetCustodian(ctx context.Context, actor evidence.Actor, id evidence.MemberID, custodian bool) error {
	if err := access.Check(actor, access.Custodians); err != nil {
		return err
	}
	if _, err := v.Compartment(ctx, actor); err != nil {
		if errors.Is(err, evidence.ErrForbidden) {
			err = &evidence.Problem{Code: "member.not_custodian", Args: []any{actor.ID}, Err: err}
		}
		return err
	}
	return v.hold.alone(ctx, func() error {
		err := v.DB.Update(ctx, actor.ID, func(tx *store.Tx) error { return setCustodian(tx, id, custodian) })
		if err != nil {
			return err
		}
		return v.settleAll(ctx, actor.ID)
	})
}

func setCustodian(tx *store.Tx, id evidence.MemberID, custodian bool) error {
	m, err := present(tx, id)
	if err != nil {
		return err
	}
	if m.Custodian == custodian {
		return &evidence.Problem{Code: "member.custodian_already", Args: []any{id}}
	}
	m.Custodian = custodian
	if custodian {
		tx.Record("custodian.add", string(id))
		return tx.ChangeMember(m)
	}
	state, err := tx.KeyState()
	if err != nil {
		return err
	}
	if _, custodians, err := count(tx); err != nil || custodians == 1 {
		return errors.Join(err, &evidence.Problem{Code: "member.last_custodian", Args: []any{id}})
	}
	tx.Record("custodian.remove", string(id))
	return errors.Join(tx.ChangeMember(m), tx.WantKeys(state.Wanted, state.Compartment+1))
}

// ChangePassphrase gives a member's identity a new slot. The old one is there until
// the new one is whole.
func (v *Vault) ChangePassphrase(ctx context.Context, actor evidence.Actor, now, next evidence.Secret) error {
	if err := longEnough(next); err != nil {
		return err
	}
	_, identity, err := unlock(ctx, v.Dir, actor.ID, now)
	if err != nil {
		return err
	}
	slot, digest, err := makeSlot(identity, next)
	if err != nil {
		return err
	}
	err = v.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
		tx.Record("member.passphrase", string(actor.ID), digest)
		return nil
	})
	if err != nil {
		return err
	}
	return writeWhole(v.slot(actor.ID), slot)
}

// LastSeen says when a member last entered or changed something: the day their
// memory of the journal was written.
func (v *Vault) LastSeen(id evidence.MemberID) string {
	info, err := os.Stat(v.path(string(id) + seenExt))
	if err != nil {
		return ""
	}
	return info.ModTime().UTC().Format("2006-01-02")
}
