package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"safehouse/internal/blob/dir"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// A Restored is what came back.
type Restored struct {
	ID     evidence.BackupID
	Health Health
}

// Restore makes the vault that the backup in from holds, in to, for the member whose
// slot there the passphrase opens. The vault appears under its name when all of it is
// proven: the manifest, each file, the journal from its first entry to the
// checkpoint, and every content against its digest. What is damaged is named.
func Restore(ctx context.Context, from, to string, member evidence.MemberID, passphrase evidence.Secret, progress Progress) (out Restored, err error) {
	if err := fresh(to); err != nil {
		return out, err
	}
	b, m, err := readManifest(from)
	if err != nil {
		return out, err
	}
	proven, err := prove(from, b, m, member, passphrase)
	if err != nil {
		return out, err
	}
	defer proven.root.Forget()
	parent := filepath.Dir(filepath.Clean(to))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return out, err
	}
	draft, err := os.MkdirTemp(parent, ".safehouse-")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(draft) // after the rename there is nothing under this name
	r := &restoring{from: from, draft: draft, manifest: m, progress: progress}
	if out.Health, err = r.all(ctx, proven); err != nil {
		return out, err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, err
	}
	out.ID = m.ID
	return out, errors.Join(os.Rename(draft, to), dir.Sync([]string{parent}))
}

func damaged(path string, err error) error {
	return &evidence.Problem{Code: "restore.damaged", Args: []any{path}, Err: err}
}

