package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// Admit lets another member into a vault that is open: for a server. Without a member
// ID every slot is tried.
func (v *Vault) Admit(ctx context.Context, member evidence.MemberID, passphrase evidence.Secret) (evidence.Actor, error) {
	wrong := &evidence.Problem{Code: "vault.wrong_passphrase"}
	slots, err := filepath.Glob(filepath.Join(v.Dir, keysDir, "*"+slotExt))
	if err != nil {
		return evidence.Actor{}, err
	}
	for _, path := range slots {
		id := evidence.MemberID(strings.TrimSuffix(filepath.Base(path), slotExt))
		if member != "" && member != id {
			continue
		}
		slot, err := os.ReadFile(path)
		if err != nil {
			return evidence.Actor{}, err
		}
		root, err := seal.OpenSlot(slot, []byte(passphrase.Reveal()))
		if errors.Is(err, seal.ErrSealed) {
			continue
		}
		if err != nil {
			return evidence.Actor{}, fmt.Errorf("slot %s: %w", id, err)
		}
		same := root.Key(seal.Fields).Bytes() == v.root.Key(seal.Fields).Bytes()
		root.Forget()
		if !same { // it opens another vault
			return evidence.Actor{}, wrong
		}
		return v.memberAtDoor(ctx, id)
	}
	return evidence.Actor{}, wrong
}

func (v *Vault) memberAtDoor(ctx context.Context, id evidence.MemberID) (actor evidence.Actor, err error) {
	err = v.DB.View(ctx, id, func(view *store.View) error {
		m, err := view.Member(id)
		actor = m.Actor()
		return err
	})
	if errors.Is(err, evidence.ErrNotFound) { // a slot that belongs to nobody opens nothing
		err = &evidence.Problem{Code: "vault.wrong_passphrase"}
	}
	return actor, err
}
