package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// The database says who is a member, who is a custodian, and which generations of
// the keys there shall be. The rest follows from it: key files, pages, the journal's
// signing key, slots. Whatever changes the first commits there, and then settles
// the rest. Where a power cut came between, whoever enters next settles it.

// wish is what the database says.
type wish struct {
	store.KeyState
	rootTo, compartmentTo []string
	removed               []evidence.MemberID
}

func (v *Vault) wish(ctx context.Context) (w wish, err error) {
	err = v.DB.View(ctx, v.Actor.ID, func(view *store.View) error {
		if w.KeyState, err = view.KeyState(); err != nil {
			return err
		}
		members, err := view.Members()
		if err != nil {
			return err
		}
		for _, m := range members {
			switch {
			case !m.Removed.IsZero():
				w.removed = append(w.removed, m.ID)
				continue
			case m.Recipient == "": // has no key of their own, so no way in
				continue
			case m.Custodian:
				w.compartmentTo = append(w.compartmentTo, m.Recipient)
			}
			w.rootTo = append(w.rootTo, m.Recipient)
		}
		if w.Recovery != "" {
			w.rootTo = append(w.rootTo, w.Recovery)
			w.compartmentTo = append(w.compartmentTo, w.Recovery)
		}
		slices.Sort(w.rootTo)
		slices.Sort(w.compartmentTo)
		return nil
	})
	return w, err
}

// settled says whether there is nothing left to do. What only a custodian can do
// waits for one.
func (v *Vault) settled(w wish) bool {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.compartment != nil && (v.compartment.Generation() < w.Compartment || !slices.Equal(v.compartmentTo, w.compartmentTo)) {
		return false
	}
	for _, id := range w.removed {
		if there(v.path(string(id)+slotExt)) || there(v.path(string(id)+seenExt)) {
			return false
		}
	}
	return v.root.Generation() == w.Generation && w.Generation >= w.Wanted && slices.Equal(v.rootTo, w.rootTo)
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// settle does what is left to do, alone.
func (v *Vault) settle(ctx context.Context, actor evidence.MemberID) error {
	w, err := v.wish(ctx)
	if err != nil || v.settled(w) {
		return err
	}
	return v.hold.alone(ctx, func() error { return v.settleAll(ctx, actor) })
}

// settleAll is called by whoever is alone.
func (v *Vault) settleAll(ctx context.Context, actor evidence.MemberID) error {
	if err := v.settleFiles(ctx); err != nil {
		return err
	}
	if err := v.DB.Rekey(ctx); err != nil {
		return busy(err, v.Dir)
	}
	w, err := v.wish(ctx)
	if err != nil {
		return err
	}
	if w.Generation < v.root.Generation() {
		if err := v.DB.Succeed(ctx, actor); err != nil {
			return err
		}
	}
	for _, id := range w.removed {
		for _, ext := range []string{slotExt, seenExt} {
			if err := os.Remove(v.path(string(id) + ext)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return syncFolder(v.path(""))
}

// settleFiles renews the roots that are wanted and addresses the key files anew. A
// new file is in place before anything is sealed under what is new in it.
func (v *Vault) settleFiles(ctx context.Context) error {
	w, err := v.wish(ctx)
	if err != nil {
		return err
	}
	v.lock.Lock()
	defer v.lock.Unlock()
	if err := v.settleFile(v.root, seal.VaultRoot, rootFile, w.Wanted, &v.rootTo, w.rootTo); err != nil {
		return err
	}
	if v.compartment == nil {
		return nil
	}
	return v.settleFile(v.compartment, seal.Compartment, compartmentFile, w.Compartment, &v.compartmentTo, w.compartmentTo)
}

func (v *Vault) settleFile(root *seal.Root, kind seal.Kind, name string, generation int, is *[]string, to []string) error {
	if root.Generation() >= generation && slices.Equal(*is, to) {
		return nil
	}
	err := root.Renew(generation, kind, to, func(file []byte) error { return writeWhole(v.path(name), file) })
	if err == nil {
		*is = to
	}
	return err
}

func (v *Vault) path(name string) string { return filepath.Join(v.Dir, keysDir, name) }

func busy(err error, dir string) error {
	if errors.Is(err, store.ErrBusy) {
		return &evidence.Problem{Code: "vault.busy", Args: []any{dir}, Err: err}
	}
	return err
}