// readManifest finds out what there is. Nothing of it is believed yet.
func readManifest(from string) ([]byte, manifest, error) {
	b, err := os.ReadFile(filepath.Join(from, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, manifest{}, &evidence.Problem{Code: "restore.none", Args: []any{from}, Err: err}
	}
	if err != nil {
		return nil, manifest{}, err
	}
	m, err := parseManifest(b)
	if err != nil {
		return nil, m, damaged(manifestFile, err)
	}
	return b, m, nil
}

// A key is what opens a backup: who they are, and the root that they are given.
type key struct {
	id       evidence.MemberID
	identity *seal.Identity
	root     *seal.Root
}

// prove opens the root and checks the manifest and every file that it lists.
func prove(from string, b []byte, m manifest, member evidence.MemberID, passphrase evidence.Secret) (key, error) {
	bad := m.check(from)
	k, err := openCopy(filepath.Join(from, m.run()), member, passphrase)
	if err != nil {
		// A damaged slot opens to nobody: do not let them doubt their passphrase.
		return k, errors.Join(bad, err)
	}
	if !genuine(b, k.root.Key(seal.Database)) {
		bad = damaged(manifestFile, nil)
	}
	if bad != nil {
		k.root.Forget()
	}
	return k, bad
}

// openCopy finds the slot in a copy of the keys that the passphrase opens. It counts no
// tries: whoever has the copy can try without us.
func openCopy(dir string, member evidence.MemberID, passphrase evidence.Secret) (k key, err error) {
	paths, err := slots(dir)
	if err != nil {
		return k, err
	}
	err = &evidence.Problem{Code: "vault.wrong_passphrase"}
	for _, path := range paths {
		k.id = evidence.MemberID(strings.TrimSuffix(filepath.Base(path), slotExt))
		if member != "" && member != k.id {
			continue
		}
		identity, failed := openSlot(path, passphrase)
		var p *evidence.Problem
		switch {
		case failed == nil:
			k.identity = identity
			k.root, _, err = openKeys(dir, seal.VaultRoot, rootFile, identity)
			return k, err
		case errors.As(failed, &p):
			err = failed // a damaged slot, unless another one opens
		case !errors.Is(failed, seal.ErrSealed):
			return k, failed
		}
	}
	return k, err
}

// check compares the files with their digests and names the first that differs.
func (m manifest) check(from string) error {
	want := place{id: m.Place, origin: m.Origin}.text()
	if b, err := os.ReadFile(filepath.Join(from, placeFile)); err != nil || string(b) != string(want) {
		return damaged(placeFile, err)
	}
	for _, p := range m.Files {
		if err := p.check(from); err != nil {
			return damaged(p.Path, err)
		}
	}
	return nil
}

func (p part) check(from string) error {
	f, err := os.Open(filepath.Join(from, p.Path))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err == nil && (n != p.Size || hex.EncodeToString(sum.Sum(nil)) != p.SHA256) {
		err = errOther
	}
	return err
}

// restoring is a vault that is coming back in a folder of another name.
type restoring struct {
	from, draft string
	manifest    manifest
	progress    Progress
}

func (r *restoring) all(ctx context.Context, k key) (h Health, err error) {
	if err := r.files(ctx, k.root); err != nil {
		return h, err
	}
	v, err := r.open(ctx, k)
	if err != nil {
		return h, damaged(filepath.Join(r.manifest.run(), databaseFile), err)
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if err := r.sameState(ctx, v); err != nil {
		return h, err
	}
	if err := r.blobs(ctx, v); err != nil {
		return h, err
	}
	if h, err = v.Check(ctx, func(string, int, int) {}); err != nil {
		return h, err
	}
	for _, f := range h.Faults {
		if f.Code != leftoverFault { // the draft itself looks like one when it took long
			return h, unsound(f)
		}
	}
	return h, v.DB.Update(ctx, v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("backup.restore", string(r.manifest.ID))
		return nil
	})
}

// open opens the vault that is coming back, and publishes its journal anew.
func (r *restoring) open(ctx context.Context, k key) (*Vault, error) {
	v, err := unseal(ctx, r.draft, k.identity)
	if err != nil {
		return nil, err
	}
	if err = v.DB.GoOn(ctx); err == nil {
		err = v.show(ctx, k.id, k.identity, evidence.Secret{})
	}
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

// files brings back the keys and the database.
func (r *restoring) files(ctx context.Context, root *seal.Root) error {
	c := newCopier(ctx)
	defer c.drop()
	for _, p := range r.manifest.Files {
		f, err := os.Open(filepath.Join(r.from, p.Path))
		if err != nil {
			return err
		}
		err = r.file(c, root, p, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return c.flush()
}

func (r *restoring) file(c *copier, root *seal.Root, p part, f io.Reader) error {
	name := filepath.Base(p.Path)
	if name != databaseFile {
		_, err := c.add(filepath.Join(r.draft, keysDir, name), f)
		return err
	}
	bk, err := seal.UnwrapBlobKey(root.Key(seal.Database), r.manifest.Key, "backup/"+string(r.manifest.ID))
	if err != nil {
		return damaged(manifestFile, err)
	}
	plain, err := bk.Open(f)
	if err != nil {
		return damaged(p.Path, err)
	}
	if _, err := c.add(filepath.Join(r.draft, "safehouse.db"), plain); errors.Is(err, seal.ErrSealed) {
		return damaged(p.Path, err)
	} else if err != nil {
		return err
	}
	return nil
}

// unsound names the file that a fault is about, where it is one of the backup.
func unsound(f *evidence.Problem) error {
	for _, place := range f.Args {
		if name, ok := place.(string); ok && strings.HasPrefix(name, blobsDir+"/") {
			return damaged(name, f)
		}
	}
	return &evidence.Problem{Code: "restore.unsound", Args: []any{fmt.Sprint(f.Args...)}, Err: f}
}

// sameState compares the journal with the checkpoint that the manifest has.
func (r *restoring) sameState(ctx context.Context, v *Vault) error {
	return v.DB.Unscoped(ctx, "whether the journal is the one of the backup", func(view *store.View) error {
		size, err := view.JournalSize()
		if err != nil {
			return err
		}
		checkpoint, err := view.Checkpoint()
		if err != nil {
			return err
		}
		if size != r.manifest.Entries || string(checkpoint) != r.manifest.Checkpoint {
			return damaged(filepath.Join(r.manifest.run(), databaseFile), fmt.Errorf("journal of %d entries, not %d", size, r.manifest.Entries))
		}
		return nil
	})
}

// blobs brings back every blob that the database names.
func (r *restoring) blobs(ctx context.Context, v *Vault) error {
	var names map[string]bool
	err := v.DB.Unscoped(ctx, "which blobs there must be", func(view *store.View) (err error) {
		names, err = view.Blobs()
		return err
	})
	if err != nil {
		return err
	}
	done := int64(0)
	c := newCopier(ctx)
	defer c.drop()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f, err := os.Open(filepath.Join(r.from, blobPath(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return damaged(blobPath(name), err)
		}
		if err != nil {
			return err
		}
		_, err = c.add(filepath.Join(r.draft, blobPath(name)), &heard{f, func(n int64) { done += n; r.progress(done, r.manifest.Bytes) }})
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return c.flush()
}
