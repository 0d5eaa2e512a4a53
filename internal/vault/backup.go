package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"safehouse/internal/access"
	"safehouse/internal/blob"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

// Progress hears how many bytes of how many are done.
type Progress func(done, total int64)

// A BackedUp is what a backup came to.
type BackedUp struct {
	ID      evidence.BackupID
	Place   evidence.PlaceID
	Entries int64 // of the journal, in what it holds
	Items   int
	Blobs   int
	Bytes   int64 // of all blobs
	Copied  int   // blobs that were not there yet
	Removed int   // blobs that nothing opens any more
}

// Backup brings the folder up to the state of the vault. While it runs others may
// work in the vault; what it holds is one state. Until its manifest is there, which
// comes last, the backup that was there before is as it was; from then on that one's
// database opens to nobody, and what was withdrawn since is out of both.
func (v *Vault) Backup(ctx context.Context, path string, progress Progress) (BackedUp, error) {
	if err := access.Check(v.Actor, access.Backup); err != nil {
		return BackedUp{}, err
	}
	p, err := openPlace(path, v.Dir, v.DB.Origin())
	if err != nil {
		return BackedUp{}, err
	}
	defer p.unlock()
	r := &run{vault: v, place: p, progress: progress}
	if err := r.notOlder(ctx); err != nil {
		return BackedUp{}, err
	}
	if err := r.begin(ctx, path); err != nil {
		return BackedUp{}, err
	}
	if err := r.copy(ctx); err != nil {
		err = errors.Join(err, os.RemoveAll(r.path(r.manifest.run()))) // blobs stay: the next run needs them
		return BackedUp{}, fmt.Errorf("backup %s: %w", r.manifest.ID, err)
	}
	if err := r.finish(ctx); err != nil {
		return BackedUp{}, fmt.Errorf("backup %s: %w", r.manifest.ID, err)
	}
	return BackedUp{
		ID: r.manifest.ID, Place: p.id, Entries: r.manifest.Entries, Items: r.items, Blobs: r.manifest.Blobs, Bytes: r.manifest.Bytes,
		Copied: r.copied, Removed: r.removed,
	}, nil
}

// A run is one backup being made.
type run struct {
	vault    *Vault
	place    place
	progress Progress
	manifest manifest

	blobs           map[string]bool // that the snapshot names
	items, erasures int             // in the snapshot
	copied, removed int
}

func (r *run) key() *seal.Key { return r.vault.root.Key(seal.Database) }

func (r *run) path(parts ...string) string {
	return filepath.Join(append([]string{r.place.dir}, parts...)...)
}

