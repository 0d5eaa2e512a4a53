package vault

import (
	"context"
	"errors"
	"io/fs"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// A Recovery is how to come in when passphrases are forgotten.
type Recovery struct {
	Code evidence.Secret
	// Member gets the new passphrase, with an identity of their own anew. Without
	// one there is a new administrator and custodian under Name.
	Member     evidence.MemberID
	Name       evidence.Secret
	Passphrase evidence.Secret
	Seen       string // as in Entry
}

// Recover uses the recovery code up: there is a new one when it returns, and the
// old one opens nothing that is sealed from now on.
func Recover(ctx context.Context, dir string, r Recovery) (m evidence.Member, code evidence.Secret, err error) {
	text, err := seal.ParseRecoveryCode(r.Code.Reveal())
	if err != nil {
		return m, code, &evidence.Problem{Code: "recovery.typo", Err: err}
	}
	if err := longEnough(r.Passphrase); err != nil {
		return m, code, err
	}
	hold, err := holdShared(ctx, dir)
	if err != nil {
		return m, code, err
	}
	v, err := recoverVault(ctx, dir, evidence.Protect(text))
	if err != nil {
		return m, code, errors.Join(err, hold.release())
	}
	v.hold, v.seen = hold, r.Seen
	if err := v.DB.GoOn(ctx); err != nil {
		v.hold = nil
		return m, code, errors.Join(err, v.Close(), hold.release())
	}
	err = hold.alone(ctx, func() error {
		m, code, err = v.recover(ctx, r)
		return err
	})
	return m, code, errors.Join(err, v.Close())
}

// recoverVault opens the vault with the recovery code.
func recoverVault(ctx context.Context, dir string, code evidence.Secret) (*Vault, error) {
	var identity *seal.Identity
	err := try(ctx, dir, "", func() (err error) {
		identity, err = openSlot((&Vault{Dir: dir}).path(recoveryFile), code)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return &evidence.Problem{Code: "recovery.none", Args: []any{dir}, Err: err}
		case errors.Is(err, seal.ErrSealed):
			return &evidence.Problem{Code: "recovery.wrong", Err: err}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	v, err := unseal(ctx, dir, identity)
	if err != nil {
		return nil, err
	}
	v.compartment, v.compartmentTo, err = openKeys(dir, seal.Compartment, compartmentFile, identity)
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

func (v *Vault) recover(ctx context.Context, r Recovery) (evidence.Member, evidence.Secret, error) {
	m := evidence.Member{Name: r.Name, Role: evidence.Administrator, Custodian: true}
	add := r.Member == ""
	if add {
		m.ID = evidence.NewID[evidence.MemberID]("mem")
	} else {
		var err error
		if m, err = v.member(ctx, r.Member); err != nil {
			return m, evidence.Secret{}, err
		}
		if !m.Removed.IsZero() {
			return m, evidence.Secret{}, evidence.ErrNotFound
		}
	}
	code := evidence.Protect(seal.NewRecoveryCode())
	recipient, slot, err := recoverySlot(code)
	if err != nil {
		return m, evidence.Secret{}, err
	}
	err = v.join(ctx, m.Actor(), &m, r.Passphrase, func(tx *store.Tx, slot string) error {
		state, err := tx.KeyState()
		if err != nil {
			return err
		}
		tx.Record("member.recover", string(m.ID), slot)
		change := func() error { return tx.ChangeMember(m) }
		if add {
			change = func() error { return tx.AddMember(&m) }
		}
		return errors.Join(change(), tx.SetRecovery(recipient), tx.WantKeys(state.Wanted+1, state.Compartment+1))
	})
	if err != nil {
		return m, evidence.Secret{}, err
	}
	if err := writeWhole(v.path(recoveryFile), slot); err != nil {
		return m, evidence.Secret{}, err
	}
	return m, code, nil
}

// NewRecovery makes a new recovery code. The one before it opens nothing from then
// on that is sealed later.
func (v *Vault) NewRecovery(ctx context.Context, actor evidence.Actor) (code evidence.Secret, err error) {
	if err := access.Check(actor, access.Recovery); err != nil {
		return code, err
	}
	if _, err := v.Compartment(ctx, actor); err != nil { // the code opens sealed identities too
		if errors.Is(err, evidence.ErrForbidden) {
			err = &evidence.Problem{Code: "member.not_custodian", Args: []any{actor.ID}, Err: err}
		}
		return code, err
	}
	code = evidence.Protect(seal.NewRecoveryCode())
	recipient, slot, err := recoverySlot(code)
	if err != nil {
		return code, err
	}
	err = v.hold.alone(ctx, func() error {
		err := v.DB.Update(ctx, actor.ID, func(tx *store.Tx) error {
			state, err := tx.KeyState()
			if err != nil {
				return err
			}
			tx.Record("member.recovery", string(actor.ID))
			return errors.Join(tx.SetRecovery(recipient), tx.WantKeys(state.Wanted+1, state.Compartment+1))
		})
		if err != nil {
			return err
		}
		if err := v.settleAll(ctx, actor.ID); err != nil {
			return err
		}
		return writeWhole(v.path(recoveryFile), slot)
	})
	return code, err
}
