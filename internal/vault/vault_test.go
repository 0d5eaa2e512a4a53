package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
	"safehouse/internal/store"
	"safehouse/journal"
)

var (
	firstWords  = evidence.Protect("correct horse battery staple")
	secondWords = evidence.Protect("another long passphrase here")
)

// founded is a vault that tests copy: to make one takes a second of scrypt.
var founded = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "founded-")
	if err != nil {
		return "", err
	}
	first := evidence.Member{Name: evidence.Protect("관리자 Planted-Admin")}
	return dir, Found(context.Background(), filepath.Join(dir, "data"), "safehouse/test", false, &first, firstWords)
})

func TestMain(m *testing.M) {
	status := m.Run()
	if dir, err := founded(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

func newVault(t *testing.T) (*Vault, string) {
	t.Helper()
	template, err := founded()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	putBack(t, filepath.Join(template, "data"), dir)
	v, err := Enter(t.Context(), dir, "", firstWords)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, dir
}

func problem(t *testing.T, err error, code string) {
	t.Helper()
	var p *evidence.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("want problem %s, got %v", code, err)
	}
}

func keep(t *testing.T, v *Vault, content []byte) evidence.ItemID {
	t.Helper()
	id := evidence.NewID[evidence.ItemID]("itm")
	s, err := v.Originals.Put(t.Context(), id, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if s.Digest != hex.EncodeToString(sum[:]) || s.Size != int64(len(content)) {
		t.Fatalf("kept %d bytes as %s", s.Size, s.Digest)
	}
	it := evidence.Item{ID: id, Material: evidence.Other, Size: s.Size, By: v.Actor.ID, Digest: evidence.Protect(s.Digest)}
	err = v.DB.Update(t.Context(), v.Actor.ID, func(tx *store.Tx) error {
		tx.Record("item.receive", string(id), s.Digest)
		return tx.AddItem(&it, s.Where)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOpeningAnOriginalIsJournaledBeforeTheFirstByte(t *testing.T) {
	v, _ := newVault(t)
	content := bytes.Repeat([]byte("evidence "), 40_000)
	id := keep(t, v, content)
	_, err := v.Originals.Open(t.Context(), v.Actor, id, "  ")
	problem(t, err, "item.no_reason")
	c, err := v.Originals.Open(t.Context(), v.Actor, id, "to check the date")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var last journal.Entry
	err = v.DB.View(t.Context(), v.Actor.ID, func(view *store.View) error {
		seqs, err := view.JournalOf(string(id))
		if err != nil || len(seqs) != 2 {
			t.Fatalf("entries %v: %v", seqs, err)
		}
		b, err := view.JournalEntry(seqs[1])
		if err != nil {
			return err
		}
		last, err = journal.ParseEntry(b)
		return err
	})
	if err != nil || last.Action != "item.open" || last.Actor != string(v.Actor.ID) {
		t.Fatalf("journal says %+v: %v", last, err)
	}
	got, err := io.ReadAll(c.Reader())
	if err != nil || !bytes.Equal(got, content) {
		t.Fatalf("read %d bytes back: %v", len(got), err)
	}
	part := make([]byte, 9)
	if _, err := c.ReadAt(part, 9*30_000); err != nil || string(part) != "evidence " {
		t.Fatalf("a range in the middle: %q %v", part, err)
	}
}

func TestAReviewerOpensNoOriginal(t *testing.T) {
	v, _ := newVault(t)
	id := keep(t, v, []byte("x"))
	_, err := v.Originals.Open(t.Context(), evidence.Actor{ID: v.Actor.ID, Role: evidence.Reviewer}, id, "curious")
	if !errors.Is(err, evidence.ErrForbidden) {
		t.Fatalf("opened: %v", err)
	}
}

func TestTheKeyOfRenditionsOpensNoOriginal(t *testing.T) {
	v, _ := newVault(t)
	id := keep(t, v, []byte("x"))
	v.Originals.Key = v.Renditions.Key
	if _, err := v.Originals.Open(t.Context(), v.Actor, id, "try"); !errors.Is(err, seal.ErrSealed) {
		t.Fatalf("opened: %v", err)
	}
}

func TestSealedBlobOpensWithTheAgeProgram(t *testing.T) {
	v, dir := newVault(t)
	id := keep(t, v, []byte("what the witness filmed"))
	var where store.Sealed
	if err := v.DB.View(t.Context(), v.Actor.ID, func(view *store.View) (err error) { _, where, err = view.Item(id); return err }); err != nil {
		t.Fatal(err)
	}
	bk, err := seal.UnwrapBlobKey(v.Originals.Key, where.Key, string(id))
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(identity, []byte(bk.Identity()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var sealed string
	filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			sealed = path
		}
		return err
	})
	out, err := exec.Command("age", "-d", "-i", identity, sealed).CombinedOutput()
	if err != nil || string(out) != "what the witness filmed" {
		t.Fatalf("age says %q: %v", out, err)
	}
}

func TestNothingPlainLiesInTheVault(t *testing.T) {
	v, dir := newVault(t)
	keep(t, v, []byte(strings.Repeat("PLANTED-CONTENT 내용 ", 1000)))
	m := evidence.Member{Name: evidence.Protect("Planted-Second"), Role: evidence.Reviewer}
	if err := v.AddMember(t.Context(), &m, secondWords); err != nil {
		t.Fatal(err)
	}
	files := 0
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		for _, mark := range []string{"PLANTED", "Planted", "내용", "관리자", firstWords.Reveal(), secondWords.Reveal()} {
			if bytes.Contains(b, []byte(mark)) || strings.Contains(path, mark) {
				t.Errorf("%s is plain in %s", mark, path)
			}
		}
		return err
	})
	if files < 6 {
		t.Fatalf("looked into %d files only", files)
	}
}

func TestEachMemberEntersWithTheirOwnPassphrase(t *testing.T) {
	v, dir := newVault(t)
	m := evidence.Member{Name: evidence.Protect("second"), Role: evidence.Reviewer}
	if err := v.AddMember(t.Context(), &m, secondWords); err != nil {
		t.Fatal(err)
	}
	second, err := Enter(t.Context(), dir, "", secondWords)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if second.Actor != (evidence.Actor{ID: m.ID, Role: evidence.Reviewer}) {
		t.Fatalf("entered as %+v", second.Actor)
	}
	if err := second.AddMember(t.Context(), &evidence.Member{Role: evidence.Administrator}, firstWords); !errors.Is(err, evidence.ErrForbidden) {
		t.Fatalf("a reviewer adds members: %v", err)
	}
	_, err = Enter(t.Context(), dir, m.ID, firstWords)
	problem(t, err, "vault.wrong_passphrase")
}

func TestWrongPassphraseAndNoVaultSayWhatToDo(t *testing.T) {
	_, dir := newVault(t)
	_, err := Enter(t.Context(), dir, "", evidence.Protect("not the passphrase"))
	problem(t, err, "vault.wrong_passphrase")
	_, err = Enter(t.Context(), t.TempDir(), "", firstWords)
	problem(t, err, "vault.none")
}

func TestFoundingLeavesAllOrNothing(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "data")
	err := Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, evidence.Protect("short"))
	problem(t, err, "passphrase.short")
	if left, _ := os.ReadDir(parent); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
	if err := os.MkdirAll(filepath.Join(dir, "something"), 0o700); err != nil {
		t.Fatal(err)
	}
	problem(t, Found(t.Context(), dir, "safehouse/test", false, &evidence.Member{}, firstWords), "vault.exists")
}

func TestSlotThatBelongsToNobodyOpensNothing(t *testing.T) {
	v, dir := newVault(t)
	nobody, err := seal.NewIdentity()
	if err == nil {
		_, err = v.addSlot(evidence.NewID[evidence.MemberID]("mem"), nobody, secondWords)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = Enter(t.Context(), dir, "", secondWords)
	problem(t, err, "vault.damaged")
}
