package vault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
)

func quiet(int64, int64) {}

func backup(t *testing.T, v *Vault, path string) BackedUp {
	t.Helper()
	b, err := v.Backup(t.Context(), path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// restore brings a backup back into a new folder, and enters it.
func restore(t *testing.T, from string) (*Vault, error) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "back")
	if _, err := Restore(t.Context(), from, to, "", firstWords, quiet); err != nil {
		if left, _ := os.ReadDir(filepath.Dir(to)); len(left) != 0 {
			t.Errorf("a restore that failed left %v", left)
		}
		return nil, err
	}
	v, err := Enter(t.Context(), to, "", firstWords)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, nil
}

// tree lists every file below a folder with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestABackupComesBackWithTheFolderAloneAndAPassphrase(t *testing.T) {
	g := grow(t)
	path := filepath.Join(t.TempDir(), "backup")
	b := backup(t, g.Vault, path)
	if b.Items != 2 || b.Blobs != 3 || b.Copied != 3 || b.Removed != 0 {
		t.Errorf("%+v", b)
	}
	if got := actions(t, g.Vault, string(b.ID)); strings.Join(got, " ") != "backup.begin backup.made" {
		t.Errorf("journal: %v", got)
	}
	g.Close()
	if err := os.RemoveAll(g.dir); err != nil { // the machine was taken
		t.Fatal(err)
	}
	v, err := restore(t, path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := v.Originals.Open(t.Context(), v.Actor, g.item, "to see")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	content, err := io.ReadAll(c.Reader())
	if err != nil || string(content) != "what she withdrew" {
		t.Errorf("%q %v", content, err)
	}
	if got := actions(t, v, string(b.ID)); strings.Join(got, " ") != "backup.begin backup.restore" {
		t.Errorf("journal: %v", got)
	}
	if h := check(t, v); len(h.Faults) != 0 || h.Items != 2 || h.Renditions != 1 {
		t.Errorf("%+v", h)
	}
}

func TestNothingInABackupIsPlain(t *testing.T) {
	g := grow(t)
	path := filepath.Join(t.TempDir(), "backup")
	backup(t, g.Vault, path)
	files := tree(t, path)
	for name, b := range files {
		for _, mark := range []string{"withdrew", "her words", "SQLite", "Planted", "관리자"} {
			if strings.Contains(b, mark) {
				t.Errorf("%q is plain in %s", mark, name)
			}
		}
		if filepath.Base(name) == databaseFile && !strings.HasPrefix(b, "age-encryption.org/v1\n") {
			t.Errorf("%s is no age file", name)
		}
	}
	if len(files) != 3+3+4 { // place, manifest, database; three blobs; a slot, what was seen, the root, the compartment
		t.Errorf("%d files", len(files))
	}
}

func TestASecondRunCopiesWhatIsNewAndMendsWhatIsShort(t *testing.T) {
	g := grow(t)
	path := filepath.Join(t.TempDir(), "backup")
	first := backup(t, g.Vault, path)
	if b := backup(t, g.Vault, path); b.Copied != 0 || b.Place != first.Place {
		t.Errorf("nothing was new: %+v", b)
	}
	short, err := filepath.Glob(filepath.Join(path, blobsDir, "*", "*"))
	if err != nil || len(short) != 3 {
		t.Fatal(short, err)
	}
	if err := os.Truncate(short[0], 10); err != nil {
		t.Fatal(err)
	}
	keep(t, g.Vault, []byte("new"))
	if b := backup(t, g.Vault, path); b.Copied != 2 || b.Blobs != 4 {
		t.Errorf("%+v", b)
	}
	if runs, _ := os.ReadDir(filepath.Join(path, runsDir)); len(runs) != 1 {
		t.Errorf("%d runs are kept", len(runs))
	}
	if _, err := restore(t, path); err != nil {
		t.Error(err)
	}
}

