package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"safehouse/internal/access"
	"safehouse/internal/blob"
	"safehouse/internal/evidence"
	"safehouse/internal/store"
	"safehouse/journal"
)

// A Health is what a check looked at and found. The first argument of each problem
// is its place: an ID, a file of the vault, or a table and the key of its row.
type Health struct {
	Entries, Items, Renditions int
	Leftovers                  []Leftover
	Notes                      []*evidence.Problem // worth knowing; nothing is lost or changed
	Faults                     []*evidence.Problem // not as it must be
}

// A Leftover is a file that belongs to nothing: an interrupted work left it, or
// another program is writing it just now.
type Leftover struct {
	Path string // within the vault's folder; one beside it begins with ../
	Age  time.Duration
	blob string // its name, where it is one
}

// grace is how long a file may belong to nothing before that is a fault. Between
// the writing of a blob and the row that names it are moments, not minutes.
const grace = time.Hour

// Old says whether nobody can still be writing it.
func (l Leftover) Old() bool { return l.Age > grace }

// errOther is content that is not what was sealed.
var errOther = errors.New("the content is another than was recorded")

// The code of the fault that a leftover becomes when it is old, and with which
// alone a vault can be cleaned.
const leftoverFault = "doctor.leftover"

func (h *Health) fault(code string, err error, place ...any) {
	h.Faults = append(h.Faults, &evidence.Problem{Code: code, Args: place, Err: err})
}

// Check reads everything: keys, the database and its journal, the published
// journal, each original and rendition, and what else lies in the folder. Nothing
// of any content is kept or shown. What is found does not stop it; the error is
// about not being able to look.
func (v *Vault) Check(ctx context.Context, at store.Progress) (Health, error) {
	if err := access.Check(v.Actor, access.ReadJournal); err != nil {
		return Health{}, err
	}
	var h Health
	audit, err := v.DB.Audit(ctx, at)
	h.Entries, h.Notes, h.Faults = int(audit.Entries), audit.Notes, audit.Faults
	for _, look := range []func(context.Context, *Health, store.Progress) error{v.checkKeys, v.checkContents, v.checkFiles} {
		if err == nil {
			err = h.take(look(ctx, &h, at))
		}
	}
	for _, l := range h.Leftovers {
		if l.Old() {
			h.fault(leftoverFault, nil, l.Path, l.Age.Round(time.Minute))
		}
	}
	return h, err
}

// take makes a fault of an error that is one. The same damage found twice is one.
func (h *Health) take(err error) error {
	var p *evidence.Problem
	if !errors.As(err, &p) {
		return err
	}
	if !slices.ContainsFunc(h.Faults, func(q *evidence.Problem) bool { return q.Code == p.Code }) {
		h.Faults = append(h.Faults, p)
	}
	return nil
}

