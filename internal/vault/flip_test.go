package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
	"safehouse/journal"
)

// files lists a vault's files.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil || len(names) < 8 {
		t.Fatalf("%v, %v", names, err)
	}
	return names
}

// everything gives all that the database knows, as text.
func everything(t *testing.T, v *Vault) string {
	t.Helper()
	var b strings.Builder
	err := v.DB.Unscoped(t.Context(), "test", func(view *store.View) error {
		members, err1 := view.Members()
		for _, m := range members {
			fmt.Fprintln(&b, m.ID, m.Role, m.Added, m.Name.Reveal())
		}
		kept, err2 := view.Kept()
		fmt.Fprintln(&b, kept)
		err3 := view.Journal("", func(i int64, e journal.Entry) { fmt.Fprintln(&b, i, string(e.Encode())) })
		note, err4 := view.Checkpoint()
		fmt.Fprintln(&b, string(note))
		return errors.Join(err1, err2, err3, err4)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A flipped byte in any file is found and named, or did no harm: in a page that the
// database does not use.
func TestAFlippedByteAnywhereIsNamed(t *testing.T) {
	v, dir := newVault(t)
	for i := range 3 {
		keep(t, v, bytes.Repeat([]byte{byte(i)}, 150_000*i+10))
	}
	m := evidence.Member{Name: evidence.Protect("second"), Role: evidence.Reviewer}
	if err := v.AddMember(t.Context(), &m, secondWords); err != nil {
		t.Fatal(err)
	}
	want, actor := everything(t, v), v.Actor.ID
	identity, err := openSlot(v.slot(actor), firstWords)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	harmless, flips := 0, 0
	for _, name := range files(t, dir) {
		if name == "keys/"+triesFile || name == "keys/"+string(m.ID)+seenExt { // not kept safe; for the other's eyes only
			continue
		}
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		places := []int{0, len(whole) / 2, len(whole) - 1, rand.IntN(len(whole)), rand.IntN(len(whole))}
		if name == "safehouse.db" {
			for at := 0; at < len(whole); at += 4096 { // every page
				places = append(places, at+rand.IntN(4096))
			}
		}
		for _, at := range places {
			bad := bytes.Clone(whole)
			bad[at] ^= 1 << rand.IntN(8)
			write(t, path, bad)
			flips++
			h, err := look(t, dir, identity, actor)
			var p *evidence.Problem
			switch {
			case errors.As(err, &p):
			case err != nil:
				t.Errorf("%s, byte %d: %v", name, at, err)
			case len(h.Faults) > 0:
				named(t, name, h)
			case name == "safehouse.db":
				again, err := unseal(t.Context(), dir, identity)
				if err != nil {
					t.Fatal(err)
				}
				if everything(t, again) != want {
					t.Errorf("%s, byte %d: harm was done and nothing is said", name, at)
				}
				again.Close()
				harmless++
			default:
				t.Errorf("%s, byte %d: nobody noticed", name, at)
			}
			write(t, path, whole)
		}
	}
	t.Logf("%d flips, %d of them did no harm", flips, harmless)
	if harmless > flips/10 {
		t.Errorf("%d of %d flips did no harm: is the database so empty?", harmless, flips)
	}
	if h, err := look(t, dir, identity, actor); err != nil || len(h.Faults) != 0 || h.Items != 3 {
		t.Errorf("put back: %+v, %v", h, err)
	}
}

// look enters as the doctor does, without trying the passphrase each time.
func look(t *testing.T, dir string, identity *seal.Identity, actor evidence.MemberID) (Health, error) {
	t.Helper()
	v, err := unseal(t.Context(), dir, identity)
	if err != nil {
		return Health{}, err
	}
	defer v.Close()
	if err := v.show(t.Context(), actor, identity, evidence.Secret{}); err != nil {
		return Health{}, err
	}
	return v.Check(t.Context(), func(string, int, int) {})
}

// named wants the file's name in what is said, and nothing else to be called bad.
func named(t *testing.T, name string, h Health) {
	t.Helper()
	for _, p := range h.Faults {
		if !strings.Contains(fmt.Sprint(p.Args...), name) && !strings.HasPrefix(p.Code, "database.") {
			t.Errorf("%s was changed, and this was said: %v", name, p)
		}
	}
	if !strings.HasPrefix(name, "safehouse.db") && len(h.Faults) != 1 {
		t.Errorf("%s was changed, and more was called bad: %v", name, h.Faults)
	}
}

func faults(h Health) (codes []string) {
	for _, p := range h.Faults {
		codes = append(codes, p.Code)
	}
	return codes
}

func TestCheckNamesWhatIsMissingAndWhatDoesNotBelong(t *testing.T) {
	v, dir := newVault(t)
	keep(t, v, []byte("one"))
	blobs, slot := blobNames(t, dir), filepath.Join(dir, keysDir, string(v.Actor.ID)+slotExt)
	root := v.path(rootFile)
	identity, err := openSlot(slot, firstWords)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, code string
		harm       func()
		undo       func()
	}{
		{"a blob", "doctor.content.missing", func() { rename(t, blobs[0], blobs[0]+".away") }, func() { rename(t, blobs[0]+".away", blobs[0]) }},
		{"a slot", "doctor.slot.missing", func() { rename(t, slot, dir+".slot") }, func() { rename(t, dir+".slot", slot) }},
		{"the root", "doctor.slot.missing", func() { rename(t, root, dir+".root") }, func() { rename(t, dir+".root", root) }},
		{"an older slot", "doctor.slot.changed", func() {
			rename(t, slot, dir+".slot")
			b, _, err := makeSlot(identity, firstWords)
			if err != nil {
				t.Fatal(err)
			}
			write2(t, slot, b)
		}, func() { rename(t, dir+".slot", slot) }},
		{"a key file that is none", "doctor.slot.changed", func() { write2(t, filepath.Join(dir, keysDir, "x"), []byte("x")) },
			func() { os.Remove(filepath.Join(dir, keysDir, "x")) }},
		{"a file", "doctor.stray", func() { write2(t, filepath.Join(dir, "notes.txt"), []byte("x")) }, func() { os.Remove(filepath.Join(dir, "notes.txt")) }},
		{"a file among the blobs", "doctor.stray", func() { write2(t, filepath.Join(filepath.Dir(blobs[0]), "x"), []byte("x")) },
			func() { os.Remove(filepath.Join(filepath.Dir(blobs[0]), "x")) }},
	} {
		c.harm()
		if got := faults(check(t, v)); !slices.Contains(got, c.code) {
			t.Errorf("%s: %v", c.what, got)
		}
		c.undo()
	}
	if h := check(t, v); len(h.Faults) != 0 {
		t.Errorf("put back: %v", h.Faults)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func write2(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// aged makes the leftovers of a check older than they are.
func aged(h Health) Health {
	for i := range h.Leftovers {
		h.Leftovers[i].Age += 2 * grace
	}
	return h
}

func TestCleanRemovesOldLeftoversOnlyAndIsJournaled(t *testing.T) {
	v, dir := newVault(t)
	id := keep(t, v, []byte("one"))
	orphan, err := v.Originals.Put(t.Context(), "itm_interrupted", bytes.NewReader([]byte("interrupted")))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"keys/.slot-12", "journal/tile/.new-34", "../.safehouse-56"} {
		write2(t, filepath.Join(dir, name), []byte("x"))
	}
	mine := filepath.Join(dir, "../.safehouse-notes")
	write2(t, mine, []byte("not ours"))
	h := check(t, v)
	if len(h.Leftovers) != 4 || len(h.Faults) != 0 {
		t.Fatalf("%+v", h)
	}
	if n, err := v.Clean(t.Context(), h); n != 0 || err != nil {
		t.Fatalf("%d fresh ones removed, %v", n, err)
	}
	if n, err := v.Clean(t.Context(), aged(h)); n != 4 || err != nil {
		t.Fatalf("%d removed, %v", n, err)
	}
	if h = check(t, v); len(h.Leftovers) != 0 || len(h.Faults) != 0 || h.Items != 1 {
		t.Errorf("%+v", h)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error("a file of somebody else is gone")
	}
	cleaned := 0
	err = v.DB.Unscoped(t.Context(), "test", func(view *store.View) error {
		if _, _, err := view.Item(id); err != nil {
			return err
		}
		return view.Journal(orphan.Where.Blob, func(_ int64, e journal.Entry) {
			if e.Action == "vault.clean" && e.Actor == string(v.Actor.ID) {
				cleaned++
			}
		})
	})
	if err != nil || cleaned != 1 {
		t.Errorf("%d entries, %v", cleaned, err)
	}
}

func TestAnOldLeftoverIsAFault(t *testing.T) {
	v, dir := newVault(t)
	old := filepath.Join(dir, "keys/.slot-12")
	write2(t, old, []byte("x"))
	day := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(old, day, day); err != nil {
		t.Fatal(err)
	}
	if got := faults(check(t, v)); len(got) != 1 || got[0] != leftoverFault {
		t.Error(got)
	}
}

// To a database that was put back, new evidence looks like a leftover.
func TestCleanRemovesNothingWhereSomethingElseIsWrong(t *testing.T) {
	v, dir := newVault(t)
	if _, err := v.Originals.Put(t.Context(), "itm_interrupted", bytes.NewReader([]byte("evidence"))); err != nil {
		t.Fatal(err)
	}
	write2(t, filepath.Join(dir, "notes.txt"), []byte("x"))
	_, err := v.Clean(t.Context(), aged(check(t, v)))
	problem(t, err, "doctor.clean_faults")
	if h := check(t, v); len(h.Leftovers) != 1 {
		t.Errorf("it is gone: %+v", h)
	}
}

// What got its row after the check is no leftover any more.
func TestCleanLeavesWhatIsNamedMeanwhile(t *testing.T) {
	v, _ := newVault(t)
	s, err := v.Originals.Put(t.Context(), "itm_late", bytes.NewReader([]byte("evidence")))
	if err != nil {
		t.Fatal(err)
	}
	h := aged(check(t, v))
	it := evidence.Item{ID: "itm_late", Material: evidence.Other, Size: s.Size, By: v.Actor.ID, Digest: evidence.Protect(s.Digest)}
	err = v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("item.receive", "itm_late", s.Digest)
		return tx.AddItem(&it, s.Where)
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := v.Clean(t.Context(), h); n != 0 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if h := check(t, v); len(h.Faults) != 0 || h.Items != 1 {
		t.Errorf("%+v", h)
	}
}

func TestOnlyAnAdministratorCleans(t *testing.T) {
	v, _ := newVault(t)
	for _, role := range evidence.Roles {
		if err := access.Check(evidence.Actor{ID: v.Actor.ID, Role: role}, access.Clean); (err == nil) != (role == evidence.Administrator) {
			t.Errorf("%s: %v", role, err)
		}
	}
	v.Actor.Role = evidence.Researcher
	if _, err := v.Clean(t.Context(), Health{}); !errors.Is(err, evidence.ErrForbidden) {
		t.Error(err)
	}
}