// notOlder refuses to put an older state of this vault over a newer one.
func (r *run) notOlder(ctx context.Context) error {
	b, err := os.ReadFile(r.path(manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	there, err := parseManifest(b)
	if err != nil || !genuine(b, r.key()) {
		return nil // damaged, or from before the keys changed: what is made now is better
	}
	var size int64
	err = r.vault.DB.Unscoped(ctx, "whether a backup is up to date", func(view *store.View) (err error) {
		size, err = view.JournalSize()
		return err
	})
	if err == nil && there.Entries > size {
		err = &evidence.Problem{Code: "backup.newer", Args: []any{r.place.dir, there.Entries, size}}
	}
	return err
}

// begin notes the backup before a byte of it is written: what may lie somewhere is
// never forgotten.
func (r *run) begin(ctx context.Context, where string) error {
	abs, err := filepath.Abs(where)
	if err != nil {
		return err
	}
	b := store.Backup{
		ID: evidence.NewID[evidence.BackupID]("bak"), Place: r.place.id, Where: evidence.Protect(abs), By: r.vault.Actor.ID,
	}
	r.manifest = manifest{ID: b.ID, Place: b.Place, Origin: r.place.origin}
	r.vault.at("begin backup")
	err = r.vault.DB.Update(ctx, r.vault.Actor.ID, func(tx *store.Tx) error {
		tx.Record("backup.begin", string(b.ID))
		return tx.AddBackup(&b)
	})
	r.vault.at("backup begun")
	return err
}

// errStale is a snapshot that holds something which was withdrawn since, or is being.
var errStale = errors.New("something was withdrawn meanwhile")

// copy makes the run's files and the blobs, anew when something is withdrawn
// meanwhile: a backup that is finished after a withdrawal never holds it.
func (r *run) copy(ctx context.Context) (err error) {
	for range 5 {
		if err = r.vault.finishAll(ctx); err != nil {
			return err
		}
		if err = r.snapshot(ctx); err == nil {
			err = r.copyBlobs(ctx)
		}
		if err == nil {
			err = r.stale(ctx)
		}
		if !errors.Is(err, errStale) {
			return err
		}
	}
	return err
}

// finishAll finishes withdrawals that were interrupted: until then old pages may hold
// what they took.
func (v *Vault) finishAll(ctx context.Context) error {
	var all []store.Erasure
	err := v.DB.Unscoped(ctx, "to finish every withdrawal", func(view *store.View) (err error) {
		all, err = view.Erasures()
		return err
	})
	for _, e := range all {
		if err == nil && e.Finished.IsZero() {
			err = v.finish(ctx, e.Item)
		}
	}
	return err
}

// snapshot writes the keys and the database, sealed once more: its pages are
// encrypted, but not authenticated.
func (r *run) snapshot(ctx context.Context) error {
	r.vault.at("write run")
	if err := os.RemoveAll(r.path(r.manifest.run())); err != nil {
		return err
	}
	if err := os.MkdirAll(r.path(r.manifest.run()), 0o700); err != nil {
		return err
	}
	c := newCopier(ctx)
	defer c.drop()
	r.manifest.Files = nil
	if err := r.copyKeys(c); err != nil {
		return err
	}
	plain := r.path(r.manifest.run(), unfinishedCopy+"database")
	if err := r.vault.DB.Snapshot(ctx, plain, r.look); err != nil {
		return err
	}
	if err := r.sealDatabase(c, plain); err != nil {
		return err
	}
	if err := os.Remove(plain); err != nil {
		return err
	}
	r.vault.at("flush run")
	err := c.flush()
	r.vault.at("run written")
	return err
}

// look notes what exactly is in the snapshot.
func (r *run) look(view *store.View) error {
	erasures, err := view.Erasures()
	if err != nil {
		return err
	}
	for _, e := range erasures {
		if e.Finished.IsZero() {
			return errStale
		}
	}
	checkpoint, err := view.Checkpoint()
	if err != nil {
		return err
	}
	items, err := view.Items("")
	if err != nil {
		return err
	}
	r.erasures, r.items, r.manifest.Checkpoint = len(erasures), len(items), string(checkpoint)
	if r.blobs, err = view.Blobs(); err != nil {
		return err
	}
	r.manifest.Entries, err = view.JournalSize()
	return err
}

func (r *run) copyKeys(c *copier) error {
	files, err := os.ReadDir(filepath.Join(r.vault.Dir, keysDir))
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Type().IsRegular() || strings.HasPrefix(f.Name(), ".") || f.Name() == triesFile {
			continue // not finished, or of the vault at work alone
		}
		src, err := os.Open(filepath.Join(r.vault.Dir, keysDir, f.Name()))
		if err != nil {
			return err
		}
		err = r.add(c, filepath.Join(r.manifest.run(), keysDir, f.Name()), src)
		if err := errors.Join(err, src.Close()); err != nil {
			return err
		}
	}
	return nil
}

// add copies a file into the run and notes it in the manifest.
func (r *run) add(c *copier, name string, src io.Reader) error {
	p, err := c.add(r.path(name), src)
	p.Path = name
	r.manifest.Files = append(r.manifest.Files, p)
	return err
}

func (r *run) sealDatabase(c *copier, plain string) error {
	bk, err := seal.NewBlobKey()
	if err != nil {
		return err
	}
	r.manifest.Key = bk.Wrap(r.key(), "backup/"+string(r.manifest.ID))
	src, err := os.Open(plain)
	if err != nil {
		return err
	}
	defer src.Close()
	sealed, _ := sealing(bk, src)
	defer sealed.Close()
	return r.add(c, filepath.Join(r.manifest.run(), databaseFile), sealed)
}

// copyBlobs copies the blobs that are not there yet, or not whole.
func (r *run) copyBlobs(ctx context.Context) error {
	missing, err := r.missing(ctx)
	if err != nil {
		return err
	}
	total, done := int64(0), int64(0)
	for _, m := range missing {
		total += m.size
	}
	c := newCopier(ctx)
	defer c.drop()
	for _, m := range missing {
		r.vault.at("copy blob")
		b, err := r.vault.Originals.Blobs.Open(ctx, m.name)
		if errors.Is(err, evidence.ErrNotFound) {
			return errStale // stale says whether that is all
		}
		if err != nil {
			return err
		}
		through := func(n int64) { done += n; r.progress(done, total) }
		_, err = c.add(r.path(blobPath(m.name)), &heard{io.NewSectionReader(b, 0, b.Size()), through})
		if err := errors.Join(err, b.Close()); err != nil {
			return err
		}
		r.copied++
	}
	r.vault.at("flush blobs")
	err = c.flush()
	r.vault.at("blobs copied")
	return err
}

// sized is a blob and how long it is.
type sized struct {
	name string
	size int64
}

// missing compares by name and size: a blob never changes.
func (r *run) missing(ctx context.Context) (out []sized, err error) {
	seen := make(map[string]bool)
	r.manifest.Blobs, r.manifest.Bytes = 0, 0
	err = r.vault.Originals.Blobs.List(ctx, func(name string, size int64) error {
		if !r.blobs[name] {
			return nil
		}
		seen[name] = true
		r.manifest.Blobs++
		r.manifest.Bytes += size
		info, err := os.Lstat(r.path(blobPath(name)))
		if err == nil && info.Mode().IsRegular() && info.Size() == size {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		out = append(out, sized{name, size})
		return nil
	})
	if err == nil && len(seen) != len(r.blobs) {
		if err = r.stale(ctx); err == nil { // nothing was withdrawn: it is lost
			err = &evidence.Problem{Code: "backup.incomplete", Args: []any{len(r.blobs) - len(seen)}}
		}
	}
	return out, err
}

// stale says whether something was withdrawn since the snapshot.
func (r *run) stale(ctx context.Context) error {
	return r.vault.DB.Unscoped(ctx, "whether a backup is up to date", func(view *store.View) error {
		now, err := view.Erasures()
		if err == nil && len(now) != r.erasures {
			err = errStale
		}
		return err
	})
}

// finish writes the manifest, notes that the backup is whole, and takes away what
// belonged to the one before.
func (r *run) finish(ctx context.Context) error {
	r.manifest.Made = r.vault.DB.Now()
	b, err := r.manifest.encode(r.key())
	if err != nil {
		return err
	}
	r.vault.at("write manifest")
	if err := writeCopy(r.path(manifestFile), b); err != nil {
		return err
	}
	r.vault.at("manifest written")
	err = r.vault.DB.Update(ctx, r.vault.Actor.ID, func(tx *store.Tx) error {
		tx.Record("backup.made", string(r.manifest.ID))
		return tx.FinishBackup(r.manifest.ID, r.manifest.Entries)
	})
	if err != nil {
		return err
	}
	r.vault.at("clean")
	err = r.clean()
	r.vault.at("cleaned")
	return err
}

// clean removes earlier runs, blobs that nothing names any more, and what interrupted
// runs left.
func (r *run) clean() error {
	runs, err := os.ReadDir(r.path(runsDir))
	if err != nil {
		return err
	}
	for _, e := range runs {
		if e.Name() != string(r.manifest.ID) {
			if err := os.RemoveAll(r.path(runsDir, e.Name())); err != nil {
				return err
			}
		}
	}
	return filepath.WalkDir(r.place.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name := e.Name()
		ours := blob.CheckName(name) == nil && path == r.path(blobPath(name))
		if ours && r.blobs[name] || !ours && !strings.HasPrefix(name, unfinishedCopy) {
			return nil
		}
		if ours {
			r.removed++
		}
		return os.Remove(path)
	})
}

// heard says how much was read.
type heard struct {
	io.Reader
	tell func(n int64)
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.tell(int64(n))
	return n, err
}