// checkKeys compares the files of keys with the members. A slot without a member
// opens nothing, but holds the root all the same.
func (v *Vault) checkKeys(ctx context.Context, h *Health, at store.Progress) error {
	members, slots, err := v.members(ctx)
	if err != nil {
		return err
	}
	files, err := os.ReadDir(filepath.Join(v.Dir, keysDir))
	if err != nil {
		return err
	}
	have := make(map[string]bool) // slots, by member
	for i, f := range files {
		at("progress.keys", i+1, len(files))
		name := filepath.Join(keysDir, f.Name())
		if strings.HasPrefix(f.Name(), unfinishedSlot) {
			continue // checkFiles comes to it
		}
		b, err := os.ReadFile(filepath.Join(v.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away meanwhile
		}
		if err != nil {
			return err
		}
		malformed := v.malformed(f.Name(), b)
		id, isSlot := strings.CutSuffix(f.Name(), slotExt)
		have[id] = have[id] || isSlot
		is, known := slots[id]
		switch {
		case malformed != nil, isSlot && known && !is(b):
			h.fault("doctor.slot.changed", malformed, name)
		case isSlot && f.Name() != recoveryFile && !slices.Contains(members, id):
			h.leftover(v.Dir, name, "")
		}
	}
	for _, name := range []string{rootFile, compartmentFile} {
		if !there(v.path(name)) {
			h.fault("doctor.slot.missing", nil, filepath.Join(keysDir, name))
		}
	}
	for _, id := range members {
		if !have[id] {
			h.fault("doctor.slot.missing", nil, filepath.Join(keysDir, id+slotExt))
		}
	}
	return nil
}

// malformed says what is wrong with a file of keys, as far as whoever entered can
// tell: what others saw last opens for them only.
func (v *Vault) malformed(name string, b []byte) error {
	if name == triesFile {
		return nil
	}
	id, isSeen := strings.CutSuffix(name, seenExt)
	if !isSeen {
		_, err := age.ExtractHeader(bytes.NewReader(b))
		return err
	}
	v.lock.Lock()
	own, ok := v.own[evidence.MemberID(id)]
	v.lock.Unlock()
	if !ok {
		return nil
	}
	_, err := openSeen(b, evidence.MemberID(id), own)
	return err
}

// members gives the IDs of the members, and for those whose slot the journal knows,
// whether a file is that slot.
func (v *Vault) members(ctx context.Context) (ids []string, slots map[string]func([]byte) bool, err error) {
	slots = make(map[string]func([]byte) bool)
	err = v.DB.Unscoped(ctx, "whether all content is whole", func(view *store.View) error {
		all, err := view.Members()
		if err != nil {
			return err
		}
		for _, m := range all {
			if !m.Removed.IsZero() {
				continue
			}
			ids = append(ids, string(m.ID))
			is, err := slotOf(view, string(m.ID))
			if err != nil {
				return err
			}
			if is != nil {
				slots[string(m.ID)] = is
			}
		}
		return nil
	})
	return ids, slots, err
}

// slotActions make a slot; their entries have its digest.
var slotActions = []string{"vault.found", "member.add", "member.passphrase", "member.recover"}

// slotOf asks the newest entry about a member's slot.
func slotOf(view *store.View, id string) (func([]byte) bool, error) {
	seqs, err := view.JournalOf(id)
	if err != nil {
		return nil, err
	}
	for _, seq := range slices.Backward(seqs) {
		b, err := view.JournalEntry(seq)
		if err != nil {
			return nil, err
		}
		e, err := journal.ParseEntry(b)
		if err != nil || !slices.Contains(slotActions, e.Action) || len(e.Digests) == 0 {
			continue // the audit says that it is damaged
		}
		note, err := view.JournalNote(seq)
		if err != nil {
			return nil, err
		}
		return func(slot []byte) bool {
			sum := sha256.Sum256(slot)
			return slices.Contains(e.Digests, journal.Salted(note.Salt, hex.EncodeToString(sum[:])))
		}, nil
	}
	return nil, nil
}

// checkContents opens each content and compares it with its digest.
func (v *Vault) checkContents(ctx context.Context, h *Health, at store.Progress) error {
	var kept []store.Kept
	err := v.DB.Unscoped(ctx, "whether all content is whole", func(view *store.View) (err error) {
		kept, err = view.Kept()
		return err
	})
	if err != nil {
		return err
	}
	for i, k := range kept {
		if err := ctx.Err(); err != nil {
			return err
		}
		key := v.Renditions.Key
		if h.Renditions++; k.Original {
			key = v.Originals.Key
			h.Renditions--
			h.Items++
		}
		c, err := open(ctx, v.Originals.Blobs, key, k.ID, k.Where)
		if err == nil {
			err = compare(c, k)
		}
		switch {
		case errors.Is(err, evidence.ErrNotFound):
			h.fault("doctor.content.missing", err, k.ID, blobPath(k.Where.Blob))
		case err != nil:
			h.fault("doctor.content.changed", err, k.ID, blobPath(k.Where.Blob))
		}
		at("progress.checking", i+1, len(kept))
	}
	return nil
}

// compare reads the whole content.
func compare(c *Content, k store.Kept) error {
	defer c.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, c.Reader()); err != nil {
		return err
	}
	if c.Size != k.Size || hex.EncodeToString(sum.Sum(nil)) != k.Digest {
		return errOther
	}
	return nil
}

// blobPath is where package blob/dir says that a blob lies.
func blobPath(name string) string {
	if blob.CheckName(name) != nil {
		return blobsDir
	}
	return filepath.Join(blobsDir, name[:2], name)
}

// belongs lists what may lie in a vault's folder.
var belongs = []string{
	blobsDir, keysDir, "journal", "jobs.lock", "safehouse.db", "safehouse.db-wal", "safehouse.db-shm", "safehouse.db.new",
	"index.db", "index.db-wal", "index.db-shm",
}

// asidePrefix begins the name of a public journal that was set aside when somebody
// entered a vault that was put back.
const asidePrefix = "journal.before-"

// The beginnings of names that unfinished work has: of a new vault, a key file and
// a blob.
const (
	unfinishedVault = ".safehouse-"
	unfinishedSlot  = ".slot-"
	unfinishedBlob  = ".put-"
)

