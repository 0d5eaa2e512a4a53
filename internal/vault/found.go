package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// Found makes a new vault in dir, with its first member, an administrator and
// custodian. The folder appears under its name when the vault in it is whole, and
// not before. There is no recovery code: see Begin.
func Found(ctx context.Context, dir, origin string, demo bool, first *evidence.Member, passphrase evidence.Secret) error {
	return found(ctx, dir, origin, demo, first, passphrase, evidence.Secret{})
}

// Begin is Found, and gives the recovery code: the one way in when every passphrase
// is forgotten. It is shown once and kept nowhere.
func Begin(ctx context.Context, dir, origin string, demo bool, first *evidence.Member, passphrase evidence.Secret) (recovery evidence.Secret, err error) {
	code := evidence.Protect(seal.NewRecoveryCode())
	if err := found(ctx, dir, origin, demo, first, passphrase, code); err != nil {
		return evidence.Secret{}, err
	}
	return code, nil
}

func found(ctx context.Context, dir, origin string, demo bool, first *evidence.Member, passphrase, code evidence.Secret) error {
	if err := fresh(dir); err != nil {
		return err
	}
	if err := longEnough(passphrase); err != nil {
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
	first.ID, first.Role, first.Custodian = evidence.NewID[evidence.MemberID]("mem"), evidence.Administrator, true
	if err := build(ctx, draft, origin, demo, first, passphrase, code); err != nil {
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

func build(ctx context.Context, dir, origin string, demo bool, first *evidence.Member, passphrase, code evidence.Secret) error {
	identity, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	first.Recipient = identity.Recipient()
	v, err := assemble(ctx, dir, seal.NewRoot())
	if err != nil {
		return err
	}
	v.compartment = seal.NewRoot()
	err = v.furnish(ctx, origin, demo, first, identity, passphrase, code)
	return errors.Join(err, v.Close())
}

func (v *Vault) furnish(ctx context.Context, origin string, demo bool, first *evidence.Member, identity *seal.Identity, passphrase, code evidence.Secret) error {
	slot, err := v.addSlot(first.ID, identity, passphrase)
	if err != nil {
		return err
	}
	if err := v.DB.Found(ctx, origin, demo, *first, slot); err != nil {
		return err
	}
	if !code.Empty() {
		recipient, slot, err := recoverySlot(code)
		if err != nil {
			return err
		}
		err = v.DB.Update(ctx, first.ID, func(tx *store.Tx) error {
			tx.Record("member.recovery", string(first.ID))
			return tx.SetRecovery(recipient)
		})
		if err == nil {
			err = writeWhole(v.path(recoveryFile), slot)
		}
		if err != nil {
			return err
		}
	}
	if err := v.settleFiles(ctx); err != nil {
		return err
	}
	return v.remember(ctx, first.ID, identity.Own())
}

// recoverySlot makes the slot that a recovery code opens, and says to whom key
// files are addressed for it.
func recoverySlot(code evidence.Secret) (recipient string, slot []byte, err error) {
	identity, err := seal.NewIdentity()
	if err != nil {
		return "", nil, err
	}
	slot, err = identity.MakeSlot([]byte(code.Reveal()))
	return identity.Recipient(), slot, err
}