func TestARunAfterAWithdrawalHoldsNothingOfIt(t *testing.T) {
	g := grow(t)
	path, elsewhere := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "elsewhere")
	first, second := backup(t, g.Vault, path), backup(t, g.Vault, elsewhere)
	marks := g.marks()
	late := keep(t, g.Vault, []byte("came after"))
	e, err := g.Withdraw(t.Context(), g.item, "she asked for it")
	if err != nil || len(e.Backups) != 2 || e.Backups[0].ID != first.ID || e.Backups[1].ID != second.ID || e.Backups[0].Where.Reveal() != path {
		t.Fatalf("%+v %v", e.Backups, err)
	}
	if e, err := g.Withdraw(t.Context(), late, "he asked for it"); err != nil || len(e.Backups) != 0 {
		t.Errorf("no backup ever held it: %+v %v", e.Backups, err)
	}
	if b := backup(t, g.Vault, path); b.Removed != 2 || b.Blobs != 1 {
		t.Errorf("%+v", b)
	}
	e, err = g.Withdraw(t.Context(), g.item, "")
	if err != nil || len(e.Backups) != 1 || e.Backups[0].ID != second.ID {
		t.Errorf("%+v %v", e.Backups, err)
	}
	v, err := restore(t, path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Originals.Open(t.Context(), v.Actor, g.item, "to see")
	problem(t, err, "item.withdrawn")
	back := &grown{Vault: v, t: t, dir: v.Dir}
	for name, mark := range marks {
		if bytes.Contains(back.plain(), mark) {
			t.Errorf("the %s came back", name)
		}
	}
}

// The key of the earlier database was in the earlier manifest alone.
func TestAnEarlierDatabaseOpensToNobodyAfterTheNextRun(t *testing.T) {
	g := grow(t)
	path := filepath.Join(t.TempDir(), "backup")
	first := backup(t, g.Vault, path)
	old := tree(t, filepath.Join(path, runsDir, string(first.ID)))[databaseFile]
	backup(t, g.Vault, path)
	b, err := os.ReadFile(filepath.Join(path, manifestFile))
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	bk, err := seal.UnwrapBlobKey(g.root.Key(seal.Database), m.Key, "backup/"+string(m.ID))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bk.Open(strings.NewReader(old)); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("it opens: %v", err)
	}
}