// checkFiles looks for what belongs to nothing.
func (v *Vault) checkFiles(ctx context.Context, h *Health, at store.Progress) error {
	at("progress.files", 0, 1)
	defer at("progress.files", 1, 1)
	top, err := os.ReadDir(v.Dir)
	if err != nil {
		return err
	}
	for _, e := range top {
		if !slices.Contains(belongs, e.Name()) && !strings.HasPrefix(e.Name(), asidePrefix) {
			h.fault("doctor.stray", nil, e.Name())
		}
	}
	if err := v.unfinished(h); err != nil {
		return err
	}
	return v.orphans(ctx, h)
}

// unfinished finds files that were never given their name.
func (v *Vault) unfinished(h *Health) error {
	beside, err := filepath.Glob(filepath.Join(v.Dir, "..", unfinishedVault+"*"))
	if err != nil {
		return err
	}
	for _, path := range beside {
		if name := filepath.Base(path); strings.Trim(name[len(unfinishedVault):], "0123456789") == "" { // as os.MkdirTemp names
			h.leftover(v.Dir, filepath.Join("..", name), "")
		}
	}
	return filepath.WalkDir(v.Dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // finished meanwhile
		}
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(v.Dir, path)
		if err != nil {
			return err
		}
		folder, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
		switch name := e.Name(); {
		case folder == blobsDir && strings.HasPrefix(name, unfinishedBlob), folder == keysDir && strings.HasPrefix(name, unfinishedSlot),
			folder == "journal" && strings.HasPrefix(name, journal.Unfinished):
			h.leftover(v.Dir, rel, "")
		case folder == blobsDir && filepath.ToSlash(blobPath(name)) != filepath.ToSlash(rel), !e.Type().IsRegular():
			h.fault("doctor.stray", nil, rel)
		}
		return nil
	})
}

// leftover notes a file by when it was written.
func (h *Health) leftover(dir, rel, blob string) {
	info, err := os.Lstat(filepath.Join(dir, rel))
	if err != nil {
		return // finished, or taken away meanwhile
	}
	h.Leftovers = append(h.Leftovers, Leftover{rel, time.Since(info.ModTime()), blob})
}

// orphans finds the blobs that no row names.
func (v *Vault) orphans(ctx context.Context, h *Health) error {
	var found []Leftover
	err := v.Originals.Blobs.List(ctx, func(name string, _ int64) error {
		b, err := v.Originals.Blobs.Open(ctx, name)
		if errors.Is(err, evidence.ErrNotFound) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		found = append(found, Leftover{blobPath(name), time.Since(b.Written()), name})
		return b.Close()
	})
	if err != nil {
		return err
	}
	return v.DB.Unscoped(ctx, "whether all content is whole", func(view *store.View) error { // after the list: what was listed may have a row by now
		named, err := view.Blobs()
		for _, l := range found {
			if !named[l.blob] {
				h.Leftovers = append(h.Leftovers, l)
			}
		}
		return err
	})
}

// Clean removes the old leftovers that a check has found, and says in the journal
// what it removes. In a vault with another fault it removes nothing: to a database
// that was put back to an older state, new evidence looks like a leftover.
func (v *Vault) Clean(ctx context.Context, h Health) (removed int, err error) {
	if err := access.Check(v.Actor, access.Clean); err != nil {
		return 0, err
	}
	if slices.ContainsFunc(h.Faults, func(p *evidence.Problem) bool { return p.Code != leftoverFault }) {
		return 0, &evidence.Problem{Code: "doctor.clean_faults"}
	}
	var old []Leftover
	err = v.DB.Update(ctx, v.Actor.ID, func(tx *store.Tx) error {
		named, err := tx.Blobs()
		for _, l := range h.Leftovers {
			if l.Old() && (l.blob == "" || !named[l.blob]) {
				old = append(old, l)
				tx.Record("vault.clean", filepath.Base(l.Path))
			}
		}
		return err
	})
	if errors.Is(err, store.ErrSilent) {
		return 0, nil // nothing was old
	}
	if err != nil {
		return 0, err
	}
	for _, l := range old {
		if l.blob != "" {
			err = v.Originals.Blobs.Delete(ctx, l.blob)
		} else {
			err = os.RemoveAll(filepath.Join(v.Dir, l.Path))
		}
		if err != nil {
			return removed, fmt.Errorf("clean: %w", err)
		}
		removed++
	}
	return removed, nil
}
