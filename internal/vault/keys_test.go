package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
	"safehouse/journal"
)

var thirdWords = evidence.Protect("a third passphrase, long enough")

func add(t *testing.T, v *Vault, role evidence.Role, words evidence.Secret) evidence.Member {
	t.Helper()
	m := evidence.Member{Name: evidence.Protect("another"), Role: role}
	if err := v.AddMember(t.Context(), &m, words); err != nil {
		t.Fatal(err)
	}
	return m
}

func enterAs(t *testing.T, dir string, words evidence.Secret) *Vault {
	t.Helper()
	v, err := Enter(t.Context(), dir, "", words)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func person(t *testing.T, v *Vault, sealed bool, name string) evidence.Person {
	t.Helper()
	c := evidence.Case{ID: evidence.NewID[evidence.CaseID]("cas"), By: v.Actor.ID}
	c.Ref = string(c.ID)[4:]
	p := evidence.Person{
		ID: evidence.NewID[evidence.PersonID]("per"), Case: c.ID, Pseudonym: "P", Sealed: sealed,
		Names: []evidence.Name{{Text: evidence.Protect(name)}}, Note: evidence.Protect("note " + name),
	}
	err := v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("person.new", string(p.ID))
		return errors.Join(tx.AddCase(&c), tx.AddPerson(&p))
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func persons(t *testing.T, v *Vault, actor evidence.Actor) []evidence.Person {
	t.Helper()
	var out []evidence.Person
	err := v.DB.Unscoped(t.Context(), "test", func(view *store.View) (err error) {
		out, err = view.PersonsFor(actor, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

func putBack(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func size(t *testing.T, v *Vault) int64 {
	t.Helper()
	s, err := v.DB.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Size
}

func sound(t *testing.T, v *Vault) {
	t.Helper()
	h, err := v.Check(t.Context(), func(string, int, int) {})
	if err != nil || len(h.Faults) > 0 {
		t.Fatalf("%+v: %v", h, err)
	}
}

// What docs/formats/vault.md says is enough: slot, identity, root, with age alone.
func TestRootOpensWithTheAgeProgramAlone(t *testing.T) {
	_, dir := newVault(t)
	root, id := filepath.Join(dir, "keys", rootFile), filepath.Join(t.TempDir(), "id")
	slots, _ := filepath.Glob(filepath.Join(dir, "keys", "mem_*.slot"))
	identity, err := openSlot(slots[0], firstWords)
	if err != nil {
		t.Fatal(err)
	}
	_ = identity
	// age asks for a passphrase on a terminal only; that slots are scrypt files is
	// tested in package seal. The identity it would print is the same bytes.
	b, err := os.ReadFile(slots[0])
	if err != nil || !bytes.HasPrefix(b, []byte("age-encryption.org/v1\n-> scrypt ")) {
		t.Fatalf("%q: %v", b[:40], err)
	}
	script := fmt.Sprintf("printf '%%s\\n' %q | script -qec 'age -d -o %s %s' /dev/null", firstWords.Reveal(), id, slots[0])
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command("age", "-d", "-i", id, root).Output()
	if err != nil || !strings.HasPrefix(string(out), "safehouse root 1\ngeneration 1 ") {
		t.Fatalf("%q: %v", out, err)
	}
	comp, err := exec.Command("age", "-d", "-i", id, filepath.Join(dir, "keys", compartmentFile)).Output()
	if err != nil || !strings.HasPrefix(string(comp), "safehouse compartment 1\ngeneration 1 ") {
		t.Fatalf("%q: %v", comp, err)
	}
}

func TestARemovedMemberOpensNothingThatComesLater(t *testing.T) {
	v, dir := newVault(t)
	first := keep(t, v, []byte("before"))
	gone := add(t, v, evidence.Researcher, secondWords)
	stays := add(t, v, evidence.Reviewer, thirdWords)
	kept := copyTree(t, dir) // whatever the removed one may have kept
	oldKey, oldRoot := v.DB.Verifier(), v.root
	if err := v.RemoveMember(t.Context(), v.Actor, gone.ID); err != nil {
		t.Fatal(err)
	}
	second := keep(t, v, []byte("after"))
	sound(t, v)
	if v.DB.Verifier() == oldKey || oldRoot.Generation() != 2 {
		t.Error("no new key")
	}
	// Their passphrase, here and with the slot that they kept.
	_, err := Enter(t.Context(), dir, "", secondWords)
	problem(t, err, "vault.wrong_passphrase")
	again := copyTree(t, dir)
	b, err := os.ReadFile(filepath.Join(kept, "keys", string(gone.ID)+slotExt))
	if err != nil {
		t.Fatal(err)
	}
	write2(t, filepath.Join(again, "keys", string(gone.ID)+slotExt), b)
	_, err = Enter(t.Context(), again, "", secondWords)
	problem(t, err, "vault.damaged")
	// The root that they kept, against everything on the disk now.
	identity, err := openSlot(filepath.Join(kept, "keys", string(gone.ID)+slotExt), secondWords)
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := openKeys(kept, seal.VaultRoot, rootFile, identity)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := assemble(t.Context(), again, root); !errors.Is(err, store.ErrPages) {
		if p != nil {
			p.Close()
		}
		t.Errorf("a kept root opens the pages: %v", err)
	}
	var where [2]store.Sealed
	err = v.DB.Unscoped(t.Context(), "test", func(view *store.View) (err error) {
		if _, where[0], err = view.Item(first); err == nil {
			_, where[1], err = view.Item(second)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.UnwrapBlobKey(root.Key(seal.Originals), where[0].Key, string(first)); err != nil {
		t.Errorf("what they could read before: %v", err)
	}
	if _, err := seal.UnwrapBlobKey(root.Key(seal.Originals), where[1].Key, string(second)); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("a kept root opens what came later: %v", err)
	}
	// Those who stay go on as before, and so does the next opening.
	v.Close()
	for _, words := range []evidence.Secret{thirdWords, firstWords} {
		w := enterAs(t, dir, words)
		if words.Same(thirdWords) && w.Actor.ID != stays.ID {
			t.Errorf("entered as %v", w.Actor)
		}
		if words.Same(firstWords) {
			sound(t, w)
		}
		w.Close()
	}
}

func TestNoPageUnderTheOldKeyIsLeft(t *testing.T) {
	v, dir := newVault(t)
	gone := add(t, v, evidence.Reviewer, secondWords)
	if err := v.RemoveMember(t.Context(), v.Actor, gone.ID); err != nil {
		t.Fatal(err)
	}
	root := v.root
	var old [32]byte
	root.Key(seal.Database).Raw(1, func(raw *[32]byte) { old = *raw })
	v.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "safehouse.db*"))
	if len(files) != 1 {
		t.Errorf("left: %v", files)
	}
	if plain := firstPage(t, files[0], old); bytes.HasPrefix(plain, []byte("SQLite format 3")) {
		t.Error("the old key opens the pages")
	}
}

func TestTheJournalsKeyHandsOverInPublic(t *testing.T) {
	v, dir := newVault(t)
	first := v.DB.Verifier()
	for _, words := range []evidence.Secret{secondWords, thirdWords} {
		m := add(t, v, evidence.Reviewer, words)
		before, err := os.ReadFile(filepath.Join(dir, "journal", "checkpoint"))
		if err != nil {
			t.Fatal(err)
		}
		key := v.DB.Verifier()
		if err := v.RemoveMember(t.Context(), v.Actor, m.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.OpenCheckpoint(before, key); err != nil {
			t.Errorf("an old checkpoint under the key of its time: %v", err)
		}
		if _, err := journal.OpenCheckpoint(before, v.DB.Verifier()); err == nil {
			t.Error("an old checkpoint under the new key")
		}
	}
	public := journal.Dir(filepath.Join(dir, "journal"))
	now, way, err := public.Follow(first)
	if err != nil || now != v.DB.Verifier() || len(way) != 2 {
		t.Fatalf("%s by %v: %v", now, way, err)
	}
	if n, err := public.Verify(now); err != nil || n != size(t, v) {
		t.Errorf("%d entries: %v", n, err)
	}
	if got := strings.Count(strings.Join(actions(t, v, ""), " "), "journal.key"); got != 2 {
		t.Errorf("%d successions in the journal", got)
	}
	// Nobody but the key before can say what comes after it.
	path := filepath.Join(dir, "journal", "key", "2")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, theirs, err := journal.NewSigner(v.DB.Origin(), [32]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	forged, err := journal.SignSuccession(journal.Succession{Origin: v.DB.Origin(), Since: 1, Key: theirs}, other)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, forged)
	if now, _, err := public.Follow(first); err == nil && now == theirs {
		t.Error("followed a stranger")
	}
	write(t, path, b)
}

var errPower = errors.New("the power went")

// A removal is stopped at every durable step; whoever enters next finds it done.
func TestARemovalThatIsCutShortIsFinishedByTheNext(t *testing.T) {
	for _, at := range []string{"root", "drained", "copied", "renamed", "succeed", "slot"} {
		t.Run(at, func(t *testing.T) {
			v, dir := newVault(t)
			id := keep(t, v, []byte("evidence"))
			gone := add(t, v, evidence.Reviewer, secondWords)
			cut := dir
			v.DB.Step = func(step string) error {
				if step == at {
					cut = copyTree(t, dir) // the disk as it was then
					return errPower
				}
				return nil
			}
			switch at {
			case "root": // committed, and nothing else done
				err := v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error {
					m, err := present(tx, gone.ID)
					m.Removed = tx.Now
					tx.Record("member.remove", string(gone.ID))
					return errors.Join(err, tx.ChangeMember(m), tx.WantKeys(2, 1))
				})
				if err != nil {
					t.Fatal(err)
				}
				cut = copyTree(t, dir)
			case "succeed", "slot":
				slot, err := os.ReadFile(v.slot(gone.ID))
				if err != nil {
					t.Fatal(err)
				}
				if at == "succeed" {
					v.DB.Step = func(step string) error {
						if step == "renamed" {
							return errPower
						}
						return nil
					}
				}
				err = v.RemoveMember(t.Context(), v.Actor, gone.ID)
				if at == "succeed" != errors.Is(err, errPower) {
					t.Fatal(err)
				}
				cut = copyTree(t, dir)
				write2(t, filepath.Join(cut, "keys", string(gone.ID)+slotExt), slot)
			default:
				if err := v.RemoveMember(t.Context(), v.Actor, gone.ID); !errors.Is(err, errPower) {
					t.Fatal(err)
				}
			}
			w, err := Enter(t.Context(), cut, v.Actor.ID, firstWords)
			if err != nil {
				t.Fatal(err)
			}
			sound(t, w)
			if w.root.Generation() != 2 || w.DB.Verifier() == "" {
				t.Errorf("generation %d", w.root.Generation())
			}
			got := strings.Join(actions(t, w, ""), " ")
			if strings.Count(got, "member.remove") != 1 || strings.Count(got, "journal.key") != 1 {
				t.Errorf("journal says %s", got)
			}
			if there(w.slot(gone.ID)) || there(filepath.Join(cut, "safehouse.db.new")) {
				t.Error("something is left")
			}
			c, err := w.Originals.Open(t.Context(), w.Actor, id, "to see whether it is there")
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
			w.Close()
		})
	}
}

func TestTheLastOneCannotBeRemoved(t *testing.T) {
	v, _ := newVault(t)
	problem(t, v.RemoveMember(t.Context(), v.Actor, v.Actor.ID), "member.last_administrator")
	second := add(t, v, evidence.Administrator, secondWords)
	problem(t, v.RemoveMember(t.Context(), v.Actor, v.Actor.ID), "member.last_custodian")
	problem(t, v.SetCustodian(t.Context(), v.Actor, v.Actor.ID, false), "member.last_custodian")
	problem(t, v.SetCustodian(t.Context(), v.Actor, v.Actor.ID, true), "member.custodian_already")
	if err := v.RemoveMember(t.Context(), v.Actor, "mem_nobody"); !errors.Is(err, evidence.ErrNotFound) {
		t.Error(err)
	}
	reviewer := evidence.Actor{ID: second.ID, Role: evidence.Reviewer, Custodian: true}
	if err := v.RemoveMember(t.Context(), reviewer, second.ID); !errors.Is(err, evidence.ErrForbidden) {
		t.Error(err)
	}
	if err := v.SetCustodian(t.Context(), reviewer, second.ID, true); !errors.Is(err, evidence.ErrForbidden) {
		t.Error(err)
	}
	admin := evidence.Actor{ID: second.ID, Role: evidence.Administrator, Custodian: true}
	problem(t, v.SetCustodian(t.Context(), admin, second.ID, true), "member.not_custodian")
}

// Everything on the disk, the root, and the other's passphrase: no name.
func TestSealedIdentityDoesNotOpenForWhoIsNoCustodian(t *testing.T) {
	v, dir := newVault(t)
	p := person(t, v, true, "PLANTED 김철수")
	second := add(t, v, evidence.Administrator, secondWords)
	err := v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error { // in the case, and no custodian all the same
		tx.Record("case.share", string(p.Case))
		return tx.AddCaseMember(p.Case, second.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := persons(t, v, v.Actor); len(got) != 1 || len(got[0].Names) != 1 || got[0].Names[0].Text.Reveal() != "PLANTED 김철수" || !got[0].Sealed {
		t.Fatalf("its custodian sees %+v", got)
	}
	v.Close()

	w := enterAs(t, dir, secondWords)
	for _, actor := range []evidence.Actor{w.Actor, {ID: second.ID, Role: evidence.Administrator, Custodian: true}, {ID: v.Actor.ID, Custodian: true}} {
		got := persons(t, w, actor)
		if len(got) != 1 || len(got[0].Names) != 0 || got[0].SealedNames != 1 || !got[0].Sealed || !got[0].Note.Empty() {
			t.Errorf("%+v sees %+v", actor, got)
		}
	}
	if _, err := w.Compartment(t.Context(), w.Actor); !errors.Is(err, evidence.ErrForbidden) {
		t.Error(err)
	}
	// By hand: the row as it lies, the root with all its keys, the member's identity.
	identity, err := openSlot(filepath.Join(dir, "keys", string(second.ID)+slotExt), secondWords)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "keys", compartmentFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := seal.OpenFile(seal.Compartment, file, identity); err != seal.ErrSealed {
		t.Errorf("the compartment opened: %v", err)
	}
	row := sealedIdentity(t, w, p.ID)
	if len(row) == 0 {
		t.Fatal("there is no sealed identity in the row")
	}
	for _, key := range []*seal.Key{w.root.Key(seal.Fields), w.root.Key(seal.Identities), identity.Own().Key(seal.Identities), identity.Own().Key(seal.Seen)} {
		if b, err := key.Open(row, "persons/"+string(p.ID)); err == nil {
			t.Errorf("opened: %s", b)
		}
	}
	if bytes.Contains(row, []byte("PLANTED")) {
		t.Error("it is plain")
	}
	if err := w.DB.Update(t.Context(), w.Actor.ID, func(tx *store.Tx) error {
		tx.Record("person.new", "per_x")
		return tx.AddPerson(&evidence.Person{ID: "per_x", Case: p.Case, Sealed: true})
	}); !errors.Is(err, evidence.ErrForbidden) {
		t.Errorf("sealed by who is no custodian: %v", err)
	}
}

func TestCustodiansComeAndGo(t *testing.T) {
	v, dir := newVault(t)
	before := person(t, v, true, "before")
	second := add(t, v, evidence.Administrator, secondWords)
	if err := v.SetCustodian(t.Context(), v.Actor, second.ID, true); err != nil {
		t.Fatal(err)
	}
	actor, err := v.Admit(t.Context(), second.ID, secondWords)
	if err != nil || !actor.Custodian {
		t.Fatalf("%+v: %v", actor, err)
	}
	if got := persons(t, v, actor); len(got[0].Names) != 1 {
		t.Errorf("%+v", got)
	}
	kept := copyTree(t, dir)
	if err := v.SetCustodian(t.Context(), v.Actor, second.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := persons(t, v, actor); len(got[0].Names) != 0 {
		t.Error("still open for who is no custodian any more")
	}
	after := person(t, v, true, "after")
	if got := persons(t, v, v.Actor); len(got) != 2 || len(got[0].Names) != 1 || len(got[1].Names) != 1 {
		t.Errorf("%+v", got)
	}
	// With what they kept: what was sealed before, and no more.
	identity, err := openSlot(filepath.Join(kept, "keys", string(second.ID)+slotExt), secondWords)
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := openKeys(kept, seal.Compartment, compartmentFile, identity)
	if err != nil {
		t.Fatal(err)
	}
	for id, opens := range map[evidence.PersonID]bool{before.ID: true, after.ID: false} {
		_, err := root.Key(seal.Identities).Open(sealedIdentity(t, v, id), "persons/"+string(id))
		if (err == nil) != opens {
			t.Errorf("%s with a kept key: %v", id, err)
		}
	}
	v.Close()
	w := enterAs(t, dir, secondWords)
	if w.Actor.Custodian {
		t.Error("a custodian again")
	}
}

func TestWhoIsAdmittedHasTheirOwnRights(t *testing.T) {
	v, dir := newVault(t)
	person(t, v, true, "sealed")
	second := add(t, v, evidence.Researcher, secondWords)
	actor, err := v.Admit(t.Context(), second.ID, secondWords)
	if err != nil || actor != (evidence.Actor{ID: second.ID, Role: evidence.Researcher}) {
		t.Fatalf("%+v: %v", actor, err)
	}
	if got := persons(t, v, actor); len(got[0].Names) != 0 {
		t.Error("a custodian beside them made them one")
	}
	_, err = v.Admit(t.Context(), second.ID, firstWords)
	problem(t, err, "vault.wrong_passphrase")
	if err := v.RemoveMember(t.Context(), v.Actor, second.ID); err != nil {
		t.Fatal(err)
	}
	_, err = v.Admit(t.Context(), second.ID, secondWords)
	problem(t, err, "vault.wrong_passphrase")
	gone, err := v.member(t.Context(), second.ID)
	if err != nil {
		t.Fatal(err)
	}
	if actor, err := v.As(gone); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("removed, and still inside: %+v, %v", actor, err)
	}
	// And the other way: who is no custodian entered first.
	third := add(t, v, evidence.Researcher, thirdWords)
	first := v.Actor.ID
	v.Close()
	w := enterAs(t, dir, thirdWords)
	custodian, err := w.Admit(t.Context(), first, firstWords)
	if err != nil || !custodian.Custodian {
		t.Fatalf("%+v: %v", custodian, err)
	}
	for id, want := range map[evidence.MemberID]evidence.Actor{first: custodian, third.ID: w.Actor} {
		m, err := w.member(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.As(m); err != nil || got != want {
			t.Errorf("%+v, not %+v: %v", got, want, err)
		}
	}
	if got := persons(t, w, custodian); len(got[0].Names) != 1 {
		t.Error("the custodian sees nothing")
	}
	if got := persons(t, w, evidence.Actor{ID: third.ID, Role: evidence.Researcher, Custodian: true}); len(got[0].Names) != 0 {
		t.Error("whoever claims to be a custodian is one")
	}
}

func TestChangedPassphraseOpensAndTheOldDoesNot(t *testing.T) {
	v, dir := newVault(t)
	problem(t, v.ChangePassphrase(t.Context(), v.Actor, firstWords, evidence.Protect("short")), "passphrase.short")
	problem(t, v.ChangePassphrase(t.Context(), v.Actor, secondWords, thirdWords), "vault.wrong_passphrase")
	if err := v.ChangePassphrase(t.Context(), v.Actor, firstWords, thirdWords); err != nil {
		t.Fatal(err)
	}
	v.Close()
	_, err := Enter(t.Context(), dir, "", firstWords)
	problem(t, err, "vault.wrong_passphrase")
	w := enterAs(t, dir, thirdWords)
	if w.Actor.ID != v.Actor.ID || !w.Actor.Custodian {
		t.Errorf("%+v", w.Actor)
	}
}

func TestRecoveryCodeOpensOnceAndIsReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := evidence.Member{Name: evidence.Protect("first")}
	code, err := Begin(t.Context(), dir, "safehouse/test", false, &first, firstWords)
	if err != nil {
		t.Fatal(err)
	}
	v := enterAs(t, dir, firstWords)
	p := person(t, v, true, "sealed")
	v.Close()
	kept := copyTree(t, dir)

	typo := evidence.Protect("x" + code.Reveal()[1:])
	if code.Reveal()[0] == 'x' {
		typo = evidence.Protect("y" + code.Reveal()[1:])
	}
	start := time.Now()
	_, _, err = Recover(t.Context(), dir, Recovery{Code: typo, Passphrase: secondWords})
	problem(t, err, "recovery.typo")
	if time.Since(start) > 200*time.Millisecond {
		t.Error("it was tried before it was checked")
	}
	_, _, err = Recover(t.Context(), dir, Recovery{Code: evidence.Protect(seal.NewRecoveryCode()), Passphrase: secondWords})
	problem(t, err, "recovery.wrong")

	m, next, err := Recover(t.Context(), dir, Recovery{Code: code, Name: evidence.Protect("rescued"), Passphrase: secondWords})
	if err != nil || next.Same(code) {
		t.Fatal(err)
	}
	w := enterAs(t, dir, secondWords)
	if w.Actor != (evidence.Actor{ID: m.ID, Role: evidence.Administrator, Custodian: true}) {
		t.Errorf("%+v", w.Actor)
	}
	if got := persons(t, w, w.Actor); len(got) != 1 || len(got[0].Names) != 1 {
		t.Errorf("%+v", got)
	}
	if w.root.Generation() != 2 || w.compartment.Generation() != 2 {
		t.Errorf("generations %d, %d", w.root.Generation(), w.compartment.Generation())
	}
	sound(t, w)
	w.Close()

	// Used up: here, and its old slot against today's files.
	_, _, err = Recover(t.Context(), dir, Recovery{Code: code, Passphrase: thirdWords})
	problem(t, err, "recovery.wrong")
	old, err := os.ReadFile(filepath.Join(kept, "keys", recoveryFile))
	if err != nil {
		t.Fatal(err)
	}
	again := copyTree(t, dir)
	write2(t, filepath.Join(again, "keys", recoveryFile), old)
	_, _, err = Recover(t.Context(), again, Recovery{Code: code, Passphrase: thirdWords})
	problem(t, err, "vault.damaged")

	// The new one sets the passphrase of somebody who is there already.
	if _, _, err := Recover(t.Context(), dir, Recovery{Code: next, Member: first.ID, Passphrase: thirdWords}); err != nil {
		t.Fatal(err)
	}
	_, err = Enter(t.Context(), dir, first.ID, firstWords)
	problem(t, err, "vault.wrong_passphrase")
	x := enterAs(t, dir, thirdWords)
	if x.Actor.ID != first.ID || len(persons(t, x, x.Actor)[0].Names) != 1 {
		t.Errorf("%+v", x.Actor)
	}
	_ = p
}

func TestAVaultWithoutRecoveryCodeSaysSo(t *testing.T) {
	v, dir := newVault(t)
	_, _, err := Recover(t.Context(), dir, Recovery{Code: evidence.Protect(seal.NewRecoveryCode()), Passphrase: secondWords})
	problem(t, err, "recovery.none")
	code, err := v.NewRecovery(t.Context(), v.Actor)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Recover(t.Context(), dir, Recovery{Code: code, Passphrase: secondWords})
	problem(t, err, "vault.busy")
	v.Close()
	if _, _, err := Recover(t.Context(), dir, Recovery{Code: code, Passphrase: secondWords}); err != nil {
		t.Fatal(err)
	}
}

func TestAVaultThatWasPutBackIsNoticed(t *testing.T) {
	parent := t.TempDir()
	dir, outside := filepath.Join(parent, "data"), filepath.Join(parent, "home", "seen")
	if err := Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, firstWords); err != nil {
		t.Fatal(err)
	}
	e := Entry{Passphrase: firstWords, Seen: outside}
	work := func() int64 {
		v, err := EnterWith(t.Context(), dir, e)
		if err != nil {
			t.Fatal(err)
		}
		keep(t, v, []byte(time.Now().String()))
		n := size(t, v)
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		return n
	}
	work()
	old := copyTree(t, dir)
	newest := work()
	latest := copyTree(t, dir)

	for what, back := range map[string]func(){
		"everything":       func() { putBack(t, old, dir) },
		"all but the keys": func() { putBack(t, old, dir); putBack(t, filepath.Join(latest, "keys"), filepath.Join(dir, "keys")) },
		"the database alone": func() {
			putBack(t, latest, dir)
			putBack(t, filepath.Join(old, database), filepath.Join(dir, database))
		},
	} {
		back()
		v, err := EnterWith(t.Context(), dir, e)
		var p *evidence.Problem
		if !errors.As(err, &p) || p.Code != "vault.rolled_back" && p.Code != "journal.behind" {
			if err == nil {
				v.Close()
			}
			t.Fatalf("%s: %v", what, err)
		}
		if what == "everything" && (p.Args[0] != newest || p.Args[1] != newest-1) {
			t.Errorf("%s: %v", what, p)
		}
		accepted := e
		accepted.Accept = evidence.Protect("restored after the disk broke")
		if v, err = EnterWith(t.Context(), dir, accepted); err != nil {
			t.Fatalf("%s, with a reason: %v", what, err)
		}
		if all := strings.Join(actions(t, v, ""), " "); !strings.Contains(all, "vault.rollback") {
			t.Errorf("%s: not in the journal: %s", what, all)
		}
		sound(t, v)
		v.Close()
		if v, err = EnterWith(t.Context(), dir, e); err != nil {
			t.Fatalf("%s, entered again: %v", what, err)
		}
		v.Close()
		if err := os.RemoveAll(outside); err != nil { // the next way begins from what was seen first
			t.Fatal(err)
		}
		putBack(t, latest, dir)
		if v, err = EnterWith(t.Context(), dir, e); err != nil {
			t.Fatal(err)
		}
		v.Close()
	}
}

func TestWhatWasSeenIsNotToBeForgedOrLost(t *testing.T) {
	v, dir := newVault(t)
	second := add(t, v, evidence.Administrator, secondWords)
	keep(t, v, []byte("x"))
	own := v.path(string(v.Actor.ID) + seenExt)
	v.Close()
	whole, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(filepath.Join(dir, "keys", string(second.ID)+seenExt))
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{"empty": {}, "cut": whole[:len(whole)-3], "another's": theirs} {
		write(t, own, b)
		_, err := Enter(t.Context(), dir, "", firstWords)
		t.Log(what)
		problem(t, err, "vault.seen_lost")
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	_, err = Enter(t.Context(), dir, "", firstWords)
	problem(t, err, "vault.seen_lost")
	w, err := EnterWith(t.Context(), dir, Entry{Passphrase: firstWords, Accept: evidence.Protect("the file was lost")})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	enterAs(t, dir, firstWords)
}

func FuzzSeen(f *testing.F) {
	f.Add([]byte(seenText(store.State{Size: 3, Generation: 1})))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseSeen(b); err == nil && seenText(s) != string(b) {
			t.Error("two ways to write it")
		}
	})
}

func tries(t *testing.T, dir string) []refusal {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "keys", triesFile))
	if err != nil {
		t.Fatal(err)
	}
	return parseTries(b, time.Now())
}

func TestWrongPassphrasesAreSlowedAndJournaled(t *testing.T) {
	v, dir := newVault(t)
	first := v.Actor.ID
	v.Close()
	for range 3 {
		_, err := Enter(t.Context(), dir, first, secondWords)
		problem(t, err, "vault.wrong_passphrase")
	}
	_, err := Enter(t.Context(), dir, "mem_../../x", secondWords)
	problem(t, err, "vault.wrong_passphrase")
	if got := tries(t, dir); len(got) != 4 || got[0].member != string(first) || got[3].member != unnamed {
		t.Fatalf("%+v", got)
	}
	start := time.Now()
	w := enterAs(t, dir, firstWords) // the right one waits too
	if d := time.Since(start); d < time.Second {
		t.Errorf("after four failures it took %v", d)
	}
	if got := tries(t, dir); len(got) != 0 {
		t.Errorf("not forgotten: %+v", got)
	}
	counts := map[string]string{}
	err = w.DB.Unscoped(t.Context(), "test", func(view *store.View) error {
		for _, subject := range []string{string(first), "unnamed"} {
			seqs, err := view.JournalOf(subject)
			if err != nil {
				return err
			}
			n, err := view.JournalNote(seqs[len(seqs)-1])
			if err != nil {
				return err
			}
			counts[subject] = n.Why.Reveal()
		}
		return nil
	})
	if err != nil || counts[string(first)] != "3" || counts["unnamed"] != "1" {
		t.Errorf("%v: %v", counts, err)
	}
}

func TestWaitsGrowAndEnd(t *testing.T) {
	now := time.Now()
	for n, want := range map[int]time.Duration{0: 0, 3: 0, 4: time.Second, 5: 2 * time.Second, 6: 4 * time.Second, 8: 16 * time.Second, 9: longest, 4000: longest} {
		all := make([]refusal, n)
		for i := range all {
			all[i].at = now
		}
		if got := wait(all, now); got != want {
			t.Errorf("%d failures: %v", n, got)
		}
	}
	old := []refusal{{at: now.Add(-2 * time.Hour)}, {at: now.Add(-2 * time.Hour)}, {at: now}, {at: now}, {at: now.Add(100 * time.Hour)}}
	if got := wait(old, now); got != 0 {
		t.Errorf("two of long ago: %v", got)
	}
	if got := wait(append(old, refusal{at: now.Add(time.Hour)}), now); got != time.Second {
		t.Errorf("the clock was put back: %v", got)
	}
}

func FuzzTries(f *testing.F) {
	f.Add([]byte("2026-11-24T15:00:00Z mem_aaaaaaaaaaaaaaaa\n2026-11-24T15:00:00Z -\nrubbish"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, r := range parseTries(b, time.Now()) {
			if r.member != unnamed && !isMember(r.member) {
				t.Errorf("%q would be in the journal", r.member)
			}
		}
	})
}

func TestWhoChangesKeysIsAlone(t *testing.T) {
	v, dir := newVault(t)
	second := add(t, v, evidence.Administrator, secondWords)
	w := enterAs(t, dir, secondWords)
	problem(t, v.RemoveMember(t.Context(), v.Actor, second.ID), "vault.busy")
	keep(t, v, []byte("both go on"))
	keep(t, w, []byte("as before"))
	w.Close()
	if err := v.RemoveMember(t.Context(), v.Actor, second.ID); err != nil {
		t.Fatal(err)
	}
	keep(t, v, []byte("and now"))
	release, err := Hold(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Hold(t.Context(), dir, true); err == nil {
		t.Fatal("alone, with others")
	}
	release()
	v.Close()
	release, err = Hold(t.Context(), dir, true)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Enter(t.Context(), dir, "", firstWords)
	problem(t, err, "vault.busy")
	release()
	enterAs(t, dir, firstWords)
}

func TestARemovalWaitsForNobodyInVain(t *testing.T) {
	v, _ := newVault(t)
	second := add(t, v, evidence.Reviewer, secondWords)
	err := v.DB.Unscoped(t.Context(), "test", func(view *store.View) error {
		return v.RemoveMember(t.Context(), v.Actor, second.ID) // a reader holds the database open
	})
	problem(t, err, "vault.busy")
	keep(t, v, []byte("it goes on"))
	if err := v.settle(t.Context(), v.Actor.ID); err != nil {
		t.Fatal(err)
	}
	if v.root.Generation() != 2 {
		t.Error("not finished")
	}
	sound(t, v)
}

func TestDamagedKeyFilesAreNamedAndNothingIsLost(t *testing.T) {
	v, dir := newVault(t)
	id := v.Actor.ID
	v.Close()
	for _, name := range []string{"keys/" + string(id) + slotExt, "keys/" + rootFile, "keys/" + compartmentFile, database} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(whole)
		flipped[len(flipped)-40] ^= 1
		bad := map[string][]byte{"cut": whole[:len(whole)/2+7], "empty": {}}
		if name != database && !strings.HasSuffix(name, slotExt) { // a slot with another byte is a wrong passphrase
			bad["flipped"] = flipped
		}
		if name == database {
			bad["cut"] = whole[:100]
		}
		for what, b := range bad {
			write(t, path, b)
			_, err := Enter(t.Context(), dir, "", firstWords)
			var p *evidence.Problem
			if !errors.As(err, &p) || p.Code != "vault.damaged" || p.Args[0] != path {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
		os.Remove(path)
		_, err = Enter(t.Context(), dir, "", firstWords)
		var p *evidence.Problem
		if !errors.As(err, &p) || p.Code != "vault.damaged" && p.Code != "vault.none" {
			t.Errorf("%s gone: %v", name, err)
		}
		write2(t, path, whole)
	}
	enterAs(t, dir, firstWords)
}

func sealedIdentity(t *testing.T, v *Vault, id evidence.PersonID) []byte {
	t.Helper()
	var b []byte
	err := v.DB.Unscoped(t.Context(), "test", func(view *store.View) (err error) {
		b, err = view.SealedIdentity(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAVaultOfANewerProgramIsLeftAlone(t *testing.T) {
	v, dir := newVault(t)
	identity, err := openSlot(v.slot(v.Actor.ID), firstWords)
	if err != nil {
		t.Fatal(err)
	}
	v.Close()
	cmd := exec.Command("age", "-r", identity.Recipient())
	cmd.Stdin = strings.NewReader("safehouse root 2\nsomething else\n")
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "keys", rootFile), b)
	_, err = Enter(t.Context(), dir, "", firstWords)
	problem(t, err, "vault.newer")
}

func TestWhereNothingCanBeWrittenTheSystemSaysSo(t *testing.T) {
	_, dir := newVault(t)
	if err := writable(dir); err != nil {
		t.Fatal(err)
	}
	// As somebody who may not: root may, so this one thread becomes another user.
	said := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this function
		const nobody = 65534
		if _, _, no := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody); no != 0 && os.Getuid() == 0 {
			said <- no
			return
		}
		said <- writable(dir)
	}()
	if os.Getuid() != 0 {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
	}
	err := <-said
	var p *fs.PathError
	if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &p) || p.Path != dir {
		t.Errorf("%v", err)
	}
}

// After Close, no root and no purpose key lies in the memory of the process.
func TestClosedVaultLeavesNoKeyInMemory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data") // of its own: other tests have copies of one vault open
	if err := Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, firstWords); err != nil {
		t.Fatal(err)
	}
	v := enterAs(t, dir, firstWords)
	person(t, v, true, "sealed")
	keep(t, v, bytes.Repeat([]byte("evidence"), 10_000))
	gone := add(t, v, evidence.Reviewer, secondWords)
	if err := v.RemoveMember(t.Context(), v.Actor, gone.ID); err != nil {
		t.Fatal(err)
	}
	v.Close()
	w, err := Enter(t.Context(), dir, "", firstWords)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, w, []byte("more"))
	sound(t, w)
	// What is looked for is kept masked, or the test would find its own list.
	var hidden [][]byte
	var names []string
	for _, root := range []*seal.Root{w.root, w.compartment} {
		secrets(reflect.ValueOf(root), "", func(name string, b []byte) {
			hidden, names = append(hidden, masked(b)), append(names, name)
		})
	}
	if len(hidden) < 5*2*4+2+5 { // five purposes, two generations, four parts each; the roots; the compartment
		t.Fatalf("only %d secrets to look for", len(hidden))
	}
	if n := inMemory(t, hidden); len(n) < len(hidden)-1 {
		t.Fatalf("%d of %d were found while it was open: this test does not see", len(n), len(hidden))
	}
	w.Close()
	for i := range inMemory(t, hidden) {
		// The seed of the journal's signer is copied by crypto/ed25519, out of reach:
		// docs/threats.md says so.
		if !strings.HasPrefix(names[i], ".keys journal.parts") || !strings.HasSuffix(names[i], "raw") {
			t.Errorf("%s lies in memory after Close", names[i])
		}
	}
}

// secrets shows every array of 32 bytes below v.
func secrets(v reflect.Value, name string, show func(name string, b []byte)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*seal.Root]() || name == "" {
			secrets(v.Elem(), name+".", show)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			secrets(v.Field(i), name+v.Type().Field(i).Name, show)
		}
	case reflect.Slice:
		for i := range v.Len() {
			secrets(v.Index(i), fmt.Sprintf("%s[%d]", name, i), show)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			secrets(v.MapIndex(k), name+" "+k.String(), show)
		}
	case reflect.Array:
		if v.Len() == 32 && v.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, 32)
			for i := range b {
				b[i] = byte(v.Index(i).Uint())
			}
			show(name, b)
			clear(b)
		}
	}
}