func TestAFlippedByteAnywhereIsFoundAndNamed(t *testing.T) {
	g := grow(t)
	path := filepath.Join(t.TempDir(), "backup")
	backup(t, g.Vault, path)
	for name, whole := range tree(t, path) {
		at := []int{len(whole) / 2}
		if strings.HasPrefix(name, blobsDir) {
			at = append(at, 30, len(whole)-1)
		}
		for _, i := range at {
			b := []byte(whole)
			b[i] ^= 1
			write(t, filepath.Join(path, name), b)
			_, err := restore(t, path)
			var p *evidence.Problem
			if !errors.As(err, &p) || p.Code != "restore.damaged" || p.Args[0] != name {
				t.Errorf("byte %d of %s: %v", i, name, err)
			}
		}
		if err := os.Remove(filepath.Join(path, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, path); err == nil {
			t.Errorf("restored without %s", name)
		}
		if err := os.WriteFile(filepath.Join(path, name), []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := restore(t, path); err != nil {
		t.Errorf("whole again: %v", err)
	}
}

func TestAManifestThatPointsElsewhereOpensNothing(t *testing.T) {
	key := seal.NewRoot().Key(seal.Database)
	m := manifest{ID: evidence.NewID[evidence.BackupID]("bak")}
	for _, p := range []string{"/etc/passwd", "../x", m.run() + "/../x", "blobs/x", m.run()} {
		m.Files = []part{{Path: p}}
		b, err := m.encode(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseManifest(b); !errors.Is(err, errManifest) {
			t.Errorf("%s: %v", p, err)
		}
	}
	m.Files = []part{{Path: m.run() + "/keys/a.slot"}}
	b, err := m.encode(key)
	if err != nil || !genuine(b, key) || genuine(b, seal.NewRoot().Key(seal.Database)) {
		t.Errorf("genuine? %v", err)
	}
	if _, err := parseManifest(b); err != nil {
		t.Error(err)
	}
	for _, other := range [][]byte{append(b, '\n'), bytes.Replace(b, []byte(`{"id"`), []byte(`{ "id"`), 1), nil, []byte("\n\n\n\n")} {
		if _, err := parseManifest(other); !errors.Is(err, errManifest) {
			t.Errorf("%q: %v", other, err)
		}
	}
}

// While others write, what the backup holds is one state.
func TestABackupIsOneStateWhileOthersWrite(t *testing.T) {
	g := grow(t)
	writer := g.again()
	defer writer.DB.Close()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	written := 0
	all.Go(func() {
		for ctx.Err() == nil {
			keep(t, writer, bytes.Repeat([]byte("x"), 10_000+written))
			written++
		}
	})
	path := filepath.Join(t.TempDir(), "backup")
	for range 3 {
		backup(t, g.Vault, path)
		v, err := restore(t, path)
		if err != nil {
			t.Error(err)
			continue
		}
		if h := check(t, v); len(h.Faults) != 0 {
			t.Errorf("%+v", h)
		}
	}
	stop()
	all.Wait()
	if written < 3 {
		t.Errorf("only %d items were written meanwhile", written)
	}
}

// What is withdrawn while a backup runs is not in it.
func TestAWithdrawalDuringABackupIsNotInIt(t *testing.T) {
	g := grow(t)
	other := g.again()
	defer other.DB.Close()
	for _, when := range []string{"copy blob", "blobs copied"} {
		id := keep(t, g.Vault, []byte("withdrawn at "+when))
		path := filepath.Join(t.TempDir(), "backup")
		once := sync.Once{}
		g.step = func(step string) {
			if step == when {
				once.Do(func() {
					if _, err := other.Withdraw(t.Context(), id, "now"); err != nil {
						t.Error(err)
					}
				})
			}
		}
		backup(t, g.Vault, path)
		g.step = nil
		v, err := restore(t, path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Originals.Open(t.Context(), v.Actor, id, "to see")
		problem(t, err, "item.withdrawn")
		if names, _ := filepath.Glob(filepath.Join(path, blobsDir, "*", "*")); len(names) != 3 {
			t.Errorf("%s: %d blobs", when, len(names))
		}
	}
}

func TestABackupThatWasKilledAnywhereTwiceLeavesTheEarlierOneWhole(t *testing.T) {
	steps, whole := 0, grow(t)
	base := filepath.Join(t.TempDir(), "backup")
	backup(t, whole.Vault, base)
	for n := 1; ; n++ {
		g := whole.copy()
		path := filepath.Join(t.TempDir(), "backup")
		if err := os.CopyFS(path, os.DirFS(base)); err != nil {
			t.Fatal(err)
		}
		keep(t, g.Vault, []byte("new since"))
		run := func(v *Vault) func() error {
			return func() error { _, err := v.Backup(t.Context(), path, quiet); return err }
		}
		step := stopAt(t, g.Vault, n, run(g.Vault))
		if step == "" {
			break
		}
		steps++
		at := path + "-killed" // the process that stands still holds the folder's lock
		if err := os.CopyFS(at, os.DirFS(path)); err != nil {
			t.Fatal(err)
		}
		path = at
		second := g.again()
		stopAt(t, second, 2, run(second))
		if _, err := restore(t, path); err != nil {
			t.Errorf("killed at %q: %v", step, err)
		}
		at += "-twice"
		if err := os.CopyFS(at, os.DirFS(path)); err != nil {
			t.Fatal(err)
		}
		path = at
		third := g.again()
		if b, err := third.Backup(t.Context(), path, quiet); err != nil || b.Items != 3 || b.Blobs != 4 {
			t.Errorf("after %q: %+v %v", step, b, err)
		}
		for name := range tree(t, path) {
			if strings.Contains(name, unfinishedCopy) {
				t.Errorf("after %q: %s is left", step, name)
			}
		}
		if t.Failed() {
			return
		}
	}
	if steps < 10 {
		t.Errorf("only %d steps", steps)
	}
}

func TestAFolderForBackupsIsItsOwn(t *testing.T) {
	g := grow(t)
	busy := t.TempDir()
	write(t, create(t, busy, "thesis.docx"), []byte("x"))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(g.dir, link); err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]string{
		g.dir: "backup.within", filepath.Join(g.dir, "backup"): "backup.within", filepath.Dir(g.dir): "backup.within",
		filepath.Join(link, "new", "backup"): "backup.within", busy: "backup.not_empty",
	} {
		_, err := g.Backup(t.Context(), path, quiet)
		problem(t, err, code)
	}
	if left := tree(t, busy); len(left) != 1 {
		t.Errorf("written into a folder of somebody else: %v", left)
	}
	path := filepath.Join(t.TempDir(), "backup")
	backup(t, g.Vault, path)
	before := tree(t, path)
	foreign := place{dir: path, origin: "safehouse/other"}
	problem(t, foreign.settle(), "backup.other_vault")
	unlock, err := lockFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Backup(t.Context(), path, quiet)
	problem(t, err, "backup.busy")
	unlock()
	g.Actor.Role = evidence.Researcher
	if _, err := g.Backup(t.Context(), path, quiet); !errors.Is(err, evidence.ErrForbidden) {
		t.Errorf("a researcher: %v", err)
	}
	after := tree(t, path)
	for name, b := range before {
		if after[name] != b {
			t.Errorf("%s was touched", name)
		}
	}
}

func TestAnOlderVaultDoesNotReplaceANewerBackup(t *testing.T) {
	g := grow(t)
	old := g.copy()
	defer old.DB.Close()
	path := filepath.Join(t.TempDir(), "backup")
	backup(t, g.Vault, path)
	_, err := old.Backup(t.Context(), path, quiet)
	problem(t, err, "backup.newer")
}

func TestABackupOfAVaultThatLostABlobIsRefused(t *testing.T) {
	g := grow(t)
	path := filepath.Join(t.TempDir(), "backup")
	backup(t, g.Vault, path)
	if err := os.Remove(blobNames(t, g.dir)[0]); err != nil {
		t.Fatal(err)
	}
	_, err := g.Backup(t.Context(), path, quiet)
	problem(t, err, "backup.incomplete")
	if _, err := restore(t, path); err != nil {
		t.Errorf("the earlier one: %v", err)
	}
}

func TestRestoringSaysWhatIsInTheWay(t *testing.T) {
	g := grow(t)
	path := filepath.Join(t.TempDir(), "backup")
	_, err := restore(t, path)
	problem(t, err, "restore.none")
	backup(t, g.Vault, path)
	_, err = Restore(t.Context(), path, g.dir, "", firstWords, quiet)
	problem(t, err, "vault.exists")
	to := filepath.Join(t.TempDir(), "back")
	_, err = Restore(t.Context(), path, to, "", secondWords, quiet)
	problem(t, err, "vault.wrong_passphrase")
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something appeared: %v", err)
	}
}

func TestThePlaceThatMayHoldAnItemIsToldByTheJournal(t *testing.T) {
	g := grow(t)
	begin := func(place evidence.PlaceID, whole bool) {
		b := store.Backup{ID: evidence.NewID[evidence.BackupID]("bak"), Place: place, By: g.Actor.ID}
		g.update(func(tx *store.Tx) error { tx.Record("backup.begin", string(b.ID)); return tx.AddBackup(&b) })
		if whole {
			g.update(func(tx *store.Tx) error {
				tx.Record("backup.made", string(b.ID))
				return tx.FinishBackup(b.ID, b.Begun+1)
			})
		}
	}
	begin("before", true)
	id := keep(t, g.Vault, []byte("x"))
	begin("interrupted", false)
	begin("whole", true)
	begin("whole, then interrupted", true)
	begin("whole, then interrupted", false)
	begin("redone", true)
	if _, err := g.Withdraw(t.Context(), id, "asked"); err != nil {
		t.Fatal(err)
	}
	begin("after", true)
	begin("redone", true)
	begin("whole", false)
	e, err := g.Withdraw(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range e.Backups {
		got = append(got, string(b.Place))
	}
	if strings.Join(got, ", ") != "interrupted, whole, whole, then interrupted" {
		t.Errorf("%q", got)
	}
}
