package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/journal"
)

// A scene is a vault with 310 journal entries, in two states: after 290 and now.
type scene struct {
	t       *testing.T
	dir     string // a copy of its own
	earlier string // the state after 290 entries: not to be touched
	root    *seal.Root
	member  evidence.Member
}

const early, late = 290, 310

// newScene makes the two states, and gives a function that copies them for one
// case.
func newScene(t *testing.T) func(t *testing.T) scene {
	t.Helper()
	db, m, dir, root := founded(t)
	work := func(n int) {
		t.Helper()
		err := db.Update(t.Context(), m.ID, func(tx *Tx) error {
			for range n {
				tx.Record("test.step", string(evidence.NewID[evidence.ItemID]("itm")))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	it := evidence.Item{ID: "itm_a", Material: evidence.Other, Size: 1, By: m.ID, Digest: evidence.Protect(strings.Repeat("ab", 32))}
	err := db.Update(t.Context(), m.ID, func(tx *Tx) error {
		tx.Record("item.receive", "itm_a", it.Digest.Reveal())
		return tx.AddItem(&it, Sealed{"blob", []byte("key")})
	})
	if err != nil {
		t.Fatal(err)
	}
	work(100)
	work(early - 102)
	earlier := t.TempDir()
	checkpoint(t, db)
	copyTo(t, dir, earlier)
	work(10)
	work(late - early - 10)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T) scene {
		s := scene{t, t.TempDir(), earlier, root, m}
		copyTo(t, dir, s.dir)
		return s
	}
}

// checkpoint brings what is in SQLite's write-ahead log into the file.
func checkpoint(t *testing.T, db *DB) {
	t.Helper()
	if _, err := db.bun.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// replace takes a file or folder of the vault from another folder.
func (s scene) replace(from, name string) {
	s.t.Helper()
	if err := os.RemoveAll(s.path(name)); err != nil {
		s.t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(from, name)); err != nil {
		s.t.Fatal(err)
	} else if info.IsDir() {
		copyTo(s.t, filepath.Join(from, name), s.path(name))
		return
	}
	b, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(name, b)
}

func (s scene) path(name string) string { return filepath.Join(s.dir, name) }

func (s scene) write(name string, b []byte) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), b, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// flip changes one bit in the middle of a file.
func (s scene) flip(name string) {
	s.t.Helper()
	b, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	s.write(name, b)
}

// sql does what somebody with the keys could.
func (s scene) sql(statements ...string) {
	s.t.Helper()
	s.with(func(db *DB) {
		for _, q := range append([]string{"PRAGMA foreign_keys = OFF"}, statements...) {
			if _, err := db.bun.Exec(q); err != nil {
				s.t.Fatalf("%s: %v", q, err)
			}
		}
	})
}

// with opens the database as it is.
func (s scene) with(f func(db *DB)) {
	s.t.Helper()
	db, err := Inspect(s.t.Context(), s.dir, keys(s.root))
	if err != nil {
		s.t.Fatal(err)
	}
	db.bun.SetMaxOpenConns(1) // what is set on a connection stays
	f(db)
	if err := db.Close(); err != nil {
		s.t.Fatal(err)
	}
}

func (s scene) audit() (a Audit) {
	s.t.Helper()
	db, err := Inspect(s.t.Context(), s.dir, keys(s.root))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if a, err = db.Audit(s.t.Context(), func(string, int, int) {}); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// other is an entry in its right form that was never recorded.
func (s scene) other() string {
	e := journal.Entry{Time: time.Now().Add(-time.Hour), Actor: "mem_x", Action: "never.done", Subject: string(s.member.ID)}
	return fmt.Sprintf("x'%x'", e.Encode())
}

// foreign is a checkpoint of another journal for as many entries.
func (s scene) foreign() []byte {
	s.t.Helper()
	signer, _, err := journal.NewSigner("safehouse/test", [32]byte{7})
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := journal.SignCheckpoint("safehouse/test", tlog.Tree{N: late}, signer)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// rewrite makes the journal anew with another entry 17, and signs it with the
// journal's own key.
func (s scene) rewrite() {
	s.sql(`UPDATE journal_entries SET entry = ` + s.other() + ` WHERE seq = 17`)
	s.with(func(db *DB) {
		m := memory{}
		var rows []entryRow
		if err := db.bun.NewSelect().Model(&rows).Order("seq").Scan(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		for i, r := range rows {
			more, err := tlog.StoredHashes(int64(i), r.Entry, m)
			if err != nil {
				s.t.Fatal(err)
			}
			for _, h := range more {
				if _, err := db.bun.Exec(`UPDATE journal_hashes SET hash = ? WHERE idx = ?`, h[:], len(m)); err != nil {
					s.t.Fatal(err)
				}
				m[int64(len(m))] = h
			}
		}
		root, err := tlog.TreeHash(late, m)
		if err != nil {
			s.t.Fatal(err)
		}
		signed, err := journal.SignCheckpoint(db.origin, tlog.Tree{N: late, Hash: root}, db.signer)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := db.bun.Exec(`UPDATE checkpoints SET note = ?`, signed); err != nil {
			s.t.Fatal(err)
		}
	})
}

type memory map[int64]tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		out[i] = m[at]
	}
	return out, nil
}

func TestAuditNamesTheFirstBadPlace(t *testing.T) {
	fresh := newScene(t)
	up, down := `UPDATE journal_entries SET seq = -seq WHERE seq > 40`, `UPDATE journal_entries SET seq = -seq - 1 WHERE seq < 0`
	for name, c := range map[string]struct {
		harm        func(s scene)
		code, place string
	}{
		"a lost tail": {func(s scene) { s.sql(`DELETE FROM journal_entries WHERE seq >= 297`) },
			"doctor.journal.missing", "safehouse.db journal_entries 297"},
		"a changed entry": {func(s scene) { s.sql(`UPDATE journal_entries SET entry = ` + s.other() + ` WHERE seq = 17`) },
			"doctor.journal.changed", "safehouse.db journal_entries 17"},
		"a changed entry with its hash": {func(s scene) {
			e := journal.Entry{Time: time.Now().Add(-time.Hour), Actor: "mem_x", Action: "never.done", Subject: string(s.member.ID)}
			leaf := journal.Leaf(e.Encode())
			s.sql(fmt.Sprintf(`UPDATE journal_entries SET entry = x'%x' WHERE seq = 17`, e.Encode()),
				fmt.Sprintf(`UPDATE journal_hashes SET hash = x'%x' WHERE idx = %d`, leaf[:], tlog.StoredHashIndex(0, 17)))
		}, "doctor.journal.changed", "safehouse.db journal_entries 17"},
		"bytes that are no entry": {func(s scene) { s.sql(`UPDATE journal_entries SET entry = x'00' WHERE seq = 300`) },
			"doctor.journal.changed", "safehouse.db journal_entries 300"},
		"a journal made anew and signed": {func(s scene) { s.rewrite() },
			"doctor.journal.changed", "safehouse.db journal_entries 17"},
		"a removed entry": {func(s scene) { s.sql(`DELETE FROM journal_entries WHERE seq = 40`) },
			"doctor.journal.missing", "safehouse.db journal_entries 40"},
		"the first entry removed": {func(s scene) { s.sql(`DELETE FROM journal_entries WHERE seq = 0`) },
			"doctor.journal.missing", "safehouse.db journal_entries 0"},
		"every entry removed": {func(s scene) { s.sql(`DELETE FROM journal_entries`) },
			"doctor.journal.missing", "safehouse.db journal_entries 0"},
		"a removed entry, the others moved up": {func(s scene) { s.sql(`DELETE FROM journal_entries WHERE seq = 40`, up, down) },
			"doctor.journal.changed", "safehouse.db journal_entries 40"},
		"swapped entries": {func(s scene) {
			s.sql(`UPDATE journal_entries SET seq = -1 WHERE seq = 1`, `UPDATE journal_entries SET seq = 1 WHERE seq = 0`, `UPDATE journal_entries SET seq = 0 WHERE seq = -1`)
		}, "doctor.journal.changed", "safehouse.db journal_entries 0"},
		"an inserted entry, the others moved down": {func(s scene) {
			s.sql(`UPDATE journal_entries SET seq = -seq WHERE seq > 40`, `UPDATE journal_entries SET seq = -seq + 1 WHERE seq < 0`,
				`INSERT INTO journal_entries SELECT 41, `+s.other()+`, subject, sealed FROM journal_entries WHERE seq = 40`)
		}, "doctor.journal.changed", "safehouse.db journal_entries 41"},
		"an entry after the end": {func(s scene) {
			s.sql(`INSERT INTO journal_entries SELECT 310, entry, subject, sealed FROM journal_entries WHERE seq = 309`)
		}, "doctor.journal.stray", "safehouse.db journal_entries 310"},
		"a row that names another subject": {func(s scene) { s.sql(`UPDATE journal_entries SET subject = 'itm_x' WHERE seq = 17`) },
			"doctor.journal.changed", "safehouse.db journal_entries 17"},
		"a changed hash of an entry": {func(s scene) { s.sql(`UPDATE journal_hashes SET hash = zeroblob(32) WHERE idx = 7`) },
			"doctor.journal.changed", "safehouse.db journal_hashes 7"},
		"a changed hash of a subtree": {func(s scene) { s.sql(`UPDATE journal_hashes SET hash = zeroblob(32) WHERE idx = 2`) },
			"doctor.journal.changed", "safehouse.db journal_hashes 2"},
		"a shortened hash": {func(s scene) { s.sql(`UPDATE journal_hashes SET hash = x'00' WHERE idx = 600`) },
			"doctor.journal.changed", "safehouse.db journal_hashes 600"},
		"a removed hash": {func(s scene) { s.sql(`DELETE FROM journal_hashes WHERE idx = 300`) },
			"doctor.journal.missing", "safehouse.db journal_hashes 300"},
		"a hash after the end": {func(s scene) { s.sql(`INSERT INTO journal_hashes VALUES (9999, zeroblob(32))`) },
			"doctor.journal.stray", "safehouse.db journal_hashes 9999"},
		"an older checkpoint in the database": {func(s scene) {
			b, err := os.ReadFile(filepath.Join(s.earlier, "journal", "checkpoint"))
			if err != nil {
				t.Fatal(err)
			}
			s.sql(fmt.Sprintf(`UPDATE checkpoints SET size = %d, note = x'%x'`, early, b))
		}, "doctor.journal.changed", "safehouse.db checkpoints 290"},
		"a checkpoint of another journal in the database": {func(s scene) { s.sql(fmt.Sprintf(`UPDATE checkpoints SET note = x'%x'`, s.foreign())) },
			"doctor.journal.unsigned", "safehouse.db checkpoints 310"},
		"no checkpoint in the database": {func(s scene) { s.sql(`DELETE FROM checkpoints`) },
			"doctor.journal.changed", "safehouse.db checkpoints"},
		"a database put back as a whole": {func(s scene) { s.replace(s.earlier, "safehouse.db") },
			"doctor.journal.behind", "safehouse.db journal_entries 290"},
		"a published folder put back": {func(s scene) { s.replace(s.earlier, "journal") },
			"doctor.public.old", "journal/checkpoint"},
		"an older published checkpoint": {func(s scene) { s.replace(s.earlier, "journal/checkpoint") },
			"doctor.public.old", "journal/checkpoint"},
		"a published checkpoint of another journal": {func(s scene) { s.write("journal/checkpoint", s.foreign()) },
			"doctor.public.unsigned", "journal/checkpoint"},
		"no published checkpoint": {func(s scene) { os.Remove(s.path("journal/checkpoint")) },
			"doctor.public.missing", "journal/checkpoint"},
		"a changed tile": {func(s scene) { s.flip("journal/tile/0/000") },
			"doctor.public.changed", "journal/tile/0/000"},
		"a changed tile above": {func(s scene) { s.flip("journal/tile/1/000.p/1") },
			"doctor.public.changed", "journal/tile/1/000.p/1"},
		"a changed tile of an older state": {func(s scene) { s.flip("journal/tile/0/001.p/34") },
			"doctor.public.changed", "journal/tile/0/001.p/34"},
		"a published entry changed": {func(s scene) { s.flip("journal/tile/entries/001.p/54") },
			"doctor.public.changed", "journal/tile/entries/001.p/54 283"},
		"a published entry of an older state changed": {func(s scene) { s.flip("journal/tile/entries/001.p/34") },
			"doctor.public.changed", "journal/tile/entries/001.p/34 273"},
		"a deleted tile": {func(s scene) { os.Remove(s.path("journal/tile/0/000")) },
			"doctor.public.missing", "journal/tile/0/000"},
		"deleted entries": {func(s scene) { os.Remove(s.path("journal/tile/entries/000")) },
			"doctor.public.missing", "journal/tile/entries/000"},
		"a file that does not belong": {func(s scene) { s.write("journal/tile/0/note.txt", []byte("x")) },
			"doctor.public.stray", "journal/tile/0/note.txt"},
		"a field moved to another row": {func(s scene) {
			s.sql(`UPDATE journal_entries SET sealed = (SELECT sealed FROM journal_entries WHERE seq = 4) WHERE seq = 5`)
		}, "doctor.sealed", "safehouse.db journal_entries 5"},
		"a digest that was never recorded": {func(s scene) {
			s.with(func(db *DB) {
				err := db.commit(s.t.Context(), s.member.ID, nil, func(tx *Tx) error {
					sealed, err := tx.sealed("items", "itm_a", itemSecrets{Digest: strings.Repeat("cd", 32)})
					if err != nil {
						return err
					}
					tx.Record("test.step", "x")
					_, err = tx.tx.Exec(`UPDATE items SET sealed = ?`, sealed)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}, "doctor.unproven", "itm_a"},
		"a link to what is not there": {func(s scene) { s.sql(`DELETE FROM members`) },
			"doctor.database", "safehouse.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fresh(t)
			c.harm(s)
			a := s.audit()
			if len(a.Faults) != 1 || a.Faults[0].Code != c.code || fmt.Sprint(a.Faults[0].Args[0]) != c.place {
				t.Fatalf("want one fault, %s at %s: %v", c.code, c.place, a.Faults)
			}
			if db, err := Open(t.Context(), s.dir, keys(s.root)); err == nil { // whatever it says, it must not panic
				db.Close()
			}
		})
	}
}

func TestAuditFindsNothingInAWholeJournal(t *testing.T) {
	s := newScene(t)(t)
	if a := s.audit(); len(a.Faults) != 0 || len(a.Notes) != 0 || a.Entries != late {
		t.Errorf("%+v", a)
	}
}

// Between commit and publication the power may fail. What lacks only that is no
// fault, and is published.
func TestAuditPublishesWhatAnInterruptedChangeLeft(t *testing.T) {
	s := newScene(t)(t)
	s.with(func(db *DB) {
		err := db.commit(t.Context(), s.member.ID, nil, func(tx *Tx) error {
			tx.Record("test.step", "a")
			tx.Record("test.step", "b")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	a := s.audit()
	if len(a.Faults) != 0 || len(a.Notes) != 1 || a.Notes[0].Code != "doctor.unpublished" {
		t.Fatalf("%+v", a)
	}
	if a = s.audit(); len(a.Faults) != 0 || len(a.Notes) != 0 || a.Entries != late+2 {
		t.Errorf("the second time: %+v", a)
	}
}

// To work on in a database that was put back, or in another than was published,
// would fork the journal.
func TestDatabaseThatIsNotWhatItPublishedDoesNotOpen(t *testing.T) {
	fresh := newScene(t)
	for code, harm := range map[string]func(s scene){
		"journal.behind": func(s scene) { s.replace(s.earlier, "safehouse.db") },
		"journal.forked": func(s scene) { s.rewrite() },
	} {
		s := fresh(t)
		harm(s)
		_, err := Open(t.Context(), s.dir, keys(s.root))
		var p *evidence.Problem
		if !errors.As(err, &p) || p.Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestDamagedPagesAreAProblemThatSaysWhatToDo(t *testing.T) {
	s := newScene(t)(t)
	b, err := os.ReadFile(s.path("safehouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	s.write("safehouse.db", b)
	_, err = Open(t.Context(), s.dir, keys(s.root))
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != "database.damaged" {
		t.Error(err)
	}
}

func TestEntriesNeverRunBackwards(t *testing.T) {
	db, m, _, _ := founded(t)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	var times []time.Time
	for _, shift := range []time.Duration{0, -8760 * time.Hour, -time.Nanosecond, time.Second, 0} {
		db.now = func() time.Time { return now.Add(shift) }
		err := db.Update(t.Context(), m.ID, func(tx *Tx) error {
			tx.Record("test.step", "a")
			times = append(times, tx.Now)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []time.Duration{0, 0, 0, time.Second, time.Second} {
		if !times[i].Equal(now.Add(want)) {
			t.Errorf("change %d is at %v", i, times[i])
		}
	}
	last := time.Time{}
	err := db.Unscoped(t.Context(), "test", func(v *View) error {
		return v.Journal("", func(i int64, e journal.Entry) {
			if e.Time.Before(last) {
				t.Errorf("entry %d is before the one before it", i)
			}
			last = e.Time
		})
	})
	if err != nil || last.IsZero() {
		t.Fatal(err)
	}
	db.now = func() time.Time { return now }
	a, err := db.Audit(t.Context(), func(string, int, int) {})
	if err != nil || len(a.Faults) != 0 {
		t.Fatalf("%v, %v", a.Faults, err)
	}
	db.now = func() time.Time { return now.Add(-time.Hour) }
	if a, _ = db.Audit(t.Context(), func(string, int, int) {}); len(a.Notes) != 1 || a.Notes[0].Code != "doctor.clock" {
		t.Errorf("a journal from the future: %v", a.Notes)
	}
}

// Two programs work in one vault: none takes the published journal back.
func TestTwoWhoWriteAtOncePublishEverything(t *testing.T) {
	db, m, dir, root := founded(t)
	other, err := Open(t.Context(), dir, keys(root))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	done := make(chan error)
	for _, db := range []*DB{db, other} {
		go func() {
			var err error
			for range 20 {
				err = errors.Join(err, db.Update(t.Context(), m.ID, func(tx *Tx) error { tx.Record("test.step", "a"); return nil }), db.Publish(t.Context()))
			}
			done <- err
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if n, err := journal.Dir(filepath.Join(dir, "journal")).Verify(db.Verifier()); err != nil || n != 41 {
		t.Errorf("%d, %v", n, err)
	}
}