const maskByte = 0x5a

func masked(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ maskByte
	}
	return out
}

// inMemory looks for the secrets, raw and in hexadecimal, in all memory that
// the process can read and write.
func inMemory(t *testing.T, hidden [][]byte) map[int]bool {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	// By their first four bytes: one pass over the memory.
	raw := make(map[[4]byte][]int)
	for i, h := range hidden {
		raw[[4]byte(h)] = append(raw[[4]byte(h)], i)
	}
	found := make(map[int]bool)
	buf := make([]byte, 1<<20)
	defer clear(buf)
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var perms string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &perms); err != nil || !strings.HasPrefix(perms, "rw") {
			continue
		}
		for at := from; at < to; at += uint64(len(buf)) - 128 {
			n, _ := mem.ReadAt(buf[:min(uint64(len(buf)), to-at)], int64(at))
			if len(bytes.Trim(buf[:n], "\x00")) > 0 {
				scan(buf[:n], raw, hidden, found)
			}
		}
	}
	clear(buf)
	return found
}

func scan(b []byte, raw map[[4]byte][]int, hidden [][]byte, found map[int]bool) {
	for i := 0; i+32 <= len(b); i++ {
		if b[i] == 0 && b[i+1] == 0 {
			continue // keys that begin so are not worth the time
		}
		head := [4]byte{b[i] ^ maskByte, b[i+1] ^ maskByte, b[i+2] ^ maskByte, b[i+3] ^ maskByte}
		for _, k := range raw[head] {
			if same(b[i:], hidden[k]) {
				found[k] = true
			}
		}
	}
	for i := 0; i+64 <= len(b); i++ {
		if !isHex(b[i]) || !isHex(b[i+63]) || !isHex(b[i+31]) {
			continue
		}
		var head [4]byte
		if _, err := hex.Decode(head[:], b[i:i+8]); err != nil {
			continue
		}
		for _, k := range raw[[4]byte(masked(head[:]))] {
			var whole [32]byte
			if _, err := hex.Decode(whole[:], b[i:i+64]); err == nil && same(whole[:], hidden[k]) {
				found[k] = true
			}
		}
	}
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func same(b, hidden []byte) bool {
	for i := range hidden {
		if b[i]^maskByte != hidden[i] {
			return false
		}
	}
	return true
}
